"""The table of planted bugs, `harness/mutants/planted.toml`: what is planted, what it breaks, and what must find it.

What holds always: every patch and every canary has a row, and every row a patch or a saboteur, contracts that exist and an
instrument that plants this very bug. `problems` says where that is not so, and a table with a problem is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tenter import toml_text
from tenter.errors import UsageError, nearest
from tenter.house import FUZZED_FLAVOURS, House
from tenter.plan.fuzzed import SUBJECTS
from tenter.plan.scenario import Scenario, read as read_scenario

FUZZ = "fuzz "
TARGET = " --target "
FLAVOUR = " -f "  # of a search in another flavour than probe: of a bug that only a sanitizer can see
SWEEP = "sweep "
CANARIES = "canary"
_KEYS = {"planted": str, "floor": str, "contracts": list, "found_by": list, "place": str, "note": str}
_OPTIONAL = ("place", "note")
_PATCHED = re.compile(r"^--- a/runtime/(\w+)/", re.MULTILINE)


@dataclass(frozen=True)
class Bug:
    name: str  # of the patch, or of the saboteur
    planted: str  # in one line
    floor: str
    contracts: tuple[str, ...]  # that it breaks
    found_by: tuple[str, ...]  # "canary/arena_shared.probe", "fuzz engine -f tsan", or "sweep smoke/drawn_chain"
    place: str = ""  # that the stacks of a finding must name, where it has some
    note: str = ""  # why a finding may have another diagnosis


def read(house: House) -> tuple[Bug, ...]:
    """Raises for a table that cannot be read; what it says is for `problems` to judge."""
    source = house.relative(house.planted)
    try:
        raw = toml_text.loads(house.planted.read_text())
    except (OSError, ValueError) as error:
        raise UsageError(f"{source}: the table of planted bugs cannot be read ({error})") from error
    return tuple(_bug(name, row, f"{source}: [{name}]") for name, row in raw.items())


def _bug(name: str, row: Any, where: str) -> Bug:
    if not isinstance(row, dict):
        raise UsageError(f"{where}: no table with {', '.join(_KEYS)}")
    for key, value in row.items():
        if key not in _KEYS:
            raise UsageError(f"{where}: unknown key '{key}'{nearest(key, _KEYS)}")
        if not isinstance(value, _KEYS[key]) or not value or (isinstance(value, list) and not all(isinstance(one, str) for one in value)):
            raise UsageError(f"{where}: '{key}' is {value!r}, and must be {'text' if _KEYS[key] is str else 'a list of texts'}")
    missing = [key for key in _KEYS if key not in row and key not in _OPTIONAL]
    if missing:
        raise UsageError(f"{where}: '{missing[0]}' is missing")
    return Bug(name, **{key: tuple(value) if isinstance(value, list) else value for key, value in row.items()})


def problems(bugs: tuple[Bug, ...], contracts: Mapping[str, Any], house: House) -> Iterator[str]:
    """Where the table does not fit the patches, the canaries or the contracts."""
    canaries, patches, names = canaries_of(house), house.patches(), {bug.name for bug in bugs}
    for name in sorted(set(patches) - names):
        yield f"{house.relative(patches[name])} has no row"
    for name, scenario in canaries.items():
        if not any(f"{name}.{flavour}" in bug.found_by for bug in bugs for flavour in scenario.flavours):
            yield f"{scenario.source} is in no row"
    for bug in bugs:
        yield from (f"[{bug.name}]: {problem}" for problem in _of_row(bug, patches, canaries, contracts, house))


def _of_row(bug: Bug, patches: Mapping[str, Any], canaries: Mapping[str, Scenario], contracts: Mapping[str, Any],
            house: House) -> Iterator[str]:
    for contract in bug.contracts:
        if contract not in contracts:
            yield f"unknown contract '{contract}'{nearest(contract, contracts)}"
    if bug.name in patches:
        floor = _PATCHED.search(patches[bug.name].read_text())
        if floor and floor[1] != bug.floor:
            yield f"its patch is of the floor '{floor[1]}', and not of '{bug.floor}'"
    elif bug.name not in {scenario.saboteur for scenario in canaries.values()}:
        yield f"no patch and no saboteur of a canary has this name{nearest(bug.name, patches)}"
    for instrument in bug.found_by:
        yield from _of_instrument(bug, instrument, canaries, house)


def _of_instrument(bug: Bug, instrument: str, canaries: Mapping[str, Scenario], house: House) -> Iterator[str]:
    if instrument.startswith(FUZZ):
        what, target, flavour = searched_by(instrument)
        if what not in SUBJECTS:
            yield f"there is no '{instrument}'{nearest(what, SUBJECTS)}"
        elif target not in ("", "reference") or (target and not SUBJECTS[what].target_program):
            yield f"there is no '{instrument}'"
        elif flavour not in FUZZED_FLAVOURS:
            yield f"there is no '{instrument}'{nearest(flavour, FUZZED_FLAVOURS)}"
        elif bug.name not in house.fuzz_mutants(what, target):
            yield f"'{instrument}' cannot plant it"
        return
    if instrument.startswith(SWEEP):
        word = instrument.removeprefix(SWEEP)
        if not (house.scenarios / f"{word}.toml").is_file() and not (house.scenarios / word).is_dir():
            yield f"there is no scenario or set '{word}' to sweep"
        elif not (house.planted.parent / f"{bug.name}.patch").is_file():
            yield f"'{instrument}' cannot plant it: it is no patch of {house.relative(house.planted.parent)}"
        return
    name, _, flavour = instrument.rpartition(".")
    scenario = canaries.get(name)
    if scenario is None or flavour not in scenario.flavours:
        known = [f"{one}.{its}" for one, other in canaries.items() for its in other.flavours]
        yield f"no canary '{instrument}'{nearest(instrument, known)}"
    elif bug.name not in (scenario.mutant, scenario.saboteur):
        yield f"{name} plants {scenario.mutant or scenario.saboteur}"
    elif not set(scenario.contracts) <= set(bug.contracts):
        yield f"{name} says that it breaks {', '.join(scenario.contracts)}"


def searched_by(instrument: str) -> tuple[str, str, str]:
    """What a fuzzer is asked for, what its --target says, and its flavour: of "fuzz engine --target reference", "fuzz engine -f tsan"."""
    words, _, flavour = instrument.removeprefix(FUZZ).partition(FLAVOUR)
    what, _, target = words.partition(TARGET)
    return what, target, flavour or "probe"


def searched_in(name: str, house: House) -> tuple[str, ...]:
    """The flavours in which a fuzzer with this planted bug is built: those in which it has to find it; probe when no row says so."""
    rows = read(house) if house.planted.is_file() else ()
    said = [searched_by(one)[2] for bug in rows if bug.name == name for one in bug.found_by if one.startswith(FUZZ)]
    return tuple(dict.fromkeys(said)) or ("probe",)


def found_by(name: str, house: House) -> tuple[str, ...]:
    """What has to find this bug, as a user calls it; nothing when no row says so."""
    rows = read(house) if house.planted.is_file() else ()
    return tuple(f"'{one}'" if one.startswith((FUZZ, SWEEP)) else f"the scenario {one.rpartition('.')[0]}"
                 for bug in rows if bug.name == name for one in bug.found_by)


def canaries_of(house: House) -> dict[str, Scenario]:
    scenarios = [read_scenario(path, house) for path in sorted((house.scenarios / CANARIES).rglob("*.toml"))]
    return {scenario.name: scenario for scenario in scenarios}
