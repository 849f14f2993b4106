"""How many processes that use many threads themselves run at once."""

from __future__ import annotations

import os

_MOST_CASES = 4


def processors() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0))


def cases_at_once() -> int:
    """Of a run that nobody told: its cases wait as much as they work."""
    return min(processors(), _MOST_CASES)
