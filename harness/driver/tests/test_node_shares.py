"""Which nodes of a model the nodes of a runtime do, out of what it tells of them: names as the three runtimes give them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tenter.bench import model_nodes, node_shares
from tenter.bench.node_shares import LAYOUT, Told

make = helper.make_node


def write(path: Path, nodes: list[onnx.NodeProto], weights: dict[str, tuple[int, ...]] | None = None, outputs=("y",)) -> Path:
    tensors = [numpy_helper.from_array(np.zeros(shape, np.float32), name) for name, shape in (weights or {}).items()]
    graph = helper.make_graph(nodes, "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 8, 8, 8])],
                              [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), path)
    return path


def told(*rows: tuple) -> list[Told]:
    """(name, op, kernel, does ...) each."""
    return [Told(row[0], row[1], row[2] if len(row) > 2 else "", tuple(row[3:]), "", (1000.0,)) for row in rows]


def shared(path: Path, *rows: tuple) -> list[tuple[str, list[str]]]:
    return [(share.kind, [node.name for node in share.nodes]) for share in node_shares.shares(model_nodes.read(path), told(*rows))]


def test_a_convolution_has_the_kind_that_answers_why_it_is_slow(tmp_path):
    shapes = {"a": (16, 8, 3, 3), "b": (16, 1, 3, 3), "c": (16, 8, 1, 1), "d": (16, 16, 1, 7)}
    nodes = [make("Conv", ["x", "a"], ["1"], strides=[2, 2]), make("Conv", ["1", "b"], ["2"], group=16, kernel_shape=[3, 3]),
             make("Conv", ["2", "c"], ["3"], group=2), make("Conv", ["3", "d"], ["4"], strides=[2, 1]), make("MaxPool", ["4"], ["y"], kernel_shape=[2, 2])]
    assert [node.kind for node in model_nodes.read(write(tmp_path / "net.onnx", nodes, shapes))] == [
        "Conv 3x3 stride 2", "Conv 3x3 depthwise", "Conv 1x1 grouped", "Conv 1x7 stride 2x1", "MaxPool"]


def test_a_weight_may_be_a_constant_node_and_what_makes_constants_is_no_node(tmp_path):
    weight = numpy_helper.from_array(np.zeros((8, 1, 5, 5), np.float32))
    nodes = [make("Constant", [], ["w"], value=weight), make("Identity", ["w"], ["w2"]), make("Conv", ["x", "w"], ["1"], "conv", group=8),
             make("Relu", ["1"], ["y"])]
    read = model_nodes.read(write(tmp_path / "net.onnx", nodes))
    assert [(node.at, node.name, node.kind, node.reads) for node in read] == [(2, "conv", "Conv 5x5 depthwise", ()), (3, "Relu->y", "Relu", (2,))]


@pytest.fixture
def block(tmp_path) -> Path:
    """A residual block: two branches that end in a sum, with normalisations that every runtime folds."""
    norm = {f"{letter}{part}": (8,) for letter in "pq" for part in "smvb"}
    nodes = [make("Conv", ["x", "w1"], ["r0"], "c1"), make("BatchNormalization", ["r0", "ps", "pb", "pm", "pv"], ["r1"], "n1"),
             make("Conv", ["x", "w2"], ["r2"], "c2"), make("BatchNormalization", ["r2", "qs", "qb", "qm", "qv"], ["r3"], "n2"),
             make("Add", ["r1", "r3"], ["r4"], "sum"), make("Relu", ["r4"], ["r5"], "relu"), make("MaxPool", ["r5"], ["y"], "pool", kernel_shape=[2, 2])]
    return write(tmp_path / "block.onnx", nodes, {"w1": (8, 8, 1, 1), "w2": (8, 8, 3, 3), **norm})


def test_our_steps_say_what_they_do_and_what_was_folded_goes_with_them(block):
    assert shared(block, ("c1", "turned", "reference"), ("c1", "Conv", "jit", "c1"), ("c2", "Conv", "jit", "c2", "sum", "relu"),
                  ("pool", "MaxPool", "jit", "pool")) == [
        (LAYOUT, []), ("Conv 1x1", ["c1", "n1"]), ("Conv 3x3", ["c2", "n2", "sum", "relu"]), ("MaxPool", ["pool"])]


def test_onnx_runtime_calls_a_node_by_what_it_makes(block):
    assert shared(block, ("r1_nchwc", "Conv"), ("r5_nchwc", "Conv"), ("ReorderOutput_token_8", "ReorderOutput"), ("pool", "MaxPool")) == [
        ("Conv 1x1", ["c1", "n1"]), ("Conv 3x3", ["c2", "n2", "sum", "relu"]), (LAYOUT, []), ("MaxPool", ["pool"])]


def test_openvino_tells_what_stands_behind_a_number(block):
    """Of a sum the later branch: what is added has to be there before. The other one is known because no more is left."""
    assert shared(block, ("x_abcd_acdb_Multiply_7", "Reorder"), ("Multiply_7", "Convolution", "brgconv_1x1"),
                  ("Multiply_9", "Convolution", "brgconv", "sum", "relu"), ("pool", "MaxPool", "jit")) == [
        (LAYOUT, []), ("Conv 1x1", ["c1", "n1"]), ("Conv 3x3", ["c2", "n2", "sum", "relu"]), ("MaxPool", ["pool"])]


def test_of_a_sum_the_branch_that_the_kernel_can_be(block):
    assert shared(block, ("Multiply_7", "Convolution", "brgconv_avx512_f32"), ("Multiply_9", "Convolution", "brgconv_avx512_1x1_f32", "sum", "relu"),
                  ("pool", "MaxPool", "jit")) == [("Conv 3x3", ["c2", "n2"]), ("Conv 1x1", ["c1", "n1", "sum", "relu"]), ("MaxPool", ["pool"])]


@pytest.mark.parametrize(("why", "first", "second"), [
    ("another kernel", ("Multiply_7", "Convolution", "jit_avx512_1x1_f32"), ("Multiply_9", "Convolution", "jit_avx512_1x1_f32")),
    ("no groups", ("Multiply_7", "GroupConvolution", "jit"), ("Multiply_9", "Convolution", "jit")),
    ("not depthwise", ("Multiply_7", "Convolution", "brgconv_avx512_dw_f32"), ("Multiply_9", "Convolution", "jit")),
    ("one too few", ("Multiply_7", "Convolution", "jit"), ("Fused", "Convolution", "jit", "c2"))])
def test_what_does_not_fit_is_not_guessed(block, why, first, second):
    nodes = shared(block, first, second, ("pool", "MaxPool", "jit"))
    if why == "one too few":  # c1 alone is left for the one that says nothing
        assert nodes[0] == ("Conv 1x1", ["c1", "n1"])
    else:
        assert nodes[0] == (f"{first[1]}, not told of which node", []) and nodes[1] == ("Convolution, not told of which node", [])


def test_a_normalisation_that_runs_as_a_convolution_stays_one(tmp_path):
    norm = {f"p{part}": (8,) for part in "smvb"}
    nodes = [make("Concat", ["x", "x"], ["r0"], "join", axis=1), make("BatchNormalization", ["r0", "ps", "pb", "pm", "pv"], ["r1"], "norm"),
             make("Relu", ["r1"], ["r2"], "relu"), make("Conv", ["r2", "w"], ["y"], "conv")]
    path = write(tmp_path / "net.onnx", nodes, {"w": (8, 16, 1, 1), **norm})
    assert shared(path, ("join", "Concat"), ("r1_bn_nchwc", "Conv"), ("y_nchwc", "Conv")) == [
        ("Concat", ["join"]), ("BatchNormalization", ["norm", "relu"]), ("Conv 1x1", ["conv"])]


def test_what_is_moved_goes_with_the_last_move(tmp_path):
    nodes = [make("Conv", ["x", "w"], ["r0"], "conv"), make("Reshape", ["r0", "five"], ["r1"], "open"), make("Transpose", ["r1"], ["r2"], "turn"),
             make("Reshape", ["r2", "four"], ["y"], "shut")]
    path = write(tmp_path / "net.onnx", nodes, {"w": (8, 8, 1, 1), "five": (5,), "four": (4,)})
    assert shared(path, ("Multiply_1", "Convolution"), ("shut", "ShuffleChannels")) == [
        ("Conv 1x1", ["conv"]), ("Transpose", ["open", "turn", "shut"])]
    assert shared(path, ("conv", "Conv"), ("open", "Reshape"), ("turn", "Transpose"), ("shut", "Reshape")) == [
        ("Conv 1x1", ["conv"]), ("Reshape", ["open"]), ("Transpose", ["turn"]), ("Reshape", ["shut"])]


def test_names_that_a_runtime_made_longer_are_known(tmp_path):
    nodes = [make("MatMul", ["x", "w"], ["r0"], "/fc/MatMul"), make("Add", ["r0", "b"], ["r1"], "/fc/Add"), make("Softmax", ["r1"], ["y"])]
    path = write(tmp_path / "net.onnx", nodes, {"w": (8, 8), "b": (8,)})
    assert shared(path, ("/fc/MatMul/MatMulAddFusion", "Gemm"), ("Softmax_2", "Softmax")) == [
        ("MatMul", ["/fc/MatMul", "/fc/Add"]), ("Softmax", ["Softmax->y"])]
    assert shared(path, ("/fc/MatMul", "MatMul"), ("Softmax_1", "Softmax"))[1] == ("Softmax", ["Softmax->y"]), "the only one that is left"
    assert shared(path, ("/fc/MatMul", "MatMul"), ("Swish_5", "Swish"))[1] == ("Swish, not told of which node", [])
