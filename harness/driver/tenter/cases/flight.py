"""The last events of a case as a Chrome trace: what its threads did when something was found.

The runner records them in `run/flight.bin` (harness/flight), which is there after a crash and a SIGKILL too. The trace is for
ui.perfetto.dev, chrome://tracing and Speedscope: a row per thread, a bar per call and per body of an op, an arrow from a push
to the body that it brought, a mark at each site, fault and finding.
"""

from __future__ import annotations

import json
import struct
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tenter.console import say
from tenter.plain import one_line
from tenter.record import whole
from tenter.record.findings import Finding
from tenter.record.results import CaseResult, Verdict

NAME = "trace.json"
_RECORDED = "flight.bin"
_VERSION = 1
_NONE, _CALL, _RETURN, _BODY, _BODY_END, _SITE, _FINDING = range(7)
_ENDS = {_RETURN: _CALL, _BODY_END: _BODY}
_CODES = ("ok", "invalid_argument", "not_found", "unsupported", "out_of_range", "data_loss", "resource_exhausted", "stopped",
          "stale_handle", "wait_inside_op", "concurrent_use", "closed", "completion_dropped", "injected", "internal",
          "deadline_exceeded")  # tgt_code
_ACTIONS = {1: "throw", 2: "error", 4: "delay", 8: "bad_alloc", 16: "drop_completion"}
_UNKNOWN_REQUEST = 2**64 - 1
_WORDS = struct.Struct("<4Q32s")
_THREAD = struct.Struct("<Q16s")


@dataclass(frozen=True)
class Event:
    time_ns: int
    thread: int  # a key, unique among the threads that live
    kind: int
    what: str  # the call, or the site
    code: int
    worker: int
    number: int
    name: str


@dataclass(frozen=True)
class Flight:
    events: tuple[Event, ...]  # in the order of time
    threads: dict[int, str]  # what the harness calls its own
    whole: bool  # to its end; otherwise the recorder stopped a while after the first finding


@dataclass(frozen=True)
class Bar:
    """Something that a thread did from one moment to another; `end` is None for what was under way at the end."""

    begin: Event
    end: Event | None


def kept(result: CaseResult, case: Path, traced: set[str]) -> CaseResult:
    """Makes the trace of a case that found something, or that failed in the harness; what was recorded is removed.

    `traced` are the signatures that have one already in this run: the hundredth replay needs none.
    """
    path = case / "run" / _RECORDED
    if not path.is_file():
        return result
    try:
        signatures = {finding.signature for finding in result.findings} or ({"error"} if result.verdict is Verdict.ERROR else set())
        if signatures <= traced:
            return result
        traced |= signatures
        flight = read(path)
        whole.write(case / NAME, json.dumps(trace(flight), separators=(",", ":")) + "\n")
        return replace(result, trace=f"cases/{result.name}/{NAME}", findings=_told(result.findings, unreturned(flight)))
    except (struct.error, ValueError, KeyError, TypeError, OSError) as error:
        say(f"{result.name}: no trace: {one_line(str(error))}")  # the verdict does not depend on it
        return result
    finally:
        path.unlink()


def _told(findings: tuple[Finding, ...], left: tuple[str, ...]) -> tuple[Finding, ...]:
    """What was under way belongs to the findings that ended the process."""
    return tuple(replace(finding, evidence={**finding.evidence, "under way": ", ".join(left)})
                 if left and finding.check in ("liveness", "crash", "sanitizer") else finding for finding in findings)


def read(path: Path) -> Flight:
    data = path.read_bytes()
    header = json.loads(data[:data.index(b"\n")])
    if header["version"] != _VERSION:
        raise ValueError(f"version {header['version']}, and this driver reads {_VERSION}")
    events = sorted(_events(data, header), key=lambda event: event.time_ns)
    threads = {}
    for i in range(header["threads"]):
        key, name = _THREAD.unpack_from(data, header["threads_at"] + i * header["thread_bytes"])
        if key:
            threads[key] = _text(name)
    return Flight(tuple(events), threads, not any(_stopped(data, header, ring) for ring in range(header["rings"])))


def _stopped(data: bytes, header: dict[str, Any], ring: int) -> bool:
    written, end = struct.unpack_from("<2Q", data, header["rings_at"] + ring * header["ring_bytes"])
    return written > end


def _events(data: bytes, header: dict[str, Any]) -> Iterator[Event]:
    for ring in range(header["rings"]):
        first = header["rings_at"] + ring * header["ring_bytes"] + header["events_at"]
        for i in range(header["events"]):
            time_ns, thread, said, number, name = _WORDS.unpack_from(data, first + i * header["event_bytes"])
            kind, what = said & 0xff, said >> 8 & 0xff
            if not time_ns or not _NONE < kind <= _FINDING:
                continue  # never written, or its thread was stopped in the middle of it
            names = header["calls"] if kind in (_CALL, _RETURN) else header["sites"] if kind == _SITE else ()
            worker = struct.unpack("<i", struct.pack("<I", said >> 32))[0]
            yield Event(time_ns, thread, kind, names[what] if what < len(names) else "", said >> 16 & 0xffff, worker, number,
                        _text(name))


def _text(raw: bytes) -> str:
    return one_line(raw.split(b"\0")[0].decode(errors="ignore"))


