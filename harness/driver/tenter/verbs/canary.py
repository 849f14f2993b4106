"""The verb `canary`: every planted bug against the instrument of the product that has to find it, and how many were found."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import jinja2
from rich.console import Console

from tenter.console import advise, build_shown, line, path_shown
from tenter.errors import CLEAN, HarnessDefect
from tenter.house import FLAVOURS, House
from tenter.machine.processors import processors
from tenter.plan import bugs as table, catalogue, sweepable
from tenter.plan.bugs import Bug
from tenter.plan.planner import Case, Planner
from tenter.plan.selection import select
from tenter.plan.trials import SCENARIO, Trial, chosen, search_case
from tenter.record import destination, whole
from tenter.record.results import RunResult
from tenter.report import power_sheets
from tenter.report.detected import Detection, detections
from tenter.sources.contracts import read_contracts
from tenter.verbs import run as running

_TEMPLATE = "power.md.j2"


@dataclass(frozen=True)
class Request:
    names: tuple[str, ...] = ()
    seconds: float = 60  # of a search, at most
    shrink_seconds: float = 5  # of a finding, at most: what the smallest program names is the diagnosis
    seed: int | None = None
    jobs: int = 0  # trials at once; 0: half of the processors
    shard: tuple[int, int] = (1, 1)
    quiet: bool = False
    out: Path | None = None
    write: Path | None = None  # the curated report
    command: str = ""


def canary(request: Request, house: House, console: Console) -> int:
    return measure(request, house, console)[1]


def measure(request: Request, house: House, console: Console) -> tuple[RunResult, int]:
    """Runs, prints and writes. Returns the run and the exit code."""
    destination.refuse_unwritable((request.out or house.out).resolve())
    trials = chosen(planted(house), request.names, request.shard)
    asked = running.Request(words=("canary",), jobs=request.jobs or max(1, processors() // 2), out=request.out,
                            quiet=request.quiet, command=request.command)
    result, code = running.run_planned(_cases(trials, request, asked, house, console), asked, house, console)
    made = detections(result, trials)
    _print(made, request.quiet, console)
    if request.write:
        with destination.told(request.write):
            whole.write(request.write, render(result, made, house))
        line(console, f"  written: {path_shown(request.write)}", "dim")
    return result, code


def list_bugs(names: tuple[str, ...], shard: tuple[int, int], house: House, console: Console) -> int:
    bugs = list({trial.bug.name: trial.bug for trial in chosen(planted(house), names, shard)}.values())
    power_sheets.listed(bugs).print(console)
    return CLEAN


def planted(house: House) -> tuple[Bug, ...]:
    """A table that does not fit its bugs measures nothing, so it is refused."""
    bugs = table.read(house)
    problem = next(table.problems(bugs, read_contracts(house), house), "")
    if problem:
        raise HarnessDefect(f"{house.relative(house.planted)}: {problem}")
    return bugs


def _cases(trials: list[Trial], request: Request, asked: running.Request, house: House, console: Console) -> list[Case]:
    """In the order of the trials, when what they need, and nothing else, is built."""
    canaries, out, patches = table.canaries_of(house), asked.out_word(house), house.patches()
    planners: dict[str, Planner] = {}
    for flavour in (name for name in FLAVOURS if any(trial.flavour == name for trial in trials)):
        mine = [trial for trial in trials if trial.flavour == flavour]
        build_shown(house, flavour, console, tuple(dict.fromkeys(target for trial in mine for target in trial.builds(patches))))
        if any(trial.instrument == SCENARIO or trial.sweeps for trial in mine):
            planners[flavour] = Planner(house, catalogue.load(house.runner(flavour)), running.prepare_models, out=out)
    cases: list[Case] = []
    for trial in trials:
        if trial.instrument == SCENARIO:
            cases += planners[trial.flavour].cases(canaries[trial.scenario], request.seed, 1)
        elif trial.sweeps:
            cases.append(_sweep(trial, planners[trial.flavour], request.seed, house))
        else:
            cases.append(search_case(trial, request.seconds, 1 if request.seed is None else request.seed, out,
                                     request.shrink_seconds))
    return cases


def _sweep(trial: Trial, planner: Planner, seed: int | None, house: House) -> Case:
    scenarios = [replace(one, mutant=trial.bug.name) for one in select(house, [trial.sweeps]) if not one.mutant and not one.saboteur]
    swept, _ = sweepable.bases([case for one in scenarios for case in planner.cases(one, seed, 1)], planted=trial.bug.name)
    return sweepable.proof(swept, trial.bug.name, 1 if seed is None else seed, trial.flavour, (trial.sweeps,))


def _print(made: list[Detection], quiet: bool, console: Console) -> None:
    lost = [one for one in made if one.missed]
    if lost:
        line(console, f"\nmissed: {len(lost)}", "bold red")
    for one in lost:
        line(console, f"  {one.trial.bug.name} ({one.trial.bug.floor}): {one.trial.bug.planted}; {one.case.reason if one.case else ''}", "red")
        advise(console, f"    {one.case.again if one.case else ''}")
    power_sheets.power(made).print(console)
    misread = power_sheets.misread(made)
    if misread and not quiet:
        misread.print(console)
    line(console, f"\n{power_sheets.headline(made)}", "bold")


def render(run: RunResult, made: list[Detection], house: House) -> str:
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(house.reports / "templates"), trim_blocks=True,
                                     lstrip_blocks=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)
    sheets = [sheet for sheet in (power_sheets.missed(made), power_sheets.power(made), power_sheets.misread(made, why=True), power_sheets.every(made))
              if sheet]
    return environment.get_template(_TEMPLATE).render(run=run, facts=run.environment, sheets=sheets, headline=power_sheets.headline(made),
                                                         load=", ".join(f"{load:.2f}" for load in os.getloadavg()))
