"""The real runner against bad input: each mistake is one line that names the thing and the place, exit code 2, no result."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from tenter.cases import flight, trace
from tenter.house import this_house
from tenter.machine import model_outline, models
from tenter.plan import catalogue, support
from test_model_listing import ODD


@pytest.fixture(scope="session")
def binaries() -> Path:
    folder = Path(os.environ.get("TENTER_BIN_DIR", this_house().root / "build" / "probe"))
    if not (folder / "harness" / "run" / "tenter-runner").exists():
        pytest.skip(f"tenter-runner is not built in {folder}")
    return folder


@pytest.fixture
def attempt(binaries: Path, tmp_path: Path):
    """Runs a plan with some keys changed; returns exit code, stderr and the files of the result."""

    def call(workload: dict[str, object], **changes: object) -> tuple[int, str, list[str]]:
        target = {"name": "reference", "saboteur": "",
                  "library": str(binaries / "harness" / "targets" / "libtenter_target_reference.so")}
        plan = {"version": 1, "scenario": "test", "flavour": "probe", "target": target, "workload": workload, "faults": "",
                "checks": ["liveness"], "seed": 1, "watchdog_ms": 20000} | changes
        (tmp_path / "plan.json").write_text(json.dumps(plan))
        out = tmp_path / "out"
        out.mkdir(exist_ok=True)
        done = subprocess.run([binaries / "harness" / "run" / "tenter-runner", "run", tmp_path / "plan.json", "--out", out],
                              capture_output=True, text=True, check=False, timeout=60)
        return done.returncode, done.stderr, sorted(path.name for path in out.iterdir())

    return call


def inference(model: Path, **more: object) -> dict[str, object]:
    return {"kind": "concurrent_inference", "model": str(model), "threads": 2, "inferences": 4} | more


def one_line(stderr: str) -> str:
    assert stderr.count("\n") == 1, stderr
    return stderr


def test_a_filter_that_list_prints_means_the_node(attempt, tmp_path):
    names = [*ODD, ""]
    values = ["x", *(f"v{at}" for at in range(len(names) - 1)), "y"]
    nodes = [helper.make_node("Relu", [one], [other], name=name) for name, one, other in zip(names, values[:-1], values[1:], strict=True)]
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in "xy"]
    model = helper.make_model(helper.make_graph(nodes, "g", [ports[0]], [ports[1]]), opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 7
    onnx.save(model, str(tmp_path / "odd.onnx"))
    filters = [node.filter() for node in model_outline.read(tmp_path / "odd.onnx").nodes]
    plan = "; ".join(f'cached_op.node.run@{filter_}=nth(1)throw(runtime_error,"boom {at}")' for at, filter_ in enumerate(filters))
    code, stderr, _ = attempt(inference(tmp_path / "odd.onnx", inferences=40), faults=plan)
    assert code in (0, 3), stderr + (tmp_path / "out" / "findings.jsonl").read_text()
    faults = json.loads((tmp_path / "out" / "summary.json").read_text())["faults"]
    assert [fault["fired"] for fault in faults] == [1] * len(names), faults


def lstm_model() -> bytes:
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, 4]) for name in "xy")
    weights = [helper.make_tensor(name, TensorProto.FLOAT, [1, 16, 4], [0.0] * 64) for name in ("w", "r")]
    node = helper.make_node("LSTM", ["x", "w", "r"], ["", "y"], name="lstm_0", hidden_size=4)
    graph = helper.make_graph([node], "lstm", [x], [y], initializer=weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]).SerializeToString()


@pytest.mark.parametrize(("content", "says"), [
    (None, "model.onnx"), (b"", "model.onnx"), (b"this is no model at all\n" * 9, "model.onnx"),
    ("truncated", "model.onnx"), (lstm_model(), "LSTM (node 'lstm_0')")])
def test_a_model_that_cannot_be_used(attempt, tmp_path: Path, content: bytes | str | None, says: str) -> None:
    model = tmp_path / "model.onnx"
    if content == "truncated":
        content = models.prepare(tmp_path / "models")["ocr_cls"].read_bytes()[:100_000]
    if isinstance(content, bytes):
        model.write_bytes(content)
    code, stderr, _ = attempt(inference(model))
    assert code == (77 if "LSTM" in says else 2)
    assert says in one_line(stderr)


def test_a_model_that_ignores_its_input_is_rejected(attempt, tmp_path: Path) -> None:
    """A softmax of a single value is 1, so the model would hide every mix-up of requests."""
    nodes = [helper.make_node("ReduceMean", ["x"], ["mean"], axes=[1]), helper.make_node("Softmax", ["mean"], ["y"], axis=1)]
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size]) for name, size in (("x", 4), ("y", 1))]
    model = helper.make_model(helper.make_graph(nodes, "g", [ports[0]], [ports[1]]), opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 7
    onnx.save(model, str(tmp_path / "constant.onnx"))
    code, stderr, _ = attempt(inference(tmp_path / "constant.onnx"))
    assert code == 2
    assert "outputs do not depend on the input" in one_line(stderr)


def test_a_shape_that_does_not_fit_names_both(attempt, tmp_path: Path) -> None:
    model = models.prepare(tmp_path / "models")["ocr_cls"]
    code, stderr, _ = attempt(inference(model, input_shape="1,4,48,192"))
    assert code == 2
    assert "expected float32[?,3,?,?], found float32[1,4,48,192]" in one_line(stderr)
    for side in (800_000, 4_000_000_000):  # a crash of the runtime, it said, which was never called
        code, stderr, _ = attempt(inference(model, input_shape=f"1,3,{side},{side}"))
        assert code == 2
        assert f"input_shape: 2 inputs of 1x3x{side}x{side} need " in one_line(stderr) and "and this machine has" in stderr
    code, stderr, _ = attempt(inference(model, input_shape="1,3,many"))
    assert code == 2
    assert "input_shape: expected numbers" in one_line(stderr)
    code, stderr, _ = attempt(inference(model, input_shape="xx=1,3,48,192"))
    assert code == 2
    assert "input_shape: the model has no input 'xx', did you mean 'x'?" in one_line(stderr)


def test_answers_do_not_depend_on_the_environment(attempt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that is made by a thread with more OpenMP threads would sum in another order."""
    model = models.prepare(tmp_path / "models")["ocr_cls"]
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    workload = inference(model, input_shape="1,3,48,192", threads=8, inferences=800)
    assert attempt(workload, checks=["determinism"])[0] == 0


