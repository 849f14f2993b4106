"""The real runtime on drawn models, with both kernel sets, against the oracle.

TENTER_GRAPH_SEEDS=148 or 0-1000 takes a seed or a range back; a difference is told with its seed.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import onnx
import pytest

from tenter.graphs import generated
from tenter.oracle import comparison, evaluate, kept
from tenter.oracle.evaluation import Evaluation
from test_real_runner import binaries  # noqa: F401

_FIRST, _, _LAST = os.environ.get("TENTER_GRAPH_SEEDS", "0-299").partition("-")
SEEDS = range(int(_FIRST), int(_LAST or _FIRST) + 1)
MOST = 0.5  # of a tolerance: what a right runtime used of it in 600 runs stays below


def test_the_runtime_answers_as_the_oracle_does(binaries: Path, tmp_path: Path) -> None:  # noqa: F811
    wrong, largest = [], 0.0
    for seed in SEEDS:
        model = generated.model(seed)
        (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
        judged = None
        for reference_kernels in (False, True):
            where = f"generated:{seed} with {'reference' if reference_kernels else 'oneDNN'} kernels"
            out = tmp_path / f"{seed}-{reference_kernels}"
            problem = _run(binaries, tmp_path, out, reference_kernels)
            if problem:
                wrong.append(f"{where}: {problem}")
                continue
            given = kept.read(out)
            judged = judged or _evaluated(model, given)
            compared = comparison.compare(given, judged)
            largest = max(largest, compared.ratio)
            wrong += [f"{where}: {one.output}: {one.detail}" for one in compared.differences]
            wrong += [f"{where}: {why}" for why in (*compared.unjudged, judged.refused) if why]
    print(f"{len(SEEDS)} seeds; the largest difference is {largest:.2g} of its tolerance")
    assert not wrong, "\n".join(wrong)
    assert largest < MOST


def _run(binaries: Path, folder: Path, out: Path, reference_kernels: bool) -> str:
    """What the runner complained of, or nothing."""
    out.mkdir()
    plan = {"version": 1, "scenario": "test", "flavour": "probe", "faults": "", "checks": ["determinism", "answer", "leak"], "seed": 1,
            "target": {"name": "reference", "saboteur": "", "library": str(binaries / "harness/targets/libtenter_target_reference.so")},
            "watchdog_ms": 20000, "workload": {
                "kind": "concurrent_inference", "model": str(folder / "model.onnx"), "threads": 2, "inferences": 8, "inputs_per_thread": 2,
                "shape_variants": 2, "reference_kernels": reference_kernels}}
    (folder / "plan.json").write_text(json.dumps(plan))
    done = subprocess.run([binaries / "harness" / "run" / "tenter-runner", "run", folder / "plan.json", "--out", out], capture_output=True,
                          text=True, check=False, timeout=60)
    return "" if done.returncode == 0 else f"exit code {done.returncode}: {done.stderr.strip()}"


def _evaluated(model: onnx.ModelProto, given: kept.Kept) -> Evaluation:
    arrays, told = evaluate.evaluate(model, given)
    if told["refused"]:
        pytest.fail(f"{model.graph.name}: {told['refused']}")
    outputs = range(len(told["outputs"]))
    return Evaluation(told["oracle"], tuple(told["outputs"]),
                      tuple(tuple(arrays[f"{sample}.{output}"] for output in outputs) for sample in range(len(given.samples))),
                      tuple(map(tuple, told["tolerances"])), tuple(told["jumps"]))
