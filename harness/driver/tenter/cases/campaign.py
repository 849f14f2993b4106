"""Runs cases, a few at a time, and keeps going whatever one of them does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from tenter.cases import attempts, swept
from tenter.cases.runner import CaseRunner, result_of
from tenter.errors import DEFECT, FULL
from tenter.house import House
from tenter.machine import interrupts
from tenter.machine.process import Progress
from tenter.plan.planner import Case
from tenter.plan.sweeping import SWEPT
from tenter.record import journal
from tenter.record.results import CaseResult, Verdict

_LOOK_S = 0.1  # between looks at whether it was interrupted


class View(Protocol):
    """Whoever watches a campaign. Called from several threads."""

    def started(self, case: Case) -> None: ...
    def progressed(self, case: Case, progress: Progress) -> None: ...
    def finished(self, case: Case, result: CaseResult | None) -> None: ...


@dataclass(frozen=True)
class Outcome:
    """Results in the order of the cases; `not_run` names those that an interruption left out."""

    results: tuple[CaseResult, ...]
    not_run: tuple[str, ...]
    interrupted: bool
    duration_s: float


def run_cases(cases: Sequence[Case], house: House, folder: Path, jobs: int, view: View,
              budget_s: float | None = None) -> Outcome:
    """Ctrl-C ends the children and still returns what ran before it. No case begins after `budget_s` seconds."""
    started = time.monotonic()
    until = None if budget_s is None else started + budget_s
    with interrupts.heeded() as stop:
        runner = CaseRunner(house, folder, stop)
        with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="case") as pool:
            futures = [pool.submit(_run_one, runner, case, view, until) for case in cases]
            pending = set(futures)
            while pending and not stop.is_set():
                _, pending = wait(pending, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
            for future in pending:
                future.cancel()
    results = [None if future.cancelled() else future.result() for future in futures]
    whole = all(result is not None and not result.attempts_left for result in results)
    return Outcome(results=tuple(result for result in results if result is not None),
                   not_run=tuple(case.name for case, result in zip(cases, results, strict=True) if result is None),
                   interrupted=stop.is_set() and not whole, duration_s=round(time.monotonic() - started, 3))


def _run_one(runner: CaseRunner, case: Case, view: View, until: float | None) -> CaseResult | None:
    here = runner.folder / "cases" / case.name
    result = journal.ended_in(here)  # of a case that failed and has attempts left
    if _over(runner, until):
        return result
    view.started(case)
    if result is None:
        result = _attempt(runner, case, case, view)
        if result is not None:
            result = attempts.begun(result)
            journal.note(here, result)
    while result is not None and result.attempts_left and not _over(runner, until):
        number = len(result.attempts) + 1
        again = _attempt(runner, replace(case, name=f"{case.name}/attempt{number}"), case, view)
        if again is None:
            break
        result = attempts.added(result, again)
        journal.note(here, result)
    view.finished(case, result)
    return result


def _over(runner: CaseRunner, until: float | None) -> bool:
    return runner.stop.is_set() or (until is not None and time.monotonic() > until)


def _attempt(runner: CaseRunner, case: Case, shown: Case, view: View) -> CaseResult | None:
    """`case` names the folder, and `shown` is what the view knows. None when the campaign was stopped before it ended."""
    try:
        if case.plan["workload"]["kind"] == SWEPT:
            return swept.run(case, runner, lambda progress: view.progressed(shown, progress))
        return runner.run(case, lambda progress: view.progressed(shown, progress))
    except OSError as error:
        if error.errno not in FULL:
            return _defective(case, error)
        runner.stop.set()  # no case could leave anything behind
        error.filename = error.filename or str(runner.folder)  # a file that was open has no name
        raise
    except Exception as error:  # A defect of the driver in one case must not end the others.
        return _defective(case, error)


def _defective(case: Case, error: Exception) -> CaseResult:
    return result_of(case, (Verdict.ERROR, f"the driver is defective: {type(error).__name__}: {error}"), DEFECT, 0.0)
