"""One evaluation in a process of its own: python -m tenter.oracle.evaluate MODEL FOLDER RESULT.npz

Reads what the runner kept in FOLDER, evaluates the model file as it is, and writes outputs and tolerances. ONNX Runtime runs
without graph optimisations and in one thread; where it cannot, onnx.reference does. A model that neither knows is a
result, too: it says why. The process is one of its own because a hostile model may end it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from tenter.oracle import kept, rounding

RUNS = 3  # with inner values moved
SAFETY = 8.0  # a tolerance is so many times the largest move that was seen
_LARGE = 1 << 18  # bytes of a model of which some samples alone are run with moved values
_FEW = 4
Run = Callable[[Sequence[np.ndarray]], list[np.ndarray]]


def main(argv: Sequence[str]) -> int:
    model_file, folder, result = map(Path, argv)
    given = kept.read(folder)
    model = onnx.load_model(model_file)
    arrays, told = evaluate(model, given)
    part = result.with_name(f".{result.name}.{os.getpid()}")
    with part.open("wb") as file:
        np.savez(file, told=np.frombuffer(json.dumps(told).encode(), np.uint8), **arrays)
    part.replace(result)
    return 0


def evaluate(model: onnx.ModelProto, given: kept.Kept) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Outputs as arrays called SAMPLE.OUTPUT, and what is told about them."""
    refusals = []
    for name, make in (("ONNX Runtime", _onnx_runtime), ("onnx.reference", _reference)):
        try:
            with np.errstate(all="ignore"):
                return _judged_by(model, given, make, name)
        except Exception as error:  # whatever an oracle raises about a model is why it cannot judge
            refusals.append(f"{name}: {' '.join(str(error).split())[:200] or type(error).__name__}")
    return {}, {"refused": "; ".join(refusals)}


def _judged_by(model: onnx.ModelProto, given: kept.Kept, make: Callable[[onnx.ModelProto], tuple[Run, str]],
               name: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    run, version = make(model)
    clean = [run(sample.inputs) for sample in given.samples]
    names = [value.name for value in model.graph.output]
    few = _FEW if model.ByteSize() > _LARGE else len(clean)
    moves, jumps, unmoved = [0.0] * len(names), [""] * len(names), ""
    try:
        for seed in range(1, RUNS + 1):
            shaken, _ = make(rounding.shaken(model, seed))
            for sample, right in list(zip(given.samples, clean, strict=True))[:few]:
                for at, (one, other) in enumerate(zip(right, shaken(sample.inputs), strict=True)):
                    moves[at], jumps[at] = max(moves[at], _moved(one, other)), jumps[at] or _jumped(one, other)
    except Exception as error:  # without tolerances nothing may be blamed
        unmoved = f"the rounding of the model is not known: {' '.join(str(error).split())[:200]}"
    arrays = {f"{at}.{output}": value for at, values in enumerate(clean) for output, value in enumerate(values)}
    return arrays, {"refused": unmoved, "oracle": f"{name} {version}", "outputs": names, "jumps": jumps,
                    "tolerances": [[SAFETY * move * _scale(value) for move, value in zip(moves, values, strict=True)] for values in clean]}


def _moved(one: np.ndarray, other: np.ndarray) -> float:
    """The largest move, in units of the largest value."""
    if one.dtype.kind != "f" or one.shape != other.shape:
        return 0.0
    both = np.isfinite(one) & np.isfinite(other)
    most = float(np.max(np.abs(one[both].astype(np.float64) - other[both]), initial=0.0))
    return most / _scale(one)


def _jumped(one: np.ndarray, other: np.ndarray) -> str:
    if one.shape != other.shape:
        return "its dims depend on rounding"
    if one.dtype.kind != "f":
        return "" if np.array_equal(one, other) else "its integers depend on rounding"
    same = np.array_equal(np.isnan(one), np.isnan(other)) and np.array_equal(np.isinf(one), np.isinf(other))
    return "" if same else "rounding makes it finite or not"


def _scale(value: np.ndarray) -> float:
    """The largest finite value; of integers, which have no tolerance, nothing."""
    finite = value[np.isfinite(value)] if value.dtype.kind == "f" else np.zeros(0)
    return max(float(np.max(np.abs(finite), initial=0.0)), 1e-30)


def _onnx_runtime(model: onnx.ModelProto) -> tuple[Run, str]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_reuse = False  # where it infers a wrong size, it would reuse a buffer that does not fit, and refuse to run
    options.log_severity_level = 4
    once, places = _each_output_once(model)
    session = onnxruntime.InferenceSession(once.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]

    def run(inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        found = session.run(None, dict(zip(names, inputs, strict=True)))
        return [np.asarray(found[place]) for place in places]  # a scalar comes as a number

    return run, onnxruntime.__version__


def _each_output_once(model: onnx.ModelProto) -> tuple[onnx.ModelProto, list[int]]:
    """ONNX Runtime takes no output twice: the model with each one once, and where the outputs are among them."""
    names = [value.name for value in model.graph.output]
    once = list(dict.fromkeys(names))
    made = onnx.ModelProto()
    made.CopyFrom(model)
    if len(once) < len(names):
        values = {value.name: value for value in model.graph.output}
        del made.graph.output[:]
        made.graph.output.extend(values[name] for name in once)
    return made, [once.index(name) for name in names]


def _reference(model: onnx.ModelProto) -> tuple[Run, str]:
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(model)
    made = {tensor.name for tensor in model.graph.initializer}
    names = [value.name for value in model.graph.input if value.name not in made]

    def run(inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [np.asarray(value) for value in evaluator.run(None, dict(zip(names, inputs, strict=True)))]

    return run, onnx.__version__


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