def bars(flight: Flight) -> list[Bar]:
    """Calls and bodies nest on their thread. An end without its begin, which was overwritten, says nothing."""
    found: list[Bar] = []
    open_: defaultdict[int, list[Event]] = defaultdict(list)
    for event in flight.events:
        stack = open_[event.thread]
        if event.kind in (_CALL, _BODY):
            stack.append(event)
        elif event.kind in _ENDS and any(_ended(begin, event) for begin in stack):
            while not _ended(begin := stack.pop(), event):
                found.append(Bar(begin, event))  # its own end was lost
            found.append(Bar(begin, event))
    found += [Bar(begin, None) for stack in open_.values() for begin in stack]
    return sorted(found, key=lambda bar: bar.begin.time_ns)


def _ended(begin: Event, end: Event) -> bool:
    return begin.kind == _ENDS[end.kind] and begin.what == end.what


def unreturned(flight: Flight) -> tuple[str, ...]:
    """`invoke (14 threads)`: the calls and bodies that were under way when it ended, the commonest first."""
    if not flight.whole:
        return ()
    left = Counter(bar.begin.what or f"body of {bar.begin.name}" for bar in bars(flight) if bar.end is None)
    return tuple(f"{what} ({count} {'thread' if count == 1 else 'threads'})" for what, count in left.most_common())


def trace(flight: Flight) -> dict[str, Any]:
    """In the "Trace Event Format" of Chrome, times in microseconds since the first event that was kept."""
    start = flight.events[0].time_ns if flight.events else 0
    last = flight.events[-1].time_ns if flight.events else 0
    rows = {key: i for i, key in enumerate(sorted({event.thread for event in flight.events}, key=lambda key: _row(flight, key)))}
    drawn = bars(flight)
    return {"displayTimeUnit": "ns",
            "otherData": {"about": "the last events of a case of Tenter" if flight.whole else
                                   "what led to the first finding of a case of Tenter, and what came next"},
            "traceEvents": [
                *({"ph": "M", "pid": 1, "tid": row, "name": "thread_name", "args": {"name": _row(flight, key)[1]}}
                  for key, row in rows.items()),
                *({"ph": "M", "pid": 1, "tid": row, "name": "thread_sort_index", "args": {"sort_index": row}} for row in rows.values()),
                *(_bar(bar, rows, start, last, " (never returned)" if flight.whole else " (goes on)") for bar in drawn),
                *_arrows(drawn, rows, start),
                *(_mark(event, rows, start) for event in flight.events if event.kind in (_SITE, _FINDING))]}


def _row(flight: Flight, thread: int) -> tuple[int, str]:
    """Where it stands: the threads of the harness, then the target's workers by number, then its other threads."""
    if thread in flight.threads:
        return (0, flight.threads[thread])
    workers = {event.worker for event in flight.events if event.thread == thread and event.worker >= 0}
    return (1, f"worker {min(workers)}") if workers else (2, f"thread {thread:x}")


def _at(event: Event, rows: dict[int, int], start: int) -> dict[str, Any]:
    return {"pid": 1, "tid": rows[event.thread], "ts": (event.time_ns - start) / 1000}


def _bar(bar: Bar, rows: dict[int, int], start: int, last: int, open_end: str) -> dict[str, Any]:
    begin, end = bar.begin, bar.end
    told: dict[str, Any] = {"op": begin.name} if begin.name and begin.what else {}
    if end is not None and end.number and begin.kind == _CALL:
        told["push" if begin.what == "push" else "var"] = end.number
    if begin.kind == _BODY:
        told["push"] = begin.number
    if end is not None and end.code:
        told["answer"] = _CODES[end.code] if end.code < len(_CODES) else str(end.code)
    name = begin.what or begin.name or "a body"
    lost = {} if end is not None else {"cname": "terrible"}
    return {"ph": "X", "name": name if end is not None else name + open_end, "cat": "call" if begin.kind == _CALL else "body",
            **_at(begin, rows, start), "dur": ((end.time_ns if end is not None else last) - begin.time_ns) / 1000, "args": told, **lost}


def _arrows(drawn: list[Bar], rows: dict[int, int], start: int) -> Iterator[dict[str, Any]]:
    pushes = {bar.end.number: bar.begin for bar in drawn if bar.end is not None and bar.begin.what == "push" and bar.end.number}
    for bar in drawn:
        if bar.begin.kind == _BODY and bar.begin.number in pushes:
            both = {"name": "push", "cat": "push", "id": bar.begin.number}
            yield {"ph": "s", **both, **_at(pushes[bar.begin.number], rows, start)}
            yield {"ph": "f", "bp": "e", **both, **_at(bar.begin, rows, start)}


def _mark(event: Event, rows: dict[int, int], start: int) -> dict[str, Any]:
    if event.kind == _FINDING:
        return {"ph": "i", "s": "g", "name": f"FINDING {event.name}", "cat": "finding", **_at(event, rows, start)}
    told: dict[str, Any] = {"op": event.name} if event.name else {}
    if event.number != _UNKNOWN_REQUEST:
        told["request"] = event.number
    fault = _ACTIONS.get(event.code, "")
    return {"ph": "i", "s": "t", "name": f"FAULT {fault} at {event.what}" if fault else event.what, "cat": "fault" if fault else "site",
            **_at(event, rows, start), "args": told}
