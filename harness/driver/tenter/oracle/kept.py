"""The inputs and one-thread answers that the runner wrote down: answers.json, and the bytes in answers.bin."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tenter.errors import HarnessDefect

VERSION = 1
TOLD, RAW = "answers.json", "answers.bin"


@dataclass(frozen=True)
class KeptSample:
    number: int
    inputs: tuple[np.ndarray, ...]
    outputs: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Kept:
    samples: tuple[KeptSample, ...]
    left_out: int  # samples that were run and are not here

    def inputs_digest(self) -> str:
        """Of dtypes, dims and bytes of every input."""
        whole = hashlib.sha256()
        for sample in self.samples:
            for array in sample.inputs:
                whole.update(f"{array.dtype} {array.shape};".encode())
                whole.update(np.ascontiguousarray(array).tobytes())
            whole.update(b"|")
        return whole.hexdigest()


def read(folder: Path) -> Kept:
    """Errors: files that are not what the runner writes, also when the target spoiled them."""
    try:
        told = json.loads((folder / TOLD).read_text())
        if told["version"] != VERSION:
            raise HarnessDefect(f"{TOLD} has version {told['version']}, and this driver reads {VERSION}")
        raw = (folder / RAW).read_bytes()
        return Kept(tuple(KeptSample(int(sample["sample"]), tuple(_array(one, raw) for one in sample["inputs"]),
                                     tuple(_array(one, raw) for one in sample["outputs"])) for sample in told["samples"]),
                    int(told["left_out"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HarnessDefect(f"{TOLD} cannot be read ({error})") from error


def _array(told: dict[str, Any], raw: bytes) -> np.ndarray:
    """A tensor whose bytes are not as many as its dims say is a flat one of bytes: no answer is equal to it."""
    piece = raw[told["offset"]:told["offset"] + told["bytes"]]
    dims = tuple(int(size) for size in told["dims"])
    dtype = np.dtype(told["dtype"]) if told["dtype"] != "unknown" else np.dtype("uint8")
    if any(size < 0 for size in dims) or int(np.prod(dims, dtype=object)) * dtype.itemsize != len(piece):
        return np.frombuffer(piece, dtype=np.uint8)
    return np.frombuffer(piece, dtype=dtype).reshape(dims)
