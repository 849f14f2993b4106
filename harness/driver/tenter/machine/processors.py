"""How many processes that use many threads themselves run at once."""

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


def cases_at_once() -> int:
    """Of a run that nobody told: its cases wait as much as they work."""
    return min(processors(), _MOST_CASES)
