"""The verb `bench model` with a stand-in for the program: which models, which processes, goals, files and errors."""

from __future__ import annotations

import json
import math
import statistics
import sys
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from tenter import cli_bench
from tenter.bench import model as bench, model_goals, quantiles
from tenter.bench.quantiles import Middle
from tenter.machine import models, peers

FAKE = Path(__file__).with_name("fake_model_bench.py")


def write_model(path: Path, axes=("n", 3), dtype=TensorProto.FLOAT) -> Path:
    value = [helper.make_tensor_value_info(name, dtype, list(axes)) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "relu", value[:1], value[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), path)
    return path


@pytest.fixture
def bench_house(house, tenter, monkeypatch):
    """The small repository with the program, a model with a recipe, and all peers."""
    program = house.bench("release", "model_bench")
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!{sys.executable} -IS\n" + FAKE.read_text())
    program.chmod(0o755)
    monkeypatch.setattr(bench, "build_shown", lambda *arguments: False)
    monkeypatch.setattr(cli_bench, "this_house", lambda: house)
    monkeypatch.setattr(peers, "onnxruntime_library", lambda: Path("/lib/ort.so"))
    monkeypatch.setattr(peers, "openvino_library", lambda: Path("/lib/ov.so"))
    recipe = models.Recipe(1, write_model(house.root / "made.onnx", ("n", "side")).read_bytes, "2,5")
    monkeypatch.setattr(models, "RECIPES", {"ocr_cls": recipe})
    return house


def folder_of(house) -> Path:
    found = list(house.out.glob("*-bench-model"))
    assert len(found) == 1
    return found[0]


def document_of(house) -> dict:
    return json.loads((folder_of(house) / "bench.json").read_text(), parse_constant=pytest.fail)


def verdicts_of(house, model: str) -> dict[str, dict]:
    return {verdict["title"]: verdict for verdict in document_of(house)["verdicts"] if verdict["model"] == model}


def test_every_goal_of_a_model_has_a_ratio_and_a_verdict(bench_house, tenter):
    code, out, _ = tenter("bench", "model")
    assert code == 0 and out.strip().endswith("bench.md")
    rows = verdicts_of(bench_house, "ocr_cls")
    assert set(rows) == {"p50", "throughput of 8 clients", "load + first answer", "peak of load over file"}
    assert rows["p50"]["goal"] == 0.85 and rows["p50"]["ratio"]["median"] == pytest.approx(0.8)
    assert (rows["p50"]["state"], rows["p50"]["stability"], rows["p50"]["peer"]) == ("met", "stable", "openvino")
    throughput = rows["throughput of 8 clients"]
    assert throughput["ratio"]["median"] == 1 and throughput["state"] == "missed by 4.8%" and throughput["at_least"]
    assert rows["load + first answer"]["ratio"]["median"] == 1.5 and rows["load + first answer"]["state"] == "missed by 50%"
    assert rows["load + first answer"]["peer"] == "onnxruntime"
    assert rows["peak of load over file"]["ratio"]["median"] == 1.25 and rows["peak of load over file"]["state"] == "met"


def test_models_with_a_goal_of_their_own_have_a_mean_and_a_worst_one(bench_house, tenter):
    for name in ("net", "resnet50_he", "vgg_densenet"):
        write_model(bench_house.root / f"{name}.onnx")
    assert tenter("bench", "model", "net.onnx", "resnet50_he.onnx", "vgg_densenet.onnx", "--quick")[0] == 0
    assert verdicts_of(bench_house, "net")["p50"]["goal"] == 1.0 and verdicts_of(bench_house, "resnet50_he")["p50"]["goal"] == 0.9
    rows = verdicts_of(bench_house, "2 models")
    assert rows["p50, geometric mean"]["ratio"]["median"] == pytest.approx(0.8) and rows["p50, geometric mean"]["state"] == "met"
    assert rows["p50, worst"]["stability"] == "", "it has no rounds of its own"


