"""Files that are there as a whole or not at all: what a driver that is killed leaves can be read."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: Path, text: str) -> None:
    """In one step, whoever reads it meanwhile. Half a surrogate, as a target may print it, has no bytes in UTF-8, and a
    spelling in JSON."""
    fresh = path.with_name(f".{path.name}-{os.getpid()}")
    fresh.write_text(text, encoding="utf-8", errors="backslashreplace")
    fresh.replace(path)
