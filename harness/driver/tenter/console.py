"""Messages of the driver on the terminal, and the progress of a build."""

from __future__ import annotations

import os
import shlex
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from tenter import spelling
from tenter.house import House
from tenter.machine.build import build
from tenter.plain import printable
from tenter.standpoint import this_standpoint

_LOG_EVERY_S = 30  # of a build, where there is no bar


class Patient:
    """A stream that outlives its reader: what a closed pipe or a full disk does not take is lost, and the run goes on.

    `lost` says why something was lost that nobody refused to read. A process may be started without any stream.
    """

    def __init__(self, stream) -> None:
        self.lost = "" if stream else "it is closed"
        self._stream = stream or open(os.devnull, "w")
        self._stream.reconfigure(errors=spelling.HANDLER)  # an encoding without a sign shows another one

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            self._give_up(error)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        if not isinstance(error, BrokenPipeError):
            self.lost = error.strerror or str(error)
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, self._stream.fileno())
        os.close(nothing)

    def __getattr__(self, name: str):
        return getattr(self._stream, name)


def open_console() -> Console:
    """Wide when nobody looks, so that lines in a log are not folded at 80 columns."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 160)


def say(message: str, words: str = "") -> None:
    """One line beside the results: what the driver does now, or why it stops. `words` are those of somebody else, and stay as they are."""
    told = this_standpoint().told_with_paths(printable(message)) + printable(words)
    print(f"tenter: {spelling.for_a_shell(told, sys.stderr.encoding)}", file=sys.stderr, flush=True)


def shown(text: str, style: str = "") -> Text:
    """Text for the terminal as it is: no markup in a file name, and no sequence that the terminal would obey."""
    return Text(spelling.for_a_shell(printable(text), sys.stdout.encoding), style=style)


def advice(text: str, style: str = "") -> Text:
    """A sentence of ours with a command, which is written as from the root: it is told as it works where the caller stands."""
    return Text(command_shown(text), style=style)


def command_shown(text: str) -> str:
    return spelling.for_a_shell(this_standpoint().told(printable(text)), sys.stdout.encoding)


def advise(console: Console, text: str, style: str = "") -> None:
    """A line with a command that can be pasted."""
    console.print(advice(text, style), soft_wrap=True)


def line(console: Console, text: str, style: str = "") -> None:
    """One line, which stays one, so that a command in it can be pasted."""
    console.print(shown(text, style), soft_wrap=True)


def command_line() -> str:
    """What the user typed, as it can be typed again at the root of the checkout."""
    return this_standpoint().from_root(sys.argv[1:])


def path_shown(path: Path) -> str:
    """A file or folder for the terminal, so that its name can be pasted where the caller stands."""
    return spelling.for_a_shell(printable(shlex.quote(this_standpoint().path(path))), sys.stdout.encoding)


def build_shown(house: House, flavour: str, console: Console, targets: tuple[str, ...] = ()) -> bool:
    """Builds all or the given targets, with a progress bar on a terminal, and in a log with its first and last line and one in between
    every half a minute."""
    told = [time.monotonic()]

    def step(done: int, total: int) -> None:
        bars.update(task, completed=done, total=total, visible=True)
        if not console.is_terminal and time.monotonic() - told[0] > _LOG_EVERY_S:
            told[0] = time.monotonic()
            say(f"building {flavour}: {done:,} of {total:,}")

    with Progress(TextColumn("{task.description}", style="cyan"), BarColumn(bar_width=24), MofNCompleteColumn(),
                  TimeElapsedColumn(), console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task(f"building {flavour}", total=None, visible=False)
        return build(house, flavour, say, step, targets)
