"""The file of the history: `history.sqlite` beside the run folders, opened and brought to this driver's schema.

It has a rollback journal and no WAL: a process that is killed in the middle leaves a journal which the next one rolls
back, a network share is as good as a disk, and nothing lies beside the file between two writes. A run is written once,
in one short transaction, so that a second writer waits for milliseconds. A file that is damaged is set aside while nobody
has it open: all who do hold a shared lock on the file beside it.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from tenter.errors import FULL, UsageError

NAME = "history.sqlite"
WAIT_S = 10.0  # for other writers
_APPLICATION = 0x54656E74  # marks the file as ours
_TABLES = {"runs", "cases", "findings"}
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

# Each step leads from one version of the schema to the next; the number of steps is the version.
STEPS: tuple[tuple[str, ...], ...] = ((
    """CREATE TABLE runs (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('run', 'replay')), started TEXT NOT NULL,
        began REAL NOT NULL, tested TEXT NOT NULL, command TEXT NOT NULL, builds TEXT NOT NULL, files TEXT NOT NULL,
        duration_s REAL NOT NULL, exit_code INTEGER NOT NULL, interrupted INTEGER NOT NULL, out TEXT NOT NULL)""",
    """CREATE TABLE cases (
        run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, name TEXT NOT NULL, scenario TEXT NOT NULL,
        flavour TEXT NOT NULL, target TEXT NOT NULL, build TEXT NOT NULL, seed INTEGER NOT NULL, verdict TEXT NOT NULL,
        planted TEXT NOT NULL, duration_s REAL NOT NULL, attempts INTEGER NOT NULL, failed INTEGER NOT NULL, PRIMARY KEY (run, name)) WITHOUT ROWID""",
    """CREATE TABLE findings (
        run TEXT NOT NULL, name TEXT NOT NULL, signature TEXT NOT NULL, check_name TEXT NOT NULL, contracts TEXT NOT NULL,
        title TEXT NOT NULL, PRIMARY KEY (run, name, signature),
        FOREIGN KEY (run, name) REFERENCES cases ON DELETE CASCADE) WITHOUT ROWID""",
    "CREATE INDEX cases_by_place ON cases (scenario, flavour, target)",
    "CREATE INDEX findings_by_signature ON findings (signature)"),)


class Damaged(Exception):
    """The file is a database, and not a history."""


def is_damage(error: BaseException) -> bool:
    return isinstance(error, Damaged) or (isinstance(error, sqlite3.Error)
                                          and getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE)


def is_full(error: BaseException) -> bool:
    """Whether it is the disk that has no room."""
    if isinstance(error, OSError):
        return error.errno in FULL
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL


@contextmanager
def opened(path: Path, wait_s: float = WAIT_S, steps: Sequence[Sequence[str]] = STEPS) -> Iterator[sqlite3.Connection]:
    """Makes the file when there is none. Errors: sqlite3.Error, OSError, Damaged, and UsageError for a newer schema."""
    with _held(path, fcntl.LOCK_SH), _connected(path, wait_s, steps) as database:
        yield database


@contextmanager
def _held(path: Path, how: int) -> Iterator[None]:
    with path.with_name(f".{NAME}.lock").open("w") as lock:
        fcntl.flock(lock, how)
        yield


@contextmanager
def _connected(path: Path, wait_s: float, steps: Sequence[Sequence[str]]) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, timeout=wait_s, isolation_level=None)) as database:
        database.execute("PRAGMA foreign_keys = ON")
        _bring_up_to_date(database, path, steps)
        yield database


@contextmanager
def in_memory() -> Iterator[sqlite3.Connection]:
    """An empty one that leaves nothing behind."""
    with _connected(Path(":memory:"), WAIT_S, STEPS) as database:
        yield database


@contextmanager
def opened_to_read(path: Path) -> Iterator[sqlite3.Connection]:
    """For a folder that may not be written. Errors: as `opened`."""
    only_read = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(only_read, timeout=WAIT_S, isolation_level=None, uri=True)) as database:
        if _version(database, path, STEPS) != len(STEPS):
            raise UsageError(f"{path} has the schema of an older driver, and cannot be written to bring it up to date")
        yield database


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, also inside another one. The outer one waits for other writers at its beginning, never in the middle."""
    inner = database.in_transaction
    begin, commit, undo = (("SAVEPOINT one", "RELEASE one", "ROLLBACK TO one") if inner else
                           ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"))
    database.execute(begin)
    try:
        yield
        database.execute(commit)
    except BaseException:
        if database.in_transaction:
            database.execute(undo)
        raise


def set_aside(path: Path) -> Path | None:
    """Gives a damaged file another name. Waits until nobody has it open, so not to be called by one who has.

    None when it is whole: another process may have set the damaged one aside and begun anew.
    """
    with _held(path, fcntl.LOCK_EX):
        if not path.exists() or _is_whole(path):
            return None
        aside = path.with_name(f"history-damaged-{datetime.now():%Y%m%d-%H%M%S-%f}.sqlite")
        journal = path.with_name(f"{NAME}-journal")
        if journal.exists():  # it would be rolled back into the new file
            journal.rename(aside.with_name(f"{aside.name}-journal"))
        path.rename(aside)
        return aside


def _bring_up_to_date(database: sqlite3.Connection, path: Path, steps: Sequence[Sequence[str]]) -> None:
    if _version(database, path, steps) == len(steps):
        return
    with transaction(database):
        # Read again, since another process may have done it meanwhile.
        for step in steps[_version(database, path, steps):]:
            for statement in step:
                database.execute(statement)
        database.execute(f"PRAGMA application_id = {_APPLICATION}")
        database.execute(f"PRAGMA user_version = {len(steps)}")


def _version(database: sqlite3.Connection, path: Path, steps: Sequence[Sequence[str]]) -> int:
    with _snapshot(database):
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        version, application = _pragma(database, "user_version"), _pragma(database, "application_id")
    if not tables and version == 0:
        return 0
    if application != _APPLICATION or not tables >= _TABLES:
        raise Damaged(f"{path} is no history")
    if version > len(steps):
        raise UsageError(f"{path} was written by a newer driver (schema {version}, and this one knows {len(steps)}); update "
                         "this checkout, or give the file another name")
    return version


@contextmanager
def _snapshot(database: sqlite3.Connection) -> Iterator[None]:
    """What is read inside was there at one moment: another process cannot commit in between."""
    if database.in_transaction:
        yield
        return
    database.execute("BEGIN")
    try:
        yield
    finally:
        if database.in_transaction:
            database.execute("ROLLBACK")


def _pragma(database: sqlite3.Connection, name: str) -> int:
    return database.execute(f"PRAGMA {name}").fetchone()[0]


def _is_whole(path: Path) -> bool:
    try:
        with _connected(path, WAIT_S, STEPS) as database:
            return database.execute("PRAGMA quick_check").fetchall() == [("ok",)]
    except UsageError:
        return True
    except (sqlite3.Error, Damaged) as error:
        return not is_damage(error)