def test_several_threads_for_a_request_are_judged_by_the_fastest_answer(bench_house, tenter):
    for name in ("net", "other"):
        write_model(bench_house.root / f"{name}.onnx")
    assert tenter("bench", "model", "net.onnx", "other.onnx", "--threads", "2", "--quick")[0] == 0
    rows = verdicts_of(bench_house, "net")
    assert set(rows) == {"fastest answer"} and rows["fastest answer"]["goal"] == 0.95
    assert rows["fastest answer"]["ratio"]["median"] == pytest.approx(0.4), "the fastest of ours has half of its median"
    assert verdicts_of(bench_house, "2 models")["fastest answer, geometric mean"]["state"] == "met"
    assert not list(folder_of(bench_house).glob("*-clients-*")), "one client asks"
    assert document_of(bench_house)["environment"]["threads of one request"] == "2"


def test_more_threads_than_processors_are_a_note(bench_house, tenter, monkeypatch):
    monkeypatch.setattr("tenter.machine.processors.processors", lambda: 2)
    write_model(bench_house.root / "net.onnx")
    note = "tenter: --threads: 8 threads are to compute at once, and 2 processors are there: "
    for threads, said in ((8, 1), (2, 0)):
        code, _, err = tenter("bench", "model", "net.onnx", "--quick", "--threads", str(threads))
        assert code == 0 and err.count(note) == said


@pytest.mark.parametrize(("words", "threads", "said"), [((), 1, "1 thread"), (("--threads", "2", "--clients", "8"), 2, "2 threads")])
def test_sheets_and_figures_say_on_how_many_threads_a_request_ran(bench_house, tenter, words, threads, said):
    code, out, _ = tenter("bench", "model", "--quick", *words)
    assert code == 0 and f"{said} for each request that runs." in out and f"Each on {said}." in out
    assert document_of(bench_house)["threads"] == threads


def test_a_profile_is_that_of_one_thread(bench_house, tenter):
    code, _, errors = tenter("bench", "model", "--profile", "--threads", "2")
    assert code == 2 and "--profile looks at one thread" in errors


def test_the_files_hold_quantiles_and_where_they_come_from(bench_house, tenter):
    _, out, _ = tenter("bench", "model", "--rate", "50", "--json", "copy.json")
    document = document_of(bench_house)
    assert document == json.loads((bench_house.root / "copy.json").read_text())
    latency = next(row for row in document["rows"] if (row["workload"], row["contender"]) == ("latency", "tenter"))
    assert latency["executed"] == 150 and "series" not in latency, "the series is in the files of the processes"
    assert latency["quantiles"]["latency_ns"] == {"min": 1.6e6, "p50": 1.6e6, "p90": 1.6e6, "p99": 3.2e6, "max": 3.2e6,
                                                  "mean": pytest.approx(1.76e6)}
    assert document["environment"]["build: asked"] == "x=float32:2,5 y", "the shape of the recipe"
    text = (folder_of(bench_house) / "bench.md").read_text()
    assert "| ocr_cls | Tenter | 1.60 | 1.60 | 1.60 | 3.20 | 150 |" in text
    assert "| ocr_cls | OpenVINO | 50 | 2.00 | 2.00 | 2.00 | 4.00 | 4.00 | 0.100 |" in text
    assert "| ocr_cls | Tenter | 1,000 | 2,000 | 2,000 |" in text and "| ocr_cls | Tenter, confined |  |" not in text
    assert "| ocr_cls | ONNX Runtime | 15.0 | 5.00 | 4.00 | 4.00 | 5.00 | 1.00 | 5.00 | 1.25 |" in text
    assert {"load average before", "load average after", "model: ocr_cls", "seed"} <= set(document["environment"])
    assert "load average" in out


def test_latency_is_shared_by_processes_and_a_load_has_one_for_itself(bench_house, tenter):
    tenter("bench", "model", "--repeats", "7", "--clients", "4", "--clients", "64")
    folder = folder_of(bench_house)
    rounds = [json.loads(path.read_text())["rows"][0]["series"]["round"] for path in sorted(folder.glob("ocr_cls-latency-*.json"))]
    assert [sorted(set(of)) for of in rounds] == [[0, 1, 2], [3, 4], [5, 6]], "no number stands for two rounds"
    assert len(list(folder.glob("ocr_cls-load-*.json"))) == 3 * 7
    assert sorted(path.stem for path in folder.glob("ocr_cls-clients-*")) == ["ocr_cls-clients-4", "ocr_cls-clients-64"]
    assert verdicts_of(bench_house, "ocr_cls")["throughput of 8 clients"]["state"] == "not measured"


