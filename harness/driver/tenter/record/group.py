"""Groups of findings: one defect that several cases of a scenario and flavour showed is one, seen in 5 of 5 seeds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tenter.record.findings import Finding
from tenter.record.results import CaseResult, Verdict


@dataclass(frozen=True)
class Group:
    """`case` and `finding` are the first of those that failed with it; `cases` are all that showed it."""

    case: CaseResult
    finding: Finding
    cases: tuple[CaseResult, ...]
    ran: int  # cases of the same scenario, flavour and planted bug that concluded
    unit: str  # seed, or case when two had the same

    @property
    def failed(self) -> bool:
        return self.case.verdict is Verdict.FAIL

    @property
    def others(self) -> tuple[CaseResult, ...]:
        return tuple(case for case in self.cases if case is not self.case)


def groups(cases: Iterable[CaseResult]) -> tuple[Group, ...]:
    """In the order in which the findings were met."""
    concluded: dict[tuple[str, ...], list[CaseResult]] = {}
    showed: dict[tuple[str, ...], list[CaseResult]] = {}
    for case in cases:
        if case.verdict.concludes or case.findings:
            concluded.setdefault(_place(case), []).append(case)
        for signature in dict.fromkeys(finding.signature for finding in case.findings):
            showed.setdefault((*_place(case), signature), []).append(case)
    return tuple(_group(signature, having, concluded[tuple(place)]) for (*place, signature), having in showed.items())


def _group(signature: str, having: list[CaseResult], ran: list[CaseResult]) -> Group:
    first = next((case for case in having if case.verdict is Verdict.FAIL), having[0])
    finding = next(finding for finding in first.findings if finding.signature == signature)
    unit = "seed" if len({case.seed for case in ran}) == len(ran) else "case"
    return Group(first, finding, tuple(having), len(ran), unit)


def _place(case: CaseResult) -> tuple[str, ...]:
    return case.scenario, case.flavour, case.planted
