"""The verb `report`: the reports of a stored run, search or replay, from what its folder holds."""

from __future__ import annotations

from pathlib import Path

from tenter.console import path_shown
from tenter.house import House
from tenter.record import archive, journal, searched, tenure
from tenter.record.results import RunResult
from tenter.verbs import fuzz, replay, run


def write_again(folder: Path, house: House) -> None:
    if (folder / journal.REPLAYING).is_file():
        archive.replayed(folder)  # what is none of ours is not locked, and left as it is
        with tenure.held(folder):
            replay.print_replayed(replay.conclude(folder))
        return
    if (folder / searched.PLAN).is_file():
        searched.read(folder)
        with tenure.held(folder):
            fuzz.write_reports(folder, house)
    else:
        _stored(folder)
        with tenure.held(folder):
            run.write_reports(_stored(folder), folder, house)
    print(path_shown(folder / "report.html"))


def _stored(folder: Path) -> RunResult:
    return archive.read_run(folder) if (folder / archive.REPORT).is_file() else journal.read(folder).run
