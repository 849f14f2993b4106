"""The verb `bench model --profile` with a stand-in for the program that writes a document of ours: tables, files and errors."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tenter import cli_bench
from tenter.bench import profile as bench
from tenter.machine import peers

# Writes the document that lies beside it, and keeps its own words.
PROGRAM = """#!{python} -IS
import json, sys
from pathlib import Path
here = Path(__file__).parent
words = dict(zip(sys.argv[1::2], sys.argv[2::2]))
(here / "words.json").write_text(json.dumps(words))
Path(words["--json"]).write_text(json.dumps({{"part": words["--name"], **json.loads((here / "document.json").read_text())}}))
"""


def node(name, op, us, kernel="", does=(), makes=""):
    """A node with three rounds: the median counts."""
    return {"name": name, "op": op, "kernel": kernel, "does": list(does), "makes": makes, "ns": [us * 1000.0, 0.0, us * 9000.0]}


def profile(contender, answer_us, *nodes, absent=""):
    return {"contender": contender, "absent": absent, "answer_ns": [answer_us * 1000.0] * 3 if nodes else [], "nodes": list(nodes)}


OURS = profile("tenter", 66, node("conv", "turned", 4, "reference", makes="float32[1,8,8,3]"),
               node("conv", "Conv", 50, "jit:avx2", ("conv", "relu"), "float32[1,8,8,16]"),
               node("pool", "MaxPool", 10, "jit:avx2", ("pool",), "float32[1,4,4,16]"), node("last", "Softmax", 0.8, "reference", ("last",), "float32[1,256]"))
ORT = profile("onnxruntime", 90, node("r0_nchwc", "Conv", 30), node("ReorderOutput_token_3", "ReorderOutput", 6), node("relu", "Relu", 9),
              node("pool", "MaxPool", 12), node("last", "Softmax", 0.3))
OPENVINO = profile("openvino", 55, node("x_abcd_acdb_Multiply_7", "Reorder", 5, "jit_f32"), node("Multiply_7", "Convolution", 40, "brgconv", ("relu",)),
                   node("pool", "MaxPool", 8, "jit_f32"), node("last", "Softmax", 0.3, "jit_f32"))
P50 = {"tenter": 65.0, "tenter_confined": 64.0, "onnxruntime": 45.0, "openvino": 50.0}


def document(*profiles, absent=None):
    contenders = [{"name": name, "title": f"<{name}>", "absent": (absent or {}).get(name, "")} for name in P50]
    rows = [{"workload": "latency", "parameters": {}, "contender": name, "ops": 1, "executed": 3,
             "series": {"latency_ns": [us * 1000.0] * 3, "round": [0, 1, 2]}} for name, us in P50.items() if name not in (absent or {})]
    return {"version": 1, "facts": {}, "contenders": contenders, "rows": rows, **({"profiles": list(profiles)} if profiles else {})}


def write_model(path: Path, *nodes: onnx.NodeProto) -> None:
    weight = numpy_helper.from_array(np.zeros((16, 3, 3, 3), np.float32), "w")
    graph = helper.make_graph(nodes, "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], [weight])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), path)


@pytest.fixture
def profiled(house, tenter, monkeypatch):
    """Profiles `net`, of four nodes, when the program writes that document: returns the exit code, both outputs and the folder."""
    program = house.bench("release", "model_bench")
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(PROGRAM.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setattr(bench, "build_shown", lambda *arguments: False)
    monkeypatch.setattr(cli_bench, "this_house", lambda: house)
    monkeypatch.setattr(peers, "onnxruntime_library", lambda: Path("/lib/ort.so"))
    monkeypatch.setattr(peers, "openvino_library", lambda: None)
    make = helper.make_node
    write_model(house.root / "net.onnx", make("Conv", ["x", "w"], ["r0"], "conv"), make("Relu", ["r0"], ["r1"], "relu"),
                make("MaxPool", ["r1"], ["r2"], "pool", kernel_shape=[2, 2]), make("Softmax", ["r2"], ["y"], "last"))

    def call(content, *options, models=("net.onnx",)):
        (program.parent / "document.json").write_text(json.dumps(content))
        code, out, err = tenter("bench", "model", *models, "--profile", *options)
        return code, out, err, next(iter(house.out.glob("*-bench-profile")), None)
    return call


def test_kinds_and_nodes_stand_beside_each_other(profiled):
    code, out, _, folder = profiled(document(OURS, ORT, OPENVINO))
    assert code == 0 and out.strip().endswith("bench.md")
    text = (folder / "bench.md").read_text()
    assert "| kind of node | Tenter, us | ONNX Runtime, us | OpenVINO, us | ours / better | nodes of ours | nodes of ORT | nodes of OpenVINO | of the model |" in text
    for row in ("| Conv 3x3 | 50.0 | 30.0 | 40.0 | 1.67 | 1 | 1 | 1 | 1 |", "| MaxPool | 10.0 | 12.0 | 8.00 | 1.25 | 1 | 1 | 1 | 1 |",
                "| change of layout | 4.00 | 6.00 | 5.00 | 0.80 | 1 | 1 | 1 |  |", "| Softmax | 0.800 | <1 | <1 |  | 1 | 1 | 1 | 1 |",
                "| Relu | in Conv 3x3 | 9.00 | in Conv 3x3 |  |  | 1 |  | 1 |"):
        assert row in text, "what a runtime does as a part of another node has no time"
    assert "| conv | Conv 3x3 | 50.0 | 39.0 | 40.0 | 1.28 |  | relu | jit:avx2 | float32[1,8,8,16] |" in text, "of ONNX Runtime two nodes"
    assert "| pool | MaxPool | 10.0 | 12.0 | 8.00 | 1.25 |  |  | jit:avx2 | float32[1,4,4,16] |" in text
    assert "ours loses 13.5 us on 3 of them and wins 0.00 us on 0" in text


def test_the_cost_of_profiles_stands_beside_what_nobody_looked_at(profiled):
    _, out, _, folder = profiled(document(OURS, ORT, OPENVINO))
    text = (folder / "bench.md").read_text()
    for row in ("| net | Tenter | 65.0 | 66.0 | x 1.02 | 4 | 64.8 | 1.00 |", "| net | Tenter, confined | 64.0 |  |  |  |  |  |",
                "| net | ONNX Runtime | 45.0 | 90.0 | x 2.00 | 5 | 57.3 | 1.27 |", "| net | OpenVINO | 50.0 | 55.0 | x 1.10 | 4 | 53.3 | 1.07 |"):
        assert row in text
    assert "the figures of that contender are too high" in text and "round down" in text


def test_the_file_has_every_node_and_what_it_does_of_the_model(profiled):
    _, _, _, folder = profiled(document(OURS, ORT, OPENVINO), "--json", "copy.json", "--seed", "3", "--repeats", "4")
    found = json.loads((folder / "bench.json").read_text(), parse_constant=pytest.fail)
    told = next(one for one in found["profiles"] if one["contender"] == "openvino")
    assert [(one["name"], one["kind"], one["of_the_model"]) for one in told["nodes"]] == [
        ("x_abcd_acdb_Multiply_7", "change of layout", []), ("Multiply_7", "Conv 3x3", ["conv", "relu"]), ("pool", "MaxPool", ["pool"]),
        ("last", "Softmax", ["last"])]
    step = next(one for one in found["steps"] if one["name"] == "conv")
    assert step["times"] == {"tenter": 50e3, "onnxruntime": 39e3, "openvino": 40e3} and step["parts"] == {"tenter": 1, "onnxruntime": 2, "openvino": 1}
    assert step["over_better_peer"] == pytest.approx(50 / 39) and step["within_rounds"] == {"median": pytest.approx(50 / 39)} and step["better_peer"] == "onnxruntime" and step["does"] == ["conv", "relu"]
    relu = next(one for one in found["kinds"] if one["kind"] == "Relu")
    assert relu["times"] == {"onnxruntime": 9e3} and relu["within"] == {"tenter": "Conv 3x3", "openvino": "Conv 3x3"}
    assert found["environment"]["seed"] == "3" and (folder / "net-profile.json").exists()


def test_the_program_is_asked_once_for_all_rounds(profiled, house):
    profiled(document(OURS, ORT, OPENVINO), "--seed", "3", "--repeats", "4")
    words = json.loads((house.bench("release", "model_bench").parent / "words.json").read_text())
    assert (words["--part"], words["--repeats"], words["--seed"], words["--onnxruntime"], words["--name"]) == ("profile", "4", "3", "/lib/ort.so", "net")
    assert "--openvino" not in words and words["--input"] == "x=float32:1,3,8,8"


def test_a_ratio_is_taken_within_a_round_and_has_an_interval(profiled):
    """Both take longer in every round, and ours always half as much again, but for one round at each end."""
    mine, theirs = node("pool", "MaxPool", 1, does=("pool",)), node("pool", "MaxPool", 1)
    theirs["ns"] = [1000.0 * 2 ** at for at in range(7)]
    mine["ns"] = [ns * (1.4 if at == 3 else 1.6 if at == 4 else 1.5) for at, ns in enumerate(theirs["ns"])]
    _, _, _, folder = profiled(document({**profile("tenter", 66, mine), "answer_ns": [1.0]}, {**profile("openvino", 66, theirs), "answer_ns": [1.0]}))
    row = next(row for row in json.loads((folder / "bench.json").read_text())["steps"] if row["name"] == "pool")
    assert row["over_better_peer"] == pytest.approx(1.4) and row["within_rounds"] == {"median": pytest.approx(1.5), "low": pytest.approx(1.4), "high": pytest.approx(1.6)}
    assert "| 11.2 | 8.00 | 1.50 | 1.40 to 1.60 |" in (folder / "bench.md").read_text()


def test_a_peer_in_whose_node_ours_has_two(profiled):
    """The pool of ours stands alone; the peer does both in one: the time is where its kind is, and nowhere else."""
    one = profile("openvino", 55, node("Multiply_7", "Convolution", 45, "brgconv", ("relu", "pool")), node("last", "Softmax", 1))
    code, _, _, folder = profiled(document(OURS, one))
    text = (folder / "bench.md").read_text()
    assert code == 0 and "| conv | Conv 3x3 | 50.0 | 45.0 | 1.11 |" in text and "| MaxPool | 10.0 | in Conv 3x3 |  | 1 |  | 1 |" in text
    steps = json.loads((folder / "bench.json").read_text())["steps"]
    assert next(step for step in steps if step["name"] == "pool")["within"] == {"openvino": "conv"}


def test_a_peer_without_a_profile_is_told_with_the_reason(profiled):
    code, out, _, folder = profiled(document(OURS, profile("onnxruntime", 0, absent="data loss: it has no node"), OPENVINO))
    text = (folder / "bench.md").read_text()
    assert code == 0 and "net: ONNX Runtime has no profile: data loss: it has no node." in text
    assert "| net | ONNX Runtime | 45.0 |  |  |  |  |  |" in text and "ONNX Runtime, us" not in text
    assert "| conv | Conv 3x3 | 50.0 | 40.0 | 1.25 |" in text


def test_a_peer_that_is_not_there_is_told_and_ours_stands_alone(profiled):
    code, _, _, folder = profiled(document(OURS, absent={"onnxruntime": "no libonnxruntime.so was given", "openvino": "none"}))
    text = (folder / "bench.md").read_text()
    assert code == 0 and "<onnxruntime> was not measured: no libonnxruntime.so was given." in text
    assert "## net, the slowest nodes" in text and text.index("| conv | Conv 3x3 | 50.0 |") < text.index("| pool | MaxPool | 10.0 |")


def test_a_model_of_one_node_has_one_row(profiled, house):
    write_model(house.root / "one.onnx", helper.make_node("Relu", ["x"], ["y"]))
    one = [profile(name, 2, node("Relu->y" if name == "tenter" else "y", "Relu", 1, does=("Relu->y",) if name == "tenter" else ())) for name in P50]
    code, _, _, folder = profiled(document(*(profile for profile in one if profile["contender"] != "tenter_confined")), models=("one.onnx",))
    text = (folder / "bench.md").read_text()
    assert code == 0 and "| Relu | 1.00 | 1.00 | 1.00 | 1.00 | 1 | 1 | 1 | 1 |" in text
    assert "## one, the nodes" not in text and "## one, the slowest" not in text, "on which ours loses nothing"


def test_ours_that_does_not_know_the_model_has_no_table(profiled):
    absent = {"tenter": "unsupported: op Foo", "tenter_confined": "unsupported: op Foo"}
    code, _, err, _ = profiled(document(ORT, absent=absent))
    assert code == 2 and "no model could be measured: unsupported: op Foo" in err


@pytest.mark.parametrize(("options", "message"), [(("--clients", "4"), "leave --clients out"), (("--rate", "9"), "leave --rate out")])
def test_what_a_profile_does_not_measure_is_refused(profiled, options, message):
    code, _, err, folder = profiled(document(OURS), *options)
    assert code == 2 and message in err and folder is None


def test_help_says_which_question_it_answers(tenter):
    code, out, _ = tenter("bench", "model", "--help")
    assert code == 0 and "--profile" in out and "in which nodes" in out
