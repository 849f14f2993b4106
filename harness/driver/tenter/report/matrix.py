"""The matrix of a run: scenarios against flavours, what needs a look first, and every cell leads to its case.

A cell stands for all cases of its scenario and flavour and has the word of the worst. Planted bugs that only measure the
power of another scenario have no row: they are a figure of that scenario.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tenter.record.results import CaseResult, RunResult, Verdict

NOT_RUN = "NOT RUN"
# What a reader has to look at first stands first.
ORDER = (Verdict.FAIL, Verdict.MISSED, Verdict.ERROR, Verdict.GREY, Verdict.SKIP, Verdict.FOUND, Verdict.PASS)
SETTLED = (Verdict.PASS, Verdict.FOUND)
_FLAVOURS = ("probe", "tsan", "asan")


@dataclass(frozen=True)
class Cell:
    word: str  # the name of a verdict, or NOT_RUN
    label: str  # "FAIL 2/5": the word, and of how many cases it holds
    says: str  # the same in words
    anchor: str  # "" where nothing ran


@dataclass(frozen=True)
class Row:
    scenario: str
    title: str
    cells: tuple[Cell | None, ...]  # one for each flavour of the matrix; None where the scenario was not asked for
    rank: int  # of the worst cell

    @property
    def settled(self) -> bool:
        return self.rank >= ORDER.index(SETTLED[1])


@dataclass(frozen=True)
class Matrix:
    flavours: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def open(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if not row.settled)

    @property
    def settled(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.settled)


def worst(cases: Sequence[CaseResult]) -> CaseResult:
    return min(cases, key=rank)


def rank(case: CaseResult) -> int:
    """The smaller, the sooner to be looked at."""
    return ORDER.index(case.verdict)


def matrix(run: RunResult, anchor: Callable[[CaseResult], str]) -> Matrix:
    places: dict[tuple[str, str], list[CaseResult]] = {}
    for case in run.cases:
        if not case.measures:
            places.setdefault((case.scenario, case.flavour), []).append(case)
    waiting = [place_of(name) for name in run.not_run]
    asked = dict.fromkeys([*places, *waiting])
    flavours = tuple(sorted({flavour for _, flavour in asked}, key=lambda name: (
        _FLAVOURS.index(name) if name in _FLAVOURS else len(_FLAVOURS), name)))
    rows = []
    for scenario in dict.fromkeys(name for name, _ in asked):
        cells = [_cell(places.get((scenario, flavour), []), waiting.count((scenario, flavour)), anchor) for flavour in flavours]
        cases = [case for flavour in flavours for case in places.get((scenario, flavour), [])]
        missing = ORDER.index(Verdict.GREY) if any(name == scenario for name, _ in waiting) else len(ORDER)
        rows.append(Row(scenario, cases[0].title if cases else "", tuple(cells), min([missing, *map(rank, cases)])))
    return Matrix(flavours, tuple(sorted(rows, key=lambda row: row.rank)))


def place_of(name: str) -> tuple[str, str]:
    """Scenario and flavour of a case that never ran, from its name: SCENARIO.FLAVOUR or SCENARIO.FLAVOUR.rN."""
    scenario, _, flavour = re.sub(r"\.r\d+$", "", name).rpartition(".")
    return scenario, flavour


def _cell(cases: Sequence[CaseResult], waiting: int, anchor: Callable[[CaseResult], str]) -> Cell | None:
    if not cases:
        return Cell(NOT_RUN, NOT_RUN, f"{waiting} of {waiting} not run", "") if waiting else None
    first = worst(cases)
    ran, having = len(cases), sum(case.verdict is first.verdict for case in cases)
    word = first.verdict.name
    part = f" {having}/{ran}" if ran > 1 and first.verdict not in SETTLED else ""
    if waiting and first.verdict in SETTLED:
        word, part = NOT_RUN, f" {waiting}/{ran + waiting}"
    says = f"{having} of {ran} cases: {first.verdict.value}" + (f"; {waiting} not run" if waiting else "")
    return Cell(word, word + part, says, anchor(first))
