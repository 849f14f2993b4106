"""The Chrome trace of a case: what its threads did when something was found.

For ui.perfetto.dev, chrome://tracing and Speedscope: a row per thread, a bar per call and per body of an op, an arrow from a push
to the body that it brought, a mark at each site, fault and finding.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from tenter.cases import flight
from tenter.cases.flight import Bar, Event, Flight
from tenter.console import say
from tenter.plain import one_line
from tenter.record import whole
from tenter.record.findings import Finding
from tenter.record.results import CaseResult, Verdict

NAME = "trace.json"
_CODES = ("ok", "invalid_argument", "not_found", "unsupported", "out_of_range", "data_loss", "resource_exhausted", "stopped",
          "stale_handle", "wait_inside_op", "concurrent_use", "closed", "completion_dropped", "injected", "internal",
          "deadline_exceeded")  # tgt_code
_UNKNOWN_REQUEST = 2**64 - 1
_MARGIN_NS = 1000
_CRASHED = re.compile(r"^crashed: thread ([0-9a-f]{1,16})$", re.MULTILINE)


def kept(result: CaseResult, case: Path, traced: set[str]) -> CaseResult:
    """Makes the trace of a case that found something, or that failed in the harness; what was recorded is removed.

    `traced` are the signatures that have one already in this run: the hundredth replay needs none.
    """
    path = case / "run" / flight.RECORDED
    if not path.is_file():
        return result
    try:
        signatures = {finding.signature for finding in result.findings} or ({result.reason} if result.verdict is Verdict.ERROR else set())
        if signatures <= traced:
            return result
        recorded = flight.read(path)
        whole.write(case / NAME, json.dumps(trace(recorded, result.findings), separators=(",", ":")) + "\n")
        traced |= signatures
        return replace(result, trace=f"cases/{result.name}/{NAME}", findings=_told(result.findings, flight.unreturned(recorded)))
    except (struct.error, ValueError, KeyError, TypeError, OSError) as error:
        say(f"{result.name}: no trace: {one_line(str(error))}")  # the verdict does not depend on it
        return result
    finally:
        drop(case)


def drop(case: Path) -> None:
    """The record of a case of which no trace is made: megabytes that nobody would read."""
    with suppress(OSError):
        (case / "run" / flight.RECORDED).unlink()


def _told(findings: tuple[Finding, ...], left: tuple[str, ...]) -> tuple[Finding, ...]:
    """What was under way belongs to the findings that ended the process."""
    return tuple(replace(finding, evidence={**finding.evidence, "under way": ", ".join(left)})
                 if left and finding.check in ("liveness", "crash", "sanitizer") else finding for finding in findings)


def trace(recorded: Flight, findings: Sequence[Finding] = ()) -> dict[str, Any]:
    """In the "Trace Event Format" of Chrome, times in microseconds since the first event that was kept."""
    start = recorded.events[0].time_ns if recorded.events else 0
    # A call that had just begun when the process died is to be seen, too.
    last = max((event.time_ns for event in recorded.events), default=0) + _MARGIN_NS
    rows = {key: i for i, key in enumerate(sorted({event.thread for event in recorded.events}, key=lambda key: _row(recorded, key)))}
    drawn = flight.bars(recorded)
    return {"displayTimeUnit": "ns",
            "otherData": {"about": "the last events of a case of Tenter" if recorded.whole else
                                   "what led to the first finding of a case of Tenter, and what came next"},
            "traceEvents": [
                *({"ph": "M", "pid": 1, "tid": row, "name": "thread_name", "args": {"name": _row(recorded, key)[1]}}
                  for key, row in rows.items()),
                *({"ph": "M", "pid": 1, "tid": row, "name": "thread_sort_index", "args": {"sort_index": row}} for row in rows.values()),
                *(_bar(bar, rows, start, last, " (never returned)" if recorded.whole else " (goes on)") for bar in drawn),
                *_arrows(drawn, rows, start),
                *(_site(event, rows, start) for event in recorded.events if event.kind == flight.SITE),
                *_marks(recorded, findings, rows, start, last)]}


def _row(recorded: Flight, thread: int) -> tuple[int, str]:
    """Where it stands: the threads of the harness, then the target's workers by number, then its other threads."""
    if thread in recorded.threads:
        return (0, recorded.threads[thread])
    workers = {event.worker for event in recorded.events if event.thread == thread and event.worker >= 0}
    return (1, f"worker {min(workers)}") if workers else (2, f"thread {thread:x}")


