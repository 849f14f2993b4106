"""The fuzzer as a child process: its command line, and a case that is a search for a planted bug.

Such a case shrinks its finding as a user's search does, since the diagnosis is that of the smallest program. The time to find
is that until the first finding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tenter.cases.search import Search, case_of, judged
from tenter.house import House
from tenter.machine import sanitizer
from tenter.machine.interrupts import Stop
from tenter.machine.process import Command, Progress, execute
from tenter.plan.hunt import Hunt
from tenter.plan.planner import Case
from tenter.plan.trials import hunt_of
from tenter.record import searched
from tenter.record.results import CaseResult

# What shrinking, and a replay in which every round hangs, may take on top of the time for searching.
_GRACE_S = 300.0
_SLOWER = {"tsan": 4, "asan": 3}  # a case may take so many times longer before it counts as hanging
_CASE_LIMIT_MS = 5000


def command(hunt: Hunt, flavour: str, folder: Path, house: House) -> Command:
    return Command(argv=_argv(hunt, flavour, house), environment=sanitizer.environment(house, flavour),
                   timeout_s=hunt.seconds * 2 + _GRACE_S, stdout_file=searched.events_file(folder, flavour),
                   stderr_file=searched.stderr_file(folder, flavour))


def run(case: Case, here: Path, house: House, stop: Stop, on_progress: Callable[[Progress], None]) -> CaseResult | None:
    """The result, or None when the campaign was stopped before anything was found. `here` is the folder of the case."""
    hunt, flavour = hunt_of(case), case.flavour
    searched.note_end(here, flavour, execute(command(hunt, flavour, here, house), stop, on_progress))
    told = searched.told(here, flavour, house.root) or searched.NOT_BEGUN
    if told.ended.stopped and not told.findings:
        return None
    for finding in told.findings:
        searched.store(here, flavour, hunt, finding)
    code, defect = judged(hunt, told, flavour)
    replay = hunt.replay_line(flavour, house.relative(searched.program_file(here, flavour)))
    result = case_of(Search(hunt, flavour, told, exit_code=code, defect=defect, interrupted="", replay=replay))
    return replace(result, name=case.name, scenario=case.scenario, title=case.title, purpose=case.purpose,
                   contracts=case.contracts, again=case.again, retry=case.retry)


def _argv(hunt: Hunt, flavour: str, house: House) -> list[str]:
    argv = [*sanitizer.prefix(flavour), str(house.fuzzer(flavour, hunt.program())), "--seed", str(hunt.seed),
            "--seconds", f"{hunt.seconds:g}", "--shrink-seconds", f"{hunt.shrink_seconds or max(20.0, hunt.seconds / 2):g}",
            "--property", hunt.property, "--max-ops", str(hunt.max_ops),
            "--case-limit-ms", str(_CASE_LIMIT_MS * _SLOWER.get(flavour, 1))]
    if hunt.workers:
        argv += ["--workers", hunt.workers]
    if hunt.on_target():
        argv += ["--target", str(_library(hunt, flavour, house))]
    return [*argv, "--replay", hunt.replay, "--times", str(hunt.times)] if hunt.replay else argv


def _library(hunt: Hunt, flavour: str, house: House) -> Path:
    if hunt.mutant:
        return house.mutant(flavour, hunt.mutant)
    return Path(hunt.target) if "/" in hunt.target else house.target(flavour, hunt.target or "reference")
