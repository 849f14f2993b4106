"""Files that are there as a whole or not at all: what a driver that is killed leaves can be read."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def write(path: Path, text: str) -> None:
    """In one step, whoever reads it meanwhile. Half a surrogate, as a target may print it, has no bytes in UTF-8, and a
    spelling in JSON."""
    fresh = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        fresh.write_text(text, encoding="utf-8", errors="backslashreplace")
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)  # half of it is of no use, and takes the room of others
        error.filename = str(path)  # a file that was open has none
        error.filename2 = None
        raise
