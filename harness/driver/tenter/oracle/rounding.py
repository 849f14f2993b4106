"""How far rounding alone may move the outputs of a model: found by evaluating it with every inner value moved a little.

Each op has an error in units of the epsilon of its type (`UNITS`): 0 for ops that move data or choose, a few for arithmetic, more for
transcendental functions, and the root of the length of the sum for sums. `shaken` is the model with each value v replaced by
v + r * units * epsilon * size, where r is drawn from [-1, 1] for each element, and `size` is |v| for ops that round each element by
itself, and the largest |v| of the tensor for the others. What comes out differs from the clean run as a right runtime's rounding does:
cancellation, long chains and ill-conditioned ops show themselves, which a bound over the nodes alone would miss or drown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

EPSILON = {TensorProto.FLOAT: float(np.finfo(np.float32).eps), TensorProto.DOUBLE: float(np.finfo(np.float64).eps)}
_TYPES = {TensorProto.FLOAT: np.float32, TensorProto.DOUBLE: np.float64}
# Units for one element. An op that is in neither table counts as a transcendental function.
UNITS = {
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout", "Transpose", "Slice", "Split", "Concat", "Pad",
                     "Gather", "Shape", "Constant", "ConstantOfShape", "Cast", "Relu", "Neg", "Abs", "Max", "Min", "Clip", "MaxPool",
                     "GlobalMaxPool", "Expand", "Tile", "Resize", "Upsample"), 0.0),
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "Sqrt", "LeakyRelu", "Reciprocal", "Sum"), 1.0),
}
OF_FUNCTIONS = 4.0  # Exp, Log, Tanh, Sigmoid, Pow, ...: vectorised approximations
OF_INPUTS = 1.0
# Of Log near 1, where its value is small: vectorised ones round as if it were 1. oneDNN 3.2 was seen to be off by 27 units there.
OF_LOG = 8.0
_SUMS = frozenset({"Conv", "ConvTranspose", "MatMul", "Gemm", "ReduceMean", "ReduceSum", "AveragePool", "GlobalAveragePool", "Softmax",
                   "BatchNormalization"})


def shaken(model: onnx.ModelProto, seed: int) -> onnx.ModelProto:
    """The model with every inner value of a floating type moved at random, as far as its op rounds."""
    types, shapes = _known(model)
    made = onnx.ModelProto()
    made.CopyFrom(model)
    graph = made.graph
    names = {tensor.name for tensor in graph.initializer}
    inputs = [value.name for value in graph.input if value.name not in names]
    moved, nodes = _Mover(seed), []
    renamed: dict[str, str] = {}
    for name in inputs:
        if types.get(name) in EPSILON:
            renamed[name] = f"{name}__shaken"
            nodes += moved.move(name, renamed[name], types[name], OF_INPUTS, by_element=True)
    for node in graph.node:
        for at, name in enumerate(node.input):
            node.input[at] = renamed.get(name, name)
        later = []
        for at, name in enumerate(node.output):
            units, by_element = units_of(node, shapes)
            if name and units and types.get(name) in EPSILON:
                node.output[at] = f"{name}__exact"
                later += moved.move(node.output[at], name, types[name], units, by_element, least=float(node.op_type == "Log"))
        nodes += [node, *later]
    keep = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:], graph.value_info[:]
    graph.node.extend(keep)
    graph.initializer.extend(moved.constants)
    return made


def units_of(node: onnx.NodeProto, shapes: Mapping[str, tuple[int, ...]]) -> tuple[float, bool]:
    """Units of epsilon, and whether they are relative to each element."""
    if node.op_type in _SUMS:
        return 1.0 + math.sqrt(_length(node, shapes)) / 4, False
    if node.op_type in UNITS:
        return UNITS[node.op_type] * max(1, len(node.input) - 1 if node.op_type == "Sum" else 1), True
    return OF_LOG if node.op_type == "Log" else OF_FUNCTIONS, False


def _length(node: onnx.NodeProto, shapes: Mapping[str, tuple[int, ...]]) -> float:
    """How many terms a sum of this node has; 1024 where an open dimension hides it."""
    if node.op_type in ("Conv", "ConvTranspose"):
        weight = shapes.get(node.input[1])
        return float(math.prod(weight[1:])) if weight else 1024.0
    if node.op_type in ("MatMul", "Gemm"):
        lengths = [math.prod(shape[-2:]) ** 0.5 if node.op_type == "Gemm" else shape[-1]
                   for shape in [shapes.get(node.input[0], ())] if shape]
        return float(max(lengths, default=1024.0))
    if node.op_type == "BatchNormalization":
        return 4.0
    given = shapes.get(node.input[0])
    return float(max(1, math.prod(given[1:]))) if given else 1024.0


def _known(model: onnx.ModelProto) -> tuple[dict[str, int], dict[str, tuple[int, ...]]]:
    graph = onnx.shape_inference.infer_shapes(model).graph
    types: dict[str, int] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    for value in (*graph.input, *graph.value_info, *graph.output):
        tensor = value.type.tensor_type
        types[value.name] = tensor.elem_type
        if tensor.HasField("shape") and all(dim.HasField("dim_value") for dim in tensor.shape.dim):
            shapes[value.name] = tuple(dim.dim_value for dim in tensor.shape.dim)
    shapes.update({tensor.name: tuple(tensor.dims) for tensor in graph.initializer})
    return types, shapes


class _Mover:
    """Makes the nodes that move one value, and the constants that they need."""

    def __init__(self, seed: int) -> None:
        self._seed, self._count = seed, 0
        self._made: dict[str, onnx.TensorProto] = {}

    @property
    def constants(self) -> list[onnx.TensorProto]:
        return list(self._made.values())

    def move(self, name: str, moved: str, dtype: int, units: float, by_element: bool, least: float = 0.0) -> list[onnx.NodeProto]:
        """`least` is how large the largest value is taken to be at least."""
        self._count += 1
        at, far = f"__move{self._count}_", units * EPSILON[dtype]
        draw = helper.make_node("RandomUniformLike", [name], [at + "draw"], low=-far, high=far, seed=float(self._seed * 1009 + self._count))
        size = [helper.make_node("Abs", [name], [at + "size"])]
        if not by_element:  # one more element, so that an empty tensor has a largest one
            flat, lower = self._constant(np.array([-1], np.int64)), self._constant(np.full(1, least, _TYPES[dtype]))
            size = [helper.make_node("Reshape", [name, flat], [at + "row"]),
                    helper.make_node("Concat", [at + "row", lower], [at + "more"], axis=0),
                    helper.make_node("Abs", [at + "more"], [at + "sizes"]),
                    helper.make_node("ReduceMax", [at + "sizes"], [at + "size"], keepdims=0)]
        return [draw, *size, helper.make_node("Mul", [at + "draw", at + "size"], [at + "by"]),
                helper.make_node("Add", [name, at + "by"], [moved])]

    def _constant(self, array: np.ndarray) -> str:
        """One for all nodes: thousands of them make a session slow to begin."""
        name = f"__move_{array.dtype}_{array[0]:g}"
        self._made.setdefault(name, numpy_helper.from_array(array, name))
        return name
