"""What a user wants written, and where: a file outside of the run folders, such as that of --json, and the folder of --out. Both are
looked at before anything is built or measured. What stands against them, then or at the end, is one line, and exit code 3."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tenter.errors import INCONCLUSIVE, TenterError


class Unwritable(TenterError):
    """What was asked for cannot be left where it was asked to be."""

    exit_code = INCONCLUSIVE


def looked_at(option: str) -> Callable[[Path | None], Path | None]:
    """For the command line: refuses the file of this option, and leaves no trace of one that can be written."""
    def look(path: Path | None) -> Path | None:
        if path is not None:
            with told(path, f"{option}: "):
                _try(path)
        return path
    return look


def refuse_unwritable(out: Path) -> None:
    """Of the folder in which a run gets its own: what would stop that, before something that takes long. It may be made for it."""
    with told_under(out):
        existing = next(path for path in (out, *out.parents) if path.exists())
        with TemporaryDirectory(dir=existing):
            pass


@contextmanager
def told_under(out: Path) -> Iterator[None]:
    """Around what makes or fills a folder."""
    try:
        yield
    except OSError as error:
        raise Unwritable(f"cannot write under {out}: {error.strerror or error}") from error


def write(path: Path, text: str) -> None:
    """In place, so that a pipe or a device may be meant."""
    with told(path):
        path.write_text(text)


@contextmanager
def told(path: Path, before: str = "") -> Iterator[None]:
    """Around what writes the file: an error of the system is one line."""
    try:
        yield
    except OSError as error:
        raise Unwritable(f"{before}cannot write '{path}': {_why(path, error)}") from error


def _try(path: Path) -> None:
    """By opening it, since rights alone do not tell: a file system may take nothing, and a name may be too long."""
    new = not os.path.lexists(path)
    if not new and not os.path.isfile(path) and not os.path.isdir(path):
        return  # to open a pipe would wait for its reader, or end it
    path.open("ab").close()
    if new:
        path.unlink()


def _why(path: Path, error: OSError) -> str:
    if os.path.isdir(path):  # which says no to a name that is too long
        return "it is a folder"
    if isinstance(error, FileNotFoundError):
        return f"no such folder '{path.parent}'"
    return error.strerror or str(error)
