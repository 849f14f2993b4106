"""What a count can say: the interval of a share, and how many clean cases show that a defect is gone.

The interval is Wilson's score interval at 95 %: E. B. Wilson, "Probable inference, the law of succession, and statistical
inference", Journal of the American Statistical Association 22 (1927), 209-212. It keeps close to its 95 % also for few
cases and for shares near 0 and 1 (L. D. Brown, T. T. Cai, A. DasGupta, Statistical Science 16 (2001), 101-133).

That a defect is gone is told by Fisher's exact test, one-sided, at 5 % (R. A. Fisher, The Design of Experiments, 1935):
had nothing changed, so many clean cases would follow so many bad ones by chance in less than one case of twenty.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, sqrt

_Z = 1.959963984540054  # the normal distribution has 2.5 % above it
_LEVEL = 0.05


@dataclass(frozen=True)
class Interval:
    low: float
    high: float


def wilson(seen: int, ran: int) -> Interval:
    """Of the true share, after `seen` of `ran`. REQUIRES: 0 <= seen <= ran and ran > 0."""
    share, square = seen / ran, _Z * _Z / ran
    middle = (share + square / 2) / (1 + square)
    half = _Z * sqrt(share * (1 - share) / ran + square / (4 * ran)) / (1 + square)
    # Rounding must not lead out of the range, nor away from its ends.
    return Interval(0.0 if seen == 0 else max(0.0, middle - half), 1.0 if seen == ran else min(1.0, middle + half))


def chance_of_none(seen: int, ran: int, clean: int) -> float:
    """That all `seen` bad cases fall into the first `ran` of `ran + clean`, when every order is equally likely."""
    return comb(ran, seen) / comb(ran + clean, seen)


def clean_needed(seen: int, ran: int) -> int:
    """The fewest clean cases after `seen` of `ran` that show at 95 % that the share went down. REQUIRES: 0 < seen <= ran."""
    few, many = 0, 1
    while chance_of_none(seen, ran, many) > _LEVEL:
        few, many = many, many * 2
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (middle, many) if chance_of_none(seen, ran, middle) > _LEVEL else (few, middle)
    return many
