"""A sparkline of text: one sign for each run, the oldest first."""

from __future__ import annotations

from collections.abc import Iterable

_LEVELS = "▁▂▃▄▅▆▇█"
LEGEND = "height: share of cases that failed; · concluded nothing"


def sparkline(shares: Iterable[float | None]) -> str:
    """The lowest sign is nothing and the highest is all; None for a run that concluded nothing."""
    return "".join("·" if share is None else _level(share) for share in shares)


def _level(share: float) -> str:
    """The smallest share is seen, and only the whole is as high as the whole."""
    last = len(_LEVELS) - 1
    if share <= 0 or share >= 1:
        return _LEVELS[last if share >= 1 else 0]
    return _LEVELS[min(last - 1, max(1, round(share * last)))]
