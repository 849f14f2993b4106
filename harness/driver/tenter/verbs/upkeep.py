"""The verbs `history prune` and `history rebuild`: old runs go, and what the folders say is read again."""

from __future__ import annotations

import shlex
import sqlite3
from pathlib import Path

from tenter.console import path_shown
from tenter.errors import CLEAN
from tenter.history import database as files
from tenter.history import ledger, past, pruning
from tenter.history.access import guarded, say_unread, with_current
from tenter.history.defects import defects
from tenter.house import House
from tenter.record import archive
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
    def choose(database: sqlite3.Connection) -> int:
        open_ = [defect.signature for defect in defects(past.read(database)) if not defect.fixed_in] if spare else []
        known = [run for (run,) in database.execute("SELECT id FROM runs")]
        latest = archive.latest_of(out)
        choice = pruning.choose(database, limits, latest.name if latest else "", open_,
                                [run for run in known if (out / run).is_dir()])
        total, done = 0, "would remove" if dry else "removed"
        for run in choice.remove:
            folder = out / run
            bytes_ = pruning.size(folder) if folder.is_dir() else 0
            total += bytes_
            what = f"{bytes_ / 2**20:.1f} MiB" if folder.is_dir() else "its rows, the folder was gone"
            print(f"{done} {run}: {what}")
            if not dry:
                pruning.remove(database, out, run)
        for run, why in choice.spared.items():
            print(f"kept {run}: {why}")
        print(f"{done} {plural(len(choice.remove), 'run')}, {total / 2**20:.1f} MiB; "
              f"{len(known) - len(choice.remove)} stay")
        unreported = archive.unreported_folders(out)
        if unreported:
            named = f"{unreported[-1].name}{' is the newest' if len(unreported) > 1 else ''}"
            print(f"{plural(len(unreported), 'run')} without a report, killed or still running, not touched; {named}: "
                  f"./tenter report {shlex.quote(house.relative(unreported[-1]))}")
        return CLEAN
    return with_current(out, choose)