@pytest.mark.parametrize(("workload", "changes", "says"), [
    ({"kind": "engine_program", "threads": 0}, {}, "parameter 'threads': expected at least 1, found 0"),
    ({"kind": "engine_program", "thread": 1}, {}, "unknown parameter 'thread', did you mean 'threads'?"),
    ({"kind": "engine_programme"}, {}, "unknown workload 'engine_programme', did you mean 'engine_program'?"),
    ({"kind": "engine_program"}, {"version": 7}, "run plan version 7, this runner reads version 1"),
    ({"kind": "engine_program"}, {"faults": "engine.op.bdy=off"}, "unknown site 'engine.op.bdy', did you mean 'engine.op.body'?"),
    ({"kind": "engine_program"}, {"flavour": "tsan"}, "the plan is for flavour 'tsan', this runner is 'probe'"),
    ({"kind": "engine_program"}, {"checks": ["leek"]}, "unknown check 'leek', did you mean 'leak'?"),
    ({"kind": "engine_program"}, {"target": {"name": "x", "library": "/no/such.so", "saboteur": ""}}, "/no/such.so")])
def test_a_plan_with_a_mistake(attempt, workload: dict[str, object], changes: dict[str, object], says: str) -> None:
    code, stderr, _ = attempt(workload, **changes)
    assert code == 2
    assert says in one_line(stderr)


def test_an_earlier_result_is_never_written_over(attempt) -> None:
    workload = {"kind": "lazy_rejection", "rounds": 2}
    assert attempt(workload, checks=["error_exactness"])[0] == 0
    code, stderr, files = attempt(workload)
    assert code == 2
    assert "must be an existing, empty directory" in one_line(stderr)
    assert files == ["findings.jsonl", "flight.bin", "summary.json"]


@pytest.mark.parametrize(("text", "says"), [
    ("1,2,3\n1,2\n", ":2: row length 2, shape [3] wants 3"), ("", "the file is empty"),
    ("1,\0,3\n", ":1: expected text, found a NUL byte at column 3"),
    ("1,2,1e999\n", ":1: expected float64 in column 3, found '1e999', which is out of range")])
def test_a_bad_row_is_a_finding_of_the_file(attempt, tmp_path: Path, text: str, says: str) -> None:
    """The error is the iterator's answer, so it is held against what the scenario expects, not refused."""
    file = tmp_path / "rows.csv"
    file.write_text(text)
    workload = {"kind": "iterator_epochs", "csv_file": str(file), "columns": 3, "batch_size": 1}
    assert attempt(workload | {"expect_error": says}, checks=["error_exactness"])[0] == 0


