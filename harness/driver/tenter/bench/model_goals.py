"""What a model has to show beside its peers, and what a measurement says about it: a function of plain data.

Each ratio is taken within a round, in which all ran side by side; the verdict goes by the median over the rounds, and says so
where its interval holds the goal as well.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tenter.bench.goals import percent
from tenter.bench.measurement import Book, Measured
from tenter.bench.quantiles import Middle, geometric_mean, middle

OURS, CONFINED = "tenter", "tenter_confined"
PEERS = ("onnxruntime", "openvino")
# p50 over that of the better peer, by what the name of the file holds; others have the goal of the worst.
_P50 = {"resnet50": 0.90, "squeezenet": 0.85, "efficientnet": 0.96, "ocr_cls": 0.85, "mobile_v2.0_cls": 0.85, "shufflenet": 0.78, "densenet": 0.88,
        "inception_v2": 0.82}
_WORST, _MEAN = 1.00, 0.87
_THROUGHPUT, _LOAD, _PEAK = 1.05, 1.0, 1.3
_FASTEST = 0.95  # with several threads for one request
GOAL_CLIENTS = 8


@dataclass(frozen=True)
class Verdict:
    model: str
    title: str
    goal: float
    at_least: bool = False        # the goal is a lower bound
    ratio: Middle | None = None   # None: not measured
    peer: str = ""                # the better one, which it is over
    derived: bool = False         # of other verdicts, without rounds of its own

    @property
    def state(self) -> str:
        if self.ratio is None:
            return "not measured"
        worst, best = (self.ratio.low, self.ratio.high) if self.at_least else (self.ratio.high, self.ratio.low)
        good, bad = self._meets(worst), not self._meets(best)
        unsure = ", but the interval holds the goal" if self.ratio.told else ""
        if self._meets(self.ratio.median):
            return f"met{'' if good else unsure}"
        return f"missed by {percent(abs(self.ratio.median / self.goal - 1))}{'' if bad else unsure}"

    @property
    def stability(self) -> str:
        if self.ratio is None or self.derived:
            return ""
        if self.ratio.steady:
            return "stable"
        return f"unstable: +-{self.ratio.wide:.0%}" if self.ratio.told else "too few rounds"

    def _meets(self, value: float) -> bool:
        return value >= self.goal if self.at_least else value <= self.goal


def judge(book: Book, models: Sequence[str], threads: int = 1) -> list[Verdict]:
    """Every goal of every model, and of those together that have a goal of their own: the mean and the worst are over the same
    models wherever they are measured."""
    if threads > 1:
        return _judge_fastest(book, models)
    each = [verdict for model in models for verdict in (_p50(book, model), _throughput(book, model), _load(book, model),
                                                        _peak(book, model))]
    ratios = [verdict.ratio.median for verdict in each if verdict.title == "p50" and verdict.ratio and _own_goal(verdict.model)]
    if len(ratios) < 2:
        return each
    mean, worst = geometric_mean(ratios), max(ratios)
    return [*each, Verdict(f"{len(ratios)} models", "p50, geometric mean", _MEAN, ratio=Middle(mean, mean, mean), derived=True),
            Verdict(f"{len(ratios)} models", "p50, worst", _WORST, ratio=Middle(worst, worst, worst), derived=True)]


def _judge_fastest(book: Book, models: Sequence[str]) -> list[Verdict]:
    """With several threads for a request: threads of peers spin on behind an answer and disturb whoever comes next, so each round is
    judged by its fastest answer, which nobody disturbed."""
    each = [_latency(book, model, "fastest answer", _FASTEST, min) for model in models]
    ratios = [verdict.ratio.median for verdict in each if verdict.ratio]
    if len(ratios) < 2:
        return each
    mean = geometric_mean(ratios)
    return [*each, Verdict(f"{len(ratios)} models", "fastest answer, geometric mean", _FASTEST, ratio=Middle(mean, mean, mean), derived=True)]


def goal_of(model: str) -> float:
    return _own_goal(model) or _WORST


def _own_goal(model: str) -> float | None:
    return next((goal for name, goal in _P50.items() if name in model), None)


def _p50(book: Book, model: str) -> Verdict:
    return _latency(book, model, "p50", goal_of(model), statistics.median)


def _latency(book: Book, model: str, title: str, goal: float, of_round: Callable[[Sequence[float]], float]) -> Verdict:
    rows = _rows(book, model, "latency")
    rounds = {name: _of_rounds(row, of_round) for name, row in rows.items()}
    peer = min(_peers(rows), key=lambda name: statistics.median(rounds[name].values()), default="")
    if OURS not in rows or not peer:
        return Verdict(model, title, goal)
    ours, theirs = rounds[OURS], rounds[peer]
    return Verdict(model, title, goal, ratio=middle([ours[at] / theirs[at] for at in ours if at in theirs]), peer=peer)


def _of_rounds(row: Measured, of_round: Callable[[Sequence[float]], float]) -> dict[float, float]:
    """What stands for each round."""
    rounds: dict[float, list[float]] = {}
    for at, value in zip(row.series["round"], row.series["latency_ns"], strict=True):
        rounds.setdefault(at, []).append(value)
    return {at: of_round(values) for at, values in rounds.items()}


def _throughput(book: Book, model: str) -> Verdict:
    rows = _rows(book, model, "clients", clients=GOAL_CLIENTS)
    title = f"throughput of {GOAL_CLIENTS} clients"
    peer = max(_peers(rows), key=lambda name: statistics.median(rows[name].series["per_s"]), default="")
    if OURS not in rows or not peer:
        return Verdict(model, title, _THROUGHPUT, at_least=True)
    return Verdict(model, title, _THROUGHPUT, at_least=True, ratio=_over(rows[OURS].series["per_s"], rows[peer].series["per_s"]), peer=peer)


def _load(book: Book, model: str) -> Verdict:
    rows = _rows(book, model, "load")
    times = {name: [load + first for load, first in zip(row.series["load_ns"], row.series["first_ns"], strict=True)]
             for name, row in rows.items()}
    peer = min(_peers(rows), key=lambda name: statistics.median(times[name]), default="")
    if OURS not in rows or not peer:
        return Verdict(model, "load + first answer", _LOAD)
    return Verdict(model, "load + first answer", _LOAD, ratio=_over(times[OURS], times[peer]), peer=peer)


def _peak(book: Book, model: str) -> Verdict:
    """Of our own memory, until the first answer: weights that are packed at that moment count as well."""
    rows = _rows(book, model, "load")
    if OURS not in rows:
        return Verdict(model, "peak of load over file", _PEAK)
    series = rows[OURS].series
    return Verdict(model, "peak of load over file", _PEAK, ratio=_over(series["peak_bytes"], series["file_bytes"]))


def _rows(book: Book, model: str, workload: str, **parameters: float) -> dict[str, Measured]:
    return {name: row for name in (OURS, *PEERS) if (row := book.find(model, workload, name, **parameters))}


def _peers(rows: dict[str, Measured]) -> list[str]:
    return [name for name in rows if name in PEERS]


def _over(ours: Sequence[float], theirs: Sequence[float]) -> Middle:
    return middle([one / other for one, other in zip(ours, theirs, strict=True)])


