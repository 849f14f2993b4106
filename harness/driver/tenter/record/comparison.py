"""Two runs side by side: which findings are new, which are still there, which are fixed, and of which nothing is known.

A finding is known by its signature. Planted bugs are left out: they are there to be found.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tenter.record.findings import Finding
from tenter.record.results import CaseResult, RunResult


@dataclass(frozen=True)
class Defect:
    """One signature in one run: in how many of the cases of the scenario and flavour that showed it most."""

    finding: Finding
    place: str  # scenario.flavour
    seen: int
    ran: int
    places: frozenset[str]  # all that showed it


@dataclass(frozen=True)
class Comparison:
    new: tuple[Defect, ...]
    still: tuple[Defect, ...]
    fixed: tuple[Defect, ...]  # as they were seen in the earlier run
    not_run: tuple[Defect, ...]  # as well: no case that showed it before has run since
    common: bool = True  # whether a scenario ran and concluded anything in both, in one flavour


def defects(run: RunResult) -> dict[str, Defect]:
    """By signature, in the order in which the run met them."""
    ran = Counter(_place(case) for case in _concluded(run))
    places: dict[str, Counter[str]] = {}
    first: dict[str, Finding] = {}
    for case in _concluded(run):
        for signature in {finding.signature: finding for finding in case.findings}:
            places.setdefault(signature, Counter())[_place(case)] += 1
        for finding in case.findings:
            first.setdefault(finding.signature, finding)
    found = {}
    for signature, finding in first.items():
        place, seen = places[signature].most_common(1)[0]
        found[signature] = Defect(finding, place, seen, ran[place], frozenset(places[signature]))
    return found


def compare(before: RunResult, after: RunResult) -> Comparison:
    old, now = defects(before), defects(after)
    ran = {_place(case) for case in _concluded(after)}
    gone = [defect for signature, defect in old.items() if signature not in now]
    return Comparison(new=tuple(now[signature] for signature in now if signature not in old),
                      still=tuple(now[signature] for signature in now if signature in old),
                      fixed=tuple(defect for defect in gone if defect.places & ran),
                      not_run=tuple(defect for defect in gone if not defect.places & ran),
                      common=not ran.isdisjoint(_place(case) for case in _concluded(before)))


def _concluded(run: RunResult) -> list[CaseResult]:
    return [case for case in run.cases if not case.planted and case.verdict.concludes]


def _place(case: CaseResult) -> str:
    return f"{case.scenario}.{case.flavour}"
