"""Valid calls of each op type that the reference runtime implements, one function per kind. Each adds one node, or raises Unfit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import TensorProto

from tenter.graphs.building import Building, Drawn, Unfit
from tenter.graphs.movement import concat, gather, pad, slice_, split, transpose

Call = Callable[[Building], object]


def _binary(op: str) -> Call:
    def call(b: Building) -> None:
        one = b.pick_float()
        kind = b.rng.choice(("constant", "constant first", "broadcast", "value"))
        if kind == "value":
            other = b.pick(lambda value: value.is_float and _fit(one.shape, value.shape)).name
        else:
            shape = [size if b.chance(0.7) else 1 for size in one.shape]
            shape = shape[b.rng.randint(0, len(shape)):] if kind == "broadcast" else shape
            other = b.constant(b.numbers(shape, 0.5, 1.5), shared=op not in ("Div", "Pow"))
        names = [one.name, other]
        if op == "Pow":
            names = [b.add("Abs", [one.name])[0].name, b.constant(np.array(b.rng.choice((0.5, 2.0, 3.0)), np.float32), shared=False)]
        elif op == "Div" and kind == "value":
            raise Unfit
        elif kind == "constant first" and op != "Div":
            names.reverse()
        b.add(op, names)
    return call


def _fit(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    try:
        np.broadcast_shapes(one, other)
    except ValueError:
        return False
    return True


def _variadic(op: str) -> Call:
    def call(b: Building) -> None:
        one = b.pick_float()
        others = [b.pick(lambda value: value.is_float and (value.shape == one.shape or b.opset >= 8 and _fit(one.shape, value.shape)))
                  for _ in range(b.rng.randint(0, 2))]
        names = [value.name for value in (one, *others)]
        if b.chance(0.4):
            names.insert(b.rng.randint(0, len(names)), b.constant(b.numbers(one.shape)))
        b.add(op, names)
    return call


def _unary(op: str, since: int = 7, positive: bool = False) -> Call:
    def call(b: Building) -> None:
        if b.opset < since:
            raise Unfit
        value = b.pick_float()
        if positive:
            value = b.add("Abs", [value.name])[0]
            value = b.add("Add", [value.name, b.constant(np.array(0.5, np.float32), shared=False)])[0]
        b.add(op, [value.name])
    return call


def _with_alpha(op: str, *names: str) -> Call:
    def call(b: Building) -> None:
        b.add(op, [b.pick_float().name], **{name: b.rng.choice((None, 0.05, 0.3)) for name in names})
    return call


def clip(b: Building) -> None:
    low, high = b.rng.choice((None, -0.5)), b.rng.choice((None, 0.4))
    if b.opset < 11:
        b.add("Clip", [b.pick_float().name], min=low, max=high)
        return
    bounds = ["" if bound is None else b.constant(np.array(bound, np.float32), shared=False) for bound in (low, high)]
    b.add("Clip", [b.pick_float().name, *bounds])


def _window(b: Building, shape: tuple[int, ...], dilated: bool, most_pad: bool) -> dict[str, list[int]]:
    spatial = len(shape) - 2
    kernel = [b.rng.choice((1, 2, 2, 3, 3)[:max(1, 2 * size - 1)]) for size in shape[2:]]
    dilations = [b.rng.randint(1, 2) for _ in range(spatial)] if dilated and b.chance(0.6) else [1] * spatial
    dilations = [step if (count - 1) * step < size else 1 for count, step, size in zip(kernel, dilations, shape[2:], strict=True)]
    pads = [b.rng.randint(0, kernel[at % spatial] - (0 if most_pad else 1)) for at in range(2 * spatial)]
    return {"kernel_shape": kernel, "strides": [b.rng.randint(1, 3) for _ in range(spatial)], "pads": pads, "dilations": dilations}


def conv(b: Building) -> None:
    value = b.pick_float(3, 4)
    window = _window(b, value.shape, dilated=True, most_pad=True)
    channels = value.shape[1]
    groups = b.rng.choice([count for count in range(1, channels + 1) if channels % count == 0] or [1])
    made = groups * b.rng.randint(1, 3)
    names = [value.name, b.constant(b.numbers((made, channels // groups, *window["kernel_shape"])))]
    if b.chance(0.6):
        names.append(b.constant(b.numbers((made,))))
    if b.chance(0.15):
        del window["pads"]
        window["dilations"] = [1] * len(window["strides"])
        made_of = b.add("Conv", names, group=groups, auto_pad=b.rng.choice(("SAME_UPPER", "SAME_LOWER", "VALID")), **window)
    else:
        made_of = b.add("Conv", names, group=groups, **window)
    if b.chance(0.4):
        _normalise(b, made_of[0])


def batch_normalization(b: Building) -> None:
    _normalise(b, b.pick_float(2, 4))


def _normalise(b: Building, value: Drawn) -> None:
    channels = (value.shape[1],)
    parameters = [b.numbers(channels, 0.5, 1.5), b.numbers(channels), b.numbers(channels), b.numbers(channels, 0.01, 1.5)]
    b.add("BatchNormalization", [value.name, *(b.constant(array, shared=False) for array in parameters)],
          epsilon=b.rng.choice((None, 1e-3, 0.1)))


def _pool(op: str) -> Call:
    def call(b: Building) -> None:
        value = b.pick_float(3, 4)
        window = _window(b, value.shape, dilated=op == "MaxPool" and b.opset >= 10, most_pad=False)
        if op == "AveragePool" or b.opset < 10:
            del window["dilations"]
        more = {"ceil_mode": b.rng.choice((None, 0, 1)) if b.opset >= 10 else None}
        if op == "AveragePool":
            more["count_include_pad"] = b.rng.choice((None, 0, 1, 1))
        b.add(op, [value.name], **window, **more)
    return call


def global_average_pool(b: Building) -> None:
    b.add("GlobalAveragePool", [b.pick_float(3, 4).name])


def matmul(b: Building) -> None:
    value = b.pick_float(1, 4)
    if b.chance(0.3) and len(value.shape) > 1:
        b.add("MatMul", [b.constant(b.numbers((b.rng.randint(1, 4), value.shape[-2]))), value.name])
    else:
        batch = value.shape[:-2] if b.chance(0.3) else ()
        b.add("MatMul", [value.name, b.constant(b.numbers((*batch, value.shape[-1], b.rng.randint(1, 5))))])


def gemm(b: Building) -> None:
    value = b.pick_float(2, 2)
    flip, turn = b.chance(0.3), b.chance(0.4)
    rows, inner = reversed(value.shape) if flip else value.shape
    width = b.rng.randint(1, 5)
    names = [value.name, b.constant(b.numbers((width, inner) if turn else (inner, width)))]
    if b.opset < 11 or b.chance(0.7):
        names.append(b.constant(b.numbers(b.rng.choice(((width,), (1, width), (rows, 1), (rows, width))))))
    b.add("Gemm", names, transA=int(flip), transB=int(turn), alpha=b.rng.choice((None, 0.5)), beta=b.rng.choice((None, 2.0)))


def softmax(b: Building) -> None:
    value = b.pick_float(1)
    b.add("Softmax", [value.name], axis=b.axis(len(value.shape)))


def reduce_mean(b: Building) -> None:
    value = b.pick_float(1)
    axes = b.rng.sample(range(len(value.shape)), b.rng.randint(1, len(value.shape)))
    axes = [at - len(value.shape) if b.opset >= 11 and b.chance(0.5) else at for at in axes]
    b.add("ReduceMean", [value.name], axes=axes if b.chance(0.9) else None, keepdims=b.rng.choice((None, 0, 1)))


def reshape(b: Building) -> None:
    value = b.pick(lambda drawn: drawn.array.size > 0)
    left, dims = value.array.size, []
    for _ in range(b.rng.randint(0, 3)):
        factor = b.rng.choice([size for size in range(1, left + 1) if left % size == 0][:6])
        dims.append(factor)
        left //= factor
    dims.append(-1 if b.chance(0.5) else left)
    if b.chance(0.4) and value.shape:
        dims = [0, -1]
    b.add("Reshape", [value.name, b.ints(dims)])


def flatten(b: Building) -> None:
    value = b.pick(lambda drawn: len(drawn.shape) > 0)
    b.add("Flatten", [value.name], axis=b.axis(len(value.shape)))


def squeeze(b: Building) -> None:
    value = b.pick(lambda drawn: 1 in drawn.shape)
    rank = len(value.shape)
    ones = [at for at, size in enumerate(value.shape) if size == 1]
    _axes(b, "Squeeze", value, b.rng.sample(ones, b.rng.randint(1, len(ones))), rank)


def unsqueeze(b: Building) -> None:
    value = b.pick(lambda drawn: len(drawn.shape) < 4)
    rank = len(value.shape) + 1
    _axes(b, "Unsqueeze", value, [b.rng.randrange(rank)], rank)


def _axes(b: Building, op: str, value: Drawn, axes: list[int], rank: int) -> None:
    axes = [at - rank if b.opset >= 11 and b.chance(0.5) else at for at in axes]
    if b.opset >= 13:
        b.add(op, [value.name, b.ints(axes)])
    else:
        b.add(op, [value.name], axes=sorted(axes))


def identity(b: Building) -> None:
    b.add("Identity", [b.pick().name])


def dropout(b: Building) -> None:
    b.add("Dropout", [b.pick_float().name], outputs=2 if b.opset >= 12 and b.chance(0.3) else 1)  # older ones leave open what the mask is


def shape(b: Building) -> None:
    """Sizes of a value, and something that is computed from them."""
    value = b.pick(lambda drawn: len(drawn.shape) > 0)
    sizes = b.add("Shape", [value.name])[0]
    if b.chance(0.5):
        b.add("Gather", [sizes.name, b.ints([b.axis(len(value.shape))] * b.rng.randint(1, 2))], axis=0)
    elif b.chance(0.5) and value.array.size:
        b.add("Reshape", [b.pick(lambda drawn: drawn.array.size == value.array.size).name, sizes.name])


def constant_of_shape(b: Building) -> None:
    if b.opset < 9:
        raise Unfit
    value = b.pick_float(1)
    sizes = b.add("Shape", [value.name])[0]
    made = b.add("ConstantOfShape", [sizes.name])[0]
    b.add("Add", [value.name, made.name])


def cast(b: Building) -> None:
    """To float from integers; the other way only where rounding cannot decide: at Shape and indices."""
    value = b.pick(lambda drawn: not drawn.is_float and drawn.array.dtype != np.bool_)
    b.add("Cast", [value.name], to=b.rng.choice((TensorProto.FLOAT, TensorProto.FLOAT, TensorProto.INT32, TensorProto.INT64)))


CALLS: tuple[Call, ...] = (
    *map(_binary, ("Add", "Sub", "Mul", "Div", "Pow")), *map(_variadic, ("Sum", "Max", "Min")),
    *map(_unary, ("Relu", "Sigmoid", "Tanh", "Exp", "Neg", "Abs")), *(_unary(op, positive=True) for op in ("Sqrt", "Log", "Reciprocal")),
    _unary("HardSwish", since=14), _with_alpha("HardSigmoid", "alpha", "beta"), _with_alpha("LeakyRelu", "alpha"), clip,
    conv, conv, conv, batch_normalization, _pool("MaxPool"), _pool("MaxPool"), _pool("AveragePool"), _pool("AveragePool"), global_average_pool,
    matmul, matmul, gemm, gemm, softmax, softmax, reduce_mean, reduce_mean, reshape, flatten, squeeze, unsqueeze, identity, dropout, shape,
    constant_of_shape, cast, transpose, transpose, slice_, slice_, split, concat, concat, pad, gather, gather)
