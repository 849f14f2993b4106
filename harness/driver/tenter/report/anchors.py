"""Anchors of a page: a name for each case and each defect to link to, of plain letters and told apart from every other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tenter.record.findings import Finding
from tenter.record.group import Group, groups
from tenter.record.results import CaseResult

_Key = tuple[str, str, str, str]  # scenario, flavour, planted bug, signature


@dataclass(frozen=True)
class Anchors:
    """A defect that several cases showed has one anchor, in the first of those that failed with it."""

    cases: dict[str, str]
    defects: dict[_Key, tuple[str, Group]]

    def of(self, case: CaseResult) -> str:
        return self.cases[case.name]

    def defect(self, case: CaseResult, finding: Finding) -> str:
        return self.defects[_key(case, finding)][0]

    def group(self, case: CaseResult, finding: Finding) -> Group:
        return self.defects[_key(case, finding)][1]


def anchors(cases: Iterable[CaseResult]) -> Anchors:
    cases = tuple(cases)
    taken: set[str] = set()
    names = {case.name: _free(f"case-{case.name}", taken) for case in cases}
    return Anchors(names, {_key(group.case, group.finding): (_free(f"finding-{group.case.name}-{group.finding.id}", taken), group)
                           for group in groups(cases)})


def _key(case: CaseResult, finding: Finding) -> _Key:
    return case.scenario, case.flavour, case.planted, finding.signature


def _free(text: str, taken: set[str]) -> str:
    """Two names may differ only in signs that no anchor has, and the second gets a number."""
    plain = re.sub(r"[^A-Za-z0-9_./-]+", "-", text)
    number, name = 1, plain
    while name in taken:
        number += 1
        name = f"{plain}--{number}"
    taken.add(name)
    return name
