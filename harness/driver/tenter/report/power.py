"""Detection power: planted bugs found out of planted, for the same workload and flavour of the same build."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tenter.record.results import CaseResult, RunResult, Verdict


@dataclass(frozen=True)
class Power:
    found: int
    planted: int
    run_id: str = ""  # the earlier run that measured it; empty when this run did


PowerTable = dict[tuple[str, str], Power]  # (workload kind, flavour) -> power


def measure(cases: Iterable[CaseResult], run_id: str = "") -> PowerTable:
    table: PowerTable = {}
    for case in cases:
        if case.planted:
            before = table.get((case.kind, case.flavour), Power(0, 0, run_id))
            table[case.kind, case.flavour] = Power(before.found + (case.verdict is Verdict.FOUND), before.planted + 1,
                                                   run_id)
    return table


def power_of(run: RunResult, earlier: Iterable[RunResult]) -> PowerTable:
    """This run's own canaries; else those of the newest earlier run of the very same binaries."""
    table = measure(run.cases)
    for other in earlier:
        for (kind, flavour), power in measure(other.cases, other.run_id).items():
            if run.builds.get(flavour) and run.builds[flavour] == other.builds.get(flavour):
                table.setdefault((kind, flavour), power)
    return table
