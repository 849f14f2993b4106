"""The real benchmark programs on a few ops: every goal finds the row that it is about, and every op ran. A small model beside
ONNX Runtime, which has to answer the same."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tenter.bench import (asked_models, engine as bench, goals, metg, model_goals, model_nodes, policy_sheets, process as bench_process,
                          profile_rows, sharing_goals, sharing_ways)
from tenter.bench.measurement import Book
from tenter.house import this_house
from tenter.machine import models, peers


@pytest.fixture(scope="session")
def programs() -> Path:
    folder = Path(os.environ.get("TENTER_BIN_DIR", this_house().root / "build" / "probe")) / "bench"
    if not (folder / "engine_bench").exists() or not (folder / "policy_bench").exists():
        pytest.skip(f"the benchmark programs are not built in {folder}")
    return folder


def test_every_goal_is_measured_and_every_op_ran(programs, tmp_path):
    book = Book()
    for part in bench.PARTS:
        book.add(bench_process.run(programs / "engine_bench", [
            "--part", part, "--ops", "200", "--repeats", "2", "--live", "2000", "--task-ms", "1", "--most-task-us", "1"],
            tmp_path / f"{part}.json", lambda line: None))
    missing = [verdict.title for verdict in goals.judge(book) if verdict.spread is None]
    assert not missing
    for row in book:
        repetitions = 1 if row.part == "memory" else 2
        assert row.executed == repetitions * row.ops and {len(values) for values in row.series.values()} == {repetitions}
    assert {one.contender for one in metg.all_metg(book, bench.WORKERS)} >= {"tenter", "mutex_pool"}


def test_both_policies_are_compared_on_every_program(programs, tmp_path):
    book = Book()
    book.add(bench_process.run(programs / "policy_bench", ["--ops", "80", "--repeats", "2"], tmp_path / "policies.json",
                               lambda line: None))
    comparison = policy_sheets.compare(book)
    assert len(comparison.clean) == 12 and len(comparison.faulty) == 36
    for pair in (*comparison.clean, *comparison.faulty):
        assert pair.run.series["ran"] == [pair.run.ops] * 2, "under this policy every op runs"
        assert sum(pair.skip.series["wasted"]) == 0


@pytest.fixture(scope="session")
def asked(tmp_path_factory) -> list[str]:
    """What model_bench has to know of a model with two results, and where ONNX Runtime is."""
    path = models.made(tmp_path_factory.mktemp("models"), "two_heads", models.RECIPES["two_heads"])
    return [*asked_models.find((path,), "", this_house())[0].words(), "--onnxruntime", str(peers.onnxruntime_library()),
            "--repeats", "6", "--block-ms", "10"]


@pytest.fixture(scope="session")
def model_bench(programs) -> Path:
    if not (programs / "model_bench").exists():
        pytest.skip(f"model_bench is not built in {programs}")
    return programs / "model_bench"


def test_a_model_is_measured_beside_onnx_runtime(model_bench, asked, tmp_path):
    book = Book()
    for part in ("latency", "clients", "open"):
        book.add(bench_process.run(model_bench, ["--part", part, "--rate", "300", *asked], tmp_path / f"{part}.json", lambda line: None))
    for name in ("tenter", "onnxruntime"):
        book.add(bench_process.run(model_bench, ["--part", "load", "--contender", name, *asked], tmp_path / f"{name}.json", lambda line: None))
    absent = {one.name: one.absent for one in book.contenders("two_heads")}
    assert (absent["tenter"], absent["onnxruntime"]) == ("", "") and "--peers" in absent["openvino"]
    verdicts = {verdict.title: verdict for verdict in model_goals.judge(book, ["two_heads"])}
    assert len(verdicts) == 4 and all(verdict.ratio for verdict in verdicts.values())
    assert verdicts["p50"].peer == "onnxruntime" and verdicts["p50"].ratio.told, "it answered the same, in every round"


def test_everybody_who_is_there_tells_where_its_time_goes(model_bench, tmp_path):
    """In every node of ours, and of ONNX Runtime, which always is there."""
    path = models.made(tmp_path, "ocr_cls", models.RECIPES["ocr_cls"])
    words = asked_models.find((path,), "x=1,3,48,96", this_house())[0].words()
    libraries = [("onnxruntime", peers.onnxruntime_library()), ("openvino", peers.openvino_library())]
    written = bench_process.run(model_bench, [
        "--part", "profile", "--repeats", "3", "--block-ms", "5", *words,
        *(word for name, library in libraries if library for word in (f"--{name}", str(library)))], tmp_path / "profile.json", lambda line: None)
    nodes = model_nodes.read(path)
    profiles = profile_rows.read(written["profiles"], nodes)
    assert [one.contender for one in profiles] == ["tenter", *(name for name, library in libraries if library)]
    assert [one.absent for one in profiles] == [""] * len(profiles)
    for one, raw in zip(profiles, written["profiles"], strict=True):
        done = [node for share in one.shares for node in share.nodes]
        assert len(done) >= 0.95 * len(nodes) and len({node.at for node in done}) == len(done), "nearly every node is done, and by one"
        assert sum(share.nodes == () and not share.told.is_layout for share in one.shares) <= 0.1 * len(one.shares)
        assert 0 < one.ns < 1.5 * max(raw["answer_ns"]), "the nodes are parts of an answer"
    kinds = {row.kind: row for row in profile_rows.by_kind(profiles, nodes)}
    convolutions = sum(node.op == "Conv" for node in nodes)
    for one in profiles:
        assert sum(row.parts.get(one.contender, 0) for kind, row in kinds.items() if kind.startswith("Conv ")) == convolutions


@pytest.mark.parametrize("planted", ["other", "changing"])
def test_a_contender_that_answers_wrongly_ends_the_benchmark(model_bench, asked, tmp_path, planted):
    with pytest.raises(bench_process.WrongAnswer, match="wrong answer: planted: wrong answers otherwise than") as found:
        bench_process.run(model_bench, ["--planted", planted, *asked], tmp_path / "wrong.json", lambda line: None)
    assert found.value.exit_code == 1 and not (tmp_path / "wrong.json").exists()


@pytest.fixture(scope="session")
def sharing_bench(programs) -> Path:
    if not (programs / "sharing_bench").exists():
        pytest.skip(f"sharing_bench is not built in {programs}")
    return programs / "sharing_bench"


def test_ways_of_sharing_are_measured_with_few_and_many_in_flight(sharing_bench, asked, tmp_path):
    book = Book()
    for way in ("shared", "shared_waiting", "op_per_caller", "model_per_caller", "process_per_caller", "onnxruntime", "onnxruntime_each"):
        for count in (1, 6, *([1000] if way.startswith("shared") else [])):
            book.add(bench_process.run(sharing_bench, ["--part", way, "--clients", str(count), *asked], tmp_path / f"{way}-{count}.json",
                                       lambda line: None))
        rows = sharing_ways.of(book, "two_heads", way)
        assert {1, 6} <= set(rows) and not any(map(sharing_goals.mismatches, rows.values()))
    assert all(verdict.value is not None for verdict in sharing_goals.judge(book, ["two_heads"]))


@pytest.mark.parametrize("way", ["shared", "shared_waiting", "op_per_caller", "process_per_caller", "onnxruntime"])
def test_an_answer_of_another_request_is_counted(sharing_bench, asked, tmp_path, way):
    book = Book()
    book.add(bench_process.run(sharing_bench, ["--part", way, "--clients", "6", "--planted", "swapped", *asked], tmp_path / "swapped.json",
                               lambda line: None))
    assert sharing_goals.mismatches(sharing_ways.of(book, "two_heads", way)[6]) >= 10
