"""What the benchmark programs measured: raw series out of their JSON, merged over processes, as plain data."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenter.errors import HarnessDefect

VERSION = 1
Parameters = tuple[tuple[str, float], ...]


@dataclass(frozen=True, order=True)
class Spread:
    """The two figures that every table shows: the minimum is the machine at its best, the median what to expect."""

    least: float
    median: float

    def over(self, divisor: float) -> Spread:
        return Spread(self.least / divisor, self.median / divisor)

    def whole(self) -> Spread:
        """For bytes: the blocks of an allocator have heads, a fraction of a byte for each of what they hold."""
        return Spread(round(self.least), round(self.median))


@dataclass
class Measured:
    """One workload on one contender: a value per repetition and quantity."""

    part: str
    workload: str
    parameters: Parameters
    contender: str
    ops: int
    executed: int = 0
    series: dict[str, list[float]] = field(default_factory=dict)

    def spread(self, *quantities: str) -> Spread:
        """Of the sum of the quantities within each repetition."""
        sums = [sum(values) for values in zip(*(self.series[name] for name in quantities), strict=True)]
        return Spread(min(sums), statistics.median(sums))

    def ns_per_op(self) -> Spread:
        return self.spread("push_ns", "complete_ns").over(self.ops)

    @property
    def timed(self) -> bool:
        return "push_ns" in self.series


@dataclass(frozen=True)
class Contender:
    name: str
    title: str
    absent: str  # why it was not measured, or nothing


class Book:
    """Everything measured in one call of the verb."""

    def __init__(self) -> None:
        self.facts: dict[str, str] = {}
        self._rows: dict[tuple[str, str, Parameters, str], Measured] = {}
        self._contenders: dict[tuple[str, str], Contender] = {}

    def add(self, document: dict[str, Any]) -> None:
        """Adds what one process wrote; series that are already there grow."""
        if document.get("version") != VERSION:
            raise HarnessDefect(f"the benchmark wrote version {document.get('version')}; this driver reads {VERSION}")
        part = document["part"]
        self.facts.update(document["facts"])
        for entry in document["contenders"]:
            self._contenders[part, entry["name"]] = Contender(**entry)
        for row in document["rows"]:
            self._add_row(part, row)

    def _add_row(self, part: str, row: dict[str, Any]) -> None:
        parameters = tuple(sorted((name, float(value)) for name, value in row["parameters"].items()))
        key = (part, row["workload"], parameters, row["contender"])
        measured = self._rows.setdefault(key, Measured(*key, ops=row["ops"]))
        if measured.ops != row["ops"]:
            raise HarnessDefect(f"two processes measured {row['workload']} with {measured.ops} and {row['ops']} ops")
        measured.executed += row["executed"]
        for name, values in row["series"].items():
            measured.series.setdefault(name, []).extend(values)

    def find(self, part: str, workload: str, contender: str, **parameters: float) -> Measured | None:
        wanted = tuple(sorted((name, float(value)) for name, value in parameters.items()))
        return self._rows.get((part, workload, wanted, contender))

    def all_of(self, part: str, workload: str, contender: str) -> list[Measured]:
        return [row for row in self._rows.values()
                if (row.part, row.workload, row.contender) == (part, workload, contender)]

    def contenders(self, part: str) -> list[Contender]:
        return [contender for (of, _), contender in self._contenders.items() if of == part]

    def __iter__(self) -> Iterator[Measured]:
        return iter(self._rows.values())


def read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise HarnessDefect(f"the benchmark left no readable {path.name}: {error}") from error
