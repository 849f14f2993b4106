"""The history for a verb that reads it: brought up to the run folders first, and any trouble with it is one line."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tenter.console import say
from tenter.errors import UsageError
from tenter.history import database as files
from tenter.history import ledger

T = TypeVar("T")


def with_current(out: Path, action: Callable[[sqlite3.Connection], T]) -> T:
    """On the history with every run that has a folder in it. A folder that may not be written is read as it is, and where no
    history is, none is made: this is for those who read."""
    def do() -> T:
        if not (out / files.NAME).exists():
            with files.in_memory() as database:
                say_unread(ledger.take_in(database, out))
                return action(database)
        try:
            say_unread(ledger.use(out, lambda database: ledger.take_in(database, out)))
        except (sqlite3.OperationalError, OSError) as error:
            with files.opened_to_read(out / files.NAME) as database:
                say(f"the history cannot be written ({error}): runs that it does not know yet are left out")
                return action(database)
        return ledger.use(out, action)
    return guarded(out, do)


def guarded(out: Path, do: Callable[[], T]) -> T:
    if not out.is_dir():
        raise UsageError(f"there is no history: no such folder {out}")
    try:
        return do()
    except (sqlite3.Error, OSError, files.Damaged) as error:
        if files.is_full(error):
            raise OSError(errno.ENOSPC, "no space is left", str(out / files.NAME)) from error
        raise UsageError(f"{out / files.NAME} cannot be used: {error}") from error


def say_unread(taken: ledger.TakenIn) -> None:
    if taken.unread:
        say(f"run folders that cannot be read are left out, {len(taken.unread)} of them: {'; '.join(taken.unread[:3])}"
            + ("; ..." if len(taken.unread) > 3 else ""))
