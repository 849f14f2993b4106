"""METG: the smallest task duration at which workers spend at least half of their time on tasks (Task Bench, 2020).

Taken from minima: what it asks is what an engine can do, and one disturbed size would move it by an order of magnitude.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tenter.bench.measurement import Book

HALF = 0.5
SHAPES = {"metg independent": "independent tasks", "metg chains": "chains, two per worker"}


@dataclass(frozen=True)
class Point:
    task_ns: float  # of plain calls on one thread, measured in the same turns
    efficiency: float


@dataclass(frozen=True)
class Metg:
    shape: str
    contender: str
    points: tuple[Point, ...]

    @property
    def ns(self) -> float | None:
        """Interpolated on a logarithmic scale; None when even the largest task was too small."""
        below = [i for i, point in enumerate(self.points) if point.efficiency < HALF]
        if not below:
            return self.points[0].task_ns
        if below[-1] == len(self.points) - 1:
            return None
        low, high = self.points[below[-1]], self.points[below[-1] + 1]
        share = (HALF - low.efficiency) / (high.efficiency - low.efficiency)
        return math.exp(math.log(low.task_ns) + share * (math.log(high.task_ns) - math.log(low.task_ns)))

    @property
    def text(self) -> str:
        if self.ns is None:
            return f"> {self.points[-1].task_ns / 1000:,.1f} us"
        # Nothing smaller was tried.
        bound = "<= " if self.ns == self.points[0].task_ns else ""
        return f"{bound}{self.ns / 1000:,.2f} us"


def all_metg(book: Book, workers: int) -> list[Metg]:
    found = []
    for workload, shape in SHAPES.items():
        for contender in book.contenders("threads"):
            points = _points(book, workload, contender.name, workers)
            if points and contender.name != "calls":
                found.append(Metg(shape, contender.name, points))
    return found


def _points(book: Book, workload: str, contender: str, workers: int) -> tuple[Point, ...]:
    points = []
    for row in book.all_of("threads", workload, contender):
        calls = book.find("threads", workload, "calls", **dict(row.parameters))
        if calls:
            task_ns = calls.ns_per_op().least
            points.append(Point(task_ns, task_ns / (workers * row.ns_per_op().least)))
    return tuple(sorted(points, key=lambda point: point.task_ns))