def test_a_peer_that_is_absent_is_named_and_the_others_run(bench_house, tenter, monkeypatch):
    monkeypatch.setattr(peers, "openvino_library", lambda: None)
    code, out, _ = tenter("bench", "model", "--quick")
    assert code == 0 and "<openvino> was not measured: no libopenvino_c.so was given." in out
    rows = verdicts_of(bench_house, "ocr_cls")
    assert rows["p50"]["peer"] == "onnxruntime" and rows["p50"]["stability"] == "too few rounds"
    assert rows["p50"]["ratio"] == {"median": pytest.approx(1.6 / 3.0)} and rows["p50"]["state"] == "met"


def test_a_model_that_ours_does_not_know_is_told_beside_the_others(bench_house, tenter):
    for name in ("net", "unknown"):
        write_model(bench_house.root / f"{name}.onnx")
    code, out, _ = tenter("bench", "model", "net.onnx", "unknown.onnx", "--quick")
    assert code == 0 and "unknown: <tenter> was not measured: unsupported: op Foo." in out
    assert verdicts_of(bench_house, "unknown")["p50"]["state"] == "not measured" and verdicts_of(bench_house, "net")["p50"]["state"] == "met"
    assert not list(folder_of(bench_house).glob("unknown-load-tenter-*"))
    code, _, err = tenter("bench", "model", "unknown.onnx", "--quick")
    assert code == 2 and "no model could be measured: unsupported: op Foo" in err


def test_without_peers_ours_is_measured_alone(bench_house, tenter):
    tenter("bench", "model", "--no-peers", "--quick")
    rows = verdicts_of(bench_house, "ocr_cls")
    assert rows["p50"]["state"] == "not measured" and rows["peak of load over file"]["state"] == "met"
    assert {row["contender"] for row in document_of(bench_house)["rows"]} == {"tenter", "tenter_confined"}


@pytest.mark.parametrize(("name", "options", "code", "message"), [
    ("wrong", (), 1, "wrong answer: OpenVINO answers otherwise than Tenter"),
    ("crash", (), 70, "ended with 70: model_bench: no such op"),
    ("net", ("--input-shape", "x=1,4"), 2, "dimension 2 of 'x' is fixed at 3, and not 4"),
    ("net", ("--input-shape", "z=1,3"), 2, "no model has an input called 'z'; known: x"),
    ("net", ("--input-shape", "x=0"), 2, "'x=0' is no shape such as x=1,3,48,192 (./tenter bench model --help)"),
    ("net", ("--rate", "0"), 2, "--rate")])
def test_what_cannot_be_measured_is_one_line(bench_house, tenter, name, options, code, message):
    write_model(bench_house.root / f"{name}.onnx")
    got, _, err = tenter("bench", "model", f"{name}.onnx", *options)
    assert got == code and message in err and err.strip().count("\n") <= 1
    assert not list(bench_house.out.glob("*-bench-model/bench.md")), "no figures"


def test_files_that_are_no_models_are_refused_before_anything_runs(bench_house, tenter):
    (bench_house.root / "text.onnx").write_text("text")
    write_model(bench_house.root / "half.onnx", dtype=TensorProto.FLOAT16)
    for name, message in (("none", "no such file"), ("text", "is no model"), ("half", "is of type float16")):
        code, _, err = tenter("bench", "model", f"{name}.onnx")
        assert code == 2 and message in err
    assert not bench_house.out.exists()


def test_a_model_that_is_made_by_name_alone(bench_house, tenter, monkeypatch):
    content = write_model(bench_house.root / "made.onnx", (2, 3)).read_bytes()
    monkeypatch.setattr(models, "BY_NAME", {"resnet50_he": models.Recipe(1, lambda: content)})
    assert tenter("bench", "model", "resnet50_he", "--quick")[0] == 0
    assert verdicts_of(bench_house, "resnet50_he")["p50"]["goal"] == 0.9
    code, _, err = tenter("bench", "model", "resnet51_he")
    assert code == 2 and "no file and no model is called 'resnet51_he'; did you mean 'resnet50_he'?" in err


