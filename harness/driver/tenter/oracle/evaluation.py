"""Evaluations that are kept: one per model, inputs and oracle, so that twenty repetitions of a case cost one.

They lie under build/oracle, and go, the oldest first, when they are more than 256 MB.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from tenter.errors import HarnessDefect
from tenter.house import House, this_house
from tenter.machine.environment import digest
from tenter.machine.interrupts import Stop
from tenter.machine.process import Command, execute
from tenter.oracle import kept

_SOURCES = ("evaluate.py", "rounding.py")  # what is stored is worthless once they change
_PACKAGES = ("onnxruntime", "onnx", "numpy")
_TIMEOUT_S = 120.0
INTERRUPTED = "the run was interrupted"
_MOST_KEPT = 256 << 20


@dataclass(frozen=True)
class Evaluation:
    """What the oracle computed for each sample; `refused` is why it could not."""

    oracle: str
    outputs: tuple[str, ...] = ()  # their names
    right: tuple[tuple[np.ndarray, ...], ...] = ()  # by sample and output
    tolerances: tuple[tuple[float, ...], ...] = ()
    jumps: tuple[str, ...] = ()  # by output: why rounding alone changes more than a little
    refused: str = ""


def of(model: Path, given: kept.Kept, folder: Path, house: House, stop: Stop) -> Evaluation:
    """`folder` is where the runner kept `given`. Never raises for a model that the oracle cannot run."""
    path = house.root / "build" / "oracle" / f"{_key(model, given)}.npz"
    evaluation = _read(path)
    if evaluation is None:
        path.parent.mkdir(parents=True, exist_ok=True)
        why = _evaluate(model, folder, path, stop)
        evaluation = Evaluation("", refused=why) if why else _read(path) or Evaluation("", refused="the oracle wrote nothing that can be read")
        _prune(path.parent)
    return evaluation


def _key(model: Path, given: kept.Kept) -> str:
    here = Path(__file__).parent
    parts = [digest(model), given.inputs_digest(), *(digest(here / name) for name in _SOURCES), *map(_version, _PACKAGES)]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:32]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"


def _evaluate(model: Path, folder: Path, result: Path, stop: Stop) -> str:
    """Why there is no result, or nothing."""
    environment = {**os.environ, "PYTHONPATH": str(this_house().root / "harness" / "driver"), "OMP_NUM_THREADS": "1"}
    command = Command([sys.executable, "-m", "tenter.oracle.evaluate", str(model), str(folder), str(result)], environment,
                      folder.parent / "oracle.jsonl", folder.parent / "oracle.txt", _TIMEOUT_S)
    ended = execute(command, stop, lambda _: None)
    said = (command.stderr_file.read_text(errors="replace").strip().splitlines() or ["without a message"])[-1]
    if ended.stopped:
        return INTERRUPTED
    if ended.timed_out:
        return f"the oracle took more than {_TIMEOUT_S:.0f} s"
    if ended.signal_name:
        return f"the oracle died of {ended.signal_name}"
    if ended.exit_code:
        raise HarnessDefect(f"the oracle ended with {ended.exit_code}: {said}")
    command.stdout_file.unlink(missing_ok=True)
    command.stderr_file.unlink(missing_ok=True)
    return ""


def _read(path: Path) -> Evaluation | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            told: dict[str, Any] = json.loads(file["told"].tobytes())
            os.utime(path)  # used: not the oldest any more
            if told["refused"]:
                return Evaluation(told.get("oracle", ""), refused=told["refused"])
            outputs = range(len(told["outputs"]))
            return Evaluation(told["oracle"], tuple(told["outputs"]),
                              tuple(tuple(file[f"{sample}.{output}"] for output in outputs) for sample in range(len(told["tolerances"]))),
                              tuple(map(tuple, told["tolerances"])), tuple(told["jumps"]))
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None  # absent, or damaged: it is made again


def _prune(folder: Path) -> None:
    files = sorted(((path.stat().st_mtime, path.stat().st_size, path) for path in folder.glob("*.npz")), reverse=True)
    total = 0
    for _, size, path in files:
        total += size
        if total > _MOST_KEPT:
            path.unlink(missing_ok=True)
