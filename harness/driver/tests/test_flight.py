"""The trace of a case's last events, from files written here by what harness/flight/README.md says."""

from __future__ import annotations

import json
import os
import random
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from tenter.cases import trace as traces
from tenter.record.findings import Finding
from tenter.record.results import CaseResult, Verdict

SEED = int(os.environ.get("TENTER_SEED", random.randrange(10**6)))
CALLS, SITES = ("push", "wait_for_var", "invoke"), ("engine.op.body",)
CALL, RETURN, BODY, BODY_END, SITE, FINDING = range(1, 7)
NEVER, NOBODY = 2**64 - 1, -1
MAIN, CALLER, WORKER = 0x7001, 0x7002, 0x7003


def event(at, thread, kind, what=0, code=0, worker=NOBODY, number=0, name=""):
    return struct.pack("<4Q32s", at, thread, kind | what << 8 | code << 16 | (worker & 0xffffffff) << 32, number, name.encode())


def recorded(rings, threads=(), end=NEVER, events=64, shared=0) -> bytes:
    """Rings are lists of events in the order in which they were written; the oldest are overwritten."""
    header = {"version": 1, "rings_at": 1024, "ring_bytes": 128 + events * 64, "rings": len(rings), "events_at": 128, "event_bytes": 64,
              "events": events, "threads_at": 1024 + len(rings) * (128 + events * 64), "thread_bytes": 24, "threads": 8,
              "calls": CALLS, "sites": SITES, "actions": ("throw", "error", "delay")}
    data = (json.dumps(header) + "\n").encode().ljust(1024, b"\0")
    for ring in rings:
        slots = [b"\0" * 64] * events
        for i, written in enumerate(ring):
            slots[i % events] = written
        data += struct.pack("<4Q", len(ring), end, 1, shared).ljust(128, b"\0") + b"".join(slots)
    return data + b"".join(struct.pack("<Q16s", key, name.encode()) for key, name in threads).ljust(8 * 24, b"\0")


def case(findings=(), verdict=Verdict.FAIL) -> CaseResult:
    return CaseResult(name="smoke/one.probe", scenario="smoke/one", flavour="probe", title="", purpose="", kind="k", parameters={},
                      target="t", seed=1, contracts=(), verdict=verdict, reason="", duration_s=1, timeout_s=1, findings=findings)


def found(check="determinism", signature="aa" * 8) -> Finding:
    return Finding(check=check, contracts=(), signature=signature, title="t")


@pytest.fixture
def kept(tmp_path):
    def keep(data: bytes, result: CaseResult, traced: set[str] | None = None) -> CaseResult:
        (tmp_path / "run").mkdir(exist_ok=True)
        (tmp_path / "run" / "flight.bin").write_bytes(data)
        return traces.kept(result, tmp_path, set() if traced is None else traced)
    return keep


@pytest.fixture
def trace(kept, tmp_path):
    def make(data: bytes) -> list[dict]:
        kept(data, case((found(),)))
        return json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    return make


SCENE = [[event(1000, CALLER, CALL, 0, name="sum"), event(2500, CALLER, RETURN, 0, number=7, name="sum"),
          event(5000, CALLER, CALL, 1, number=3), event(9000, CALLER, RETURN, 1, code=7, number=3)],
         [event(3000, WORKER, SITE, 0, code=4, worker=2, number=NEVER, name="sum"),
          event(3500, WORKER, BODY, worker=2, number=7, name="sum"), event(4500, WORKER, BODY_END, worker=2, number=7)],
         [event(8000, MAIN, FINDING, name="wrong answer"), event(8500, 0x7009, SITE)]]
NAMES = ((CALLER, "caller-0"), (MAIN, "tenter-runner"))


def test_calls_bodies_and_marks_stand_where_they_happened(trace):
    events = trace(recorded(SCENE, NAMES))
    rows = {e["args"]["name"]: e["tid"] for e in events if e["name"] == "thread_name"}
    assert sorted(rows, key=rows.__getitem__) == ["caller-0", "tenter-runner", "worker 2", "thread 7009", "the process"]
    push, body, wait = sorted((e for e in events if e["ph"] == "X"), key=lambda e: e["ts"])
    assert (push["name"], push["tid"], push["ts"], push["dur"]) == ("push", rows["caller-0"], 0, 1.5)
    assert push["args"] == {"op": "sum", "push": 7} and wait["args"] == {"var": 3, "answer": "stopped"}
    assert (body["name"], body["tid"], body["ts"], body["dur"], body["args"]) == ("sum", rows["worker 2"], 2.5, 1, {"push": 7})
    start, arrow = (next(e for e in events if e["ph"] == ph) for ph in "sf")
    assert start["id"] == arrow["id"] == 7 and start["ts"] == 0 and arrow["ts"] == 2.5 and arrow["bp"] == "e"
    fault, finding = (next(e for e in events if e.get("cat") == cat) for cat in ("fault", "finding"))
    assert fault["name"] == "FAULT delay at engine.op.body" and fault["args"] == {"op": "sum"} and fault["s"] == "t"
    assert finding["name"] == "FINDING wrong answer" and finding["ts"] == 7 and finding["s"] == "g"


