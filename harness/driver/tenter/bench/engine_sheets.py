"""The sheets of `bench engine`: goals and verdicts, the peers' own figures, METG, growth."""

from __future__ import annotations

from tenter.bench.goals import MXNET, OURS, OURS_FROM_C, PEERS, Verdict
from tenter.bench.measurement import Book, Measured
from tenter.bench.metg import Metg
from tenter.report.sheet import Sheet, number

_SHORT = {MXNET: "MXNet", "tbb_flow": "TBB flow", "tbb_group": "TBB group", "mutex_pool": "pool", OURS: "Tenter", OURS_FROM_C: "Tenter, C API"}
_GROWTH = {"live variables": "live", "readers of one variable": "readers", "reads per op": "reads", "pushers": "pushers"}


def sheets(book: Book, verdicts: list[Verdict], metgs: list[Metg]) -> list[Sheet]:
    return [sheet for sheet in (_goals(book, verdicts), _figures(book), _growth(book), _metg(metgs)) if sheet.rows]


def _goals(book: Book, verdicts: list[Verdict]) -> Sheet:
    rows = []
    for verdict in verdicts:
        least, median = (number(verdict.spread.least), number(verdict.spread.median)) if verdict.spread else ("", "")
        goal = f"<= {verdict.goal:,g}{verdict.unit}" if verdict.goal is not None else ""
        rows.append((verdict.title, goal, least, median, number(verdict.push), number(verdict.complete), verdict.state,
                     _ratio(verdict.ratios.get(MXNET)), f">= {verdict.ratio_goal:g}x" if verdict.ratio_goal else "",
                     verdict.ratio_state, *(_ratio(verdict.ratios.get(peer)) for peer in PEERS[1:])))
    return Sheet("Goals, ns per op unless said otherwise", (
        " row", "goal", "min", "median", "push", "compl.", " verdict", "MXNet", "goal", " verdict",
        *(_SHORT[peer] for peer in PEERS[1:])), tuple(rows), (*_goal_notes(verdicts), *_absences(book)))


def _goal_notes(verdicts: list[Verdict]) -> list[str]:
    return ["Judged by the median. Under a peer stands its median over ours: above 1 ours is cheaper.",
            *(f"{verdict.title}: {verdict.note}." for verdict in verdicts if verdict.note),
            "captured: a program of 1,000 ops, captured once and replayed; under TBB flow stands a graph that was built before, "
            "run and waited for as often."]


def _absences(book: Book) -> list[str]:
    absent = {contender.title: contender.absent for part in ("threads", "one_worker", "naive")
              for contender in book.contenders(part) if contender.absent}
    return [f"{title} was not measured: {reason}." for title, reason in absent.items()]


def _ratio(ratio: float | None) -> str:
    return "" if ratio is None else f"{number(ratio)}x"


def _figures(book: Book) -> Sheet:
    """Everything without parameters: each contender's own minimum, median and sides."""
    rows = []
    for row in book:
        if not row.parameters and row.part != "memory":
            rows.append((row.workload, row.part, _SHORT.get(row.contender, row.contender), *_sides(row)))
    return Sheet("Each engine by itself, ns", (" workload", " part", " engine", "min", "median", "push", "completion"),
                 tuple(sorted(rows, key=lambda row: (row[1], row[0]))),
                 ("Throughput is per op; a round trip is its p50, with the p99 under completion.",))


def _sides(row: Measured) -> tuple[str, str, str, str]:
    if row.timed:
        total = row.ns_per_op()
        return (number(total.least), number(total.median), *(number(row.spread(side).median / row.ops)
                                                             for side in ("push_ns", "complete_ns")))
    total = row.spread("p50_ns")
    return number(total.least), number(total.median), "", number(row.spread("p99_ns").median)


def _growth(book: Book) -> Sheet:
    rows = []
    for row in book:
        if row.workload in _GROWTH:
            size = dict(row.parameters)[_GROWTH[row.workload]]
            rows.append((row.workload, f"{size:,.0f}", _SHORT.get(row.contender, row.contender), *_sides(row)))
    return Sheet("Growth, ns per op", (" workload", "size", " engine", "min", "median", "push", "completion"), tuple(rows))


def _metg(metgs: list[Metg]) -> Sheet:
    points = max((metg.points for metg in metgs), key=len, default=())
    rows = tuple((metg.shape, _SHORT.get(metg.contender, metg.contender), metg.text,
                  *(f"{point.efficiency:.0%}" for point in metg.points)) for metg in metgs)
    return Sheet("METG: smallest task for 50 % efficiency, and the efficiency at each task duration",
                 (" shape", " engine", "METG", *(f"{number(point.task_ns / 1000)} us" for point in points)), rows,
                 ("Efficiency is the time of plain calls over workers x the measured time, both minima. In oneTBB the caller is "
                  "one of the workers; elsewhere it pushes beside them.",))
