"""Who has a run folder: one process at a time writes into it, and every other one is told which process that is.

The lock is the kernel's and ends with the process that holds it, so that one that was killed holds nothing. The file of the lock
goes when the folder is given back.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tenter.errors import UsageError
from tenter.record.destination import Unwritable

NAME = ".running"
_TAKEN = (errno.EWOULDBLOCK, errno.EACCES)
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP)  # of a file system that has none


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Raises when another process has it. The folder may be removed, or renamed to be removed, within."""
    file = _taken(folder)
    try:
        yield
    finally:
        with os.fdopen(file):  # it is closed last: whoever takes the lock of a name that is gone looks again
            _forget(folder, file)


def is_running(folder: Path) -> bool:
    """Whether another process has it at this moment."""
    try:
        file = os.open(folder / NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except OSError as error:
        return error.errno in _TAKEN
    finally:
        os.close(file)


def _taken(folder: Path) -> int:
    path = folder / NAME
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except (FileNotFoundError, NotADirectoryError) as error:  # it is no folder
            raise UsageError(f"cannot write under {folder}: {error.strerror}") from error
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise Unwritable(f"cannot write under {folder}: {error.strerror}") from error
            raise
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                said = os.pread(file, 20, 0).decode(errors="replace").strip()
                os.close(file)
                if error.errno not in _TAKEN:
                    raise
                raise UsageError(f"{folder.name} is still running{f' (pid {said})' if said.isdecimal() else ''}") from error
        if _is_named(path, file):
            break
        os.close(file)
    with suppress(OSError):  # on a full disk nobody is told which process it is
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
    return file


def _is_named(path: Path, file: int) -> bool:
    """Whether the locked file is still the one of this name: who gives a folder back takes the name away."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(file))
    except FileNotFoundError:
        return False


def _forget(folder: Path, file: int) -> None:
    path = folder / NAME
    with suppress(OSError):  # in a folder that may not be written any more the lock goes all the same
        if _is_named(path, file):
            path.unlink()
