"""The verb `fuzz`: builds the fuzzer, runs it as a child per flavour, and tells of the smallest program that breaks a contract."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from tenter.cases.search import Search, judged, last_said, run_of, told_times
from tenter.console import advise, build_shown, command_line, line, path_shown, say
from tenter.errors import CLEAN, DEFECT, FINDINGS, INCONCLUSIVE, SANITIZER, USAGE, UsageError, nearest
from tenter.house import FLAVOURS, FUZZED_FLAVOURS, House
from tenter.machine import environment, instrumented, libraries
from tenter.plain import one_line
from tenter.plan.bugs import found_by, searched_in
from tenter.plan.fuzzed import SUBJECTS, Subject
from tenter.plan.hunt import Hunt
from tenter.record import archive, searched
from tenter.record.results import CAME_BACK, RunResult
from tenter.record.searched import Told
from tenter.report import hunted, report
from tenter.report.steps import what_now
from tenter.sources import contracts
from tenter.verbs.hunting import hunt_in

_MOST_DIGITS = 19  # of a number of 64 bits
_MOST_WORKERS = 64  # of a program as text (fuzz/engine/program/parse.cc)


def fuzz(hunt: Hunt, out: Path | None, house: House, console: Console) -> int:
    refuse(hunt, house)
    _say_mutant(hunt)
    if "/" in hunt.target:
        hunt = replace(hunt, target=os.path.abspath(hunt.target))
    if Path(hunt.replay).is_file():
        # The same file at the root, from where its line is meant, and behind no link: `latest` is another folder soon.
        hunt = replace(hunt, replay=os.path.realpath(hunt.replay))
    started = datetime.now().astimezone()
    with archive.beginning((out or house.out).resolve(), f"fuzz-{hunt.mutant or hunt.what}", started) as (folder, begun):
        searched.begin(folder, hunt, _begun(hunt, out, folder, started, house))
        begun()
        latest = archive.latest_of(folder.parent)
        archive.link_latest(folder)
        return _search_all(hunt, folder, latest, house, console)


def _search_all(hunt: Hunt, folder: Path, latest: Path | None, house: House, console: Console) -> int:
    codes: list[int] = []
    try:
        for flavour in hunt.flavours:
            build_shown(house, flavour, console, hunt.builds())
            code, whole = _one_flavour(hunt, flavour, folder, house, console)
            codes.append(code)
            if not whole:
                break
    except UsageError:
        archive.discard(folder, latest)  # nothing ran that could be read there
        raise
    except KeyboardInterrupt:  # while something was built
        say("interrupted")
        codes.append(INCONCLUSIVE)
    run = write_reports(folder, house)
    if run.interrupted:
        for step in what_now(run, measured=False):
            advise(console, f"  now: {one_line(step)}")
    line(console, f"  report: {path_shown(folder / 'report.html')}", "dim")
    return next((code for code in (DEFECT, SANITIZER, FINDINGS, INCONCLUSIVE) if code in codes), CLEAN)


def refuse(hunt: Hunt, house: House) -> None:
    """Before anything is built or written."""
    if hunt.what not in SUBJECTS:
        raise UsageError(f"cannot fuzz '{hunt.what}'{nearest(hunt.what, tuple(SUBJECTS))}")
    for flavour in hunt.flavours:
        if flavour not in FUZZED_FLAVOURS:
            raise UsageError(_no_flavour(flavour))
    if len(set(hunt.flavours)) < len(hunt.flavours):
        raise UsageError(f"--flavour: one of {', '.join(hunt.flavours)} is named twice, and is searched once")
    _refuse_another_program(hunt)
    _refuse_target(hunt, house)
    mutants = house.fuzz_mutants(hunt.what, hunt.target)
    if hunt.mutant and hunt.mutant not in mutants:
        where = f"fuzz {hunt.what}" + (f" --target {hunt.target}" if hunt.target else "")
        raise UsageError(f"no planted bug '{hunt.mutant}' for '{where}'{_belongs(hunt, house) or nearest(hunt.mutant, mutants)}")
    properties = [name for name in contracts.read_contracts(house)
                  if any(name == known or (known.endswith("-") and name.startswith(known)) for known in hunt.subject().contracts)]
    if hunt.property not in ("all", *properties):
        close = [name for name in ("all", *properties) if name.lower() == hunt.property.lower()]
        known = f"did you mean '{close[0]}'?" if close else f"known: all, {', '.join(properties)}"
        raise UsageError(f"--property: unknown property '{hunt.property}'; {known}")
    if hunt.workers and hunt.what != "engine":
        raise UsageError(f"--workers goes with 'fuzz engine': 'fuzz {hunt.what}' has engines of its own, or none")
    if hunt.workers and not all(re.fullmatch(r"[0-9]{1,4000}", word) for word in hunt.workers.split(",")):
        raise UsageError(f"--workers: '{hunt.workers}' is no list of numbers such as 0,1,8")
    if hunt.workers and max(map(int, hunt.workers.split(","))) > _MOST_WORKERS:
        raise UsageError(f"--workers: '{hunt.workers}' names an engine of more than {_MOST_WORKERS} workers")
    drawn = re.fullmatch(r"[0-9]+:[0-9]+", hunt.replay)
    if hunt.replay and not drawn and not Path(hunt.replay).is_file():
        raise UsageError(f"--replay: '{hunt.replay}' is no file, and no SEED:CASE such as 7:12")
    if drawn and any(len(number) > _MOST_DIGITS for number in hunt.replay.split(":")):
        raise UsageError(f"--replay: '{hunt.replay}': a seed and a case have at most {_MOST_DIGITS} digits")
    planted_in = searched_in(hunt.mutant, house) if hunt.mutant else hunt.flavours
    if not set(hunt.flavours) <= set(planted_in):
        raise UsageError(f"the planted bug '{hunt.mutant}' exists in the flavour {' and '.join(planted_in)} only: -f {planted_in[0]}")


def _refuse_another_program(hunt: Hunt) -> None:
    what = searched.what_of(Path(hunt.replay)) if Path(hunt.replay).is_file() else ""
    if what and what != hunt.what:
        right = replace(hunt, what=what, mutant=searched.mutant_of(Path(hunt.replay)), target=hunt.target if _takes_target(SUBJECTS[what]) else "")
        raise UsageError(f"--replay: this is a program of 'fuzz {what}', and none of 'fuzz {hunt.what}': {right.replay_line(hunt.flavours[0], hunt.replay)}")


def _no_flavour(word: str) -> str:
    if "," in word:
        return f"--flavour: '{word}' is no flavour; it is given once for each: {' '.join(f'-f {one.strip()}' for one in word.split(',') if one.strip())}"
    if word in FLAVOURS:
        return f"the fuzzer needs fault sites: '{word}' has none; those that have: {', '.join(FUZZED_FLAVOURS)}"
    return f"--flavour: there is no '{word}'{nearest(word, FUZZED_FLAVOURS)}"


def _belongs(hunt: Hunt, house: House) -> str:
    """Which search plants a bug that this one does not know, or what else finds it; nothing for a bug that nobody knows."""
    asked = [(what, target) for what, subject in SUBJECTS.items() for target in ("", "reference")
             if (what, target) != (hunt.what, hunt.target) and (not target or subject.target_program)]
    found = [f"'fuzz {what}{' --target reference' if target else ''}'" for what, target in asked if hunt.mutant in house.fuzz_mutants(what, target)]
    if found:
        return f": it is one of {' and '.join(found)}; all of them: ./tenter canary --list"
    others = found_by(hunt.mutant, house)
    return f": it is found by {' and '.join(others)}: ./tenter canary {hunt.mutant}" if others else ""


def _takes_target(subject: Subject) -> bool:
    return subject.any_target or bool(subject.target_program)


def _refuse_target(hunt: Hunt, house: House) -> None:
    if not hunt.target:
        return
    if not _takes_target(hunt.subject()):
        *most, last = (f"'fuzz {name}'" for name, subject in SUBJECTS.items() if _takes_target(subject))
        raise UsageError(f"--target goes with {', '.join(most)} and {last}: 'fuzz {hunt.what}' is linked with Tenter's own runtime")
    if hunt.mutant and hunt.subject().any_target:
        raise UsageError("--target says nothing beside --mutant, which is a target of its own")
    if hunt.mutant and hunt.target != "reference":
        raise UsageError("--mutant plants a bug in a runtime of ours: with --target reference, or without --target")
    if "/" in hunt.target and (problem := libraries.problem_with(hunt.target)):
        raise UsageError(f"--target: {problem}")
    if "/" in hunt.target and "tsan" in hunt.flavours and not instrumented.knows_tsan(Path(hunt.target)):
        raise UsageError(f"--target: {instrumented.why_not_tsan(hunt.target)}; build it so, or leave -f tsan out")
    if "/" not in hunt.target and hunt.target != "reference":
        raise UsageError(f"--target: no target '{hunt.target}'; name a library with its folder, such as ./{hunt.target}"
                         f"{nearest(hunt.target, ('reference',))}")


def _say_mutant(hunt: Hunt) -> None:
    """A program that only a planted bug makes fail seems to be mended when it runs without that bug."""
    mutant = searched.mutant_of(Path(hunt.replay)) if hunt.replay else ""
    if mutant and mutant != hunt.mutant:
        now = f"the planted bug {hunt.mutant}" if hunt.mutant else "what has no such bug"
        say(f"{hunt.replay} was found with the planted bug {mutant}, and runs on {now}; for that bug: --mutant {mutant}")


def _begun(hunt: Hunt, out: Path | None, folder: Path, started: datetime, house: House) -> RunResult:
    return RunResult(run_id=folder.name, command=command_line(), started=started.isoformat(timespec="seconds"), duration_s=0.0,
                     environment=environment.facts(house), builds={}, cases=(), out=shlex.quote(house.relative(out)) if out else "",
                     tested=(hunt.target or f"Tenter's {hunt.what}") + (f" with the planted bug {hunt.mutant}" if hunt.mutant else ""))


def _one_flavour(hunt: Hunt, flavour: str, folder: Path, house: House, console: Console) -> tuple[int, bool]:
    """The exit code, and whether it was not interrupted."""
    def found(finding: dict[str, Any]) -> None:
        hunted.print_found(finding, hunt, _stored(hunt, flavour, finding, folder, house), console)

    whole = hunt_in(hunt, flavour, folder, house, console, found)
    told = searched.told(folder, flavour, house.root) or searched.NOT_BEGUN
    hunted.print_coverage(told, hunt, flavour, console)
    for finding in told.findings:
        hunted.print_finding(finding, hunt, flavour, _stored(hunt, flavour, finding, folder, house), console)
    hunted.print_contracts(told.findings, house.meanings(), console)
    if told.replayed and not told.ended.stopped:
        print(f"{CAME_BACK}{told_times(told)} ({flavour})")
    code, defect = judged(hunt, told, flavour)
    if code == USAGE:
        raise UsageError(last_said(told).removeprefix(f"{hunt.what}_fuzz: "))
    if defect:
        say(defect)
    if hunt.mutant and not hunt.replay and code == FINDINGS:
        say(f"the planted bug '{hunt.mutant}' was not found in {hunt.seconds:g} s")
    return code, whole


def _stored(hunt: Hunt, flavour: str, finding: dict[str, Any], folder: Path, house: House) -> str:
    """Stores the program in place of an earlier one, and returns the line that replays it."""
    return hunt.replay_line(flavour, house.relative(searched.store(folder, flavour, hunt, finding)))


def write_reports(folder: Path, house: House) -> RunResult:
    """From what is in the folder, so that a search that was killed is reported too."""
    hunt, begun = searched.read(folder)
    searches = [_search(hunt, flavour, folder, house) for flavour in hunt.flavours]
    facts = {name: getattr(begun, name) for name in ("run_id", "command", "started", "environment", "out", "tested")}
    run = run_of(searches, interrupted=any(search.interrupted for search in searches), **facts)
    report.write(run, {}, folder, house)
    return run


def _search(hunt: Hunt, flavour: str, folder: Path, house: House) -> Search:
    told = searched.told(folder, flavour, house.root) or searched.NOT_BEGUN
    code, defect = judged(hunt, told, flavour)
    return Search(hunt, flavour, told, exit_code=SANITIZER if code == SANITIZER else told.ended.exit_code, defect=defect,
                  interrupted=hunted.interrupted(told, hunt) if told.ended.stopped else "",
                  replay=hunt.replay_line(flavour, house.relative(searched.program_file(folder, flavour))))
