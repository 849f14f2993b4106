"""The verb `replay`: runs the stored plan of a finding again and counts how often the same signature comes back."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from rich.console import Console

from tenter.cases.campaign import run_cases
from tenter.console import build_shown, command_line, path_shown, say
from tenter.errors import CLEAN, DEFECT, FINDINGS, INCONCLUSIVE, UsageError
from tenter.history import ledger
from tenter.house import House
from tenter.machine import environment
from tenter.plain import one_line
from tenter.plan import files
from tenter.plan.planner import VERSION, Case
from tenter.plan.scenario import Expected
from tenter.record import archive, destination
from tenter.record.findings import Finding
from tenter.record.results import FUZZED, SWEPT, CaseResult, RunResult, Verdict
from tenter.report.terminal import TerminalView
from tenter.verbs.run import prepare_models


@dataclass(frozen=True)
class Replayed:
    finding: Finding
    reproduced: int
    concluded: int
    asked: int
    folder: Path
    others: tuple[tuple[Finding, int], ...] = ()  # further findings and how often each was seen, the commonest first
    not_run: int = 0  # of those that were asked for, when it was interrupted
    interrupted: bool = False

    @property
    def ran(self) -> int:
        return self.asked - self.not_run


def replay(word: str, times: int, out: Path, house: House, console: Console) -> Replayed:
    folder, result, finding = archive.locate(out, word)
    if result.kind == FUZZED:
        raise UsageError(f"{finding.id} is a program of the fuzzer: {finding.evidence.get('replay', './tenter fuzz --help')}")
    if result.kind == SWEPT:
        raise UsageError(f"{finding.id} is a finding of a whole sweep: {finding.evidence.get('replay', './tenter sweep --help')}")
    destination.refuse_unwritable(out)
    here = folder / "cases" / result.name
    plan = with_effective_faults(_plan(here / "plan.json"), result)
    build_shown(house, result.flavour, console)
    plan = in_this_checkout(plan, result.flavour, house)
    plan = files.found_again(plan, here, house, prepare_models)
    found_in = archive.read_run(folder)
    _say_build(found_in, result.flavour, house)
    _say_library(plan, files.library_of(here))
    cases = [_case(result, plan, number, times) for number in range(1, times + 1)]
    started = datetime.now().astimezone()
    say(f"replaying {finding.check} {finding.id} of {result.name}, seed {plan['seed']}: ", one_line(finding.title))
    with archive.beginning(out, f"replay-{finding.id}", started) as (replays, begun):
        run = RunResult(run_id=replays.name, command=command_line(), started=started.isoformat(timespec="seconds"), duration_s=0.0,
                        environment={}, cases=(), tested=found_in.tested,
                        builds={result.flavour: environment.fingerprint(house, result.flavour)})
        archive.begin_replay(run, cases, finding, replays)
        begun()
        with TerminalView(console, cases) as view:
            outcome = run_cases(cases, house, replays, jobs=1, view=view)
        for lost in outcome.results:
            if lost.verdict is Verdict.ERROR:
                say(f"{lost.name}: ", lost.reason)
                break
        return conclude(replays, outcome.duration_s)


def conclude(folder: Path, duration_s: float | None = None) -> Replayed:
    """Counts what the replay of a folder has brought, as far as it came, and writes that down."""
    run, finding = archive.replayed(folder)
    if duration_s is None and (folder / archive.REPLAY).is_file():
        duration_s = archive.read_run(folder, archive.REPLAY).duration_s
    run = replace(run, duration_s=duration_s or 0.0)
    archive.write_replay(run, folder)
    ledger.note(run, folder, ledger.REPLAY)
    concluded = [case for case in run.cases if case.verdict is not Verdict.ERROR]
    counts = Counter(other.signature for case in concluded for other in case.findings)
    return Replayed(finding, counts[finding.signature], len(concluded), len(run.cases) + len(run.not_run), folder,
                    _others(finding, counts, concluded), len(run.not_run), run.interrupted)


def _others(finding: Finding, counts: Counter[str], concluded: list[CaseResult]) -> tuple[tuple[Finding, int], ...]:
    """One defect may show itself in several places, as a data race does at every pair of accesses."""
    seen = {other.signature: other for case in reversed(concluded) for other in case.findings}
    return tuple((seen[sign], count) for sign, count in counts.most_common() if sign != finding.signature)


def print_replayed(replayed: Replayed) -> int:
    """Prints the rate and returns the exit code: 1 when the finding came back, as for any run with findings."""
    lost = replayed.ran - replayed.concluded
    rest = f" that ran, of {replayed.asked}: interrupted" if replayed.interrupted else ""
    print(f"reproduced {replayed.reproduced} of {'the ' if rest else ''}{replayed.ran}{rest}: {replayed.finding.check} "
          f"{replayed.finding.id}" + (f" ({lost} not concluded)" if lost else ""))
    for other, count in replayed.others:
        print(f"  also seen {count} of {replayed.ran}: {other.check} {other.id}: {one_line(other.title)}")
    print(f"  in {path_shown(replayed.folder)}")
    if replayed.interrupted:
        return INCONCLUSIVE
    if replayed.reproduced:
        return FINDINGS
    return DEFECT if lost == replayed.asked else CLEAN


def _plan(path: Path) -> dict:
    try:
        plan = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: the plan of the case cannot be read ({error})") from error
    if plan.get("version") != VERSION:
        raise UsageError(f"{path}: a run plan of version {plan.get('version')}, and this driver writes {VERSION}")
    return plan


def in_this_checkout(plan: dict, flavour: str, house: House) -> dict:
    """The plan with the library that has the target's name here: one of another checkout would hide what was mended."""
    target = plan["target"]
    stored = Path(target["library"])
    mutant = target["name"].removeprefix("mutant ")
    if mutant != target["name"]:
        library = house.mutant(flavour, mutant)
    elif stored.name == house.target(flavour, target["name"]).name:
        library = house.target(flavour, target["name"])
    else:
        library = stored  # of the user, outside of every checkout
    if not library.is_file():
        raise UsageError(f"the target {target['name']} is not here: {house.relative(library)}")
    return {**plan, "target": {**target, "library": str(library.resolve())}}