def test_a_finding_has_its_whole_title_and_its_id(kept, tmp_path):
    """The file keeps the beginning of a title; what the driver found has no mark there, and happened at the end."""
    wrong = replace(found(), title="wrong answer of thread 3, which is that of thread 5")
    crash = replace(found("crash", "cc" * 8), title="the process died of SIGSEGV")
    kept(recorded(SCENE, NAMES), case((wrong, crash)))
    marks = [e for e in json.loads((tmp_path / "trace.json").read_text())["traceEvents"] if e.get("cat") == "finding"]
    assert [(e["name"], e["args"]["id"]) for e in marks] == [("FINDING " + wrong.title, wrong.id), ("FINDING " + crash.title, crash.id)]
    assert marks[0]["ts"] == 7 and marks[1]["ts"] == 9


@pytest.mark.parametrize(("said", "row"), [
    ("crashed: thread 7003\n    #0 0x1 (x+0x1)", "worker 2"), ("crashed: thread 7fff\n    #0 0x1", "thread 7fff"), ("", "the process"),
    ("the target printed crashed: thread 7003", "the process")])
def test_a_crash_stands_in_the_row_of_the_thread_that_died(kept, tmp_path, said, row):
    kept(recorded(SCENE[:2], NAMES), case((replace(found("crash"), title="the process died of SIGSEGV", detail=said),)))
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    rows = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    mark, = [e for e in events if e.get("cat") == "finding"]
    assert rows[mark["tid"]] == row and not [e for e in events if e["ph"] in "Xi" and e["tid"] == mark["tid"] and e is not mark and row != "worker 2"]


def test_a_mark_that_several_findings_fit_has_the_id_of_none(kept, tmp_path):
    """The first 32 bytes of a title are all that a mark has."""
    begin = "1 threads were left behind by the"
    both = (replace(found(), title=begin + " engine"), replace(found("leak", "dd" * 8), title=begin + " model"))
    ring = [event(1000, MAIN, FINDING, name=begin[:31]), event(2000, MAIN, FINDING, name=begin[:31]), event(3000, MAIN, FINDING, name="")]
    kept(recorded([ring], NAMES), case(both))
    marks = [e for e in json.loads((tmp_path / "trace.json").read_text())["traceEvents"] if e.get("cat") == "finding"]
    assert [(e["name"], e["args"]) for e in marks] == [("FINDING " + begin[:31], {})] * 2 + [("FINDING ", {})]


def test_what_never_returned_is_said(kept, trace):
    hung = [[event(1000 + i, 0x100 + i, CALL, 2) for i in range(3)] + [event(3000, WORKER, BODY, number=4, name="stuck")]]
    result = kept(recorded(hung), case((found("liveness"), found("determinism", "bb" * 8))))
    assert result.findings[0].evidence["under way"] == "invoke (3 threads), body of stuck (1 thread)"
    assert "under way" not in result.findings[1].evidence and result.trace == "cases/smoke/one.probe/trace.json"
    assert [e["dur"] for e in trace(recorded(hung)) if e["name"] == "invoke (never returned)"] == [3, 2.999, 2.998]


def test_threads_that_share_a_ring_are_no_exact_number(kept):
    hung = recorded([[event(1000 + i, 0x100 + i, CALL, 2) for i in range(3)]], shared=1)
    assert kept(hung, case((found("liveness"),))).findings[0].evidence["under way"] == "invoke (at least 3 threads)"


def test_a_recorder_that_stopped_accuses_nobody(kept, trace):
    """The end of the call came after the recorder had stopped."""
    cut = recorded([[event(1000, CALLER, CALL, 2), b"\0" * 64]], end=1)
    assert "under way" not in kept(cut, case((found("liveness"),))).findings[0].evidence
    assert [e["name"] for e in trace(cut) if e["ph"] == "X"] == ["invoke (goes on)"]


def test_ends_whose_begin_was_overwritten_are_left_out(trace):
    ring = [event(1000, CALLER, CALL, 2)] + [event(2000 + i, MAIN, SITE) for i in range(64)] + [event(3000, CALLER, RETURN, 2)]
    assert not any(e["ph"] == "X" for e in trace(recorded([ring])))


def test_a_call_whose_end_was_lost_ends_with_the_one_around_it(trace):
    ring = [event(1000, CALLER, CALL, 2), event(2000, CALLER, CALL, 0), event(4000, CALLER, RETURN, 2)]
    assert [(e["name"], e["dur"]) for e in trace(recorded([ring])) if e["ph"] == "X"] == [("invoke", 3), ("push", 2)]


