"""Whether a word names a shared library, so that a mistake is told before anything is built for it."""

from __future__ import annotations

from pathlib import Path

_ELF = b"\x7fELF"


def problem_with(word: str) -> str:
    """What is wrong with a target that is named by its path, or nothing; whoever loads it says what else is."""
    path = Path(word)
    if not path.is_file():
        return f"no such target library '{word}'"
    try:
        with path.open("rb") as file:
            begins = file.read(len(_ELF))
    except OSError as error:
        return f"the target library '{word}' cannot be read: {error.strerror}"
    return "" if begins == _ELF else f"'{word}' is no shared library"
