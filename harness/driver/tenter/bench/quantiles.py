"""Quantiles, and how sure a median of a few rounds is: plain arithmetic without an assumption about how times are distributed."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

_SURE = 0.95
STEADY = 0.05  # half an interval over its median, up to which a ratio is called stable


def quantile(values: Sequence[float], share: float) -> float:
    """By nearest rank: a value that was measured, below or at which lies that share of them."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True)
class Middle:
    """A median with its interval: the true median lies in it with at least 95 %, whatever the distribution."""

    median: float
    low: float
    high: float

    @property
    def told(self) -> bool:
        """Whether there were values enough for an interval."""
        return math.isfinite(self.high)

    @property
    def steady(self) -> bool:
        return self.high - self.low <= 2 * STEADY * self.median

    @property
    def wide(self) -> float:
        """Half of the interval, over the median."""
        return (self.high - self.low) / (2 * self.median) if self.median else math.inf


def middle(values: Sequence[float]) -> Middle:
    """The interval of the sign test: from the k-th smallest to the k-th largest. Fewer than six values have none."""
    ordered = sorted(values)
    rank = _rank(len(ordered))
    if rank == 0:
        return Middle(statistics.median(ordered), 0.0, math.inf)
    return Middle(statistics.median(ordered), ordered[rank - 1], ordered[-rank])


def _rank(count: int) -> int:
    """The largest k for which so few as k values below the median, or above, happen with at most 2.5 %."""
    tail, rank = 0.0, 0
    while rank < count // 2:
        tail += math.comb(count, rank) / 2 ** count
        if tail > (1 - _SURE) / 2:
            break
        rank += 1
    return rank


def geometric_mean(values: Sequence[float]) -> float:
    return math.exp(statistics.fmean(map(math.log, values)))
