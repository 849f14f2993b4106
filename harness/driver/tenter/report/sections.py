"""Sections of a page: the cases of one scenario, those to be looked at apart from those that are folded.

Every case is in exactly one of the three parts. A case is in `same` when each of its findings has its evidence in another
case of `look`, which is where the page puts it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tenter.record.group import groups
from tenter.record.results import CaseResult, Verdict
from tenter.report.matrix import rank
from tenter.report.wording import planted_found, plural


@dataclass(frozen=True)
class Section:
    first: CaseResult
    look: tuple[CaseResult, ...]  # the worst first
    same: tuple[CaseResult, ...]
    passed: tuple[CaseResult, ...]


def sections(cases: Iterable[CaseResult]) -> tuple[Section, ...]:
    """Cases of one scenario stand together, whatever the order in which the flavours ran; the worst scenario is the first."""
    together: dict[str, list[CaseResult]] = {}
    for case in cases:
        together.setdefault(case.scenario, []).append(case)
    return tuple(sorted(map(_section, together.values()), key=lambda section: min(map(rank, section.look), default=len(Verdict))))


def _section(cases: list[CaseResult]) -> Section:
    shown = {group.case.name for group in groups(cases)}
    bad = sorted((case for case in cases if case.verdict is not Verdict.PASS), key=rank)
    same = tuple(case for case in bad if case.verdict is Verdict.FAIL and case.findings and case.name not in shown)
    passed = tuple(case for case in cases if case.verdict is Verdict.PASS)
    return Section(cases[0], tuple(case for case in bad if case not in same), same, passed)


def folded(made: Iterable[Section], planted: Iterable[CaseResult]) -> str:
    """What stands below without being unfolded: "37 cases passed, 12 of 12 planted bugs found"; nothing for nothing."""
    made = tuple(made)
    passed, same = sum(len(section.passed) for section in made), sum(len(section.same) for section in made)
    planted = tuple(planted)
    parts = [f"{plural(passed, 'case')} passed"] if passed else []
    parts += [f"{plural(same, 'case')} failed as another did"] if same else []
    parts += [planted_found(planted)] if planted else []
    return ", ".join(parts)
