"""The ways in which callers share a model, and which of them the machine has room for with how many requests in flight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenter.bench.measurement import Book, Measured

SHARED, WAITING = "shared", "shared_waiting"
_MOST_THREADS = 1024
_GB = 1e9


@dataclass(frozen=True)
class Way:
    name: str           # as sharing_bench knows it
    title: str
    peer: str = ""      # the library that it needs
    each: bool = False  # callers load the model, each its own
    threads: int = 1    # of the system for each request in flight; 0: some few
    most: int = 0       # requests in flight; 0: any number


WAYS = (Way(SHARED, "Tenter, one op for all", threads=0), Way(WAITING, "Tenter, one op, callers who wait"),
        Way("op_per_caller", "Tenter, an op per caller"),
        Way("model_per_caller", "Tenter, a model per caller", each=True),
        Way("process_per_caller", "Tenter, a process per caller", each=True, most=8),
        Way("onnxruntime", "ONNX Runtime, one session", "onnxruntime"),
        Way("onnxruntime_each", "ONNX Runtime, a session per caller", "onnxruntime", each=True),
        Way("openvino", "OpenVINO, one compiled model", "openvino"),
        Way("openvino_each", "OpenVINO, a compiled model per caller", "openvino", each=True, threads=2))
TITLES = {way.name: way.title for way in WAYS}


def of(book: Book, model: str, way: str) -> dict[int, Measured]:
    """What was measured of a way, by the number of requests in flight."""
    found = {int(dict(row.parameters)["in_flight"]): row for row in book.all_of(model, "sharing", way)}
    return dict(sorted(found.items()))


def left_out(way: Way, count: int, measured: dict[int, Measured], free_bytes: float, most_s: float) -> str:
    """Why so many requests in flight are not tried, by what fewer ones took; nothing when there is room."""
    if way.most and count > way.most:
        return f"more than {way.most} processes"
    if count * way.threads > _MOST_THREADS:
        return f"{count * way.threads:,} threads, and {_MOST_THREADS:,} are the most"
    fewer = [(in_flight, row.spread("peak_bytes").median) for in_flight, row in measured.items() if in_flight < count]
    if not fewer:
        return ""
    need = _extrapolated(fewer, count, grows=way.name not in (SHARED, WAITING))
    if need > free_bytes / 2:
        return f"would need about {need / _GB:.1f} GB, and half of what is free is {free_bytes / 2 / _GB:.1f} GB"
    took = _seconds(way, measured[fewer[-1][0]], fewer[-1][0], count)
    return f"would take about {took:,.0f} s, and {most_s:,.0f} s are the most" if took > most_s else ""


def _extrapolated(fewer: Sequence[tuple[int, float]], count: int, grows: bool) -> float:
    """On the line through the last two; one alone says of what grows that the next ones may need as much again."""
    last, peak = fewer[-1]
    if len(fewer) == 1:
        return peak * count / last if grows else peak
    before, less = fewer[-2]
    return peak + (count - last) * max(0.0, (peak - less) / (last - before))


def _seconds(way: Way, row: Measured, last: int, count: int) -> float:
    """The first answers, those before the block and the block, each as many as there are requests in flight."""
    setup = row.spread("setup_ns").median / 1e9 * (count / last if way.each else 1)
    return setup + 3 * count / row.spread("per_s").median
