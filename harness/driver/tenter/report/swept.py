"""What a person sees of a sweep: trials as they end, and the table of all sites."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress as Bars, TextColumn, TimeElapsedColumn

from tenter.cases.coverage import Row
from tenter.console import line
from tenter.machine.process import Progress
from tenter.plain import one_line
from tenter.plan.planner import Case
from tenter.plan.sweeping import ENOUGH_BESIDE
from tenter.plan.waivers import Waiver
from tenter.record.results import CaseResult, Verdict
from tenter.report.sheet import Sheet
from tenter.report.wording import plural, sentence

_EVERY_S = 10.0  # between lines where there is no terminal


class SweepView:
    """Counts trials, on a terminal with a bar; one that found something has a line at once. `ended` is called for each, one at a time."""

    def __init__(self, console: Console, what: str, total: int, quiet: bool, ended: Callable[[Case, CaseResult], CaseResult]) -> None:
        self._console, self._what, self._total, self._quiet, self._ended = console, what, total, quiet, ended
        self._lock = threading.Lock()
        self._done = 0
        self._told = time.monotonic()
        self._bars = Bars(TextColumn("{task.description}", style="cyan"), BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn(),
                          console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bars.add_task(what, total=total)

    def __enter__(self) -> SweepView:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def started(self, case: Case) -> None:
        """What takes a tenth of a second needs no row of its own."""

    def progressed(self, case: Case, progress: Progress) -> None:
        """Nor does it move on the way."""

    def finished(self, case: Case, result: CaseResult | None) -> None:
        with self._lock:
            self._done += 1
            self._bars.advance(self._task)
            if result is None:
                return
            judged = self._ended(case, result)
            if judged.verdict in (Verdict.FAIL, Verdict.ERROR):
                line(self._console, one_line(f"{judged.verdict.name}  {judged.name}: {case.plan['faults'] or 'without a fault'}: {sentence(judged)}"),
                     "bold red")
            if not self._console.is_terminal and not self._quiet and time.monotonic() - self._told > _EVERY_S:
                self._told = time.monotonic()
                line(self._console, f"{self._done:,} of {self._total:,} {self._what}", "dim")


def _waived(waiver: Waiver, row: Row) -> str:
    return f"{waiver.what}: {waiver.reason}" if waiver not in row.needless else f"{waiver.what}: not needed, it was shown"


def left_out_note(cases: int, capped: tuple[int, int], untimely: int, interrupted: bool) -> str:
    """What was not struck, and why; nothing where nothing was left out. `capped`: in how many places, and by which --cap."""
    parts = [f"{plural(cases, 'case')}, each like another or not to be swept" if cases else "",
             f"hits or pairs beyond --cap {capped[1]} in {plural(capped[0], 'place')}" if capped[0] else "",
             f"{plural(untimely, 'trial')} not begun {'when it was interrupted' if interrupted else 'for want of time'}" if untimely else ""]
    return f"left out: {'; '.join(filter(None, parts))}" if any(parts) else ""


def sheet(made: Sequence[Row], pairs: tuple[int, int], skipped: int) -> Sheet:
    """`pairs`: those in which both faults fired, and all that were tried."""
    notes = [f"hits: of the clean runs. beside: other calls in flight when a fault struck, at most; {ENOUGH_BESIDE} are asked for.",
             f"pairs of adjacent sites that fired together: {pairs[0]} of {pairs[1]}."]
    if skipped:
        notes.append("What was left out is counted above, and listed in skipped.txt.")
    return Sheet("sites", ("site", "hits", "trials", "fired", "beside", " missing", " waived"),
                 tuple((row.site, f"{row.hits:,}", f"{row.trials:,}", f"{row.fired:,}", f"{row.beside:,}" if row.fired else "",
                        ", ".join(f"missed: {cell}" for cell in row.missing), "; ".join(_waived(waiver, row) for waiver in row.waived))
                       for row in made), tuple(notes))
