"""The ledger: writes runs into the history, and takes in the run folders that it does not know yet.

A run is known by its id: to write it again replaces its rows. What cannot be written is one line on stderr and never the
end of a run, since every row can be made again from the run folders.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from tenter.cases.verdict import exit_code
from tenter.console import say
from tenter.errors import TenterError
from tenter.history import database as files
from tenter.history.database import Damaged, is_damage, opened, set_aside, transaction
from tenter.history.past import REFERENCE
from tenter.plan.files import LIBRARY, NOTE
from tenter.record import archive
from tenter.record.results import CaseResult, RunResult, Verdict

T = TypeVar("T")
RUN, REPLAY = "run", "replay"
_BATCH = 50  # runs that are read in one transaction: others wait for it, and each one waits for the disk


@dataclass(frozen=True)
class TakenIn:
    """Run folders that were read into the history, and those that could not be, each with the reason."""

    runs: int
    unread: tuple[str, ...]


def note(run: RunResult, folder: Path, kind: str = RUN, wait_s: float = files.WAIT_S) -> bool:
    """Writes a run that has ended. Never raises for a history that cannot be written: says so, and returns False."""
    def write_all(database: sqlite3.Connection) -> None:
        _write(database, run, folder, kind)
        take_in(database, folder.parent)
    try:
        use(folder.parent, write_all, wait_s)
        return True
    except (sqlite3.Error, OSError, Damaged, TenterError) as error:
        say(f"the history is not written, and the run is kept: {_where(folder.parent, error)}")
        return False


def use(out: Path, action: Callable[[sqlite3.Connection], T], wait_s: float = files.WAIT_S) -> T:
    """Does something with the history of the runs under `out`. A damaged one is set aside and made again from the folders."""
    path = out / files.NAME
    try:
        with opened(path, wait_s) as database:
            return action(database)
    except (sqlite3.Error, Damaged) as error:
        if not is_damage(error):
            raise
        aside = set_aside(path)
        if aside:
            say(f"{path.name} was damaged ({error}); it is set aside as {aside.name} and made again from the run folders")
    with opened(path, wait_s) as database:
        take_in(database, out)
        return action(database)


def take_in(database: sqlite3.Connection, out: Path, again: bool = False) -> TakenIn:
    """Reads the folders that the history does not know, or all of them again."""
    known = set() if again else {run for (run,) in database.execute("SELECT id FROM runs")}
    there = [(folder, RUN) for folder in archive.run_folders(out)] + [(folder, REPLAY) for folder in archive.replay_folders(out)]
    new = [(folder, kind) for folder, kind in there if folder.name not in known]
    unread: list[str] = []
    for begin in range(0, len(new), _BATCH):
        with transaction(database):
            for folder, kind in new[begin:begin + _BATCH]:
                unread += _take_in_one(database, folder, kind, again)
    return TakenIn(len(new) - len(unread), tuple(unread))


def _take_in_one(database: sqlite3.Connection, folder: Path, kind: str, again: bool) -> list[str]:
    """Why the folder cannot be read, or nothing."""
    name = archive.REPORT if kind == RUN else archive.REPLAY
    try:
        _write(database, archive.read_run(folder, name), folder, kind, replace=again)
        return []
    except (TenterError, ValueError, AttributeError, sqlite3.IntegrityError, sqlite3.ProgrammingError) as error:
        return [" ".join(f"{folder.name}: {error}".replace(f"{folder / name}: ", "").split())]


def _write(database: sqlite3.Connection, run: RunResult, folder: Path, kind: str, replace: bool = True) -> None:
    """Without `replace` what another process wrote meanwhile stays, since a folder may be older than that."""
    with transaction(database):
        if not replace and database.execute("SELECT 1 FROM runs WHERE id = ?", (run.run_id,)).fetchone():
            return
        if run.cases and all(case.replays for case in run.cases):
            kind = REPLAY  # of a program of the fuzzer, which says nothing of how often a search finds it
        database.execute("DELETE FROM runs WHERE id = ?", (run.run_id,))
        database.execute(
            "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            _storable(run.run_id, kind, run.started, datetime.fromisoformat(run.started).timestamp(), run.tested, run.command,
             json.dumps(run.builds), json.dumps(_digests(run, folder)), run.duration_s, exit_code(run), run.interrupted, run.out))
        database.executemany("INSERT INTO cases VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                             [_storable(*_case_row(run, case)) for case in run.cases])
        database.executemany(
            "INSERT OR IGNORE INTO findings VALUES (?, ?, ?, ?, ?, ?)",
            [_storable(run.run_id, case.name, finding.signature, finding.check, " ".join(finding.contracts),
                       " ".join(finding.title.split())) for case in run.cases for finding in case.findings])


def _storable(*row: object) -> tuple[object, ...]:
    """Half a surrogate, as a target may print it, has no bytes in UTF-8."""
    return tuple(value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value for value in row)


def _case_row(run: RunResult, case: CaseResult) -> tuple[object, ...]:
    return (run.run_id, case.name, case.scenario, case.flavour, case.target, _build(run, case), case.seed,
            case.verdict.name, case.planted, case.duration_s, len(case.attempts) or 1,
            sum(attempt.verdict == "FAIL" for attempt in case.attempts) or int(case.verdict is Verdict.FAIL))


def _build(run: RunResult, case: CaseResult) -> str:
    """What the binaries of the case are known by. Those of a flavour leave out a library of the user, which `tested` names."""
    build = run.builds.get(case.flavour, "")
    own = case.target.split(" + saboteur ")[0] == REFERENCE
    return build if own or not build else f"{build}+{hashlib.sha256(run.tested.encode()).hexdigest()[:8]}"


def _digests(run: RunResult, folder: Path) -> dict[str, str]:
    """The files that the cases read, models above all, by path."""
    found = {}
    for case in run.cases:
        try:
            noted = json.loads((folder / "cases" / case.name / NOTE).read_text())
            found |= {file["path"]: file["sha256"] for name, file in noted.items() if name != LIBRARY}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # no file of a case that never began, or of a folder that was tidied by hand
    return found


def _where(out: Path, error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if files.NAME in text else f"{out / files.NAME}: {text}"
