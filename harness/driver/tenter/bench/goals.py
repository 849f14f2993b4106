"""What the engine has to show, row by row, and what a measurement says about it: a function of plain data.

A goal is judged by the median. Where only the minimum of the repetitions meets it, the verdict says so.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field, replace

from tenter.bench.measurement import Book, Measured, Spread

OURS = "tenter"
OURS_FROM_C = "tenter_c"
MXNET = "mxnet"
PEERS = (MXNET, "tbb_flow", "tbb_group", "mutex_pool")
# A cost counts as flat or linear when it grows by less than this: caches and the machine move it as well.
FLAT = 1.25
LINEAR = 1.5


@dataclass(frozen=True)
class Verdict:
    """One row of the table."""

    title: str
    unit: str
    goal: float | None = None
    spread: Spread | None = None       # None: not measured
    push: float | None = None          # medians of the two sides
    complete: float | None = None
    note: str = ""
    ratio_goal: float | None = None    # against MXNet
    ratios: dict[str, float] = field(default_factory=dict)  # peer: its median / ours

    @property
    def state(self) -> str:
        if self.spread is None:
            return "not measured"
        if self.goal is None:
            return ""
        if self.spread.median <= self.goal:
            return "met"
        by = f"missed by {percent(self.spread.median / self.goal - 1)}"
        return f"{by}; min met" if self.spread.least <= self.goal else by

    @property
    def ratio_state(self) -> str:
        if self.ratio_goal is None or self.spread is None:
            return ""
        if MXNET not in self.ratios:
            return "not measured"
        ratio = self.ratios[MXNET]
        return "met" if ratio >= self.ratio_goal else f"missed by {percent(1 - ratio / self.ratio_goal)}"


def percent(share: float) -> str:
    return f"{max(share, 0.001):.1%}" if share < 0.1 else f"{share:.0%}"


_BASIC = (("independent", 250, 3.5), ("chain", 150, 5), ("2 reads 1 write", 400, 3), ("10 reads 1 write", 900, 2))
_TITLES = {"2 reads 1 write": "2 reads + 1 write of 64", "10 reads 1 write": "10 reads + 1 write of 100",
           "independent": "independent", "chain": "chain on one variable"}
# Captured once and replayed; no peer keeps a program, but for oneTBB, which runs a graph that was built before.
_CAPTURED = {"captured chain": "captured: chain on one variable",
             "captured 2 reads 1 write": "captured: 2 reads + 1 write of 64"}


# Where a profile (`perf record` of the row alone) says the time goes in rows that are known to miss their goal.
_WHERE = {
    "chain on one variable": "a quarter of the samples is the pusher taking the variable's lock, a sixth the workers "
                             "completing it: its cache line goes to and fro twice an op",
    "bytes per idle variable": "64 for the variable, the rest for the table: its directory and the end of its last chunk",
}


def judge(book: Book) -> list[Verdict]:
    """Every goal, measured or not, in the order of the table of goals; a missed one says why, where that is known."""
    return [_explained(verdict) for verdict in _verdicts(book)]


def _explained(verdict: Verdict) -> Verdict:
    where = _WHERE.get(verdict.title)
    if where is None or not verdict.state.startswith("missed"):
        return verdict
    return replace(verdict, note=f"{verdict.note}; {where}" if verdict.note else where)


def _verdicts(book: Book) -> list[Verdict]:
    return [_line(book),
            *(_per_op(book, "threads", workload, goal, ratio, _TITLES[workload]) for workload, goal, ratio in _BASIC),
            *(_per_op(book, "threads", workload, 120, None, title) for workload, title in _CAPTURED.items()),
            *_round_trips(book),
            *(_per_op(book, "naive", workload, 60, 7, f"naive: {_TITLES[workload]}") for workload, _, _ in _BASIC),
            *(_per_op(book, "naive", workload, None, None, f"naive, {title}") for workload, title in _CAPTURED.items()),
            _trip(book, "naive", "round trip", "p50_ns", "naive: push + wait p50", 60, 7),
            _c_api(book, "independent", "C API over C++: independent"),
            _c_api(book, "round trip", "C API over C++: push + wait p50"),
            *(_pushers(book, count) for count in (2, 8)),
            *_growth(book),
            _bytes(book, "bytes per idle variable", 64), _bytes(book, "bytes per pending op", 256),
            _bytes(book, "bytes per captured op", None)]


def _line(book: Book) -> Verdict:
    """What the machine takes to hand a cache line from one thread to another, over all repetitions of ours with workers."""
    series = [value for row in book if (row.part, row.contender) == ("threads", OURS) for value in row.series.get("line_ns", ())]
    return Verdict("the machine: a cache line to another thread", " ns",
                   spread=Spread(min(series), statistics.median(series)) if series else None)


def _per_op(book: Book, part: str, workload: str, goal: float | None, ratio_goal: float | None, title: str) -> Verdict:
    ours = book.find(part, workload, OURS)
    if ours is None:
        return Verdict(title, " ns", goal, ratio_goal=ratio_goal)
    spread = ours.ns_per_op()
    ratios = {peer: row.ns_per_op().median / spread.median
              for peer in PEERS if (row := book.find(part, workload, peer))}
    verdict = Verdict(title, " ns", goal, spread, ours.spread("push_ns").median / ours.ops,
                      ours.spread("complete_ns").median / ours.ops, ratio_goal=ratio_goal, ratios=ratios)
    if part != "threads" or not verdict.state.startswith("missed"):
        return verdict
    line = ours.spread("line_ns")
    return replace(verdict, note=f"a cache line took {line.median:,.0f} ns to another thread meanwhile, {line.least:,.0f} at best")


def _round_trips(book: Book) -> list[Verdict]:
    rows = []
    for part, workers in (("threads", "2 workers"), ("one_worker", "1 worker")):
        rows += [_trip(book, part, "round trip", "p50_ns", f"push + wait p50, {workers}", 2000, 4),
                 _trip(book, part, "round trip", "p99_ns", f"push + wait p99, {workers}")]
    return [*rows, _trip(book, "threads", "round trip after a rest", "p50_ns",
                         "push + wait p50 after 0.5 ms rest")]


def _trip(book: Book, part: str, workload: str, quantity: str, title: str, goal: float | None = None,
          ratio_goal: float | None = None) -> Verdict:
    ours = book.find(part, workload, OURS)
    if ours is None:
        return Verdict(title, " ns", goal, ratio_goal=ratio_goal)
    spread = ours.spread(quantity)
    ratios = {peer: row.spread(quantity).median / spread.median
              for peer in PEERS if (row := book.find(part, workload, peer))}
    verdict = Verdict(title, " ns", goal, spread, ratio_goal=ratio_goal, ratios=ratios)
    if not verdict.state.startswith("missed"):
        return verdict
    return replace(verdict, note=f"{ours.spread('empty_ns').median:,.0f} ns of it are the clock: what an empty measurement shows")


def _c_api(book: Book, workload: str, title: str) -> Verdict:
    """The same ops through the C API, which were measured in turn with those of C++ in one process."""
    ours, from_c = (book.find("c_api", workload, contender) for contender in (OURS, OURS_FROM_C))
    if ours is None or from_c is None:
        return Verdict(title, "x", 1.15)
    one, other = (row.ns_per_op() if row.timed else row.spread("p50_ns") for row in (ours, from_c))
    return Verdict(title, "x", 1.15, Spread(other.least / one.least, other.median / one.median),
                   note=f"{other.median:,.0f} against {one.median:,.0f} ns")


def _pushers(book: Book, count: int) -> Verdict:
    """Cost per op relative to one pusher; the peers' columns compare the costs themselves."""
    title = f"{count} pushers / 1 pusher"
    rows = [book.find("threads", "pushers", OURS, pushers=n) for n in (1, count)]
    if None in rows:
        return Verdict(title, "x", 1.5)
    one, many = (row.ns_per_op() for row in rows if row)
    ratios = {peer: row.ns_per_op().median / many.median
              for peer in PEERS if (row := book.find("threads", "pushers", peer, pushers=count))}
    return Verdict(title, "x", 1.5, Spread(many.least / one.least, many.median / one.median), ratios=ratios,
                   note=f"{many.median:,.0f} against {one.median:,.0f} ns/op")


