"""The sheets of `bench model`: goals and verdicts, latency, throughput, the open loop, load and memory."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from tenter.bench.measurement import Book, Measured
from tenter.bench.model_goals import CONFINED, OURS, Verdict
from tenter.bench.quantiles import STEADY, quantile
from tenter.report.sheet import Sheet, number
from tenter.report.wording import plural

SHORT = {OURS: "Tenter", CONFINED: "Tenter, confined", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}
_MS, _MB = 1e6, 1e6


def sheets(book: Book, models: Sequence[str], verdicts: Sequence[Verdict], threads: int) -> list[Sheet]:
    """`threads`: those of one request."""
    return [sheet for sheet in (_goals(book, models, verdicts), _latency(book, models, threads), _throughput(book, models, threads),
                                _open_loop(book, models), _load(book, models)) if sheet.rows]


def _goals(book: Book, models: Sequence[str], verdicts: Sequence[Verdict]) -> Sheet:
    rows = []
    for verdict in verdicts:
        median, interval = "", ""
        if verdict.ratio:
            median = f"{verdict.ratio.median:.2f}"
            if verdict.ratio.told and not verdict.derived:
                interval = f"{verdict.ratio.low:.2f} to {verdict.ratio.high:.2f}"
        rows.append((verdict.model, verdict.title, f"{'>=' if verdict.at_least else '<='} {verdict.goal:.2f}", median, interval,
                     verdict.state, verdict.stability, SHORT.get(verdict.peer, verdict.peer)))
    return Sheet("Goals, ratios to the better peer", (" model", " what", "goal", "ours", "95 %", " verdict", " rounds", " better peer"),
                 tuple(rows), (
        f"The median over the rounds, in each of which all ran in turn; stable: half of its interval is at most {STEADY:.0%} of it.",
        "Peak of load: resident pages until the first answer, the code that runs among them, over the size of the file.", *absences(book, models)))


def absences(book: Book, models: Sequence[str]) -> Iterator[str]:
    told: dict[str, list[str]] = {}
    for model in models:
        for one in book.contenders(model):
            if one.absent:
                told.setdefault(f"{one.title} was not measured: {one.absent}.", []).append(model)
    for sentence, of in told.items():
        yield sentence if len(of) == len(models) else f"{', '.join(of)}: {sentence}"


def _latency(book: Book, models: Sequence[str], threads: int) -> Sheet:
    return Sheet("Latency of one client, closed loop, ms", (" model", " contender", "min", "p50", "p90", "p99", "answers"),
                 tuple((row.part, SHORT.get(row.contender, row.contender), *_times(row.series["latency_ns"]),
                        f"{len(row.series['latency_ns']):,}") for row in _of(book, models, "latency")),
                 (f"Each on {plural(threads, 'thread')}. Confined: one thread that runs the nodes itself, a choice of its caller (COP-6).",))


def _times(series: Sequence[float]) -> tuple[str, ...]:
    return tuple(number(value / _MS) for value in (min(series), *(quantile(series, share) for share in (0.5, 0.9, 0.99))))


def _throughput(book: Book, models: Sequence[str], threads: int) -> Sheet:
    found = list(_of(book, models, "clients"))
    counts = sorted({int(dict(row.parameters)["clients"]) for row in found})
    rows = []
    for model in models:
        for contender in dict.fromkeys(row.contender for row in found if row.part == model):
            cells = [book.find(model, "clients", contender, clients=count) for count in counts]
            rows.append((model, SHORT.get(contender, contender),
                         *(number(statistics.median(row.series["per_s"])) if row else "" for row in cells)))
    return Sheet("Throughput, closed loop, answers per second", (" model", " contender", *(f"{count} client{'s' if count > 1 else ''}" for count in counts)),
                 tuple(rows), (f"The median over the rounds. {plural(threads, 'thread')} for each request that runs.",))


def _open_loop(book: Book, models: Sequence[str]) -> Sheet:
    rows = tuple((row.part, SHORT.get(row.contender, row.contender), f"{dict(row.parameters)['rate']:,.0f}",
                  *_times(row.series["latency_ns"]), number(max(row.series["latency_ns"]) / _MS),
                  number(quantile(row.series["late_ns"], 0.99) / _MS)) for row in _of(book, models, "open loop"))
    return Sheet("Open loop, ms from the moment at which a question was due", (
        " model", " contender", "per s", "min", "p50", "p90", "p99", "max", "p99 late"), rows,
        ("Late: how long after it was due a client was free to ask it; it is a part of the latency.",))


def _load(book: Book, models: Sequence[str]) -> Sheet:
    rows = []
    for row in _of(book, models, "load"):
        median = {name: statistics.median(values) for name, values in row.series.items()}
        rows.append((row.part, SHORT.get(row.contender, row.contender),
                     *(number(median[name] / _MS) for name in ("load_ns", "first_ns")),
                     *(number(median[name] / _MB) for name in ("file_bytes", "load_peak_bytes", "peak_bytes", "mapped_bytes", "steady_bytes")),
                     number(median["peak_bytes"] / median["file_bytes"])))
    return Sheet("Load and memory, each in a process of its own", (
        " model", " contender", "load ms", "first ms", "file MB", "load peak MB", "peak MB", "mapped MB", "steady MB", "peak / file"), tuple(rows),
        ("Beyond what the process held before, with the library loaded. Load peak: until loaded; peak: until the first answer. "
         "Mapped: what of the peak are pages of files, mostly code that ran for the first time.",))


def _of(book: Book, models: Sequence[str], workload: str) -> Iterator[Measured]:
    for model in models:
        yield from (row for row in book if (row.part, row.workload) == (model, workload))
