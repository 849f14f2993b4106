"""What each check of a run did, over all its cases: where it passed, failed or had no power, and what it finds when it must."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenter.record.results import CaseResult, Verdict


@dataclass(frozen=True)
class Examined:
    """One check. The cases are those without a planted bug."""

    name: str
    passed: int = 0  # cases
    failed: int = 0
    no_power: int = 0
    trials: int = 0  # what it examined, over all cases
    found: int = 0  # planted bugs that were to be found by it, in this run
    planted: int = 0


def examined(cases: Sequence[CaseResult]) -> tuple[Examined, ...]:
    """What failed stands first. A check that died with its process has its findings and no state, and counts as failed."""
    states = [(check.name, check.state, check.examined) for case in cases if not case.planted for check in case.checks]
    for case in cases:
        named = {check.name for check in case.checks}
        if not case.planted and case.verdict is Verdict.FAIL:
            states += [(name, "failed", 0) for name in dict.fromkeys(finding.check for finding in case.findings) if name not in named]
    planted = [case for case in cases if case.planted and case.found_by]
    rows = [_row(name, states, planted) for name in dict.fromkeys([*(name for name, *_ in states), *(case.found_by for case in planted)])]
    return tuple(sorted(rows, key=lambda row: (-row.failed, row.name)))


def _row(name: str, states: Sequence[tuple[str, str, int]], planted: Sequence[CaseResult]) -> Examined:
    mine = [(state, trials) for check, state, trials in states if check == name]
    bugs = [case for case in planted if case.found_by == name]
    count = [sum(state == word for state, _ in mine) for word in ("passed", "failed", "no_power")]
    return Examined(name, *count, trials=sum(trials for _, trials in mine),
                    found=sum(case.verdict is Verdict.FOUND for case in bugs), planted=len(bugs))