def test_what_is_torn_or_unknown_is_left_out(trace):
    ring = [event(0, CALLER, CALL), event(1, CALLER, 99), event(2, CALLER, 0), event(3, CALLER, SITE, 250, code=3),
            event(4, CALLER, CALL, 250), struct.pack("<4Q32s", 5, CALLER, FINDING, 0, b"\xff\xfe\x1b[31m" + b"\xc3" * 28)]
    events = [e for e in trace(recorded([ring])) if e["ph"] != "M"]
    assert {0, 0.001, 0.002} == {e["ts"] for e in events if e["name"] != "FINDING t"} and "\\u001b" not in json.dumps(events)


@pytest.mark.parametrize("result", (case(verdict=Verdict.PASS), case(verdict=Verdict.GREY), case(verdict=Verdict.SKIP)))
def test_nothing_is_kept_of_a_case_that_found_nothing(kept, tmp_path, result):
    assert kept(recorded(SCENE), result) == result
    assert not (tmp_path / "trace.json").exists() and not (tmp_path / "run" / "flight.bin").exists()


def test_one_trace_per_signature(kept, tmp_path):
    traced: set[str] = set()
    assert kept(recorded(SCENE), case((found(),)), traced).trace
    (tmp_path / "trace.json").unlink()
    assert not kept(recorded(SCENE), case((found(),)), traced).trace and not (tmp_path / "trace.json").exists()
    assert kept(recorded(SCENE), case((found(), found(signature="cc" * 8))), traced).trace
    broken = case(verdict=Verdict.ERROR)
    assert kept(recorded(SCENE), broken, traced).trace and not kept(recorded(SCENE), broken, traced).trace
    assert kept(recorded(SCENE), replace(broken, reason="something else"), traced).trace


def test_a_torn_file_takes_no_other_trace_along(kept, capsys):
    traced: set[str] = set()
    assert not kept(b"torn", case((found(),)), traced).trace
    assert kept(recorded(SCENE), case((found(),)), traced).trace


@pytest.mark.parametrize("data", (b"", b"{}\n", b"no json\n", recorded(SCENE)[:1500], recorded(SCENE).replace(b'"version": 1', b'"version": 2'),
                                  os.urandom(4096) + b"\n"))
def test_a_damaged_file_costs_no_verdict(kept, tmp_path, capsys, data):
    result = case((found(),))
    assert kept(data, result) == result and "smoke/one.probe: no trace: " in capsys.readouterr().err
    assert not (tmp_path / "run" / "flight.bin").exists() and not (tmp_path / "trace.json").exists()


def test_a_trace_that_finds_no_space_costs_no_verdict(kept, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(traces.whole, "write", full)
    result = case((found(),))
    assert kept(recorded(SCENE), result) == result and "No space left" in capsys.readouterr().err


@pytest.mark.parametrize("attempt", range(20))
def test_bars_of_a_thread_nest(trace, attempt):
    """Whatever was lost: a viewer draws bars that overlap, and do not nest, wrongly or not at all."""
    draw = random.Random(SEED * 100 + attempt)
    print(f"TENTER_SEED={SEED}, attempt {attempt}")
    rings, at = [[], []], 1
    for _ in range(300):
        at += draw.randrange(3)
        thread = draw.randrange(4)
        kind = draw.choice((CALL, RETURN, BODY, BODY_END, SITE))
        rings[thread % 2].append(event(at, 0x100 + thread, kind, draw.randrange(3) if kind in (CALL, RETURN) else 0, number=draw.randrange(5)))
    open_: dict[int, list[float]] = {}
    drawn = sorted((e for e in trace(recorded(rings)) if e["ph"] == "X"), key=lambda e: (e["tid"], e["ts"], -e["dur"]))
    assert drawn
    for bar in drawn:
        ends = open_.setdefault(bar["tid"], [])
        while ends and ends[-1] <= bar["ts"]:
            ends.pop()
        end = round(bar["ts"] + bar["dur"], 3)
        assert not ends or end <= ends[-1]
        ends.append(end)


def test_a_run_leads_to_the_trace(tenter, write, house):
    tenter("run", write("smoke/one", behaviour="recorded"))
    told = json.loads((house.out / "latest" / "report.json").read_text())["cases"][0]
    assert told["trace"] == "cases/smoke/one.probe/trace.json" and (house.out / "latest" / told["trace"]).is_file()
    page = (house.out / "latest" / "report.html").read_text()
    assert f'<a href="{told["trace"]}">' in page
    assert told["trace"] in (house.out / "latest" / "junit.xml").read_text()
    assert f"`{told['trace']}`" in (house.out / "latest" / "report.md").read_text()
