"""Valid calls of the op types that move elements without a change of their values."""

from __future__ import annotations

import numpy as np

from tenter.graphs.building import Building, Drawn, Unfit


def transpose(b: Building) -> None:
    value = b.pick()
    order = list(range(len(value.shape)))
    b.rng.shuffle(order)
    b.add("Transpose", [value.name], perm=order if b.chance(0.8) else None)


def slice_(b: Building) -> None:
    value = b.pick(lambda drawn: len(drawn.shape) > 0)
    axis = b.rng.randrange(len(value.shape))
    size = value.shape[axis]
    start, end = sorted((b.rng.randint(0, size), b.rng.randint(0, size)))
    if start == end and not b.chance(0.2):
        start, end = 0, size
    steps = 1
    if b.opset >= 10 and b.chance(0.3):
        steps = b.rng.choice((2, -1))
        start, end = (size - 1, -size - 1) if steps < 0 else (start, end)
    if steps > 0 and b.chance(0.4):
        start, end = (start - size if start < size else start), b.rng.choice((end, 2**31 - 1))
    where = axis - len(value.shape) if b.opset >= 10 and b.chance(0.5) else axis
    if b.opset < 10:
        b.add("Slice", [value.name], starts=[start], ends=[end], axes=[axis])
    else:
        b.add("Slice", [value.name, *(b.ints([one]) for one in (start, end, where, steps))])


def split(b: Building) -> None:
    value = b.pick(lambda drawn: len(drawn.shape) > 0 and max(drawn.shape) > 1)
    axis = b.axis(len(value.shape))
    size = value.shape[axis]
    if size < 2:
        raise Unfit
    first = b.rng.randint(1, size - 1)
    parts = [first, size - first]
    if b.opset >= 13:
        b.add("Split", [value.name, b.ints(parts)], outputs=2, axis=axis)
    else:
        b.add("Split", [value.name], outputs=2, axis=axis, split=parts)


def concat(b: Building) -> None:
    value = b.pick(lambda drawn: len(drawn.shape) > 0)
    axis = b.axis(len(value.shape))
    at = axis % len(value.shape)

    def beside(other: Drawn) -> bool:
        return (other.array.dtype == value.array.dtype and len(other.shape) == len(value.shape)
                and all(one == two for place, (one, two) in enumerate(zip(other.shape, value.shape, strict=True)) if place != at))
    names = [value.name, *(b.pick(beside).name for _ in range(b.rng.randint(0, 2)))]
    if value.is_float and b.chance(0.4):
        names.insert(0, b.constant(b.numbers(value.shape)))
    b.add("Concat", names, axis=axis)


def pad(b: Building) -> None:
    value = b.pick_float(1)
    pads = [b.rng.randint(0, 2) for _ in range(2 * len(value.shape))]
    if b.opset < 11:
        b.add("Pad", [value.name], pads=pads, value=b.rng.choice((None, 0.5)))
    else:
        b.add("Pad", [value.name, b.ints(pads), *([b.constant(np.array(0.5, np.float32), shared=False)] if b.chance(0.5) else [])])


def gather(b: Building) -> None:
    """Rows by constants, or by an input of small integers, which have eight values."""
    indices = [value for value in b.inputs if value.array.dtype == np.int64]
    if indices and b.chance(0.6):
        b.add("Gather", [b.constant(b.numbers((8, b.rng.randint(1, 4)))), b.rng.choice(indices).name], axis=0)
        return
    value = b.pick(lambda drawn: len(drawn.shape) > 0 and min(drawn.shape) > 0)
    axis = b.axis(len(value.shape))
    size = value.shape[axis]
    chosen = [b.rng.randrange(size) - (size if b.opset >= 11 and b.chance(0.3) else 0) for _ in range(b.rng.randint(1, 4))]
    b.add("Gather", [value.name, b.ints(chosen) if b.chance(0.8) else b.constant(np.array(chosen[0]), shared=False)], axis=axis)
