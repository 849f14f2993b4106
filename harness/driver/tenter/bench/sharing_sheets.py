"""The sheets of `bench sharing`: goals and verdicts, memory, time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tenter.bench import sharing_ways
from tenter.bench.measurement import Book, Measured, Spread
from tenter.bench.sharing_goals import Verdict, further_mb, mismatches, over_one
from tenter.bench.sharing_ways import WAYS
from tenter.report.sheet import Sheet, number

LeftOut = dict[tuple[str, str, int], str]  # why a model, a way and a number of requests in flight were not measured
_MS, _MB = 1e6, 1e6


def sheets(book: Book, models: Sequence[str], verdicts: Sequence[Verdict], left_out: LeftOut) -> list[Sheet]:
    return [sheet for sheet in (_goals(book, models, verdicts), _memory(book, models, left_out), _time(book, models, left_out)) if sheet.rows]


def _goals(book: Book, models: Sequence[str], verdicts: Sequence[Verdict]) -> Sheet:
    rows = tuple((verdict.model, verdict.title, f"<= {verdict.goal:g}", _value(verdict), verdict.state) for verdict in verdicts)
    return Sheet("Goals of one op for all", (" model", " what", "goal", "measured", " verdict"), rows, (
        "Memory is resident pages beyond those from before the load, by the median.", *_absences(book, models),
        *(f"{name}: {text}." for name, text in book.facts.items() if name.startswith("mismatch"))))


def _value(verdict: Verdict) -> str:
    """A ratio near its goal has to show that it is."""
    if verdict.value is None:
        return ""
    return f"{verdict.value:,.0f}" if not verdict.goal else f"{verdict.value:.4f}" if verdict.goal < 0.1 else f"{verdict.value:.2f}"


def _absences(book: Book, models: Sequence[str]) -> Iterator[str]:
    told: dict[str, list[str]] = {}
    for model in models:
        for one in book.contenders(model):
            if one.absent:
                told.setdefault(f"{one.title} was not measured: {one.absent}.", []).append(model)
    for sentence, of in told.items():
        yield sentence if len(of) == len(models) else f"{', '.join(of)}: {sentence}"


def _memory(book: Book, models: Sequence[str], left_out: LeftOut) -> Sheet:
    def cells(rows: dict[int, Measured], count: int) -> tuple[str, ...]:
        peak, steady = (rows[count].spread(name).over(_MB) for name in ("peak_bytes", "steady_bytes"))
        further, over = further_mb(rows, count), over_one(rows, count)
        return (number(peak.least), number(peak.median), number(steady.least), number(steady.median),
                f"{further:.3f}" if further is not None else "", f"{over:.2f}" if over is not None else "")
    return Sheet("Memory, MB, with all requests in flight", (
        " model", " way", "in flight", " driven by", "peak min", "peak", "steady min", "steady", "per further", "peak over 1"),
        tuple(_rows(book, models, left_out, cells, 6)),
        ("A process for each row and repetition. Per further: what each request beyond the first adds to the peak. Of several processes the "
         "sum, in which pages of files count once.",))


def _time(book: Book, models: Sequence[str], left_out: LeftOut) -> Sheet:
    def cells(rows: dict[int, Measured], count: int) -> tuple[str, ...]:
        row = rows[count]
        times = [row.spread(name).over(_MS) for name in ("p50_ns", "p99_ns")]
        return (*(number(value) for spread in (*times, row.spread("per_s")) for value in (spread.least, spread.median)),
                number(row.spread("setup_ns").over(_MS).median), _unanswered(row.spread("unanswered")), f"{mismatches(row):,}")
    return Sheet("Time: latency in ms, answers per second", (
        " model", " way", "in flight", " driven by", "p50 min", "p50", "p99 min", "p99", "per s min", "per s", "set-up ms", "starved", "mismatches"),
        tuple(_rows(book, models, left_out, cells, 9)),
        ("Latency counts from the question, also while it waits for its turn. Starved: callers, by the median, who had no answer in a block a "
         "hundred times as long as others; what they waited is not in the p99.",))


def _unanswered(spread: Spread) -> str:
    return f"{spread.median:,.0f}" if spread.median else ""


def _rows(book: Book, models: Sequence[str], left_out: LeftOut, cells: Callable[[dict[int, Measured], int], tuple[str, ...]],
          width: int) -> Iterator[tuple[str, ...]]:
    """A row for each number of requests in flight, with the reason where it was left out."""
    for model in models:
        for way in WAYS:
            rows = sharing_ways.of(book, model, way.name)
            left = {count: why for (of, name, count), why in left_out.items() if (of, name) == (model, way.name)}
            for count in sorted({*rows, *left}):
                head = (model, way.title, f"{count:,}")
                if count in rows:
                    yield (*head, _driven(rows[count]), *cells(rows, count))
                else:
                    yield (*head, f"left out: {left[count]}", *[""] * width)


def _driven(row: Measured) -> str:
    parameters = dict(row.parameters)
    if parameters["threads"] == 0:
        return _several(int(parameters["processes"]), "process", "processes")
    threads = _several(int(parameters["threads"]), "thread", "threads")
    return f"{threads}, asking ahead" if parameters["ahead"] else threads


def _several(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
