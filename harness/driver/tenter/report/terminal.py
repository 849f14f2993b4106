"""What a person sees in the terminal while cases run and after them."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress as Bars, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from tenter.cases.verdict import exit_code
from tenter.console import advise, line, shown
from tenter.machine.process import Progress
from tenter.plain import one_line
from tenter.plan.planner import Case
from tenter.record.group import groups
from tenter.record.results import CaseResult, RunResult, Verdict
from tenter.report.steps import what_now
from tenter.report.wording import first_look, headline, seen_in, sentence, verdict_word

STYLES = {Verdict.PASS: "green", Verdict.FOUND: "green", Verdict.FAIL: "bold red", Verdict.MISSED: "bold red",
          Verdict.GREY: "bright_black", Verdict.SKIP: "bright_black", Verdict.ERROR: "bold magenta"}


class TerminalView:
    """Prints a row when a case ends; on a terminal also the cases that run, with done and total."""

    def __init__(self, console: Console, cases: Sequence[Case], tested: str = "", quiet: bool = False,
                 concluded: bool = False) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._name_width = min(max((len(case.name) for case in cases), default=20), 52)
        self._bars = Bars(TextColumn("{task.description}", style="cyan", markup=False), BarColumn(bar_width=24),
                          MofNCompleteColumn(),
                          TextColumn("{task.fields[what]}", markup=False), TimeElapsedColumn(), console=console, transient=True,
                          disable=not console.is_terminal)
        self._all = self._bars.add_task("all cases", total=len(cases), what="cases")
        self._tasks: dict[str, TaskID] = {}
        self._tested = tested
        self._quiet = quiet  # no rows of what is as it should be
        self._header_due = True
        self._concluded = concluded  # a case has a result, here or before this run went on, so that there is a table
        self._refused: list[tuple[Case, CaseResult]] = []

    def __enter__(self) -> TerminalView:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._concluded:  # else they are one line on stderr, even if a log has the header already
            for row in self._refused:
                self._print(*row)
        self._bars.stop()

    def started(self, case: Case) -> None:
        with self._lock:
            self._tasks[case.name] = self._bars.add_task(one_line(case.name), total=None, what="")

    def progressed(self, case: Case, progress: Progress) -> None:
        with self._lock:
            if not self._console.is_terminal and not self._quiet:
                self._print_header()  # a log says at once that something runs; a plan that is refused comes no further
            self._bars.update(self._tasks[case.name], completed=progress.done, total=progress.total or None,
                              what=one_line(progress.what))

    def finished(self, case: Case, result: CaseResult | None) -> None:
        with self._lock:
            self._bars.remove_task(self._tasks.pop(case.name))
            self._bars.advance(self._all)
            self._concluded |= result is not None and not result.usage
            if result is not None and result.usage:
                # When every plan is refused, one line on stderr is the answer, and a table would repeat it.
                self._refused.append((case, result))
            elif result is not None and not (self._quiet and result.verdict in (Verdict.PASS, Verdict.FOUND)) and not (
                    result.first_look and result.verdict is Verdict.FOUND):  # one line at the end tells of them
                for row in [*self._refused, (case, result)]:
                    self._print(*row)
                self._refused.clear()

    def _print(self, case: Case, result: CaseResult) -> None:
        self._print_header()
        word = Text(result.verdict.name, style=STYLES[result.verdict])
        drawn = f" (drawn: {case.drawn})" if case.drawn else ""
        self._console.print(self._row(word, case.name, sentence(result) + drawn, f"{result.duration_s:.1f}"))

    def _print_header(self) -> None:
        if self._header_due:
            if self._tested:  # a verdict says nothing without what it is about
                line(self._console, f"testing {self._tested}", "bold")
            self._console.print(self._row(Text("verdict"), "case", "what was seen", "seconds"), style="dim")
            self._header_due = False

    def _row(self, word: Text, name: str, text: str, seconds: str) -> Table:
        row = Table.grid(padding=(0, 2, 0, 0), expand=True)
        row.add_column(width=7)
        row.add_column(width=self._name_width, overflow="fold")
        row.add_column(ratio=1, overflow="fold")
        row.add_column(width=7, justify="right")
        row.add_row(word, shown(one_line(name)), shown(one_line(text)), seconds)
        return row


def print_end(console: Console, run: RunResult, folder: str, measured: bool) -> None:
    """The last lines: findings with their replay line, the verdict, what to do now, where the report is."""
    for group in groups(run.cases):
        if group.failed:
            finding, known = group.finding, group.finding.signature in run.known
            often = f" ({seen_in(group)})" if seen_in(group) else ""
            line(console, one_line(f"{'known: ' if known else ''}{finding.check}: {finding.title}{often}"),
                 "yellow" if known else "red")
            advise(console, f"    {run.replay_line(group.case, finding)}")
    clean = exit_code(run) == 0
    console.print()
    line(console, one_line(f"{verdict_word(run)}: {headline(run)}"), "bold green" if clean else "bold red")
    power = first_look(run)
    if power:
        line(console, one_line(f"  power: {power}"), "bold green" if clean else "bold")
    for case in run.cases:
        if case.first_look and case.verdict is Verdict.MISSED:
            line(console, one_line(f"  missed: {case.planted} in {case.kind} of {case.flavour}, so that its cells say nothing: {case.reason}"), "bold red")
            advise(console, f"    {case.again}")
    for step in what_now(run, measured):
        advise(console, f"  now: {one_line(step)}")
    line(console, f"  report: {folder}/report.html   ({run.duration_s:.1f} s)")
