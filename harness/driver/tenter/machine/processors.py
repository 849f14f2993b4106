"""How many processors there are, for processes and threads that are to run at once."""

from __future__ import annotations

import os
from pathlib import Path

_MOST_CASES = 4
_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # "200000 100000": two processors' time; "max 100000": no limit


def processors(quota: Path = _QUOTA) -> int:
    """That this process may use: those it may run on, and no more than the time that a container has."""
    mine = len(os.sched_getaffinity(0))
    try:
        time, period = quota.read_text().split()
        return max(1, min(mine, int(time) // int(period)))
    except (OSError, ValueError):  # no such file, or no limit
        return mine


def crowded(threads: int, what: str) -> str:
    """A note where more threads compute than processors are there; `what` says of whom. Nothing where each has one of its own."""
    here = processors()
    if threads <= here:
        return ""
    return f"{what}: {threads:,} threads are to compute at once, and {here:,} {'processor is' if here == 1 else 'processors are'} there: they take turns, and times say more of that"


def cases_at_once() -> int:
    """Of a run that nobody told: its cases wait as much as they work."""
    return min(processors(), _MOST_CASES)
