"""The folders of runs under out/: how they are named, found again and read back."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from tenter.errors import HarnessDefect, UsageError, nearest
from tenter.plan.planner import Case
from tenter.record import destination, journal, searched, tenure, whole
from tenter.record.findings import Finding, finding_from_json, finding_to_json
from tenter.record.results import CaseResult, RunResult, run_from_json, run_to_json

REPORT = "report.json"
REPLAY = "replay.json"  # the same of a replay, which has no pages of its own
REPLAYED = "finding.json"  # the finding that it is about
LATEST = "latest"


def create_run_folder(out: Path, label: str, now: datetime) -> Path:
    """Makes a folder such as 20261122-101500-smoke. A name that is taken gets a number, never a second tenant."""
    name = f"{now:%Y%m%d-%H%M%S}-{_slug(label)}"
    for number in range(1, 1000):
        folder = out / (name if number == 1 else f"{name}-{number}")
        with destination.told_under(out), suppress(FileExistsError):
            folder.mkdir(parents=True)
            return folder
    raise UsageError(f"{out} holds a thousand runs called {name}")


@contextmanager
def beginning(out: Path, label: str, now: datetime) -> Iterator[tuple[Path, Callable[[], None]]]:
    """A run folder that is this process's own, and what to call when its plan is written in it. When that fails before, the folder
    goes again: an interrupt or a full disk leaves none empty."""
    folder = create_run_folder(out, label, now)
    begun: list[bool] = []
    try:
        with tenure.held(folder):
            yield folder, lambda: begun.append(True)
    except BaseException:
        if not begun:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _slug(label: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "-", label).strip("-")[:40] or "run"


def discard(folder: Path, latest: Path | None) -> None:
    """Takes a run back that has nothing to report; `latest` is what out/latest pointed to before."""
    shutil.rmtree(folder)
    if latest is not None and latest.is_dir():
        link_latest(latest)
    else:
        (folder.parent / LATEST).unlink(missing_ok=True)


def latest_of(out: Path) -> Path | None:
    link = out / LATEST
    return link.resolve() if link.is_symlink() else None


def link_latest(folder: Path) -> None:
    """Points out/latest at the run; replaced in one step, so that a reader never finds nothing."""
    link = folder.parent / LATEST
    fresh = folder.parent / f".{LATEST}-{os.getpid()}"
    fresh.symlink_to(folder.name)
    fresh.replace(link)


def run_folders(out: Path) -> list[Path]:
    """Folders with a report, the newest first."""
    return sorted(_folders_with(out, REPORT), key=lambda folder: (folder / REPORT).stat().st_mtime_ns, reverse=True)


def replay_folders(out: Path) -> list[Path]:
    return sorted(_folders_with(out, REPLAY))


def unreported_folders(out: Path) -> list[Path]:
    """What was killed before its report was written, or still runs; the oldest first."""
    begun = {folder for name in (journal.PLAN, journal.REPLAYING, searched.PLAN) for folder in _folders_with(out, name)}
    return sorted(begun.difference(_folders_with(out, REPORT), _folders_with(out, REPLAY)))


def _folders_with(out: Path, name: str) -> list[Path]:
    """Without `latest`, which is one of them, and without what begins with a dot, which is being removed."""
    return [path.parent for path in out.glob(f"[!.]*/{name}") if not path.parent.is_symlink()]


def begin_replay(run: RunResult, cases: Sequence[Case], finding: Finding, folder: Path) -> None:
    """From here on the replay can be reported, however it ends."""
    whole.write(folder / REPLAYED, json.dumps(finding_to_json(finding), indent=1) + "\n")
    journal.begin(folder, run, cases, journal.REPLAYING)


def replayed(folder: Path) -> tuple[RunResult, Finding]:
    """A replay as far as it came, and what it is about."""
    run = journal.read(folder, journal.REPLAYING).run
    path = folder / REPLAYED
    try:
        return run, finding_from_json(json.loads(path.read_text()), str(path))
    except (OSError, ValueError, HarnessDefect) as error:
        raise UsageError(f"{path}: not the finding of a replay ({error})") from error


def write_replay(run: RunResult, folder: Path) -> None:
    whole.write(folder / REPLAY, json.dumps(run_to_json(run), indent=1, ensure_ascii=False) + "\n")


def read_run(folder: Path, name: str = REPORT) -> RunResult:
    path = folder / name
    if not path.is_file():
        if (folder / journal.PLAN).is_file():
            raise UsageError(f"{folder} is a run that was killed, and has no {REPORT} yet: ./tenter report "
                             f"{shlex.quote(str(folder))}, or ./tenter run --resume {shlex.quote(str(folder))}")
        raise UsageError(f"{folder} holds no {REPORT}; a run is a folder such as out/latest")
    try:
        return run_from_json(json.loads(path.read_text()), str(path))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not JSON ({error})") from error
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def read_report(where: Path) -> RunResult:
    """Of a run folder, or of the report in it, as a CI job keeps it."""
    return read_run(where.parent if where.name == REPORT and not where.is_dir() else where)


def locate(out: Path, word: str) -> tuple[Path, CaseResult, Finding]:
    """The finding that `word` names: RUN/CASE#ID as a report prints it, a path under out/, or an ID by itself."""
    place, _, wanted = word.rpartition("#")
    if not place and re.fullmatch(r"[0-9a-f]{4,16}", word):
        return _by_id(out, word)
    if not place and re.fullmatch(r"[0-9a-f]{1,3}", word):
        raise UsageError(f"'{word}' is too short for the id of a finding: give at least 4 of its 8 digits")
    if not place:
        place, wanted = word, ""
    try:
        folder, case_name = _split(out, place)
    except UsageError:
        folder, case_name = _newest_with(out, place), place
        if folder is None:
            raise
    run = read_run(folder)
    cases = {case.name: case for case in run.cases}
    if not case_name:
        found = [f"{folder.name}/{case.name}#{finding.id}" for case in run.cases for finding in case.findings]
        which = f"say which finding of it: {', '.join(found[:3])}{', ...' if len(found) > 3 else ''}" if found else "which found nothing"
        raise UsageError(f"{folder.name} is a whole run, {'and is replayed by one finding; ' if found else ''}{which}")
    if case_name not in cases:
        raise UsageError(f"{folder.name} has no case '{case_name}'{nearest(case_name, cases)}")
    case = cases[case_name]
    # Without an id a canary means the finding that it is there for, whatever else was reported before it.
    for finding in sorted(case.findings, key=lambda finding: finding.check != case.found_by):
        if finding.signature.startswith(wanted):
            return folder, case, finding
    known = [finding.id for finding in case.findings]
    if not known:
        raise UsageError(f"case '{case_name}' of {folder.name} found nothing that could be replayed")
    raise UsageError(f"case '{case_name}' has no finding '{wanted}'{nearest(wanted, known)}")


