"""The contracts of the design against the tests, properties and scenarios that cite them; a gap is a failure."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tenter.errors import UsageError
from tenter.house import House

TABLE = "contracts.toml"
_ID = re.compile(r"\b(?:ENG|ERR|COP|ITR)-\d+\b")
# The driver's own tests prove nothing about the runtime; they mention ids as examples.
_NOT_EVIDENCE = Path("harness/driver/tests")
_TEST_FILES = ("*_test.cc", "*_test.c", "test_*.py")
# The table of the engine's fuzzer: one property per contract, as `EngineProperty{"ENG-1", ...`.
_PROPERTIES = Path("fuzz/engine/judge/properties.cc")
_PROPERTY = re.compile(r'\bEngineProperty\{\s*"([A-Z]+-\d+)"')
_TEST_ROOMS = ("runtime", "harness", "fuzz", "sanitizers")


@dataclass(frozen=True)
class Contract:
    id: str
    meaning: str
    required: bool = True  # false: not built yet, so that no citation is demanded


@dataclass
class ContractTable:
    contracts: dict[str, Contract]
    tests: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    scenarios: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    properties: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def cited_by(self, id_: str) -> list[str]:
        return [*self.tests.get(id_, []), *self.properties.get(id_, []), *self.scenarios.get(id_, [])]

    def gaps(self) -> list[str]:
        return [c.id for c in self.contracts.values() if c.required and not self.cited_by(c.id)]

    def unknown(self) -> dict[str, list[str]]:
        cited = {**self.tests, **self.scenarios, **self.properties}
        return {id_: self.cited_by(id_) for id_ in sorted(cited) if id_ not in self.contracts}

    def without_property(self) -> list[str]:
        """Contracts of the engine that the fuzzer has no property for; none when there is no fuzzer."""
        return [id_ for id_ in self.contracts
                if self.properties and id_.startswith(("ENG-", "ERR-")) and id_ not in self.properties]

    def problems(self) -> list[str]:
        """One sentence each."""
        return ([f"{id_} is cited by no test and no scenario" for id_ in self.gaps()]
                + [f"{id_} has no property in {_PROPERTIES}" for id_ in self.without_property()]
                + [f"{id_} is no contract, and is cited by {files[0]}" for id_, files in self.unknown().items()])


def collect(house: House) -> ContractTable:
    table = ContractTable(read_contracts(house))
    for room in _TEST_ROOMS:
        for pattern in _TEST_FILES:
            for path in sorted((house.root / room).rglob(pattern)):
                inside = path.relative_to(house.root)
                if not inside.is_relative_to(_NOT_EVIDENCE):
                    for id_ in sorted(set(_ID.findall(path.read_text(errors="replace")))):
                        table.tests[id_].append(str(inside))
    properties = house.root / _PROPERTIES
    if properties.is_file():
        for id_ in _PROPERTY.findall(properties.read_text(errors="replace")):
            table.properties[id_].append(str(_PROPERTIES))
    for path in sorted(house.scenarios.rglob("*.toml")):
        for id_ in _cited_by(path):
            table.scenarios[id_].append(str(path.relative_to(house.scenarios).with_suffix("")))
    return table


def read_contracts(house: House) -> dict[str, Contract]:
    path = house.reports / TABLE
    try:
        raw = tomllib.loads(path.read_text())
        return {id_: Contract(id_, item["meaning"], item.get("required", True)) for id_, item in raw.items()}
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise UsageError(f"{house.relative(path)}: the table of contracts cannot be read ({error})") from error


def _cited_by(path: Path) -> list[str]:
    """A broken scenario cites nothing here; reading it as a scenario reports what is wrong with it."""
    try:
        raw = tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return []
    return [id_ for id_ in raw.get("contracts", []) if isinstance(id_, str)]


def print_table(table: ContractTable, console: Console) -> None:
    shown = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("contract", "tests", "property", "scenarios", "meaning", "cited by"):
        shown.add_column(column, overflow="fold", justify="right" if column in ("tests", "scenarios") else "left")
    for contract in table.contracts.values():
        tests, scenarios = table.tests.get(contract.id, []), table.scenarios.get(contract.id, [])
        cited = table.cited_by(contract.id)
        where = ", ".join(cited[:2]) + (f" and {len(cited) - 2} more" if len(cited) > 2 else "")
        gap = contract.required and not cited
        shown.add_row(contract.id, str(len(tests)), "yes" if table.properties.get(contract.id) else "",
                      str(len(scenarios)), Text(contract.meaning),
                      Text(where or ("GAP" if gap else "not required yet")), style="bold red" if gap else "")
    console.print(shown)
    for problem in table.problems():
        console.print(Text(problem, style="red"), soft_wrap=True)
    required = [contract for contract in table.contracts.values() if contract.required]
    console.print(Text(f"{len(required) - len(table.gaps())} of {len(required)} contracts are cited"))
