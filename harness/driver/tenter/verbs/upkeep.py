"""The verbs `history prune` and `history rebuild`: old runs go, and what the folders say is read again."""

from __future__ import annotations

import shlex
import sqlite3
from contextlib import suppress
from pathlib import Path

from tenter.console import command_shown, path_shown
from tenter.errors import CLEAN, UsageError
from tenter.history import database as files
from tenter.history import ledger, past, pruning
from tenter.history.access import guarded, say_unread, with_current
from tenter.history.defects import defects
from tenter.house import House
from tenter.record import archive, tenure
from tenter.report.wording import plural


def rebuild(out: Path, house: House) -> int:
    """Reads every run folder again. Rows of runs whose folder is gone stay: nothing else knows of them."""
    def again(database: sqlite3.Connection) -> tuple[ledger.TakenIn, int]:
        taken = ledger.take_in(database, out, again=True)
        known = [run for (run,) in database.execute("SELECT id FROM runs")]
        return taken, sum(not (out / run).is_dir() for run in known)
    taken, gone = guarded(out, lambda: ledger.use(out, again))
    say_unread(taken)
    print(f"{path_shown(out / files.NAME)}: {plural(taken.runs, 'run')} read again"
          + (f"; {plural(gone, 'run')} without a folder kept as they were" if gone else ""))
    return CLEAN


def prune(out: Path, limits: pruning.Limits, spare: bool, dry: bool, house: House) -> int:
    """Removes run folders and rows, and says which and how much. With `spare` no finding loses its last folder."""
    def choose(database: sqlite3.Connection) -> tuple[pruning.Choice, int]:
        open_ = [defect.signature for defect in defects(past.read(database)) if not defect.fixed_in] if spare else []
        known = [run for (run,) in database.execute("SELECT id FROM runs")]
        latest = archive.latest_of(out)
        return pruning.choose(database, limits, latest.name if latest else "", open_,
                              [run for run in known if (out / run).is_dir()]), len(known)
    choice, known = with_current(out, choose)
    has_history = (out / files.NAME).exists()
    if has_history and not dry:
        with suppress(OSError):  # a disk that is full is no reason to make no room
            guarded(out, lambda: ledger.use(out, lambda _: None))
    removed, bytes_ = _removed(out, choice, dry)
    for run, why in choice.spared.items():
        print(f"kept {run}: {why}")
    print(f"{'would remove' if dry else 'removed'} {plural(len(removed), 'run')}, {bytes_ / 2**20:.1f} MiB; {known - len(removed)} stay")
    _print_unreported(out, house)
    if removed and not dry and has_history:
        guarded(out, lambda: ledger.use(out, lambda database: pruning.forget(database, removed)))
    return CLEAN


def _removed(out: Path, choice: pruning.Choice, dry: bool) -> tuple[list[str], int]:
    """Removes folder after folder, and tells of each when it is gone. Which runs that are, and their bytes."""
    removed, total = [], 0
    for run in choice.remove:
        there = (out / run).is_dir()
        bytes_ = pruning.size(out / run) if there else 0
        try:
            if dry and tenure.is_running(out / run):
                raise UsageError(f"{run} is still running")
            if not dry:
                pruning.remove_folder(out, run)
        except UsageError as error:  # somebody goes on with it at this moment
            print(f"kept {run}: {error}")
            continue
        print(f"{'would remove' if dry else 'removed'} {run}: {f'{bytes_ / 2**20:.1f} MiB' if there else 'its rows, the folder was gone'}",
              flush=True)
        removed.append(run)
        total += bytes_
    return removed, total


def _print_unreported(out: Path, house: House) -> None:
    unreported = archive.unreported_folders(out)
    if unreported:
        named = f"{unreported[-1].name}{' is the newest' if len(unreported) > 1 else ''}"
        print(f"{plural(len(unreported), 'run')} without a report, killed or still running, not touched; {named}: "
              + command_shown(f"./tenter report {shlex.quote(house.relative(unreported[-1]))}"))