def _split(out: Path, place: str) -> tuple[Path, str]:
    """Cuts RUN/CASE; a case has slashes of its own, and the run may be written with the path of out/ before it."""
    here = Path(place).absolute()
    if here.is_dir() and not here.is_relative_to(out) and not any((above / REPORT).is_file() for above in (here, *here.parents)):
        raise UsageError(f"'{place}' is a folder without a {REPORT}; a run is a folder such as out/latest")
    for folder in (here, *here.parents):
        if (folder / REPORT).is_file():  # a run folder anywhere, as a path from where the caller stands
            case = "" if folder == here else str(here.relative_to(folder))
            return folder.resolve(), case.removeprefix("cases/").rstrip("/")
    inside = place.removeprefix("./").removeprefix(f"{out}/").removeprefix(f"{out.name}/")
    run_name, _, case_name = inside.partition("/")
    if not run_name or not (out / run_name).is_dir():
        known = [folder.name for folder in run_folders(out)]
        raise UsageError(f"no run '{run_name}' under {out}{nearest(run_name, known)}")
    return (out / run_name).resolve(), case_name.removeprefix("cases/").rstrip("/")


def _newest_with(out: Path, case_name: str) -> Path | None:
    """The newest run in which a case of this name, as a row on the screen has it, found something."""
    for folder in run_folders(out):
        with suppress(UsageError):  # what cannot be read is not meant
            if any(case.name == case_name and case.findings for case in read_run(folder).cases):
                return folder
    return None


def _by_id(out: Path, wanted: str) -> tuple[Path, CaseResult, Finding]:
    """Searches the runs from the newest on, so that an id means the latest time it was seen."""
    known: set[str] = set()
    for folder in run_folders(out):
        for case in read_run(folder).cases:
            for finding in case.findings:
                known.add(finding.id)
                if finding.signature.startswith(wanted):
                    return folder, case, finding
    raise UsageError(f"no finding '{wanted}' in any run under {out}{nearest(wanted, known)}")
