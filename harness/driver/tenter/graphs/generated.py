"""Generated models: a function of the seed and of VERSION, with the packages that are pinned. `generated:7` is the one of seed 7."""

from __future__ import annotations

import random

import numpy as np
import onnx
from onnx import helper, numpy_helper

from tenter.graphs.building import Building, Drawn, Unfit, evaluated, model_of
from tenter.graphs.calls import CALLS

VERSION = 1  # a change of what a seed gives needs a new one
OPSETS = range(7, 18)
_MOST_NODES = 12
_TRIES = 50  # graphs that are drawn for one seed until one has power
_DRAWS = 8  # of calls for one node


def model(seed: int) -> onnx.ModelProto:
    """Checked with full shape inference, and at least one output depends on the inputs."""
    for attempt in range(_TRIES):
        rng = random.Random(f"tenter {VERSION} {seed} {attempt}")
        try:
            return _drawn(rng, f"generated_{seed}")
        except Unfit:
            continue
    raise RuntimeError(f"seed {seed}: {_TRIES} graphs were drawn, and none is of use")


def _drawn(rng: random.Random, name: str) -> onnx.ModelProto:
    b = Building(rng, rng.choice(OPSETS))
    batch = rng.randint(1, 3)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
        b.input(_input(b, batch))
    if not any(value.is_float for value in b.inputs):
        b.input(b.numbers((batch, 3)))
    wanted = rng.randint(1, _MOST_NODES)
    for _ in range(wanted):
        _call(b)
    outputs = _outputs(b)
    for dims in _open(b, batch):
        made = _model(b, name, outputs, dims)
        if _is_of_use(b, made, dims):
            _check(made)
            return made
    raise Unfit


def _check(made: onnx.ModelProto) -> None:
    """Where onnx and ONNX Runtime disagree about a shape, as in some poolings with ceil_mode, nobody is right: such a graph is drawn again."""
    try:
        onnx.checker.check_model(made, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise Unfit(str(error)) from error


def _input(b: Building, batch: int) -> np.ndarray:
    if b.chance(0.15):
        return np.arange(batch, dtype=np.int64) % 8
    kind = b.rng.randint(0, 3)
    if kind == 0:
        return b.numbers((batch, b.rng.randint(1, 6)))
    if kind == 1:
        return b.numbers((batch, b.rng.randint(1, 4), b.rng.randint(1, 9)))
    return b.numbers((batch, b.rng.randint(1, 4), b.rng.randint(2, 9), b.rng.randint(2, 9)))


def _call(b: Building) -> None:
    for _ in range(_DRAWS):
        marks = len(b.nodes), len(b.values), dict(b.constants)
        try:
            b.rng.choice(CALLS)(b)
            return
        except Unfit:  # what half a call has added goes again
            del b.nodes[marks[0]:], b.values[marks[1]:]
            b.constants = marks[2]
    raise Unfit


def _outputs(b: Building) -> list[str]:
    """Ends of the graph, values that are read inside too, at times one twice, and an input through Identity."""
    made = [value for value in b.values if value not in b.inputs]
    read = {name for node in b.nodes for name in node.input}
    ends = [value for value in made if value.name not in read]
    inside = [value for value in made if value.name in read]
    b.rng.shuffle(ends)
    names = [value.name for value in ends[:b.rng.randint(1, 4)]]
    if b.chained and made[-1].name not in names:  # or much of the chain would be dead
        names.append(made[-1].name)
    if inside and b.chance(0.3):
        names.append(b.rng.choice(inside).name)
    if b.chance(0.08):
        names.append(b.add("Identity", [b.rng.choice(b.inputs).name])[0].name)
    if b.chance(0.08):
        names.append(names[0])
    b.rng.shuffle(names)
    return names


def _open(b: Building, batch: int) -> list[tuple[str | int, ...]]:
    """The first dimension of each input: open in all of them, if the graph allows it, or fixed."""
    fixed = tuple(value.shape[0] for value in b.inputs)
    return [tuple("n" for _ in fixed), fixed] if b.chance(0.4) else [fixed]


def _model(b: Building, name: str, outputs: list[str], dims: tuple[str | int, ...]) -> onnx.ModelProto:
    known = {value.name: value for value in b.values}

    def info(value: Drawn, shape: list[str | int] | None) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(value.name, helper.np_dtype_to_tensor_dtype(value.array.dtype), shape)
    inputs = [info(value, [first, *value.shape[1:]]) for value, first in zip(b.inputs, dims, strict=True)]
    fixed = not any(isinstance(first, str) for first in dims)
    results = [info(known[output], list(known[output].shape) if fixed else [None] * len(known[output].shape)) for output in outputs]
    made = {name for node in b.nodes for name in node.output}
    parameters = [numpy_helper.from_array(array, key) for key, array in b.constants.items() if key not in made]
    return model_of(helper.make_graph(b.nodes, name, inputs, results, parameters), b.opset)


def _is_of_use(b: Building, made: onnx.ModelProto, dims: tuple[str | int, ...]) -> bool:
    """Whether it runs with every size that is open, and gives different answers to different inputs."""
    if len({value.name for value in made.graph.output}) < len(made.graph.output):  # which ONNX Runtime refuses
        once = {value.name: value for value in made.graph.output}
        made = onnx.ModelProto.FromString(made.SerializeToString())
        del made.graph.output[:]
        made.graph.output.extend(once.values())
    is_open = any(isinstance(first, str) for first in dims)
    for batch in (1, 2, 3) if is_open else (b.inputs[0].shape[0],):
        try:
            one, other = (evaluated(made, {value.name: _like(b, value, batch if is_open else value.shape[0]) for value in b.inputs}) for _ in range(2))
        except Unfit:
            return False
        floats = [(a, c) for a, c in zip(one, other, strict=True) if a.dtype == np.float32]
        if not all(np.isfinite(a).all() for a, _ in floats) or not any(not np.array_equal(a, c) for a, c in floats):
            return False
    return True


def _like(b: Building, value: Drawn, first: int) -> np.ndarray:
    shape = (first, *value.shape[1:])
    if value.is_float:
        return b.numbers(shape)
    return np.array([b.rng.randrange(8) for _ in range(first)], np.int64)
