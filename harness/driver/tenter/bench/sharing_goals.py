"""What sharing one op has to show, and what a measurement says about it: a function of plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenter.bench import sharing_ways
from tenter.bench.goals import percent
from tenter.bench.measurement import Book, Measured
from tenter.bench.sharing_ways import SHARED, WAITING, WAYS

MANY = 1000
_PEAK, _FURTHER_MB = 1.3, 0.02
_MB = 1e6


@dataclass(frozen=True)
class Verdict:
    model: str
    title: str
    goal: float
    value: float | None  # None: not measured

    @property
    def state(self) -> str:
        if self.value is None:
            return "not measured"
        if self.value <= self.goal:
            return "met"
        return f"missed by {percent(self.value / self.goal - 1)}" if self.goal else "missed"


def judge(book: Book, models: Sequence[str]) -> list[Verdict]:
    return [verdict for model in models for verdict in _of_model(book, model)]


def _of_model(book: Book, model: str) -> list[Verdict]:
    shared = sharing_ways.of(book, model, SHARED)
    return [Verdict(model, f"peak of {MANY:,} in flight over that of 1", _PEAK, over_one(shared, MANY)),
            Verdict(model, f"the same, of {MANY:,} threads that wait", _PEAK, over_one(sharing_ways.of(book, model, WAITING), MANY)),
            Verdict(model, "MB per further request in flight", _FURTHER_MB, further_mb(shared, MANY)),
            Verdict(model, "mismatches of ours, all ways", 0, _mismatches(book, model))]


def over_one(rows: dict[int, Measured], count: int) -> float | None:
    """The peak with so many in flight over that with one."""
    return _peak(rows[count]) / _peak(rows[1]) if 1 in rows and count in rows else None


def further_mb(rows: dict[int, Measured], count: int) -> float | None:
    """What each request beyond the first adds to the peak, in MB."""
    return (_peak(rows[count]) - _peak(rows[1])) / (count - 1) / _MB if 1 in rows and count in rows and count > 1 else None


def _peak(row: Measured) -> float:
    return row.spread("peak_bytes").median


def mismatches(row: Measured) -> int:
    return int(sum(row.series["mismatches"]))


def _mismatches(book: Book, model: str) -> float | None:
    rows = [row for way in WAYS if not way.peer for row in sharing_ways.of(book, model, way.name).values()]
    return sum(map(mismatches, rows)) if rows else None
