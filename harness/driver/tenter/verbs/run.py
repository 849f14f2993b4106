"""The verb `run`: scenarios -> plans -> child processes -> reports. Nothing is written before every plan is valid."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from tenter.cases.campaign import Outcome, run_cases
from tenter.cases.verdict import exit_code
from tenter.console import build_shown, path_shown, say
from tenter.errors import UsageError, nearest
from tenter.history import ledger
from tenter.house import FLAVOURS, House
from tenter.machine import environment, instrumented, libraries
from tenter.machine.processors import crowded
from tenter.plan import catalogue, files, given_models, shard, tested
from tenter.plan.bugs import CANARIES
from tenter.plan.first_look import first_look
from tenter.plan.planner import Case, Planner, is_library
from tenter.plan.planted import in_setting_of
from tenter.plan.scenario import Scenario
from tenter.plan.selection import select
from tenter.plan.sweeping import TRIALS
from tenter.record import archive, destination, journal, searched, tenure
from tenter.record.comparison import defects
from tenter.record.results import RunResult
from tenter.report import github, report
from tenter.report.power import is_measured, power_of
from tenter.report.since import since
from tenter.report.terminal import TerminalView, print_end
from tenter.report.wording import few
from tenter.sources.contracts import read_contracts

DEFAULT_WORDS = ("smoke",)
# Earlier runs that are searched for the detection power of the same build.
_POWER_RUNS = 50


@dataclass(frozen=True)
class Request:
    """What a person asked for on the command line."""

    words: tuple[str, ...] = ()
    flavours: tuple[str, ...] = ()
    seed: int | None = None
    repeat: int = 1
    jobs: int = 1
    out: Path | None = None
    target: str = ""
    models: tuple[Path, ...] = ()
    baseline: Path | None = None  # a report whose findings are known
    shard: tuple[int, int] = (1, 1)  # which part of how many
    budget_s: float | None = None  # no case begins after it
    retry: int = 0  # more attempts at a case that fails
    quiet: bool = False
    github: bool | None = None  # annotations and a summary; None: in a step of GitHub Actions
    canary: bool = False  # a few quick bugs in each setting, when the default scenarios are run
    power: bool = False  # plant the bugs of the canaries in the settings that were asked for, too
    parameters: dict[str, Any] = field(default_factory=dict)  # of the scenario made for --model
    faults: tuple[str, ...] = ()  # of that scenario: items of a fault plan
    command: str = ""

    named: str = ""  # what the folder is called, where the words do not say it

    def label(self) -> str:
        if self.named:
            return self.named
        if self.models:
            return "-".join(model.stem for model in self.models)
        return "-".join(Path(word).stem for word in self.words or DEFAULT_WORDS)

    def out_word(self, house: House) -> str:
        """Where run folders go, as on a command line; nothing for out/."""
        return shlex.quote(house.relative(self.out)) if self.out else ""


def run(request: Request, house: House, console: Console) -> tuple[RunResult, int]:
    """Runs what was asked for and writes the reports. Returns the result and the exit code."""
    known = _baseline(request)  # first, so that a typing error costs no run, and no build
    destination.refuse_unwritable((request.out or house.out).resolve())
    if is_library(request.target) and (problem := libraries.problem_with(request.target)):
        raise UsageError(f"--target: {problem}")
    for flavour in request.flavours:
        if flavour not in FLAVOURS:
            raise UsageError(f"--flavour: unknown flavour '{flavour}'{nearest(flavour, FLAVOURS)}")
    if request.models:
        chosen = given_models.scenarios(request.models, request.parameters, house, request.faults)
    else:
        chosen = select(house, list(request.words or DEFAULT_WORDS))
    scenarios = [scenario.asked_for(request.flavours) for scenario in chosen]
    several = bool(request.models) and len(scenarios) > 1
    if request.power:
        canary_names = [scenario.name for scenario in scenarios if scenario.saboteur or scenario.mutant]
        if canary_names:
            raise UsageError(f"--power: {canary_names[0]} plants a bug itself, and measures nothing more; leave it out")
        canaries = select(house, ["canary"])
        scenarios += [planted for scenario in _drawn(scenarios, request) for planted in in_setting_of(scenario, canaries)]
    if request.canary and not request.words and not request.models and not request.power:
        scenarios += _first_look(scenarios, request, house)
    cases = plan_cases(scenarios, request, house, console)
    mine = [replace(case, retry=request.retry, several=several) for case in shard.part_of(cases, *request.shard)]
    return run_planned(mine, request, house, console, known)


def _drawn(scenarios: list[Scenario], request: Request) -> list[Scenario]:
    return [scenario.drawn_by(scenario.budget.seed if request.seed is None else request.seed) for scenario in scenarios]


def _first_look(scenarios: list[Scenario], request: Request, house: House) -> list[Scenario]:
    """Nothing in a checkout without canaries."""
    if not any((house.scenarios / CANARIES).glob("*.toml")):
        return []
    return first_look(_drawn(scenarios, request), select(house, [CANARIES]), request.flavours, others_target=request.target not in ("", "reference"))


def plan_cases(scenarios: list[Scenario], request: Request, house: House, console: Console) -> list[Case]:
    """Builds what the scenarios need and fills in every plan; raises before anything ran when one is wrong."""
    known = read_contracts(house)
    for scenario in scenarios:
        for contract in scenario.contracts:
            if contract not in known:
                raise UsageError(f"{scenario.source}: contracts: unknown contract '{contract}'{nearest(contract, known)} "
                                 "(./tenter contracts)")
    wanted = {flavour for scenario in scenarios for flavour in scenario.flavours}
    flavours = [flavour for flavour in FLAVOURS
                if flavour in wanted and (not request.flavours or flavour in request.flavours)]
    if not flavours:
        raise UsageError(f"no scenario that was chosen has flavour {', '.join(request.flavours)}; "
                         f"they have {', '.join(sorted(wanted | {f for one in scenarios for f in one.on_request})) or 'none, since no file was found'}")
    flavours = _fit_for_target(flavours, request)
    cases: list[Case] = []
    for flavour in flavours:
        build_shown(house, flavour, console)
        # Not all that are planted belong to the whole.
        planted = {scenario.mutant for scenario in scenarios if scenario.mutant in house.patches() and flavour in scenario.flavours}
        if planted:
            build_shown(house, flavour, console, tuple(f"tenter_target_mutant_{name}" for name in sorted(planted)))
        planner = Planner(house, catalogue.load(house.runner(flavour)), prepare_models, request.target, request.out_word(house))
        for scenario in scenarios:
            if flavour in scenario.flavours:
                cases += planner.cases(scenario, request.seed, request.repeat)
    twice = [name for name, count in Counter(case.name for case in cases).items() if count > 1]
    if twice:
        raise UsageError(f"two scenarios are called {twice[0]}; rename one of the files")
    _say_crowded(cases)
    return cases


def _say_crowded(cases: list[Case]) -> None:
    """One line for all that ask for more helpers of kernels than there are processors: nothing is wrong, but fewer run at once."""
    asked = {case.scenario: _computing(case.plan["workload"]) for case in cases}
    if note := crowded(max(asked.values(), default=0), few([name for name, count in asked.items() if crowded(count, name)])):
        say(note)


def _computing(workload: dict[str, Any]) -> int:
    """Threads that compute at once where several compute a kernel: each of the workers has as many."""
    helpers = workload.get("intra_op", 1)
    return helpers * max(1, workload.get("workers", 1)) if helpers > 1 else 0


def _fit_for_target(flavours: list[str], request: Request) -> list[str]:
    """Without tsan where the library is none for it; refused when it was asked for, or when nothing else is left."""
    library = Path(request.target)
    if not is_library(request.target) or "tsan" not in flavours or instrumented.knows_tsan(library):
        return flavours
    if "tsan" in request.flavours or flavours == ["tsan"]:
        raise UsageError(f"--target: {instrumented.why_not_tsan(request.target)}; build it so, or run it with -f probe")
    say(f"tsan is left out: {instrumented.why_not_tsan(request.target)}")
    return [flavour for flavour in flavours if flavour != "tsan"]


def _baseline(request: Request) -> RunResult | None:
    if request.baseline is None:
        return None
    if not request.baseline.is_dir() and request.baseline.name != archive.REPORT:
        raise UsageError(f"--baseline: '{request.baseline}' is no run folder and no {archive.REPORT}")
    return archive.read_report(request.baseline)


def run_planned(cases: list[Case], request: Request, house: House, console: Console,
                baseline: RunResult | None = None) -> tuple[RunResult, int]:
    started = datetime.now().astimezone()
    subject = tested.sentence(cases, house)
    with archive.beginning((request.out or house.out).resolve(), request.label(), started) as (folder, begun):
        run = RunResult(run_id=folder.name, command=request.command, started=started.isoformat(timespec="seconds"),
                        duration_s=0.0, environment=environment.facts(house), builds=_builds(cases, house), cases=(),
                        out=request.out_word(house), tested=subject,
                        baseline=baseline.run_id if baseline else "", known=tuple(defects(baseline)) if baseline else ())
        latest = archive.latest_of(folder.parent)
        journal.begin(folder, run, cases)
        begun()
        archive.link_latest(folder)  # before a case runs, so that what was killed is the latest
        return _go_on(run, cases, folder, request, house, console, latest)


def resume(folder: Path, request: Request, house: House, console: Console) -> tuple[RunResult, int]:
    """Runs what is left of a run that was interrupted or killed, and reports all of it."""
    if (folder / searched.PLAN).is_file():
        hunt, _ = searched.read(folder)
        raise UsageError(f"{folder.name} is a search of the fuzzer, which does not go on but begins again: {hunt.words(hunt.flavours[0])}")
    if (folder / TRIALS).is_file():
        raise UsageError(f"{folder.name} is a sweep, which does not go on but begins again: {journal.read(folder).run.command}")
    if (folder / journal.REPLAYING).is_file():
        raise UsageError(f"{folder.name} is a replay, which does not go on but begins again; what it counted: ./tenter report "
                         f"{shlex.quote(house.relative(folder))}")
    journal.read(folder)  # what is no run is not locked, and left as it is
    with tenure.held(folder):
        return _rest(journal.read(folder), folder, request, house, console)


def _rest(started: journal.Journal, folder: Path, request: Request, house: House, console: Console) -> tuple[RunResult, int]:
    if not started.left:
        say(f"nothing is left of {folder.name}: all {len(started.run.cases)} cases have ended")
    for flavour in {case.flavour: None for case in started.left}:
        build_shown(house, flavour, console)
        now = environment.fingerprint(house, flavour)
        if now != started.run.builds.get(flavour):
            say(f"harness and all targets in {flavour}: build {now} is not the one that the run began with, {started.run.builds.get(flavour)}")
    return _go_on(started.run, list(started.left), folder, request, house, console, None)


def _go_on(run: RunResult, cases: list[Case], folder: Path, request: Request, house: House,
           console: Console, latest: Path | None) -> tuple[RunResult, int]:
    announced = github.wanted(request.github, os.environ)
    with github.unheeded(announced):
        result = _run_all(run, cases, folder, request, house, console, latest)
    if announced:
        github.announce(result, folder, house, os.environ)
    return result, exit_code(result)


def _run_all(run: RunResult, cases: list[Case], folder: Path, request: Request, house: House,
             console: Console, latest: Path | None) -> RunResult:
    """Runs the cases into a folder that may have results of others already."""
    with TerminalView(console, cases, run.tested, request.quiet, bool(run.cases)) as view:
        outcome = run_cases(cases, house, folder, request.jobs, view, request.budget_s)
    if outcome.results and not run.cases and all(case.usage for case in outcome.results):
        # The runner refused every plan: there is nothing to report, so the error is the answer.
        archive.discard(folder, latest)
        first = outcome.results[0]
        raise UsageError(f"{'--model' if request.models else first.name}: {first.reason}")
    result = replace(journal.read(folder).run, duration_s=run.duration_s + outcome.duration_s,
                     interrupted=outcome.interrupted, cut=_cut(outcome, request))
    measured = write_reports(result, folder, house)
    print_end(console, result, path_shown(folder), measured)
    return result


def _cut(outcome: Outcome, request: Request) -> str:
    """Why something was left out, if it was."""
    if outcome.interrupted:
        return "interrupted"
    over = request.budget_s is not None and (outcome.not_run or any(case.attempts_left for case in outcome.results))
    return f"the budget of {request.budget_s:g} s was over" if over else ""


def _builds(cases: list[Case], house: House) -> dict[str, str]:
    return {flavour: environment.fingerprint(house, flavour) for flavour in sorted({case.flavour for case in cases})}


def write_reports(result: RunResult, folder: Path, house: House) -> bool:
    """Writes every format. Returns whether detection power is known, of this build and in every setting that was run."""
    result = replace(result, models=files.models((folder / "cases" / case.name for case in result.cases), house))
    power = power_of(result, _earlier(folder))
    noted = ledger.note(result, folder)
    report.write(result, power, folder, house, since(result, folder) if noted else None)
    return is_measured(result, power)


def _earlier(folder: Path) -> Iterable[RunResult]:
    """Earlier runs beside this one, the newest first; a run that cannot be read measures nothing."""
    for other in archive.run_folders(folder.parent)[:_POWER_RUNS]:
        if other != folder:
            try:
                yield archive.read_run(other)
            except UsageError:
                continue


def prepare_models(folder: Path) -> None:
    """Imported only when a model is missing, because onnx takes a second to load."""
    try:
        from tenter.machine import models
    except ImportError as error:
        raise UsageError(f"the models cannot be prepared: {error}") from error
    models.prepare(folder)
