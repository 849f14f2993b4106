"""One child process: its own group, a deadline, progress events read from stdout, stderr kept in a file."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenter.errors import HarnessDefect
from tenter.machine.interrupts import Stop

DUMP_GRACE_S = 3.0
_POLL_S = 0.05


@dataclass(frozen=True)
class Progress:
    done: int
    total: int
    what: str


@dataclass(frozen=True)
class Ended:
    """How a child ended. Exactly one of exit_code and signal_name is set."""

    exit_code: int | None
    signal_name: str
    timed_out: bool
    stopped: bool  # ended because the campaign was interrupted
    duration_s: float
    unreadable: str  # the first line of stdout that is no event, or nothing


@dataclass(frozen=True)
class Command:
    argv: list[str]
    environment: dict[str, str]
    stdout_file: Path
    stderr_file: Path
    timeout_s: float


def _unheard(event: dict[str, Any]) -> None:
    """Of events other than progress, where nobody listens."""


def execute(command: Command, stop: Stop, on_progress: Callable[[Progress], None],
            on_event: Callable[[dict[str, Any]], None] = _unheard) -> Ended:
    """Runs the command to its end, to its deadline, or until `stop` is set. Never leaves a process behind.

    Raises OSError when what it told could not be kept, as on a full disk.
    """
    try:
        return _execute(command, stop, on_progress, on_event)
    except OSError as error:
        error.filename = error.filename or str(command.stdout_file)  # a file that was open has no name
        raise


def _execute(command: Command, stop: Stop, on_progress: Callable[[Progress], None],
             on_event: Callable[[dict[str, Any]], None]) -> Ended:
    started = time.monotonic()
    with command.stderr_file.open("wb") as stderr, command.stdout_file.open("w", buffering=1) as stdout:
        try:
            child = subprocess.Popen([*_dies_with_us(), *command.argv], env=command.environment, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, stderr=stderr, start_new_session=True, text=True,
                                     errors="replace")
        except OSError as error:
            raise HarnessDefect(f"cannot start {command.argv[0]}: {error.strerror}") from error
        events = _EventReader(child, stdout, on_progress, on_event)
        events.start()
        timed_out = stopped = False
        try:
            while child.poll() is None and not timed_out and not stopped:
                time.sleep(_POLL_S)
                stopped = stop.is_set()
                timed_out = not stopped and time.monotonic() - started > command.timeout_s
            if timed_out:
                _ask_for_dump(child)
        finally:
            _end_group(child)
            events.join(timeout=2)
        if events.not_kept:
            raise events.not_kept  # what the child told is not whole
    code = child.wait()
    by_signal = code < 0
    return Ended(exit_code=None if by_signal else code, signal_name=_signal_name(-code) if by_signal else "",
                 timed_out=timed_out, stopped=stopped, duration_s=time.monotonic() - started,
                 unreadable="" if by_signal or timed_out or stopped else events.unreadable)


def _dies_with_us() -> list[str]:
    """A child whose driver was killed would go on writing into a folder that another driver goes on with."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []


class _EventReader(threading.Thread):
    """Reads stdout until it closes, so that a child that prints much never blocks on a full pipe."""

    def __init__(self, child: subprocess.Popen[str], copy, on_progress: Callable[[Progress], None],
                 on_event: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(name="events", daemon=True)
        self._child, self._copy, self._on_progress, self._on_event = child, copy, on_progress, on_event
        self.unreadable = ""
        self.not_kept: OSError | None = None

    def run(self) -> None:
        try:
            for line in self._child.stdout or ():
                self._keep(line)
                self._read(line)
        except ValueError:
            pass  # The file was closed because a grandchild kept the pipe open past the end of the case.

    def _keep(self, line: str) -> None:
        """The pipe is read to its end also when nothing more can be kept: a child must not block on it."""
        try:
            if not self.not_kept:
                self._copy.write(line)
        except OSError as error:
            self.not_kept = error

    def _read(self, line: str) -> None:
        try:
            event = json.loads(line)
            if event["event"] == "progress":
                self._on_progress(Progress(int(event["done"]), int(event["total"]), str(event["what"])))
            else:
                self._on_event(event)
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            self.unreadable = self.unreadable or line.strip()[:200] or "an empty line"


def _ask_for_dump(child: subprocess.Popen[str]) -> None:
    """SIGQUIT makes the runner write who waits for what to stderr; it has a few seconds for it."""
    child.send_signal(signal.SIGQUIT)
    try:
        child.wait(timeout=DUMP_GRACE_S)
    except subprocess.TimeoutExpired:
        pass


def _end_group(child: subprocess.Popen[str]) -> None:
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
