"""Published topologies with seeded weights: the light models of the package onnx, which come with constant weights, with which
every output is the same.

A parameter is known by what reads it, also where it passes through Unsqueeze or Reshape before: weights of Conv and Gemm are
He-normal, biases small, and what a normalisation divides by or multiplies with is near 1 and never negative.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib import resources

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

SEED = 20230801
# Biases are small against activations of about 1, and not 0, so that a lost bias changes the output.
BIAS_DEVIATION = 0.05
_NEAR_ONE = (0.75, 1.25)
_PASSING = ("Unsqueeze", "Reshape")  # their first input is a parameter of what reads them
# The nodes of the package, by what their inputs are; every other parameter is a bias.
_WEIGHT = {("Conv", 1), ("Gemm", 1)}
_POSITIVE = {("BatchNormalization", 1), ("BatchNormalization", 4), ("Mul", 1)}

Role = tuple[str, int]  # a type of node, and which of its inputs


def light(name: str, last_scale: float) -> bytes:
    """The model of that name. `last_scale` multiplies weight and bias of the last layer, and so the logits."""
    file = resources.files("onnx") / "backend" / "test" / "data" / "light" / f"light_{name}.onnx"
    return seeded(onnx.load_model_from_string(file.read_bytes()), last_scale)


def seeded(model: onnx.ModelProto, last_scale: float) -> bytes:
    """The model with weights that are drawn. Of one file and one scale the bytes are always the same."""
    graph = model.graph
    shapes = _parameter_shapes(graph)
    readers = {word: (node, at) for node in graph.node for at, word in enumerate(node.input)}
    last = next(node for node in reversed(graph.node) if (node.op_type, 1) in _WEIGHT)
    generator = np.random.Generator(np.random.Philox(SEED))
    weights = []
    for name in sorted(shapes):
        node, at = _reader(name, readers)
        values = _draw(generator, (node.op_type, at), shapes[name], _outputs(node, shapes))
        weights.append(numpy_helper.from_array((values * (last_scale if node is last else 1.0)).astype(np.float32), name))
    _replace_parameters(graph, weights)
    # From version 4 of the format on, an initializer need not be listed as an input.
    model.ir_version = 4
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def _parameter_shapes(graph: onnx.GraphProto) -> dict[str, tuple[int, ...]]:
    """Every weight and bias: the results of ConstantOfShape, and the initializers of floating point, if anything reads them."""
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    shapes = {node.output[0]: tuple(int(size) for size in numpy_helper.to_array(tensors[node.input[0]]))
              for node in graph.node if node.op_type == "ConstantOfShape"}
    shapes.update({name: tuple(tensor.dims) for name, tensor in tensors.items() if tensor.data_type == TensorProto.FLOAT})
    read = set(_read(graph))
    return {name: shape for name, shape in shapes.items() if name in read}


def _read(graph: onnx.GraphProto) -> Iterator[str]:
    """What the nodes read that are left."""
    for node in graph.node:
        if node.op_type != "ConstantOfShape":
            yield from node.input


def _reader(name: str, readers: dict[str, tuple[onnx.NodeProto, int]]) -> tuple[onnx.NodeProto, int]:
    node, at = readers[name]
    while node.op_type in _PASSING and at == 0:
        node, at = readers[node.output[0]]
    return node, at


def _outputs(node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]]) -> int:
    """How many a Gemm has, by its bias: its weight may lie in either order, and have more dimensions before a Reshape. 0 for others."""
    return math.prod(shapes[node.input[2]]) if node.op_type == "Gemm" else 0


def _draw(generator: np.random.Generator, role: Role, shape: tuple[int, ...], outputs: int) -> np.ndarray:
    """He-normal weights: the deviation is sqrt(2 / fan-in), so that activations neither grow nor fade."""
    if role in _POSITIVE:
        return generator.uniform(*_NEAR_ONE, shape)
    deviation = np.sqrt(2.0 / (math.prod(shape) // (outputs or shape[0]))) if role in _WEIGHT else BIAS_DEVIATION
    return generator.standard_normal(shape) * deviation


def _replace_parameters(graph: onnx.GraphProto, weights: list[TensorProto]) -> None:
    """Initializers that nothing reads any more, left as graph inputs, would become required inputs."""
    made = {tensor.name for tensor in graph.initializer}
    nodes = [node for node in graph.node if node.op_type != "ConstantOfShape"]
    inputs = [value for value in graph.input if value.name not in made]
    read, drawn = set(_read(graph)), {tensor.name for tensor in weights}
    kept = [tensor for tensor in graph.initializer if tensor.name in read - drawn]
    del graph.node[:], graph.initializer[:], graph.input[:]
    graph.node.extend(nodes)
    graph.initializer.extend([*weights, *kept])
    graph.input.extend(inputs)
