"""`scenarios/waivers.toml`: what of a site a sweep need not show, each with its reason. A waiver that nothing needs is an error."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tenter import toml_text
from tenter.errors import UsageError, nearest
from tenter.house import House

HIT, FIRED, BESIDE = "hit", "fired", "beside"
CELLS = (HIT, FIRED, BESIDE)
_KEYS = ("site", "what", "reason")


@dataclass(frozen=True)
class Waiver:
    site: str
    what: str  # one of CELLS
    reason: str


def read(house: House, sites: Collection[str]) -> tuple[Waiver, ...]:
    """`sites`: those that the runner knows. Without the file nothing is waived."""
    path = house.waivers
    source = house.relative(path)
    if not path.is_file():
        return ()
    try:
        raw = toml_text.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise UsageError(f"{source}: the waivers cannot be read ({error})") from error
    for key in raw:
        if key != "waiver":
            raise UsageError(f"{source}: unknown key '{key}'; each waiver begins with [[waiver]]")
    waivers = tuple(_waiver(row, f"{source}: waiver {number}", sites) for number, row in enumerate(raw.get("waiver", ()), start=1))
    for number, waiver in enumerate(waivers, start=1):
        if any((one.site, one.what) == (waiver.site, waiver.what) for one in waivers[:number - 1]):
            raise UsageError(f"{source}: waiver {number}: '{waiver.what}' of {waiver.site} is waived twice")
    return waivers


def _waiver(row: object, where: str, sites: Collection[str]) -> Waiver:
    if not isinstance(row, dict):
        raise UsageError(f"{where}: no table with {', '.join(_KEYS)}")
    for key in row:
        if key not in _KEYS:
            raise UsageError(f"{where}: unknown key '{key}'{nearest(key, _KEYS)}")
    for key in _KEYS:
        if not isinstance(row.get(key), str) or not row[key].strip():
            raise UsageError(f"{where}: '{key}' is missing, or no text")
    if row["site"] not in sites:
        raise UsageError(f"{where}: unknown site '{row['site']}'{nearest(row['site'], sites)}")
    if row["what"] not in CELLS:
        raise UsageError(f"{where}: 'what' is '{row['what']}', and must be one of {', '.join(CELLS)}")
    return Waiver(row["site"], row["what"], row["reason"])
