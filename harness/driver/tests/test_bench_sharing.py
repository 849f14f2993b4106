"""The verb `bench sharing` with a stand-in for the program: which processes, what is left out and why, goals, files and errors."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from tenter import cli_bench
from tenter.bench import sharing, sharing_ways
from tenter.bench.measurement import Measured
from tenter.bench.sharing_goals import Verdict
from tenter.bench.sharing_ways import WAYS
from tenter.machine import peers

FAKE = Path(__file__).with_name("fake_sharing_bench.py")
BY_NAME = {way.name: way for way in WAYS}


def write_model(path: Path) -> Path:
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 3]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "relu", value[:1], value[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), path)
    return path


@pytest.fixture
def bench_house(house, tenter, monkeypatch):
    """The small repository with the program, all peers and 16 GB of free memory."""
    program = house.bench("release", "sharing_bench")
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!{sys.executable} -IS\n" + FAKE.read_text())
    program.chmod(0o755)
    monkeypatch.setattr(sharing, "build_shown", lambda *arguments: False)
    monkeypatch.setattr(sharing, "free_bytes", lambda: 16e9)
    monkeypatch.setattr(cli_bench, "this_house", lambda: house)
    monkeypatch.setattr(peers, "onnxruntime_library", lambda: Path("/lib/ort.so"))
    monkeypatch.setattr(peers, "openvino_library", lambda: Path("/lib/ov.so"))
    for name in ("net", "wrong", "heavy", "slow", "unknown", "crash", "full"):
        write_model(house.root / f"{name}.onnx")
    return house


def folder_of(house) -> Path:
    found = list(house.out.glob("*-bench-sharing"))
    assert len(found) == 1
    return found[0]


def document_of(house) -> dict:
    return json.loads((folder_of(house) / "bench.json").read_text(), parse_constant=pytest.fail)


def verdicts_of(house, model: str) -> list[tuple[str, str]]:
    return [(verdict["title"], verdict["state"]) for verdict in document_of(house)["verdicts"] if verdict["model"] == model]


def left_out_of(house) -> dict[tuple[str, int], str]:
    return {(one["way"], one["in_flight"]): one["reason"] for one in document_of(house)["left_out"]}


def test_each_way_is_measured_with_each_number_in_flight_in_processes_of_its_own(bench_house, tenter):
    code, out, _ = tenter("bench", "sharing", "net.onnx", "--repeats", "3", "--json", "copy.json")
    assert code == 0 and out.strip().endswith("bench.md")
    document = document_of(bench_house)
    assert document == json.loads((bench_house.root / "copy.json").read_text())
    shared = {row["in_flight"]: row for row in document["rows"] if row["way"] == "shared"}
    assert set(shared) == {1, 2, 8, 64, 256, 1000} and all(len(row["series"]["peak_bytes"]) == 3 for row in shared.values())
    assert len(list(folder_of(bench_house).glob("net-shared-1000-*.json"))) == 3
    assert document["environment"]["build: block"] == "300"
    assert verdicts_of(bench_house, "net") == [("peak of 1,000 in flight over that of 1", "met"),
                                               ("the same, of 1,000 threads that wait", "met"),
                                               ("MB per further request in flight", "met"), ("mismatches of ours, all ways", "met")]
    text = (folder_of(bench_house) / "bench.md").read_text()
    assert "| net | MB per further request in flight | <= 0.02 | 0.0050 | met |" in text
    assert "| net | Tenter, one op for all | 1,000 | 4 threads, asking ahead | 35.0 | 35.0 | 34.0 | 34.0 | 0.005 | 1.17 |" in text
    assert "| net | Tenter, an op per caller | 8 | 8 threads | 24.0 | 24.0 | 32.0 | 32.0 | 300 | 300 | 50.0 |  | 0 |" in text
    assert "| net | Tenter, a process per caller | 8 | 8 processes | 214 | 214 |" in text


def test_what_there_is_no_room_for_is_left_out_with_the_reason(bench_house, tenter):
    tenter("bench", "sharing", "net.onnx", "--repeats", "1")
    reasons = left_out_of(bench_house)
    assert {count for way, count in reasons if way == "process_per_caller"} == {64, 256, 1000}
    assert reasons["process_per_caller", 64] == "more than 8 processes"
    assert reasons["model_per_caller", 1000] == "would need about 17.0 GB, and half of what is free is 8.0 GB"
    assert reasons["openvino_each", 1000] == "2,000 threads, and 1,024 are the most"
    assert {way for way, _ in reasons} == {"process_per_caller", "model_per_caller", "onnxruntime_each", "openvino_each"}
    text = (folder_of(bench_house) / "bench.md").read_text()
    assert text.count("| left out: would need about 17.0 GB, and half of what is free is 8.0 GB |") == 2, "under memory and under time"
    assert not list(folder_of(bench_house).glob("net-model_per_caller-1000-*"))


def test_few_come_before_many_and_later_repetitions_in_any_order(bench_house, tenter, monkeypatch):
    asked = []
    measure = sharing.Session.measure
    monkeypatch.setattr(sharing.Session, "measure", lambda self, program, words, name: asked.append(words[1:4:2]) or measure(self, program, words, name))
    tenter("bench", "sharing", "net.onnx", "--repeats", "2", "--no-peers", "--in-flight", "8", "--in-flight", "2")
    counts = [int(count) for _, count in asked]
    assert counts[:15] == [1] * 5 + [2] * 5 + [8] * 5 and len(counts) == 30
    assert counts[15:] != sorted(counts[15:]) and sorted(asked[15:]) == sorted(asked[:15])
    assert {tuple(way for way, _ in asked[at:at + 5]) for at in (0, 5, 10)} != {tuple(way for way, _ in asked[:5])}, "ways take turns"


def test_a_number_that_fails_is_left_out_and_the_others_run(bench_house, tenter):
    assert tenter("bench", "sharing", "full.onnx", "--repeats", "2")[0] == 0
    assert left_out_of(bench_house)["op_per_caller", 64] == "resource_exhausted: no thread"
    rows = [row["in_flight"] for row in document_of(bench_house)["rows"] if row["way"] == "op_per_caller"]
    assert sorted(rows) == [1, 2, 8, 256, 1000]
    assert all(not one["absent"] for one in document_of(bench_house)["contenders"])


def test_what_would_take_too_long_is_left_out(bench_house, tenter):
    tenter("bench", "sharing", "slow.onnx", "--repeats", "1")
    assert left_out_of(bench_house)["op_per_caller", 64] == "would take about 192 s, and 120 s are the most"


def test_a_goal_that_is_missed_says_by_how_much(bench_house, tenter):
    tenter("bench", "sharing", "heavy.onnx", "--quick", "--no-peers")
    assert verdicts_of(bench_house, "heavy")[0][1] == "missed by 79%" and verdicts_of(bench_house, "heavy")[2][1] == "missed by 100%"
    assert document_of(bench_house)["environment"]["build: block"] == "20"
    assert Verdict("net", "mismatches", 0, 3).state == "missed" and Verdict("net", "peak", 1.3, None).state == "not measured"


def test_answers_that_differ_end_the_verb_after_the_figures(bench_house, tenter):
    code, out, err = tenter("bench", "sharing", "wrong.onnx", "--repeats", "2")
    assert code == 1 and "14 answers differ from the first ones, of wrong and Tenter, an op per caller" in err
    assert verdicts_of(bench_house, "wrong")[3] == ("mismatches of ours, all ways", "missed")
    text = (folder_of(bench_house) / "bench.md").read_text()
    assert "| 300 | 300 | 50.0 |  | 14 |" in text and "mismatch: op_per_caller, 8 in flight: element 0 is 1 and not 2." in text


def test_peers_that_are_absent_and_models_that_ours_does_not_know_are_told(bench_house, tenter, monkeypatch):
    monkeypatch.setattr(peers, "openvino_library", lambda: None)
    code, out, _ = tenter("bench", "sharing", "net.onnx", "unknown.onnx", "--quick")
    assert code == 0 and "<openvino> was not measured: no libopenvino_c.so was given." in out
    assert "unknown: <shared> was not measured: unsupported: op Foo." in out
    assert [state for _, state in verdicts_of(bench_house, "unknown")] == ["not measured"] * 3 + ["met"]
    assert len(list(folder_of(bench_house).glob("unknown-shared-*.json"))) == 1, "it is not tried again"
    code, _, err = tenter("bench", "sharing", "unknown.onnx", "--quick")
    assert code == 2 and "no model could be measured: unsupported: op Foo" in err


@pytest.mark.parametrize(("words", "code", "message"), [
    (("crash.onnx",), 70, "ended with 70: sharing_bench: broken"), (("net.onnx", "--in-flight", "0"), 2, "--in-flight"),
    (("nothing",), 2, "no file and no model is called 'nothing'"), (("net.onnx", "--input-shape", "x=2,4"), 2, "is fixed at 3")])
def test_what_cannot_be_measured_is_one_line(bench_house, tenter, words, code, message):
    got, _, err = tenter("bench", "sharing", *words)
    assert got == code and message in err and err.strip().count("\n") <= 1


def test_help_teaches(tenter):
    code, out, _ = tenter("bench", "sharing", "--help")
    assert code == 0 and all(word in out for word in ("--peers", "--in-flight", "Examples", "OpenVINO", "left out", "resnet50_he"))


def measured(count: int, megabytes: float) -> Measured:
    return Measured("net", "sharing", (("in_flight", float(count)),), "way", 1, 10,
                    {"peak_bytes": [megabytes * 1e6], "setup_ns": [1e9], "per_s": [100.0]})


def test_what_a_number_needs_is_told_from_fewer():
    rows = {1: measured(1, 100), 2: measured(2, 200)}
    need = "would need about 6.4 GB, and half of what is free is 6.3 GB"
    assert sharing_ways.left_out(BY_NAME["op_per_caller"], 64, rows, 12.6e9, 120) == need, "on the line through the last two"
    assert sharing_ways.left_out(BY_NAME["op_per_caller"], 64, rows, 13e9, 120) == ""
    assert sharing_ways.left_out(BY_NAME["op_per_caller"], 64, {1: measured(1, 100)}, 12.6e9, 120) == need, "as much again for each"
    assert sharing_ways.left_out(BY_NAME["shared"], 64, {1: measured(1, 100)}, 1e9, 120) == ""
    assert sharing_ways.left_out(BY_NAME["shared"], 1, {}, 0, 120) == "", "nobody knows"
    assert "about 34 s" in sharing_ways.left_out(BY_NAME["model_per_caller"], 64, rows, 1e12, 30), "64 loads of half a second, then 192 answers"


def test_the_memory_that_is_free_is_a_number_of_bytes():
    assert sharing.free_bytes() > 1e6
