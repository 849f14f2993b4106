"""The verb `fuzz`: builds the fuzzer, runs it as a child, and tells of the smallest program that breaks a contract."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress as Bars, TextColumn, TimeElapsedColumn

from tenter.console import build_shown, command_line, line, say
from tenter.errors import CLEAN, DEFECT, FINDINGS, INCONCLUSIVE, SANITIZER, USAGE, HarnessDefect, UsageError, nearest
from tenter.house import FUZZED_FLAVOURS, House
from tenter.machine import environment, sanitizer
from tenter.machine.process import Command, Ended, Progress, execute
from tenter.plain import one_line, shortened
from tenter.record import archive
from tenter.report import report
from tenter.report.search import Search, run_of
from tenter.report.wording import plural
from tenter.sources import contracts

# What shrinking, and a replay in which every round hangs, may take on top of the time for searching.
_GRACE_S = 300.0
_SLOWER = {"tsan": 4, "asan": 3}  # a case may take so many times longer before it counts as hanging
_CASE_LIMIT_MS = 5000
# Coverage: what a program may hold, and the word for a person.
_COVERAGE = {"several_pushers": "with several pushers", "failing_ops": "failing ops", "async_ops": "asynchronous ops",
             "deletes": "deletes", "waits": "waits", "wait_alls": "wait-alls", "stops": "stops", "cancels": "cancels",
             "pushes_inside": "pushes in bodies", "waits_inside": "waits in bodies",
             "out_of_memory": "pushes without memory", "run_dependents": "under run-dependents",
             "naive": "on the naive engine", "meetings": "ops that meet", "many_vars": "with many vars", "gated": "for priorities", "parity": "for parity",
             "idle": "with idle workers that end", "forks": "forks", "recorded_ops": "captured ops", "replays": "replays",
             "bulk_ops": "ops in groups", "times_out": "deadlines that pass"}


@dataclass(frozen=True)
class Request:
    what: str
    seconds: float = 60
    flavours: tuple[str, ...] = ("probe",)
    seed: int = 1
    replay: str = ""
    mutant: str = ""
    property: str = "all"
    workers: str = ""
    max_ops: int = 24
    times: int = 200
    out: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """What one child told."""

    ended: Ended
    findings: list[dict[str, Any]] = field(default_factory=list)
    progress: dict[str, Any] = field(default_factory=dict)  # the last line of it
    replayed: dict[str, Any] = field(default_factory=dict)
    stderr: str = ""


def fuzz(request: Request, house: House, console: Console) -> int:
    if request.what != "engine":
        raise UsageError(f"cannot fuzz '{request.what}'{nearest(request.what, ('engine',))}")
    for flavour in request.flavours:
        if flavour not in FUZZED_FLAVOURS:
            raise UsageError(f"the fuzzer needs fault sites: '{flavour}' has none{nearest(flavour, FUZZED_FLAVOURS)}")
    if request.mutant and request.mutant not in house.fuzz_mutants():
        raise UsageError(f"no planted bug '{request.mutant}'{nearest(request.mutant, house.fuzz_mutants())}")
    properties = [name for name in contracts.read_contracts(house) if name.startswith(("ENG-", "ERR-"))]
    if request.property not in ("all", *properties):
        raise UsageError(f"--property: unknown property '{request.property}'; known: all, {', '.join(properties)}")
    if request.workers and not all(re.fullmatch(r"\d{1,4}", word) for word in request.workers.split(",")):
        raise UsageError(f"--workers: '{request.workers}' is no list of numbers such as 0,1,8")
    if request.mutant and request.flavours != ("probe",):
        raise UsageError("planted bugs of the engine exist in the flavour probe only; leave --flavour out")
    started = datetime.now().astimezone()
    folder = archive.create_run_folder((request.out or house.out).resolve(), f"fuzz-{request.mutant or request.what}", started)
    codes, searches = [], []
    try:
        for flavour in request.flavours:
            code, search = _one_flavour(request, flavour, folder, house, console)
            codes.append(code)
            searches += [search] if search else []
    except UsageError:
        shutil.rmtree(folder)  # nothing ran that could be read there
        raise
    _write_reports(request, searches, started, folder, house, console)
    for code in (DEFECT, USAGE, INCONCLUSIVE, SANITIZER, FINDINGS):
        if code in codes:
            return code
    return CLEAN


def _one_flavour(request: Request, flavour: str, folder: Path, house: House, console: Console) -> tuple[int, Search | None]:
    """The exit code, and what the reports tell; nothing when it was interrupted."""
    program = "engine_fuzz" + (f"_{request.mutant}" if request.mutant else "")
    build_shown(house, flavour, console, (program,))
    outcome = _run(request, flavour, house.fuzzer(flavour, request.mutant), folder, house, console)
    if outcome.ended.stopped:
        return INCONCLUSIVE, None
    _print_coverage(outcome, flavour, console)
    replays = [_print_finding(finding, request, flavour, folder, house, console) for finding in outcome.findings]
    if outcome.replayed:
        print(f"came back {outcome.replayed['came_back']} of {outcome.replayed['tried']} times ({flavour})")
    try:
        code, defect = _exit_code(request, outcome, flavour), ""
    except HarnessDefect as error:
        code, defect = DEFECT, str(error)
        say(defect)
    return code, Search(
        request.what, flavour, request.seed, request.seconds, outcome.ended.duration_s,
        SANITIZER if code == SANITIZER else outcome.ended.exit_code,
        request.property, request.mutant, request.replay, defect, outcome.progress, outcome.findings, replays, outcome.stderr,
        shlex.join(["./tenter", "fuzz", request.what, "--flavour", flavour, *_words(request)]))


def _words(request: Request) -> list[str]:
    """What makes it the same search or replay again, the flavour and the seconds aside."""
    words = ["--replay", request.replay, "--times", str(request.times)] if request.replay else [
        "--seconds", f"{request.seconds:g}", "--seed", str(request.seed), "--max-ops", str(request.max_ops)]
    for option, value, default in (("--property", request.property, "all"), ("--workers", request.workers, ""),
                                   ("--mutant", request.mutant, "")):
        if value != default and (option == "--mutant" or not request.replay or ":" in request.replay):
            words += [option, value]
    return words


def _write_reports(request: Request, searches: list[Search], started: datetime, folder: Path, house: House,
                   console: Console) -> None:
    told = {search.flavour for search in searches}
    left = tuple(f"fuzz/{request.what}.{flavour}" for flavour in request.flavours if flavour not in told)
    run = run_of(searches, run_id=folder.name, command=command_line(), started=started.isoformat(timespec="seconds"),
                 environment=environment.facts(house), not_run=left, interrupted=bool(left),
                 out=shlex.quote(str(request.out)) if request.out else "",
                 tested="Tenter's engine" + (f" with the planted bug {request.mutant}" if request.mutant else ""))
    report.write(run, {}, folder, house)
    line(console, f"  report: {house.relative(folder / 'report.html')}", "dim")


def _run(request: Request, flavour: str, binary: Path, folder: Path, house: House, console: Console) -> Outcome:
    argv = [*sanitizer.prefix(flavour), str(binary), "--seed", str(request.seed), "--seconds", f"{request.seconds:g}",
            "--shrink-seconds", f"{max(20.0, request.seconds / 2):g}", "--property", request.property,
            "--max-ops", str(request.max_ops), "--case-limit-ms", str(_CASE_LIMIT_MS * _SLOWER.get(flavour, 1))]
    if request.workers:
        argv += ["--workers", request.workers]
    if request.replay:
        argv += ["--replay", request.replay, "--times", str(request.times)]
    events, errors = folder / f"events.{flavour}.jsonl", folder / f"stderr.{flavour}.txt"
    command = Command(argv=argv, environment=sanitizer.environment(house, flavour),
                      timeout_s=request.seconds * 2 + _GRACE_S, stdout_file=events, stderr_file=errors)
    ended = _watched(command, flavour, request, console)
    lines = [_event(line) for line in events.read_text(errors="replace").splitlines()]
    of = {kind: [line for line in lines if line.get("event") == kind] for kind in ("finding", "progress", "replayed")}
    return Outcome(ended, of["finding"], (of["progress"] or [{}])[-1], (of["replayed"] or [{}])[-1],
                   errors.read_text(errors="replace"))


def _watched(command: Command, flavour: str, request: Request, console: Console) -> Ended:
    stop = threading.Event()
    with Bars(TextColumn("{task.description}", style="cyan"), BarColumn(bar_width=24),
              TextColumn("{task.fields[what]}", markup=False), TimeElapsedColumn(), console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task(f"fuzzing {request.what}, {flavour}", total=request.seconds, what="starting")

        def show(progress: Progress) -> None:
            bars.update(task, completed=progress.done, what=one_line(progress.what))

        return execute(command, stop, show)


def _event(line: str) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def _print_coverage(outcome: Outcome, flavour: str, console: Console) -> None:
    p = outcome.progress
    if not p:
        return
    rate = p["cases"] / p["elapsed_s"] if p["elapsed_s"] >= 1 else 0
    found = f"{plural(len(outcome.findings), 'finding')} in {plural(p['cases'], 'program')}, {plural(p['ops'], 'op')}"
    line(console, f"{flavour}: {found} in {p['elapsed_s']:.0f} s"
                       + (f" ({rate:,.0f} programs/s)" if rate else "") + f", seed {p['seed']}")
    line(console, "  " + ", ".join(f"{p[key]:,} {word}" for key, word in _COVERAGE.items() if key in p), "dim")


def _print_finding(finding: dict[str, Any], request: Request, flavour: str, folder: Path, house: House,
                   console: Console) -> str:
    """Stores and prints it; returns the line that replays it."""
    stored = folder / f"finding.{flavour}.fuzz"
    stored.write_text(finding["program"])
    (folder / f"finding.{flavour}.json").write_text(json.dumps(finding, indent=2) + "\n")
    line(console, f"\n{finding['contract']} is broken: {one_line(finding['kind'])}", "bold red")
    detail = finding["detail"].strip()
    line(console, shortened(detail, 4000))
    shrunk = (f", {finding['ops']} ops of {finding['original_ops']}, found after {finding['found_after_s']:.1f} s, "
              f"shrunk after {finding['shrunk_after_s']:.1f} s" if "original_ops" in finding else "")
    line(console, f"\nthe program{shrunk}:", "bold")
    line(console, "\n".join(f"  {step}" for step in finding["program"].splitlines()))
    if "tried" in finding:
        line(console, f"it came back {finding['came_back']} of {finding['tried']} times")
    words = ["./tenter", "fuzz", request.what, "--flavour", flavour, "--replay", house.relative(stored)]
    if request.mutant:
        words += ["--mutant", request.mutant]
    line(console, f"replay: {shlex.join(words)}")
    if "seed" in finding:
        line(console, f"the original: --replay {finding['seed']}:{finding['case']} --property {request.property}"
                           f" --max-ops {request.max_ops}")
    return shlex.join(words)


def _exit_code(request: Request, outcome: Outcome, flavour: str) -> int:
    """As for every verb; a planted bug is like a canary: to find it is what is expected."""
    ended = outcome.ended
    last = one_line((outcome.stderr.strip().splitlines() or [""])[0])
    if ended.exit_code == USAGE:
        raise UsageError(last.removeprefix("engine_fuzz: ") or "the fuzzer refused its options")
    if ended.timed_out or ended.signal_name or ended.exit_code not in (CLEAN, FINDINGS):
        how = "did not end in time" if ended.timed_out else f"ended with {ended.signal_name or ended.exit_code}"
        raise HarnessDefect(f"the fuzzer itself {how} in {flavour}: {last}")
    if (ended.exit_code == FINDINGS) != bool(outcome.findings):
        raise HarnessDefect(f"the fuzzer ended with {ended.exit_code} and told of {len(outcome.findings)} findings")
    if request.mutant and not request.replay:
        if not outcome.findings:
            say(f"the planted bug '{request.mutant}' was not found in {request.seconds:g} s")
        return CLEAN if outcome.findings else FINDINGS
    kinds = [str(finding["kind"]) for finding in outcome.findings]
    if any(kind.startswith(("sanitizer", "data race", "leaked memory")) for kind in kinds):
        return SANITIZER
    return FINDINGS if kinds else CLEAN