def test_nothing_is_made_but_what_was_asked_for(bench_house, tenter, monkeypatch):
    content = write_model(bench_house.root / "made.onnx", ("n", 3)).read_bytes()
    monkeypatch.setattr(models, "RECIPES", {name: models.Recipe(1, lambda: content, "4,3") for name in ("ocr_cls", "squeezenet_he")})
    monkeypatch.setattr(models, "BY_NAME", {"resnet50_he": models.Recipe(1, lambda: content, "5,3")})
    (bench_house.models / "ocr_cls.onnx").unlink()
    (bench_house.models / "mine.onnx").write_bytes(content)
    for asked, made in (("models/mine.onnx", "mine"), ("models/squeezenet_he.onnx", "squeezenet_he"), ("resnet50_he", "resnet50_he"), ("ocr_cls", "ocr_cls")):
        before = {path.name for path in bench_house.models.glob("*.onnx")}
        assert tenter("bench", "model", asked, "--quick", "--no-peers", "--out", made)[0] == 0
        assert {path.name for path in bench_house.models.glob("*.onnx")} - before == ({f"{made}.onnx"} if made != "mine" else set())
    facts = json.loads(next((bench_house.root / "resnet50_he").glob("*/bench.json")).read_text())["environment"]
    assert facts["build: asked"] == "x=float32:5,3 y", "the shape of its recipe"


def test_an_open_size_is_asked_with_what_was_given(bench_house, tenter):
    write_model(bench_house.root / "net.onnx")
    tenter("bench", "model", "net.onnx", "--input-shape", "x=7,3", "--quick")
    assert document_of(bench_house)["environment"]["build: asked"] == "x=float32:7,3 y"


def test_help_teaches(tenter):
    code, out, _ = tenter("bench", "model", "--help")
    assert code == 0 and all(word in out for word in ("--peers", "--rate", "--clients", "--input-shape", "Examples", "OpenVINO", "compared"))


def test_a_quantile_is_a_value_that_was_measured():
    values = [float(value) for value in range(1, 101)]
    assert [quantiles.quantile(values, share) for share in (0, 0.5, 0.9, 0.99, 1)] == [1, 50, 90, 99, 100]
    assert quantiles.quantile([3.0], 0.99) == 3


def test_the_interval_of_a_median_is_that_of_the_sign_test():
    # For 15 values: P(at most 3 below the median) = 1.8 %, so the 4th smallest and the 4th largest.
    assert quantiles.middle([float(value) for value in range(15)]) == Middle(7, 3, 11)
    assert quantiles.middle([1.0, 2.0, 3.0, 4.0, 5.0, 60.0]) == Middle(3.5, 1, 60)
    few = quantiles.middle([1.0, 1.0, 1.0, 1.0, 1.0])
    assert math.isinf(few.high) and not few.told and not few.steady
    assert Middle(1.0, 0.96, 1.05).steady and not Middle(1.0, 0.9, 1.05).steady
    assert quantiles.geometric_mean([0.5, 2.0]) == pytest.approx(1)


def test_the_interval_holds_the_median_as_often_as_it_says():
    import random
    draw = random.Random(5)
    held = statistics.fmean(found.low <= math.log(2) <= found.high
                            for found in (quantiles.middle([draw.expovariate(1) for _ in range(15)]) for _ in range(2000)))
    assert 0.95 <= held <= 0.98, "seed 5; exactly 96.5 %"


@pytest.mark.parametrize(("ratio", "at_least", "state"), [
    (Middle(0.9, 0.8, 0.99), False, "met"), (Middle(0.9, 0.8, 1.01), False, "met, but the interval holds the goal"),
    (Middle(1.1, 0.99, 1.2), False, "missed by 10%, but the interval holds the goal"), (Middle(1.1, 1.05, 1.2), False, "missed by 10%"),
    (Middle(1.1, 1.05, 1.2), True, "met"), (Middle(1.1, 0.9, 1.2), True, "met, but the interval holds the goal"),
    (Middle(0.8, 0.7, 0.95), True, "missed by 20%"), (Middle(0.8, 0.7, 1.1), True, "missed by 20%, but the interval holds the goal"),
    (Middle(1.00001, 1.000005, 1.1), False, "missed by 0.1%"), (None, False, "not measured")])
def test_a_verdict_says_when_its_interval_holds_the_goal(ratio, at_least, state):
    assert model_goals.Verdict("net", "p50", 1.0, at_least, ratio).state == state
