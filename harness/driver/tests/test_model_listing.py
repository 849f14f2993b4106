"""`list --model`: shapes, ops, and for each node a filter that a fault plan takes as it stands."""

from __future__ import annotations

import re

import onnx
import pytest
from onnx import TensorProto, helper

from tenter.machine.model_outline import Node, _node
from tenter.plan.planner import fault_sites

# Names that a plan, a scenario file, a terminal or the runtime could take in another way, and their filters.
ODD = {"plain": "plain", "a,b=c;d@e:f": "a,b=c;d@e:f", "  two  blanks  in": "??two  blanks  in", "behind ": "behind?", 'a "quoted" one': "a ?quoted? one", "it's": "it?s",
       "back\\": "back?", "\x1b[31mred\n": "?[31mred?", "né": "n??", "[bold]x[/bold]": "[bold]x[/bold]", "x" * 255: "x" * 255,
       "y" * 256: "y" * 255 + "*", "z" * 600: "z" * 255 + "*"}


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A chain of nodes with odd names, one without, and two that share one."""
    monkeypatch.chdir(tmp_path)
    names = [*ODD, "", "plain"]
    values = ["in", *(f"v{at}" for at in range(len(names) - 1)), "out"]
    nodes = [helper.make_node("Relu" if name != "plain" else "Abs", [one], [other], name=name)
             for name, one, other in zip(names, values, values[1:], strict=False)]
    nodes.insert(0, helper.make_node("Constant", [], ["five"], value=helper.make_tensor("five", TensorProto.FLOAT, [1], [5.0])))
    nodes.append(helper.make_node("Odd[op]\x1b", ["five"], ["unused"], domain="com.me"))
    ports = [helper.make_tensor_value_info("in", TensorProto.FLOAT, ["n", 3]),
             helper.make_tensor_value_info("ids\n", TensorProto.INT64, [2, None, None]),
             helper.make_tensor_value_info("weights", TensorProto.FLOAT, [1])]
    weights = helper.make_tensor("weights", TensorProto.FLOAT, [1], [1.0])
    out = helper.make_tensor_value_info("out", TensorProto.DOUBLE, None)
    graph = helper.make_graph(nodes, "g", ports, [out], [weights])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)]), "net.onnx")
    return "net.onnx"


def test_inputs_outputs_and_ops_are_told(tenter, model):
    code, out, err = tenter("list", "--model", model)
    lines = out.splitlines()
    assert (code, err) == (0, "") and lines[0] == "net.onnx: opset 11"
    assert lines[lines.index("inputs (2)") + 1] == "  in[n,3] float32   open; by default --input-shape in=1,3"
    assert lines[lines.index("inputs (2)") + 2] == "  ids [2,?,?] int64", "no option names it"
    assert lines[lines.index("outputs (1)") + 1] == "  out[...] float64"
    assert lines[lines.index("ops (4)") + 1:][:4] == ["     13  Relu", "      2  Abs", "      1  Constant", "      1  com.me.Odd[op]␛"]
    assert "weights" not in out and "  without 1 Constant: they do not run" in lines


@pytest.mark.parametrize("columns", ["20", "160"])
def test_each_node_has_a_line_with_its_filter_on_every_terminal(tenter, model, columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr("tenter.console.sys.stdout.isatty", lambda: True, raising=False)
    lines = re.sub(r"\x1b\[\d*m", "", tenter("list", "--model", model)[1]).splitlines()
    for name, expected in ODD.items():
        assert sum(line.startswith(f'  op:"{expected}"  ') for line in lines) == 1, name
    assert '  op:"plain"  Abs, 2 nodes' in lines and '  op:"Relu->v13"  Relu' in lines
    assert "nodes (16), as filters of a fault plan" in lines
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", "\n".join(lines))


@pytest.mark.parametrize("name", ODD)
def test_a_filter_is_one_word_of_a_plan(name):
    filter_ = _node(helper.make_node("Relu", ["a"], ["b"], name=name), 0).filter()
    assert fault_sites(f"engine.op.body@{filter_}=off; cached_op.arena.allocate=off") == ["engine.op.body", "cached_op.arena.allocate"]
    assert filter_.isascii() and "'" not in filter_ and filter_.count('"') == 2


def test_a_node_without_name_and_output_has_its_number():
    assert _node(helper.make_node("Relu", ["a"], []), 7) == Node("Relu", "Relu#7")
    assert _node(helper.make_node("Relu", ["a"], ["b"], domain="ai.onnx"), 7) == Node("Relu", "Relu->b")


@pytest.mark.parametrize(("content", "why"), [(b"", "it holds no graph"), (b"no ONNX", ".*")])
def test_what_is_no_model_is_said(tenter, tmp_path, monkeypatch, content, why):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.onnx").write_bytes(content)
    code, out, err = tenter("list", "--model", "net.onnx")
    assert (code, out) == (2, "") and re.fullmatch(f"tenter: --model: 'net.onnx' is no ONNX model: {why}\n", err)


def test_what_cannot_run_is_told(tenter, model, monkeypatch):
    assert "cannot run" not in tenter("list", "--model", model)[1]
    said = "tenter-runner: model: model '/a/net.onnx': unsupported: op Odd (node 'n' and 1 more)"
    monkeypatch.setattr("tenter.verbs.model_listing.unsupported", lambda *_: said)
    assert "  the reference runtime cannot run it: unsupported: op Odd (node 'n' and 1 more)\n" in tenter("list", "--model", model)[1]
