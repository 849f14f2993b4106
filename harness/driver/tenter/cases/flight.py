"""The last events of a case, as the runner recorded them in `run/flight.bin` (harness/flight/README.md says what lies where).

The file is there after a crash and a SIGKILL too. Whatever is torn in it is left out.
"""

from __future__ import annotations

import json
import struct
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenter.plain import one_line

RECORDED = "flight.bin"
_VERSION = 1
NONE, CALL, RETURN, BODY, BODY_END, SITE, FINDING = range(7)
_ENDS = {RETURN: CALL, BODY_END: BODY}
_WORDS = struct.Struct("<4Q32s")
_THREAD = struct.Struct("<Q16s")
_HEAD = struct.Struct("<4Q")


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
    action: str = ""  # of a site: the fault that struck there


@dataclass(frozen=True)
class Flight:
    events: tuple[Event, ...]  # in the order of time
    threads: dict[int, str]  # what the harness calls its own
    whole: bool  # to its end; otherwise the recorder stopped a while after the first finding
    shared: bool  # some threads had no ring of their own: what one of them did last may be lost


@dataclass(frozen=True)
class Bar:
    """Something that a thread did from one moment to another; `end` is None for what was under way at the end."""

    begin: Event
    end: Event | None


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
    heads = [_head(data, header, ring) for ring in range(header["rings"])]
    return Flight(tuple(events), threads, whole=not any(written > end for written, end, _, _ in heads),
                  shared=any(shared for _, _, _, shared in heads))


def _head(data: bytes, header: dict[str, Any], ring: int) -> tuple[int, ...]:
    """How many events were written, from which one none was kept, whose it is, whether others write into it."""
    return _HEAD.unpack_from(data, header["rings_at"] + ring * header["ring_bytes"])


def _events(data: bytes, header: dict[str, Any]) -> Iterator[Event]:
    for ring in range(header["rings"]):
        first = header["rings_at"] + ring * header["ring_bytes"] + header["events_at"]
        for i in range(min(header["events"], _head(data, header, ring)[0])):
            time_ns, thread, said, number, name = _WORDS.unpack_from(data, first + i * header["event_bytes"])
            kind, what = said & 0xff, said >> 8 & 0xff
            if not time_ns or not NONE < kind <= FINDING:
                continue  # never written, or its thread was stopped in the middle of it
            names = header["calls"] if kind in (CALL, RETURN) else header["sites"] if kind == SITE else ()
            worker = struct.unpack("<i", struct.pack("<I", said >> 32))[0]
            yield Event(time_ns, thread, kind, names[what] if what < len(names) else "", said >> 16 & 0xffff, worker, number,
                        _text(name), _action(header, said >> 16 & 0xffff) if kind == SITE else "")


def _action(header: dict[str, Any], code: int) -> str:
    """By its bit, as the runner named them."""
    place = code.bit_length() - 1
    return str(header["actions"][place]) if 0 <= place < len(header["actions"]) else ""


def _text(raw: bytes) -> str:
    return one_line(raw.split(b"\0")[0].decode(errors="ignore"))


def bars(flight: Flight) -> list[Bar]:
    """Calls and bodies nest on their thread. An end without its begin, which was overwritten, says nothing."""
    found: list[Bar] = []
    open_: defaultdict[int, list[Event]] = defaultdict(list)
    for event in flight.events:
        stack = open_[event.thread]
        if event.kind in (CALL, BODY):
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
    """`invoke (14 threads)`: the calls and bodies that were under way when it ended, the commonest first. Where threads
    shared a ring, others may have written over the begin of some."""
    if not flight.whole:
        return ()
    left = Counter(bar.begin.what or f"body of {bar.begin.name}" for bar in bars(flight) if bar.end is None)
    least = "at least " if flight.shared else ""
    return tuple(f"{what} ({least}{count} {'thread' if count == 1 else 'threads'})" for what, count in left.most_common())
