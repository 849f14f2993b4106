"""A child that fuzzes, watched: progress on a terminal, now and then a line in a log, and a finding as soon as it is found.

Ctrl-C, SIGTERM and SIGHUP end the child, and what it told until then stays in the folder.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress as Bars, TextColumn, TimeElapsedColumn

from tenter.cases.fuzzer import command
from tenter.console import line
from tenter.house import House
from tenter.machine import interrupts
from tenter.machine.process import Progress, execute
from tenter.plain import one_line
from tenter.plan.hunt import Hunt
from tenter.record import searched
from tenter.report.wording import plural

_EVERY_S = 10.0  # between lines where there is no terminal


def hunt_in(hunt: Hunt, flavour: str, folder: Path, house: House, console: Console,
            found: Callable[[dict[str, Any]], None]) -> bool:
    """Whether it was not interrupted. `found` is called with a finding before it is shrunk, from another thread."""
    with interrupts.heeded() as stop, Watch(console, hunt, flavour, found) as watch:
        ended = execute(command(hunt, flavour, folder, house), stop, watch.progressed, watch.told)
        searched.note_end(folder, flavour, ended)
    # The signal may have come when the child had ended: it is not for the next flavour to lose.
    return not (ended.stopped or stop.is_set())


class Watch:
    """Called from the thread that reads the events."""

    def __init__(self, console: Console, hunt: Hunt, flavour: str, found: Callable[[dict[str, Any]], None]) -> None:
        self._console, self._hunt, self._flavour, self._found = console, hunt, flavour, found
        self._bars = Bars(TextColumn("{task.description}", style="cyan"), BarColumn(bar_width=24),
                          TextColumn("{task.fields[what]}", markup=False), TimeElapsedColumn(), console=console,
                          transient=True, disable=not console.is_terminal)
        total = hunt.times if hunt.replay else hunt.seconds
        self._task = self._bars.add_task(f"fuzzing {hunt.what}, {flavour}", total=total, what="starting")
        self._next_line = time.monotonic()  # the first line at once

    def __enter__(self) -> Watch:
        if not self._console.is_terminal:
            doing = f"{self._hunt.times:,} times {self._hunt.replay}" if self._hunt.replay else f"{self._hunt.seconds:g} s"
            line(self._console, f"fuzzing {self._hunt.what}, {self._flavour}: {one_line(doing)}", "dim")
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def progressed(self, progress: Progress) -> None:
        self._show(progress.done, self._hunt.seconds, progress.what)

    def told(self, event: dict[str, Any]) -> None:
        try:
            if event["event"] == "found":
                self._found(event)
                self._next_line = time.monotonic()  # the first line about shrinking at once
            elif event["event"] == "shrinking":
                self._show(event["elapsed_s"], event["limit_s"],
                           f"shrinking: {plural(event['ops'], self._hunt.subject().unit)} so far, {event['limit_s'] - event['elapsed_s']:.0f} s left at most")
            elif event["event"] == "replaying":
                self._show(event["tried"], event["times"], f"came back {event['came_back']:,} of {event['tried']:,}")
        except (KeyError, TypeError, OSError):
            pass  # what counts is read from the file when the child has ended, and an error of that is said then

    def _show(self, done: float, total: float, what: str) -> None:
        self._bars.update(self._task, completed=done, total=total, what=one_line(what))
        if not self._console.is_terminal and time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _EVERY_S
            line(self._console, f"  {one_line(what)}", "dim")
