"""What an ONNX file says of itself: inputs and outputs with their shapes, ops, and the names of its nodes.

Read by the package onnx, for people and for mistakes that can be told before anything runs. The importer of a runtime under
test may see the same file otherwise, and has the last word.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import onnx

# Of the runner, for an axis that is open and that nobody sized (harness/workloads/inference/model_inputs.cc).
_BATCH, _SIDE = 1, 64
_LONGEST_NAME = 255  # of an op at a fault site: longer ones are cut (runtime/capi/context/context.cc)


@dataclass(frozen=True)
class Port:
    """An input or an output. An axis is a size, or the name of one that is open, `?` without a name."""

    name: str
    dtype: str
    axes: tuple[int | str, ...] | None  # None: not even the rank is known

    def __str__(self) -> str:
        return f"{self.name}[{'...' if self.axes is None else ','.join(map(str, self.axes))}] {self.dtype}"

    @property
    def open(self) -> bool:
        return self.axes is None or any(isinstance(axis, str) for axis in self.axes)

    def sized(self, given: tuple[int, ...] = ()) -> tuple[int, ...]:
        """A shape that it takes: what is fixed, and for the open axes what was given, when the rank is right."""
        axes = self.axes or ()
        wanted = given if len(given) == len(axes) else tuple(_SIDE if at else _BATCH for at in range(len(axes)))
        return tuple(axis if isinstance(axis, int) else size for axis, size in zip(axes, wanted, strict=True))


@dataclass(frozen=True)
class Node:
    op: str
    name: str  # as a fault site of the reference runtime says it

    def filter(self) -> str:
        """The `op:` filter of a fault plan that means this node. What a filter, a scenario file or the runtime takes in another
        way stands as `?`, which means any one character."""
        name = self.name if len(self.name) <= _LONGEST_NAME else f"{self.name[:_LONGEST_NAME]}*"
        name = re.sub(r"[\"'\\]|^ +| +$", lambda found: "?" * len(found[0]), name)
        return f'op:"{name}"'


@dataclass(frozen=True)
class ModelOutline:
    opset: str  # "11", and with others "11, com.microsoft 1"
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    nodes: tuple[Node, ...]

    def ops(self) -> dict[str, int]:
        """How often each type occurs, the commonest first."""
        return dict(Counter(node.op for node in self.nodes).most_common())


def read(path: Path) -> ModelOutline:
    """Raises ValueError with a line about a file that holds no graph. Takes a second the first time, which loads onnx."""
    import onnx
    try:
        model = onnx.load(str(path), load_external_data=False)
        if not model.graph.node and not model.graph.output:
            raise ValueError("it holds no graph")
        return _outline(model)
    except Exception as error:  # bytes of anybody go through a parser, which has errors of its own
        raise ValueError(error.strerror if isinstance(error, OSError) else str(error)) from error


def _outline(model: onnx.ModelProto) -> ModelOutline:
    graph = model.graph
    constants = {tensor.name for tensor in graph.initializer}  # files of old versions list them as inputs too
    opsets = [f"{one.domain} {one.version}".strip() for one in sorted(model.opset_import, key=lambda one: one.domain)]
    return ModelOutline(", ".join(opsets), tuple(_port(one) for one in graph.input if one.name not in constants),
                        tuple(map(_port, graph.output)), tuple(_node(one, at) for at, one in enumerate(graph.node)))


def _port(value: Any) -> Port:
    import onnx
    kind = value.type.WhichOneof("value") or "unknown"
    if kind != "tensor_type":
        return Port(value.name, kind.removesuffix("_type"), None)
    tensor = value.type.tensor_type
    dtype = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
    dtype = {"float": "float32", "double": "float64"}.get(dtype, dtype)
    # Some exporters write an unknown dimension as -1 or 0 instead of leaving it out.
    axes = tuple(axis.dim_value if axis.dim_value > 0 else axis.dim_param or "?" for axis in tensor.shape.dim)
    return Port(value.name, dtype, axes if tensor.HasField("shape") else None)


def _node(node: Any, at: int) -> Node:
    """A node without a name has one of its output in the runtime, where every byte that is not printable is a `?`."""
    domain = "" if node.domain in ("", "ai.onnx") else f"{node.domain}."
    name = node.name or (f"{node.op_type}->{node.output[0]}" if node.output else f"{node.op_type}#{at}")
    shown = "".join(chr(byte) if 0x20 <= byte <= 0x7E else "?" for byte in name.encode(errors="surrogateescape"))
    return Node(domain + node.op_type, shown)
