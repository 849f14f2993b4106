"""The check `answer`: kept answers against an oracle, what differs, what cannot be judged, and what is evaluated once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tenter.cases import answers, runner
from tenter.cases.ending import Ending
from tenter.cases.movement import Movement
from tenter.house import House
from tenter.machine.interrupts import Stop
from tenter.machine.process import Ended
from tenter.oracle import comparison, evaluate, evaluation, kept, rounding
from tenter.oracle.evaluation import Evaluation
from tenter.oracle.kept import Kept, KeptSample
from tenter.plan.planner import Case
from tenter.record.findings import Finding
from tenter.record.results import CheckResult, Verdict


def model_of(*nodes: onnx.NodeProto, outputs: tuple[str, ...] = ("y",), constants: dict[str, np.ndarray] | None = None,
             dtype: int = TensorProto.FLOAT, out: int = TensorProto.FLOAT) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", dtype, ["n", 4])],
                              [helper.make_tensor_value_info(name, out, None) for name in outputs],
                              [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def keep(folder: Path, samples: list[tuple[list[np.ndarray], list[np.ndarray]]], left_out: int = 0) -> None:
    """As the runner does it."""
    folder.mkdir(parents=True, exist_ok=True)
    raw, told = b"", []
    for number, (inputs, outputs) in enumerate(samples):
        sample = {"sample": number, "inputs": [], "outputs": []}
        for key, arrays in (("inputs", inputs), ("outputs", outputs)):
            for array in arrays:
                sample[key].append({"dtype": str(array.dtype), "dims": list(array.shape), "offset": len(raw), "bytes": array.nbytes})
                raw += array.tobytes()
        told.append(sample)
    (folder / "answers.bin").write_bytes(raw)
    (folder / "answers.json").write_text(json.dumps({"version": 1, "samples": told, "left_out": left_out}))


X = np.array([[1, -2, 3, -4]], np.float32)
RELU = helper.make_node("Relu", ["x"], ["y"])


@pytest.fixture
def judge(house: House, tmp_path: Path):
    """Judges one answer to X of a model, in the folder of a case."""
    def one(model: onnx.ModelProto, *outputs: np.ndarray, left_out: int = 0) -> answers.Judged:
        path = tmp_path / "m.onnx"
        path.write_bytes(model.SerializeToString())
        here = tmp_path / "case"
        keep(here / "run", [([X], list(outputs))], left_out)
        plan = {"checks": ["answer"], "workload": {"kind": "concurrent_inference", "model": str(path)}}
        return answers.judged(Case("c", "s", "probe", "t", "p", (), plan, 10.0), here, house, Stop())
    return one


def test_a_right_answer_passes_and_is_judged_by_somebody(judge, tmp_path):
    judged = judge(model_of(RELU), np.maximum(X, 0), left_out=3)
    assert (judged.check.state, judged.check.examined, judged.findings) == ("passed", 1, ())
    assert judged.facts["answers judged by"].startswith("ONNX Runtime 1.")
    assert "3 more samples were not written down" in judged.facts["answers judged by"]
    assert not (tmp_path / "case" / "run" / "answers.bin").exists(), "they are large, and no evidence of anything"


def test_a_wrong_value_is_a_finding_with_place_and_tolerance(judge, tmp_path):
    wrong = np.maximum(X, 0)
    wrong[0, 2] = 3.5
    judged = judge(model_of(RELU), wrong)
    (finding,) = judged.findings
    assert (judged.check.state, finding.check, finding.contracts) == ("failed", "answer", ("COP-9",))
    assert finding.title == "output 'y' is not what ONNX Runtime computes: values"
    assert "1 of 4 elements differ, first at [0, 2] (expected 3.0, found 3.5, 2097152 ULP), largest difference 0.5, tolerance" in finding.detail
    assert finding.evidence["first_index"] == 2 and finding.evidence["sample"] == 0
    assert (tmp_path / "case" / "run" / "answers.bin").exists(), "evidence stays"


@pytest.mark.parametrize("answer, what", [
    ([np.maximum(X, 0).astype(np.float64)], "dtype"), ([np.maximum(X, 0)[0]], "dims"), ([], "number of outputs"),
    ([np.array([[1, np.nan, 3, 0]], np.float32)], "values"), ([np.array([[1, np.inf, 3, 0]], np.float32)], "values")])
def test_what_else_may_be_wrong(judge, answer, what):
    (finding,) = judge(model_of(RELU), *answer).findings
    assert finding.title.endswith(f": {what}")


def test_the_same_defect_has_the_same_signature_whatever_the_values(judge):
    one, other = judge(model_of(RELU), X), judge(model_of(RELU), X * 2)
    assert one.findings[0].signature == other.findings[0].signature and one.findings[0].detail != other.findings[0].detail


def test_nan_and_infinity_have_to_match(judge):
    log = model_of(helper.make_node("Log", ["x"], ["y"]))
    with np.errstate(all="ignore"):
        assert judge(log, np.log(X)).check.state == "passed"
    assert judge(log, np.zeros_like(X)).check.state == "failed"


def test_integers_are_exact(judge):
    shape = model_of(helper.make_node("Shape", ["x"], ["y"]), out=TensorProto.INT64)
    assert judge(shape, np.array([1, 4])).check.state == "passed"
    assert judge(shape, np.array([1, 5])).check.state == "failed"


def test_an_op_that_no_oracle_knows_has_no_power_and_says_so(judge):
    judged = judge(model_of(helper.make_node("Weird", ["x"], ["y"], domain="mine")), X)
    assert judged.check.state == "no_power" and judged.findings == ()
    assert "ONNX Runtime: " in judged.check.note and "onnx.reference: " in judged.check.note


def test_integers_that_depend_on_rounding_cannot_be_judged(judge):
    nodes = [helper.make_node("Mul", ["x", "third"], ["a"]), helper.make_node("Mul", ["a", "three"], ["b"]),
             helper.make_node("Cast", ["b"], ["y"], to=TensorProto.INT64)]
    constants = {"third": np.array(1 / 3, np.float32), "three": np.array(3, np.float32)}
    judged = judge(model_of(*nodes, constants=constants, out=TensorProto.INT64), np.array([[1, -2, 3, -4]]))
    assert judged.check.state == "no_power" and "its integers depend on rounding" in judged.check.note


def test_files_that_the_target_spoiled_have_no_power(judge, house, tmp_path):
    judge(model_of(RELU), X)
    run = tmp_path / "case" / "run"
    (run / "answers.json").write_text("{")
    plan = {"checks": ["answer"], "workload": {"kind": "concurrent_inference", "model": str(tmp_path / "m.onnx")}}
    judged = answers.judged(Case("c", "s", "probe", "t", "p", (), plan, 10.0), tmp_path / "case", house, Stop())
    assert judged.check.state == "no_power" and "answers.json cannot be read" in judged.check.note


def test_one_evaluation_serves_every_repetition(judge, house, monkeypatch):
    judge(model_of(RELU), X)
    monkeypatch.setattr(evaluation, "_evaluate", lambda *_: pytest.fail("evaluated again"))
    assert judge(model_of(RELU), np.maximum(X, 0)).check.state == "passed"
    (stored,) = (house.root / "build" / "oracle").glob("*.npz")
    stored.write_bytes(b"damaged")
    monkeypatch.undo()
    assert judge(model_of(RELU), np.maximum(X, 0)).check.state == "passed", "a damaged one is made again"


def test_the_oldest_evaluations_go(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluation, "_MOST_KEPT", 25)
    for number in range(4):
        path = tmp_path / f"{number}.npz"
        path.write_bytes(bytes(10))
        __import__("os").utime(path, (number, number))
    evaluation._prune(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.npz", "3.npz"]


def test_a_case_without_the_check_is_not_judged(house, tmp_path):
    keep(tmp_path / "run", [([X], [X])])
    plan = {"checks": ["determinism"], "workload": {"kind": "concurrent_inference", "model": "none"}}
    assert answers.judged(Case("c", "s", "probe", "t", "p", (), plan, 10.0), tmp_path, house, Stop()) == answers.Judged()


@pytest.mark.parametrize("make", [evaluate._onnx_runtime, evaluate._reference])
def test_both_oracles_move_inner_values_as_their_ops_round(make):
    """A sum that cancels is far more uncertain than a product."""
    constants = {"most": np.array([1, -2, 3, -4], np.float32) * np.float32(0.9999), "two": np.array(2, np.float32)}
    nodes = [helper.make_node("Sub", ["x", "most"], ["y"]), helper.make_node("Mul", ["x", "two"], ["z"])]
    given = Kept((KeptSample(0, (X,), ()),), 0)
    _, told = evaluate._judged_by(model_of(*nodes, outputs=("y", "z"), constants=constants), given, make, "oracle")
    cancelled, product = told["tolerances"][0][0] / 4e-4, told["tolerances"][0][1] / 8
    assert told["jumps"] == ["", ""] and 1e-7 < product < 1e-5 and cancelled > 100 * product


def test_moving_works_for_empty_tensors_and_for_the_same_output_twice():
    given = Kept((KeptSample(0, (np.zeros((0, 4), np.float32),), ()),), 0)
    model = model_of(helper.make_node("Sigmoid", ["x"], ["y"]), outputs=("y", "y"))
    arrays, told = evaluate._judged_by(model, given, evaluate._onnx_runtime, "oracle")
    assert arrays["0.0"].shape == arrays["0.1"].shape == (0, 4) and told["outputs"] == ["y", "y"]


def test_longer_sums_round_more():
    def units(k: int) -> float:
        return rounding.units_of(helper.make_node("MatMul", ["a", "b"], ["y"]), {"a": (2, k), "b": (k, 2)})[0]
    assert units(10_000) > units(100) > units(1) > 0
    assert rounding.units_of(helper.make_node("Transpose", ["a"], ["y"]), {}) == (0.0, True)


def test_a_tolerance_of_zero_asks_for_equal_bits():
    given = Kept((KeptSample(0, (), (X,)),), 0)
    right = Evaluation("o", ("y",), ((X,),), ((0.0,),), ("",))
    assert comparison.compare(given, right).differences == ()
    assert comparison.compare(given, replace(right, right=((np.nextafter(X, 9),),))).differences[0].what == "values"


def test_a_tensor_with_bytes_that_do_not_fit_its_dims_is_no_answer(tmp_path):
    keep(tmp_path, [([X], [X])])
    told = json.loads((tmp_path / "answers.json").read_text())
    told["samples"][0]["outputs"][0]["dims"] = [2, 4]
    (tmp_path / "answers.json").write_text(json.dumps(told))
    assert kept.read(tmp_path).samples[0].outputs[0].dtype == np.uint8


@pytest.mark.parametrize("state, findings, verdict, code", [
    ("passed", (), "PASS", 0), ("no_power", (), "GREY", 3),
    ("failed", (Finding("answer", "ab" * 8, "output 'y' is not what ONNX Runtime computes: values", "", ("COP-9",)),), "FAIL", 1)])
def test_what_the_oracle_says_decides_a_case_in_which_the_runner_had_no_power(tenter, write, house, monkeypatch, state, findings, verdict, code):
    says = answers.Judged(CheckResult("answer", state, 16, "" if state == "passed" else "why"), findings, {"answers judged by": "somebody"})
    monkeypatch.setattr(answers, "judged", lambda *_: says)
    write("smoke/one", "model = 'ocr_cls'", behaviour="no_power")
    assert tenter("run", "smoke/one")[0] == code
    (case,) = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
    assert case["verdict"] == verdict and case["facts"]["answers judged by"] == "somebody"
    assert [check["state"] for check in case["checks"] if check["name"] == "answer"] == [state]
    assert [finding["check"] for finding in case["findings"]] == ["answer"] * len(findings)


def test_a_case_has_no_result_when_its_oracle_is_interrupted_and_a_result_when_it_had_ended(judge, house, monkeypatch):
    stop = Stop()
    stop.set()
    monkeypatch.setattr("test_answers.Stop", lambda: stop)
    assert judge(model_of(RELU), np.maximum(X, 0)) == answers.Judged(interrupted=True)
    monkeypatch.undo()
    judge(model_of(RELU), np.maximum(X, 0))
    monkeypatch.setattr("test_answers.Stop", lambda: stop)
    assert judge(model_of(RELU), np.maximum(X, 0)).check.state == "passed", "it was evaluated before"


@pytest.mark.parametrize(("answer", "verdict"), [(np.zeros_like(X), Verdict.FAIL), (np.maximum(X, 0), Verdict.ERROR)])
def test_one_answer_to_every_input_is_a_refused_model_or_a_wrong_target(judge, tmp_path, answer, verdict):
    judged = judge(model_of(RELU), answer)
    plan = {"checks": ["answer"], "workload": {"kind": "concurrent_inference", "model": "m.onnx"}, "seed": 1,
            "target": {"name": "reference", "saboteur": ""}}
    here, ending = tmp_path / "case", Ending()
    (here / "stderr.txt").write_text("tenter-runner: 2 different inputs have one answer\n")
    ending.hear({"event": "begin"})
    ending.hear({"event": "end", "code": 2})
    result = runner.judge(Case("c", "s", "probe", "t", "p", (), plan, 10.0), Ended(2, "", False, False, 0.1, ""), ending, here,
                          Movement(), tmp_path, judged)
    assert (result.verdict, [finding.check for finding in result.findings]) == (verdict, ["answer"] * (verdict is Verdict.FAIL))
    assert (result.exit_code, result.usage) == ((1, False) if verdict is Verdict.FAIL else (2, True))


@pytest.mark.parametrize(("expected", "found", "told"), [
    (1.0, np.nextafter(np.float32(1), np.float32(2)), "1 ULP"), (-1.0, np.nextafter(np.float32(-1), np.float32(2)), "1 ULP"),
    (-0.0, np.float32(1e-45), "1 ULP"), (np.float32(-1e-45), np.float32(1e-45), "2 ULP"), (1.0, np.nan, "no distance in ULP: a NaN")])
def test_a_distance_is_told_in_ulp(expected, found, told):
    what, detail, _, _ = comparison._one(np.array([found], np.float32), np.array([expected], np.float32), 0.0)
    assert what == "values" and f", {told}), largest" in detail
