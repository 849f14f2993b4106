"""Messages of the driver on the terminal, and the progress of a build."""

from __future__ import annotations

import shlex
import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tenter.house import House
from tenter.machine.build import build


def open_console() -> Console:
    """Wide when nobody looks, so that lines in a log are not folded at 80 columns."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 160)


def say(message: str) -> None:
    """One line beside the results: what the driver does now, or why it stops."""
    print(f"tenter: {message}", file=sys.stderr, flush=True)


def command_line() -> str:
    """What the user typed, as it can be typed again."""
    return shlex.join(["./tenter", *sys.argv[1:]])


def build_shown(house: House, flavour: str, console: Console, targets: tuple[str, ...] = ()) -> bool:
    """Builds all or the given targets, with a progress bar on a terminal, and with its first and last line in a log."""
    with Progress(TextColumn("{task.description}", style="cyan"), BarColumn(bar_width=24), MofNCompleteColumn(),
                  TimeElapsedColumn(), console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task(f"building {flavour}", total=None, visible=False)
        return build(house, flavour, say,
                     lambda done, total: bars.update(task, completed=done, total=total, visible=True), targets)
