"""Whether a library was built with ThreadSanitizer. In a run under it, one that was not is accused of what its own locks order, since
the sanitizer sees its calls of malloc and memcpy, and none of its locks that need no call."""

from __future__ import annotations

import mmap
from pathlib import Path

_CALLS = b"__tsan_func_entry"  # every function that was built so asks for it


def knows_tsan(library: Path) -> bool:
    """False for a file that cannot be read, too: whoever loads it says why."""
    try:
        with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            return text.find(_CALLS) >= 0
    except (OSError, ValueError):  # an empty file has no memory to map
        return False


def why_not_tsan(target: str) -> str:
    return (f"{target} was not built with -fsanitize=thread: ThreadSanitizer would not see what its locks order, and accuse it of races "
            "that are none")