def _growth(book: Book) -> list[Verdict]:
    return [_flat(book, "live variables", "live", "most / fewest live variables", FLAT, per_access=False),
            _flat(book, "readers of one variable", "readers", "1,000 / 10 readers of a variable", FLAT,
                  per_access=False, start=10),
            _flat(book, "reads per op", "reads", "1,000 / 10 reads per op, per read", LINEAR,
                  per_access=True, start=10)]


def _flat(book: Book, workload: str, parameter: str, title: str, goal: float, per_access: bool,
          start: float = 0) -> Verdict:
    """The cost at the largest parameter over that at the smallest one from `start` on."""
    rows = sorted((dict(row.parameters)[parameter], _cost(row, parameter, per_access))
                  for row in book.all_of("threads", workload, OURS))
    rows = [(size, cost) for size, cost in rows if size >= start]
    if len(rows) < 2:
        return Verdict(title, "x", goal)
    (_, first), (_, last) = rows[0], rows[-1]
    note = ", ".join(f"{size:,.0f}: {cost.median:,.0f}" for size, cost in rows)
    return Verdict(title, "x", goal, Spread(last.least / first.least, last.median / first.median), note=note)


def _cost(row: Measured, parameter: str, per_access: bool) -> Spread:
    spread = row.ns_per_op()
    return spread.over(dict(row.parameters)[parameter] + 1) if per_access else spread  # + 1: the write


def _bytes(book: Book, workload: str, goal: float | None) -> Verdict:
    """The larger of what malloc handed out and of the resident pages, in whole bytes."""
    row = book.find("memory", workload, OURS)
    if row is None:
        return Verdict(workload, " B", goal)
    allocated, resident = (row.spread(name).over(row.ops).whole() for name in ("allocated_bytes", "resident_bytes"))
    return Verdict(workload, " B", goal, max(allocated, resident, key=lambda spread: spread.median),
                   note=f"malloc {allocated.median:,.0f}, resident {resident.median:,.0f}")
