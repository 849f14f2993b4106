"""What a report says of its models: read from the file by the package onnx, and the shapes by the runner."""

from __future__ import annotations

import hashlib
import json

import onnx
import pytest
from onnx import TensorProto, helper

from tenter.machine import model_facts


@pytest.fixture
def model(tmp_path):
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])
    other = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])
    nodes = [helper.make_node("Relu", ["x"], ["a"]), helper.make_node("Relu", ["a"], ["b"]), helper.make_node("Softmax", ["b"], ["y"])]
    graph = helper.make_graph(nodes, "g", [value], [other])
    path = tmp_path / "net|1.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11), helper.make_opsetid("com.microsoft", 1)]), str(path))
    return path


def test_opset_and_ops_are_read_from_the_file(model):
    facts = model_facts.read(model, "models/net.onnx", "ab" * 32)
    assert facts.opset == "11, com.microsoft 1" and facts.nodes == 3 and facts.ops == {"Relu": 2, "Softmax": 1}
    assert facts.sentence() == "sha256 abababababab; opset 11, com.microsoft 1; 3 nodes: Relu 2, Softmax 1"


@pytest.mark.parametrize("content", [None, b"", b"no model at all"])
def test_what_is_no_model_has_a_digest_alone(tmp_path, content):
    path = tmp_path / "broken.onnx"
    if content is not None:
        path.write_bytes(content)
    assert model_facts.read(path, "broken.onnx", "cd" * 32).sentence() == "sha256 cdcdcdcdcdcd"


def test_a_report_names_its_models_once(tenter, house, model):
    assert tenter("run", "--model", str(model), "--threads", "2", "--inferences", "100", "-f", "probe", "--repeat", "2")[0] in (0, 3)
    report = json.loads((house.out / "latest" / "report.json").read_text())
    one, = report["models"]
    assert one["sha256"] == hashlib.sha256(model.read_bytes()).hexdigest() and one["ops"] == {"Relu": 2, "Softmax": 1}
    text = (house.out / "latest" / "report.md").read_text()
    page = (house.out / "latest" / "report.html").read_text()
    for shown in (text, page):
        assert shown.count("opset 11, com.microsoft 1; 3 nodes: Relu 2, Softmax 1") == 1