def _say_build(found_in: RunResult, flavour: str, house: House) -> None:
    """Says when the finding is replayed with other binaries than those that it was made with."""
    then, now = found_in.builds.get(flavour, "unknown"), environment.fingerprint(house, flavour)
    if then == now:
        say(f"harness and all targets in {flavour}: build {now}, the one of the finding")
    else:
        commit = found_in.environment.get("commit", "unknown")
        say(f"harness and all targets in {flavour}: build {now} of this checkout; the finding was made with build {then}, commit {commit}")


def _say_library(plan: dict, then: str) -> None:
    """The target may have been built anew while the harness stayed as it was."""
    library = Path(plan["target"]["library"])
    now = environment.digest(library)
    if then and now != then:
        say(f"{library.name} is build {now[:8]} here, and the finding was made with build {then[:8]}")


def with_effective_faults(plan: dict, result: CaseResult) -> dict:
    """The stored plan with the faults that really fired, so that chance decides nothing any more.

    A process that died or hung told of no fault; then the plan stays as it was, and its seed draws the same ones.
    """
    return {**plan, "faults": result.effective_faults} if result.effective_faults else plan


def _case(result: CaseResult, plan: dict, number: int, times: int) -> Case:
    """The same plan; nothing is expected, since only the signature is counted."""
    name = result.name if times == 1 else f"{result.name}.n{number}"
    return Case(name=name, scenario=result.scenario, flavour=result.flavour, title=result.title,
                purpose=result.purpose, contracts=result.contracts, plan=plan, timeout_s=result.timeout_s,
                expect=Expected(), planted=result.planted)
