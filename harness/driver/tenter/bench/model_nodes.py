"""The nodes of a model file as somebody sees them who asks where the time goes: of which kind each is, and what it reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenter.machine import model_outline

if TYPE_CHECKING:
    import onnx

# What is computed with weights. A runtime never makes two of them one.
HEAVY = {"Conv": "conv", "ConvTranspose": "conv back", "Gemm": "product", "MatMul": "product", "LSTM": "recurrent", "GRU": "recurrent",
         "RNN": "recurrent"}
# What computes nothing, and goes with what reads it rather than with what it reads.
MOVING = frozenset(("Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Pad", "Identity", "Cast"))
VIEWS = MOVING - {"Transpose", "Pad"}


@dataclass(frozen=True)
class Node:
    at: int                 # its place in the file
    name: str               # as a runtime says it
    op: str
    kind: str               # "Conv 3x3 stride 2"
    reads: tuple[int, ...]  # places of the nodes that make what it reads, without those that only make constants
    makes: tuple[str, ...]  # names of its outputs

    @property
    def family(self) -> str:
        return HEAVY.get(self.op, "")


def read(path: Path) -> list[Node]:
    """Those that compute something from the inputs, in the order of the file."""
    import onnx
    graph = onnx.load(str(path), load_external_data=False).graph
    names = [node.name for node in model_outline.read(path).nodes]
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    shapes.update({node.output[0]: tuple(one.t.dims) for node in graph.node if node.op_type == "Constant" for one in node.attribute
                   if one.name == "value"})
    made: dict[str, int] = {}
    live = {value.name for value in graph.input if value.name not in shapes}
    found = []
    for at, node in enumerate(graph.node):
        if live.isdisjoint(_read(node)):
            continue
        live.update(node.output)
        reads = tuple(dict.fromkeys(made[name] for name in node.input if name in made))
        found.append(Node(at, names[at], node.op_type, _kind(node, shapes), reads, tuple(node.output)))
        made.update(dict.fromkeys(node.output, at))
    return found


def _read(node: onnx.NodeProto) -> Iterator[str]:
    """Also what only the graphs inside it read."""
    yield from node.input
    for attribute in node.attribute:
        for inner in attribute.g.node:
            yield from _read(inner)


def _kind(node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]]) -> str:
    if HEAVY.get(node.op_type) not in ("conv", "conv back"):
        return node.op_type
    facts: dict[str, Any] = {one.name: tuple(one.ints) or one.i for one in node.attribute}
    weight = shapes.get(node.input[1], ())
    kernel, group, strides = facts.get("kernel_shape", weight[2:]), facts.get("group", 1), facts.get("strides", ())
    words = [node.op_type, "x".join(map(str, kernel)) or "?"]
    if group > 1:
        words.append("depthwise" if weight[1:2] == (1,) else "grouped")
    if any(step != 1 for step in strides):
        words.append(f"stride {'x'.join(map(str, dict.fromkeys(strides)))}")
    return " ".join(words)
