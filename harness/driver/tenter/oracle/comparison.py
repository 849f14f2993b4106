"""Answers against what the oracle computed: count, dtype, dims, and values within the tolerance of each output."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenter.oracle.evaluation import Evaluation
from tenter.oracle.kept import Kept


@dataclass(frozen=True)
class Difference:
    """Of one output, in the first sample that shows it. `what` has nothing in it that moves."""

    what: str
    output: str
    sample: int
    samples: int  # that show it
    detail: str
    evidence: dict[str, str | int | float]


@dataclass(frozen=True)
class Compared:
    differences: tuple[Difference, ...]
    examined: int  # outputs of samples
    unjudged: tuple[str, ...]  # outputs that could not be judged, and why
    ratio: float  # the largest difference of a value, in units of its tolerance


def compare(given: Kept, evaluation: Evaluation) -> Compared:
    first: dict[tuple[str, int], Difference] = {}
    times: dict[tuple[str, int], int] = {}
    examined, ratio = 0, 0.0
    for at, sample in enumerate(given.samples):
        right = evaluation.right[at]
        if len(sample.outputs) != len(right):
            detail = f"expected {len(right)} outputs, found {len(sample.outputs)}"
            first.setdefault(("number of outputs", 0), Difference("number of outputs", "", sample.number, 1, detail, {}))
            continue
        for output, (found, expected) in enumerate(zip(sample.outputs, right, strict=True)):
            if evaluation.jumps[output]:
                continue
            examined += 1
            what, detail, evidence, far = _one(found, expected, evaluation.tolerances[at][output])
            ratio = max(ratio, far)
            if what:
                key = (what, output)
                times[key] = times.get(key, 0) + 1
                first.setdefault(key, Difference(what, evaluation.outputs[output], sample.number, 1, detail,
                                                 {"output": output, "sample": sample.number, **evidence}))
    unjudged = tuple(f"output '{name}': {why}" for name, why in zip(evaluation.outputs, evaluation.jumps, strict=True) if why)
    found = tuple(Difference(one.what, one.output, one.sample, times.get(key, 1), one.detail, one.evidence) for key, one in first.items())
    return Compared(found, examined, unjudged, ratio)


def _one(found: np.ndarray, expected: np.ndarray, tolerance: float) -> tuple[str, str, dict[str, str | int | float], float]:
    """What is wrong, or nothing; the detail; the evidence; how far it is in units of the tolerance."""
    if found.dtype != expected.dtype:
        return "dtype", f"expected {expected.dtype}, found {found.dtype}", {}, 0.0
    if found.shape != expected.shape:
        return "dims", f"expected dims {list(expected.shape)}, found {list(found.shape)}", {}, 0.0
    if expected.dtype.kind != "f":
        wrong, largest = found != expected, 0.0
    else:
        with np.errstate(all="ignore"):
            far = np.abs(found.astype(np.float64) - expected.astype(np.float64))
        same = (found == expected) | (np.isnan(found) & np.isnan(expected))
        far = np.where(same, 0.0, far)
        wrong = ~same & ~(far <= tolerance)
        largest = float(np.max(far[np.isfinite(far)], initial=0.0))
    ratio = largest / tolerance if tolerance else (float("inf") if largest else 0.0)
    if not wrong.any():
        return "", "", {}, ratio
    place = int(np.flatnonzero(wrong)[0])
    index = [int(one) for one in np.unravel_index(place, wrong.shape)]
    values = {"expected": str(expected.flat[place]), "found": str(found.flat[place])}
    apart = f", {_ulps(found.flat[place], expected.flat[place])}" if expected.dtype.kind == "f" else ""
    detail = (f"{int(wrong.sum()):,} of {wrong.size:,} elements differ, first at {index} (expected {values['expected']}, found "
              f"{values['found']}{apart}), largest difference {largest:.3g}, tolerance {tolerance:.3g}")
    return "values", detail, {"first_index": place, **values, "largest_difference": f"{largest:.6g}", "tolerance": f"{tolerance:.6g}"}, ratio


def _ulps(found: np.floating, expected: np.floating) -> str:
    """How many numbers of their type lie between them: their bits, read as integers with a sign, are in the order of the numbers."""
    def place(value: np.floating) -> int:
        bits = int.from_bytes(value.tobytes(), "little")
        sign = 1 << (8 * value.itemsize - 1)
        return bits if bits < sign else sign - bits
    if np.isnan(found) or np.isnan(expected):
        return "no distance in ULP: a NaN"
    return f"{abs(place(found) - place(expected))} ULP"
