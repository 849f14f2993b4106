"""A graph while it is drawn. Every value is carried with what it is for one input, so that shapes are known and nothing explodes.

A node is computed by itself when it is added, by ONNX Runtime: what that refuses, or what comes out large or not finite, was a bad draw.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

MOST_ELEMENTS = 1 << 14
_LARGEST = 1e4
_RECENT = 3


class Unfit(Exception):
    """There is no such value in the graph, or the call that was drawn is none: another op is drawn."""


@dataclass(frozen=True)
class Drawn:
    """A value of the graph; `array` is what it is for the input that the graph is drawn with."""

    name: str
    array: np.ndarray
    constant: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def is_float(self) -> bool:
        return self.array.dtype == np.float32


class Building:
    def __init__(self, rng: random.Random, opset: int) -> None:
        self.rng, self.opset = rng, opset
        self.chained = rng.random() < 0.35  # each node reads the one before it
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}
        self.inputs: list[Drawn] = []
        self.values: list[Drawn] = []

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def numbers(self, shape: Sequence[int], low: float = -1.0, high: float = 1.0) -> np.ndarray:
        draw = np.random.Generator(np.random.Philox(self.rng.getrandbits(64)))
        return draw.uniform(low, high, tuple(shape)).astype(np.float32)

    def input(self, array: np.ndarray) -> Drawn:
        drawn = Drawn(f"x{len(self.inputs)}", array)
        self.inputs.append(drawn)
        self.values.append(drawn)
        return drawn

    def pick(self, fits: Callable[[Drawn], bool] = lambda _: True) -> Drawn:
        """A value that is no constant: the last ones more often."""
        found = [value for value in self.values if fits(value)]
        if not found:
            raise Unfit
        return found[-1] if self.chained else self.rng.choice(found + found[-_RECENT:])

    def pick_float(self, least_rank: int = 0, most_rank: int = 5) -> Drawn:
        return self.pick(lambda value: value.is_float and least_rank <= len(value.shape) <= most_rank)

    def constant(self, array: np.ndarray, shared: bool = True) -> str:
        """A parameter: at times one that is there already, at times the output of a Constant node."""
        same = [name for name, other in self.constants.items() if other.shape == array.shape and other.dtype == array.dtype]
        if shared and same and self.chance(0.4):
            return self.rng.choice(same)
        name = f"c{len(self.constants)}"
        if self.chance(0.2) and (self.opset >= 9 or array.dtype == np.float32):  # of older ones the checker takes floats alone
            self.nodes.append(helper.make_node("Constant", [], [name], value=numpy_helper.from_array(array, name)))
        self.constants[name] = array
        return name

    def ints(self, values: Sequence[int]) -> str:
        return self.constant(np.array(values, np.int64), shared=False)

    def axis(self, rank: int, least: int = 0) -> int:
        """From both ends where the opset counts from the end."""
        at = self.rng.randrange(least, rank) if rank > least else self._none()
        return at - rank if self.opset >= 11 and self.chance(0.5) else at

    def add(self, op: str, inputs: Sequence[str], outputs: int = 1, **attributes: Any) -> list[Drawn]:
        """Adds a node and computes it."""
        number = len(self.nodes)
        names = [f"{op.lower()}{number}" + (f"_{at}" if outputs > 1 else "") for at in range(outputs)]
        node = helper.make_node(op, list(inputs), names, f"{op}_{number}", **{key: value for key, value in attributes.items() if value is not None})
        made = [Drawn(name, array) for name, array in zip(names, self._computed(node), strict=True)]
        for drawn in made:
            if drawn.array.size > MOST_ELEMENTS or (drawn.is_float and not np.all(np.abs(drawn.array) < _LARGEST)):
                raise Unfit
        self.nodes.append(node)
        self.values += made
        return made

    def _computed(self, node: onnx.NodeProto) -> list[np.ndarray]:
        known = {**{value.name: value.array for value in self.values}, **self.constants}
        read = dict.fromkeys(name for name in node.input if name)
        inputs = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(known[name].dtype), known[name].shape)
                  for name in read if name not in self.constants]
        graph = helper.make_graph([node], "one", inputs, [onnx.ValueInfoProto(name=name) for name in node.output],
                                  [numpy_helper.from_array(known[name], name) for name in read if name in self.constants])
        return evaluated(model_of(graph, self.opset), {value.name: known[value.name] for value in inputs})

    def _none(self) -> int:
        raise Unfit


def model_of(graph: onnx.GraphProto, opset: int) -> onnx.ModelProto:
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def evaluated(model: onnx.ModelProto, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Errors: Unfit for what ONNX Runtime refuses."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return [np.asarray(value) for value in session.run(None, inputs)]  # a scalar comes as a number
    except Exception as error:  # its exceptions have no common base of their own
        raise Unfit(" ".join(str(error).split())) from error