def test_an_unexpected_error_of_a_file_is_reported(attempt, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("1,2,x\n")
    workload = {"kind": "iterator_epochs", "csv_file": str(file), "columns": 3, "expect_error": "row length"}
    assert attempt(workload, checks=["error_exactness"])[0] == 1


def test_the_last_events_are_recorded(attempt, binaries: Path, tmp_path: Path) -> None:
    """The whole way: calls, sites and the finding, on the threads of the harness and on the workers."""
    model = models.prepare(tmp_path / "models")["ocr_cls"]
    target = {"name": "reference", "library": str(binaries / "harness" / "targets" / "libtenter_target_reference.so"),
              "saboteur": "swap_outputs"}
    code, _, files = attempt(inference(model, input_shape="1,3,48,192", threads=4, inferences=60, workers=2),
                             checks=["determinism", "liveness"], target=target)
    assert code == 1 and "flight.bin" in files
    recorded = flight.read(tmp_path / "out" / "flight.bin")
    assert {"caller-0", "caller-3", "tenter-runner"} <= set(recorded.threads.values())
    assert {"invoke", "cached_op.node.run"} <= {event.what for event in recorded.events}
    assert any(event.worker == 1 for event in recorded.events)
    drawn = trace.trace(recorded)["traceEvents"]
    assert any(e["ph"] == "X" and e["name"] == "invoke" and e["dur"] > 0 for e in drawn)
    assert any(e.get("cat") == "finding" for e in drawn), "what led to the first finding is kept"


# Small enough for a test; what is not here has its defaults.
SMALL = {"engine_program": {"threads": 2, "ops_per_thread": 20}, "lazy_rejection": {"rounds": 2}, "iterator_epochs": {"rows": 9},
         "skipped_rows": {"rows": 30, "bad_rows": 3, "files": 1}, "soak": {"threads": 2, "rounds": 2, "calls": 10}, "concurrent_inference": {"threads": 2, "inferences": 8},
         "model_without_memory": {"reference_kernels": True, "points": 2}, "iterator_without_memory": {}, "program_without_memory": {}}


@pytest.mark.parametrize("kind", SMALL)
def test_a_workload_counts_what_it_publishes(attempt, binaries, tmp_path, kind):
    """A scenario may ask for any of it, and for nothing else."""
    asked = subprocess.run([binaries / "harness" / "run" / "tenter-runner", "catalogue"], capture_output=True, text=True, check=True)
    offered = catalogue.parse(asked.stdout, "tenter-runner")
    assert set(offered.workloads) == set(SMALL)
    model = {"model": str(models.prepare(tmp_path)["ocr_cls"])} if "model" in offered.workloads[kind].parameters else {}
    code, err, _ = attempt({"kind": kind, **SMALL[kind], **model}, checks=list(offered.workloads[kind].checks))
    assert code in (0, 1, 3), err
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert sorted(summary["exposure"]) == sorted(offered.workloads[kind].exposes)


def test_a_saboteur_acts_where_the_catalogue_says(binaries):
    asked = subprocess.run([binaries / "harness" / "run" / "tenter-runner", "catalogue"], capture_output=True, text=True, check=True)
    offered = catalogue.parse(asked.stdout, "tenter-runner")
    assert offered.acting_in("iterator_epochs") == ["batch_twice"]
    assert offered.acting_in("engine_program") == ["wrong_waiter", "lost_failure", "lost_wakeup"]
    assert {"flip_bit", "swap_outputs", "stale_output"} <= set(offered.acting_in("concurrent_inference"))


def test_list_says_which_ops_cannot_run(binaries, tmp_path):
    """All of them, and nothing of a model that can run."""
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in "xy"]
    for ops in (("Relu", "Abs"), ("Relu", "NoOp", "Hardmax2")):
        values = ["x", *(f"v{at}" for at in range(len(ops) - 1)), "y"]
        nodes = [helper.make_node(op, [one], [other]) for op, one, other in zip(ops, values[:-1], values[1:], strict=True)]
        onnx.save(helper.make_model(helper.make_graph(nodes, "g", [ports[0]], [ports[1]]), opset_imports=[helper.make_opsetid("", 13)], ir_version=8),
                  str(tmp_path / "net.onnx"))
        said = support.unsupported(tmp_path / "net.onnx", this_house())
        assert ("op NoOp" in said and "op Hardmax2" in said) if len(ops) == 3 else said == "", said
