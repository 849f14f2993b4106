"""Detection power: planted bugs found out of planted, in the same setting and of the same build."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tenter.record.results import CaseResult, RunResult, Verdict


@dataclass(frozen=True)
class Power:
    found: int
    planted: int
    run_id: str = ""  # the earlier run that measured it; empty when this run did
    work: tuple[tuple[str, float], ...] = field(default=(), compare=False)  # the most that a case did in which a bug was planted


PowerTable = dict[tuple[str, ...], Power]  # CaseResult.setting -> power


# The parameters that say how much a case does: what was found in much may be missed in little.
_WORK = ("inferences", "ops_per_thread", "rows", "epochs", "lives", "rounds", "points")


def power_for(case: CaseResult, table: PowerTable) -> Power | None:
    """The figure of its setting. One of an earlier run counts for a case that does as much, or more."""
    power = table.get(case.setting)
    if power is None or not power.run_id:
        return power
    return None if any(case.parameters.get(name, 0) < most for name, most in power.work) else power


def measure(cases: Iterable[CaseResult], run_id: str = "") -> PowerTable:
    table: PowerTable = {}
    for case in cases:
        if case.planted:
            before = table.get(case.setting, Power(0, 0, run_id))
            most = {name: max(case.parameters[name], dict(before.work).get(name, 0)) for name in _WORK if name in case.parameters}
            table[case.setting] = Power(before.found + (case.verdict is Verdict.FOUND), before.planted + 1, run_id, tuple(most.items()))
    return table


def is_measured(run: RunResult, table: PowerTable) -> bool:
    """Whether every case without a planted bug has a figure. Faults that are injected are a setting of their own."""
    return all(case.planted or case.faults or case.verdict is Verdict.SKIP or power_for(case, table) for case in run.cases)


def power_of(run: RunResult, earlier: Iterable[RunResult]) -> PowerTable:
    """This run's own canaries; else those of the newest earlier run of the very same binaries."""
    table = measure(run.cases)
    for other in earlier:
        for setting, power in measure(other.cases, other.run_id).items():
            flavour = setting[1]
            if run.builds.get(flavour) and run.builds[flavour] == other.builds.get(flavour):
                table.setdefault(setting, power)
    return table
