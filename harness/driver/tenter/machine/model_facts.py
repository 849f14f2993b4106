"""What a model is, for whoever reads a report: its digest, opset and ops. Read from the file, not from the runtime under test."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tenter.machine import model_outline


@dataclass(frozen=True)
class ModelFacts:
    """`opset` and `ops` are empty for a file that is gone, or is no ONNX model; then a case has said so."""

    path: str  # relative to the checkout, where it lies in it
    sha256: str
    opset: str = ""  # "11", and with others "11, com.microsoft 1"
    nodes: int = 0
    ops: dict[str, int] = field(default_factory=dict)  # how often each type occurs, the commonest first

    def sentence(self) -> str:
        parts = [f"sha256 {self.sha256[:12]}"]
        if self.ops:
            parts += [f"opset {self.opset}", f"{self.nodes:,} nodes: " + ", ".join(f"{op} {count}" for op, count in self.ops.items())]
        return "; ".join(parts)


def read(path: Path, shown: str, sha256: str) -> ModelFacts:
    """Takes a second when it is the first one, which loads the package onnx."""
    try:
        outline = model_outline.read(path)
    except (ValueError, ImportError):  # whatever it is, the importer of the runtime has told it in its own words
        return ModelFacts(shown, sha256)
    return ModelFacts(shown, sha256, outline.opset, len(outline.nodes), outline.ops())