def _at(event: Event, rows: dict[int, int], start: int) -> dict[str, Any]:
    return {"pid": 1, "tid": rows[event.thread], "ts": (event.time_ns - start) / 1000}


def _bar(bar: Bar, rows: dict[int, int], start: int, last: int, open_end: str) -> dict[str, Any]:
    begin, end = bar.begin, bar.end
    told: dict[str, Any] = {"op": begin.name} if begin.name and begin.what else {}
    if end is not None and end.number and begin.kind == flight.CALL:
        told["push" if begin.what == "push" else "var"] = end.number
    if begin.kind == flight.BODY:
        told["push"] = begin.number
    if end is not None and end.code:
        told["answer"] = _CODES[end.code] if end.code < len(_CODES) else str(end.code)
    name = begin.what or begin.name or "a body"
    lost = {} if end is not None else {"cname": "terrible"}
    return {"ph": "X", "name": name if end is not None else name + open_end, "cat": "call" if begin.kind == flight.CALL else "body",
            **_at(begin, rows, start), "dur": ((end.time_ns if end is not None else last) - begin.time_ns) / 1000, "args": told, **lost}


def _arrows(drawn: list[Bar], rows: dict[int, int], start: int) -> Iterator[dict[str, Any]]:
    pushes = {bar.end.number: bar.begin for bar in drawn if bar.end is not None and bar.begin.what == "push" and bar.end.number}
    for bar in drawn:
        if bar.begin.kind == flight.BODY and bar.begin.number in pushes:
            both = {"name": "push", "cat": "push", "id": bar.begin.number}
            yield {"ph": "s", **both, **_at(pushes[bar.begin.number], rows, start)}
            yield {"ph": "f", "bp": "e", **both, **_at(bar.begin, rows, start)}


def _marks(recorded: Flight, findings: Sequence[Finding], rows: dict[int, int], start: int, last: int) -> Iterator[dict[str, Any]]:
    """Where the runner reported one. The driver's own, of a process that died or hung, stand at the end: a crash in the row of the
    thread that died, where that is known, and every other one in a row of its own."""
    marked = [event for event in recorded.events if event.kind == flight.FINDING]
    for event in marked:
        fitting = [finding for finding in findings if _begins(finding, event)]  # a mark has the beginning of a title alone
        told = fitting[0] if len(fitting) == 1 else None
        yield {"ph": "i", "s": "g", "cat": "finding", "name": f"FINDING {one_line(told.title) if told else event.name}",
               **_at(event, rows, start), "args": {"id": told.id} if told else {}}
    own = [finding for finding in findings if recorded.whole and not any(_begins(finding, event) for event in marked)]
    for finding in own:
        thread = _died(finding)
        row = rows.get(thread, len(rows))
        if row == len(rows):
            name = recorded.threads.get(thread) or (f"thread {thread:x}" if thread else "the process")
            yield {"ph": "M", "pid": 1, "tid": row, "name": "thread_name", "args": {"name": name}}
        yield {"ph": "i", "s": "g", "cat": "finding", "name": f"FINDING {one_line(finding.title)}", "pid": 1, "tid": row,
               "ts": (last - start) / 1000, "args": {"id": finding.id}}


def _begins(finding: Finding, event: Event) -> bool:
    return bool(event.name) and one_line(finding.title).startswith(event.name)


def _died(finding: Finding) -> int:
    """The key of the thread that crashed, as the runner said it last (harness/stacks/crash_stack.h); 0 where it said none."""
    said = _CRASHED.findall(finding.detail) if finding.check == "crash" else []
    return int(said[-1], 16) if said else 0


def _site(event: Event, rows: dict[int, int], start: int) -> dict[str, Any]:
    told: dict[str, Any] = {"op": event.name} if event.name else {}
    if event.number != _UNKNOWN_REQUEST:
        told["request"] = event.number
    fault = event.action
    return {"ph": "i", "s": "t", "name": f"FAULT {fault} at {event.what}" if fault else event.what, "cat": "fault" if fault else "site",
            **_at(event, rows, start), "args": told}
