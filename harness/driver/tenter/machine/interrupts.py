"""Interrupts as a flag, where an exception would come too early or be lost.

KeyboardInterrupt is raised at any line of the main thread: between a lock that is taken and the `with` that gives it back,
after which its next user waits for ever, or in a destructor, where nobody sees it.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

# Ctrl-C may come twice at once, from the terminal and from whoever started this process and passes it on.
_SAME_S = 1.0
# What a person, a CI service and a terminal that goes away send.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
    """Set once. Without a lock: a signal handler sets it, and its thread may hold any lock by then."""

    def __init__(self) -> None:
        self._is_set = False

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True


@contextmanager
def heeded() -> Iterator[Stop]:
    """SIGINT, SIGTERM and SIGHUP set the stop, and whoever works here looks at it; main thread only.

    A second Ctrl-C, a while later and also while reports are written, ends the process where it stands: its folder can be reported
    and resumed. The other two are ignored after the first signal, and a Ctrl-C that comes at once with it: CI services send SIGTERM
    to those that take their time to report.
    """
    stop = Stop()
    first: list[float] = []  # when the first signal came, if one did

    def is_another(number: int) -> bool:
        return number == signal.SIGINT and bool(first) and time.monotonic() - first[0] > _SAME_S

    def end(number: int) -> None:
        _show_cursor()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def heed(number: int, _: object) -> None:
        if is_another(number):
            end(number)
        if not first:
            first.append(time.monotonic())
        stop.set()

    def heed_afterwards(number: int, _: object) -> None:
        if is_another(number):
            end(number)

    # Who was started with SIGINT ignored, as a shell's background job is, goes on ignoring it.
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, heed)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, heed_afterwards if first and handler is not signal.SIG_IGN else handler)


def _show_cursor() -> None:
    """Bars of progress hide it, and nobody will end them."""
    if os.isatty(1):
        os.write(1, b"\x1b[?25h")
