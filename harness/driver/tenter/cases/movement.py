"""Whether a case still moved when its time was over: then it is slow, and nothing is known to be stuck."""

from __future__ import annotations

import time

from tenter.machine.process import Progress
from tenter.plan.planner import Case

# A case that has not moved for so long is taken for stuck, as the watchdog of the runner takes it.
_MOST_STILL_S = 10.0


class Movement:
    """The last progress that a child told of, and when it last rose. Written by one thread, then read."""

    def __init__(self) -> None:
        self.last = Progress(0, 0, "nothing that it told of")
        self._rose = time.monotonic()

    def see(self, progress: Progress) -> None:
        if progress.done != self.last.done or progress.what != self.last.what:
            self._rose = time.monotonic()
        self.last = progress

    def moves(self, case: Case) -> bool:
        still = min(case.plan["watchdog_ms"] / 1000, case.timeout_s / 2, _MOST_STILL_S)
        return time.monotonic() - self._rose < still

    def unfinished(self, case: Case) -> str:
        return (f"its time of {case.timeout_s:g} s was over while it moved, at {told(self.last)}; give it more "
                "([budget] timeout_s) or less to do")


def told(progress: Progress) -> str:
    if not progress.total:
        return progress.what
    return f"{progress.done:,} of {progress.total:,} {progress.what}"
