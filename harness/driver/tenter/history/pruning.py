"""Pruning: which runs are too many or too old, and taking them away, folders first and then their rows.

`latest` stays, and so does a run with the last folder of a finding that is not fixed: it is what replays it. A folder gets
another name before its files go, so that nothing half removed is taken for a run. Rows whose folder went and that could not be
removed, since the process was killed or the disk is full, go with the next pruning.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tenter.history.database import is_full, transaction
from tenter.history.past import ORDER
from tenter.record import tenure

_REMOVED = ".removed-"


@dataclass(frozen=True)
class Limits:
    """Runs beyond both limits go; one of the two is given."""

    keep: int | None = None
    older_than_days: float | None = None


@dataclass(frozen=True)
class Choice:
    remove: tuple[str, ...]  # runs, the oldest first
    spared: dict[str, str]  # run -> why it stays all the same


def choose(database: sqlite3.Connection, limits: Limits, latest: str, needed: Collection[str], there: Collection[str],
           now: float | None = None) -> Choice:
    """`needed` are the signatures of which one folder must stay, `there` the runs that have a folder."""
    began = dict(database.execute(f"SELECT id, began FROM runs ORDER BY {ORDER}"))
    runs = list(began)
    if limits.keep is not None:
        runs = runs[:max(0, len(runs) - limits.keep)]
    if limits.older_than_days is not None:
        before = (time.time() if now is None else now) - limits.older_than_days * 86400
        runs = [run for run in runs if began[run] < before]
    spared = {latest: "it is the latest"} if latest in runs else {}
    holders: dict[str, list[str]] = {}
    for signature, run in database.execute(
            "SELECT DISTINCT signature, run FROM findings JOIN cases USING (run, name) JOIN runs ON run = id "
            f"WHERE kind = 'run' AND verdict = 'FAIL' ORDER BY {ORDER}"):
        if signature in needed and run in there:
            holders.setdefault(signature, []).append(run)
    for signature, having in holders.items():
        if all(run in runs and run not in spared for run in having):
            spared[having[-1]] = f"it is the last with finding {signature[:8]}, which is not fixed"
    return Choice(tuple(run for run in runs if run not in spared), spared)


def size(folder: Path) -> int:
    """Bytes of all files below it."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def remove_folder(out: Path, run: str) -> None:
    """First of all, since it makes the room that the database needs to forget the run. Raises when somebody works in it."""
    folder = out / run
    if folder.is_dir():
        with _held(folder):
            folder.rename(out / f"{_REMOVED}{run}")
    for left in out.glob(f"{_REMOVED}*"):  # also of a pruning that was killed
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(tenure.held(folder))
        except OSError as error:
            if not is_full(error):  # no room for the file of the lock is no reason to make none
                raise
        yield


def forget(database: sqlite3.Connection, runs: Collection[str]) -> None:
    """The rows of runs. Nothing is written beside the file for it, so that it can be done on a disk that is full."""
    database.execute("PRAGMA journal_mode = MEMORY")
    with transaction(database):
        database.executemany("DELETE FROM runs WHERE id = ?", [(run,) for run in runs])
