"""The verb `sweep`: a fault at every site and many of its hits, one a trial, and after each the same work as in a run without faults."""

from __future__ import annotations

import json
import shlex
import shutil
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from rich.console import Console

from tenter.cases import coverage, swept
from tenter.cases.campaign import Outcome, run_cases
from tenter.cases.coverage import Row
from tenter.cases.swept import Struck
from tenter.cases.verdict import exit_code
from tenter.console import advise, line, path_shown
from tenter.errors import CLEAN, UsageError, nearest
from tenter.house import FUZZED_FLAVOURS, House
from tenter.machine import environment
from tenter.plan import catalogue, sweepable, sweeping, tested, waivers
from tenter.plan.planner import Case
from tenter.plan.selection import select
from tenter.plan.sweepable import LeftOut
from tenter.plan.sweeping import ENOUGH_BESIDE, LEFT, PAIR, TRIAL_OF, TRIALS, Base, Strike
from tenter.plan.waivers import Waiver
from tenter.record import archive, destination, journal, whole
from tenter.record.results import CaseResult, RunResult, SiteCount, Verdict
from tenter.report.swept import SweepView, left_out_note, sheet
from tenter.report.terminal import print_end
from tenter.report.wording import plural
from tenter.verbs import run as running

SKIPPED = "skipped.txt"
_BESIDE_TRIES = 6  # more trials for a site that was struck with nobody else in flight
_BESIDE_SHARE = 0.9  # of the time; what is left is for these


@dataclass(frozen=True)
class Request:
    words: tuple[str, ...] = ()
    flavour: str = "probe"
    cap: int = sweepable.CAP  # hits of a site that are struck by each action, in each case
    seconds: float = 480
    seed: int | None = None
    jobs: int = 1
    shard: tuple[int, int] = (1, 1)
    target: str = ""
    mutant: str = ""
    quiet: bool = False
    out: Path | None = None
    command: str = ""

    def asked(self) -> running.Request:
        return running.Request(words=self.words or running.DEFAULT_WORDS, flavours=(self.flavour,), seed=self.seed, jobs=self.jobs, out=self.out,
                               target=self.target, quiet=self.quiet, command=self.command)


@dataclass
class Sweep:
    """A sweep as far as it came. Changed by one thread at a time."""

    request: Request
    house: House
    console: Console
    folder: Path
    began: float
    bases: list[Base] = field(default_factory=list)
    clean: list[CaseResult] = field(default_factory=list)
    struck: list[Struck] = field(default_factory=list)
    left: list[Strike] = field(default_factory=list)  # planned, and not run for want of time, or since it was interrupted
    interrupted: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def left_s(self, share: float = 1.0) -> float:
        return max(0.0, self.request.seconds * share - (time.monotonic() - self.began))


def sweep(request: Request, house: House, console: Console) -> tuple[RunResult, int]:
    if request.flavour not in FUZZED_FLAVOURS:
        raise UsageError(f"--flavour: a sweep needs fault sites, and '{request.flavour}' has none{nearest(request.flavour, FUZZED_FLAVOURS)}")
    destination.refuse_unwritable((request.out or house.out).resolve())
    cases, left_out = chosen(request, house, console)
    if request.mutant:
        return _prove(request, cases, house, console)
    offered = catalogue.load(house.runner(request.flavour))
    sites = offered.sites
    waived = waivers.read(house, sites)
    started = datetime.now().astimezone()
    label = "sweep-" + request.asked().label()
    with archive.beginning((request.out or house.out).resolve(), label, started) as (folder, begun):
        asked = request.asked()
        run = RunResult(run_id=folder.name, command=request.command, started=started.isoformat(timespec="seconds"), duration_s=0.0,
                        environment=environment.facts(house), builds={request.flavour: environment.fingerprint(house, request.flavour)},
                        cases=(), out=asked.out_word(house), tested=tested.sentence(cases, house))
        (folder / TRIALS).touch()
        journal.begin(folder, run, cases)
        begun()
        archive.link_latest(folder)
        made = Sweep(request, house, console, folder, time.monotonic())
        line(console, f"testing {run.tested}", "bold")
        _clean(made, cases)
        actions = offered.swept()
        plan = sweeping.planned(made.bases, actions, request.cap, _seed(request))
        mine = plan.strikes[request.shard[0] - 1::request.shard[1]]
        _say_plan(made, mine, len(plan.strikes) - len(mine), left_out)
        _strike(made, mine, "trials", _BESIDE_SHARE)
        _beside(made, actions, waived)
        return _end(made, run, _rows(made, list(sites), waived), [f"{one.case}: {one.why}" for one in left_out], plan.skipped)


def chosen(request: Request, house: House, console: Console) -> tuple[list[Case], list[LeftOut]]:
    """The cases to sweep, when what they need is built."""
    scenarios = select(house, list(request.words or running.DEFAULT_WORDS))
    if request.mutant:
        known = {path.stem for path in house.planted.parent.glob("*.patch")} | set(house.mutants(request.flavour))
        if request.mutant not in known:
            raise UsageError(f"--mutant: unknown mutant '{request.mutant}'{nearest(request.mutant, known)} (./tenter canary --list)")
        scenarios = [replace(scenario, mutant=request.mutant) for scenario in scenarios if not scenario.saboteur and not scenario.mutant]
    cases, left_out = sweepable.bases(running.plan_cases(scenarios, request.asked(), house, console), planted=request.mutant)
    if not cases:
        raise UsageError(f"nothing to sweep: {left_out[0].case}: {left_out[0].why}" if left_out else "nothing to sweep: no scenario was chosen")
    again = f"--flavour {request.flavour} --cap {request.cap} --seed {_seed(request)}"
    return [replace(case, again=f"./tenter sweep {shlex.quote(case.scenario)} {again}") for case in cases], left_out


def list_swept(request: Request, house: House, console: Console) -> int:
    cases, left_out = chosen(request, house, console)
    for case in cases:
        work = case.plan["workload"]
        size = ", ".join(f"{name} {work[name]}" for name in (*sweepable.SIZES[work["kind"]], "aftermath") if name in work)
        line(console, f"{case.name}  {work['kind']}: {size}")
    for one in left_out:
        line(console, f"{one.case}  not swept: {one.why}", "dim")
    for name, site in catalogue.load(house.runner(request.flavour)).sites.items():
        line(console, f"site {name}: {', '.join(site.actions)}: {site.meaning}", "dim")
    return CLEAN


def _prove(request: Request, cases: list[Case], house: House, console: Console) -> tuple[RunResult, int]:
    """A planted bug must be found: one sweep that ends with its first finding."""
    case = sweepable.proof(cases, request.mutant, _seed(request), request.flavour, request.words or running.DEFAULT_WORDS, request.cap)
    run, code = running.run_planned([case], replace(request.asked(), named=f"sweep-{request.mutant}"), house, console)
    for one in run.cases:
        advise(console, f"  again: {one.again}")
    return run, code


def _seed(request: Request) -> int:
    return 1 if request.seed is None else request.seed


def _clean(made: Sweep, cases: list[Case]) -> None:
    def ended(_: Case, result: CaseResult) -> CaseResult:
        return result
    with SweepView(made.console, "clean runs", len(cases), made.request.quiet, ended) as view:
        outcome = run_cases(cases, made.house, made.folder, made.request.jobs, view)
    made.interrupted = outcome.interrupted
    by_name = {case.name: case for case in cases}
    made.clean = list(outcome.results)
    made.bases = [swept.measured(by_name[result.name], result, made.folder) for result in outcome.results
                  if result.verdict is Verdict.PASS or (result.verdict is Verdict.GREY and result.sites)]


def _say_plan(made: Sweep, mine: list[Strike], elsewhere: int, left_out: list[LeftOut]) -> None:
    parts = f"; {elsewhere:,} belong to other parts" if elsewhere else ""
    line(made.console, f"{plural(len(made.bases), 'case')} swept by {plural(len(mine), 'trial')}: of a site {plural(made.request.cap, 'hit')} by each "
                       f"action, and {made.request.seconds:g} s, at most{parts}; {plural(len(left_out), 'case')} left out", "dim")


def _strike(made: Sweep, strikes: list[Strike], what: str, share: float) -> None:
    """Runs trials until the time is over. What passed leaves a line in trials.jsonl and no folder."""
    if made.interrupted:
        made.left += strikes
    if made.interrupted or not strikes:
        return
    first = len(made.struck) + len(made.left) + 1
    by_name = {strike.case(number).name: strike for number, strike in enumerate(strikes, start=first)}
    cases = [strike.case(number) for number, strike in enumerate(strikes, start=first)]

    def ended(case: Case, result: CaseResult) -> CaseResult:
        return _ended(made, case, Struck(by_name[case.name], swept.judged(by_name[case.name], result)))

    with SweepView(made.console, what, len(cases), made.request.quiet, ended) as view:
        outcome: Outcome = run_cases(cases, made.house, made.folder, made.request.jobs, view, made.left_s(share))
    made.interrupted = outcome.interrupted
    made.left += [by_name[name] for name in outcome.not_run]


def _ended(made: Sweep, case: Case, one: Struck) -> CaseResult:
    here = made.folder / "cases" / case.name
    one = replace(one, result=replace(one.result, facts={**one.result.facts, TRIAL_OF: one.strike.base.case.name}))
    if one.clean:
        shutil.rmtree(here)
    else:
        whole.write(here / "scenario.toml", swept.as_scenario(case))
        path = made.house.relative(here / "scenario.toml")
        one = replace(one, result=replace(one.result, again=f"./tenter run {shlex.quote(path)} --flavour {case.flavour} --seed {case.plan['seed']}"))
        journal.note(here, one.result)
    made.struck.append(one)
    row = {"trial": case.name, "why": one.strike.why, "sites": one.strike.sites, "faults": one.strike.faults, "verdict": one.result.verdict.name,
           "fired": one.told, "beside": max((site.beside for site in one.result.sites), default=0), "seconds": one.result.duration_s}
    with (made.folder / TRIALS).open("a") as file:
        file.write(json.dumps(row) + "\n")
    return one.result


def _beside(made: Sweep, actions: dict[str, dict[str, str]], waived: tuple[Waiver, ...]) -> None:
    """Strikes again where all faults so far struck with fewer than two others in flight, unless that is waived."""
    excused = {waiver.site for waiver in waived if waiver.what == waivers.BESIDE}
    for attempt in range(_BESIDE_TRIES):
        if made.interrupted:
            return
        most = {row.site: row for row in _rows(made, list(actions), ())}
        lonely = [site for site, row in most.items() if row.hits and row.beside < ENOUGH_BESIDE and site not in excused and site in actions]
        more = [strike for site in lonely for strike in sweeping.beside(made.bases, site, actions[site], attempt + 1, _seed(made.request) + attempt)[-1:]]
        _strike(made, more, "trials beside others", 1.0)


def _rows(made: Sweep, sites: list[str], waived: tuple[Waiver, ...]) -> list[Row]:
    struck = [(one.strike.sites, one.result.sites) for one in made.struck]
    if made.request.target not in ("", "reference"):
        sites = []  # another runtime need not have ours: only what it hits is held to the rest
    made_rows = coverage.rows(sites, [result.sites for result in made.clean], struck, waived)
    return made_rows if _is_gated(made.request, made.house) else [row for row in made_rows if row.hits]


def _end(made: Sweep, run: RunResult, rows: list[Row], left_out: list[str], capped: list[str]) -> tuple[RunResult, int]:
    request = made.request
    why = "the sweep was interrupted" if made.interrupted else "no time was left"
    untimely = [f"{strike.base.case.name}: {strike.faults}: {why}" for strike in made.left]
    whole.write(made.folder / SKIPPED, "\n".join([*left_out, *capped, *untimely, ""]))
    cases = [_told(made, result) for result in made.clean]
    cases += [one.result for one in sorted(made.struck, key=lambda one: one.result.name) if not one.clean]  # they end in any order
    if _is_gated(request, made.house) or made.interrupted:
        open_sites = swept.unfinished(made.left) | (set(row.site for row in rows) if made.interrupted or request.shard[1] > 1 else set())
        cut = f"interrupted after {len(made.struck):,} trials" if made.interrupted else ""
        cases.append(coverage.result(rows, open_sites, cut, request.flavour, request.command, cases[0].target if cases else "reference", _seed(request)))
    result = replace(run, cases=tuple(cases), duration_s=round(time.monotonic() - made.began, 3), interrupted=made.interrupted,
                     cut="interrupted" if made.interrupted else "")
    measured = running.write_reports(result, made.folder, made.house)
    _print(made, rows, len(left_out), len(capped), len(untimely))
    print_end(made.console, result, path_shown(made.folder), measured)
    return result, exit_code(result)


def _told(made: Sweep, result: CaseResult) -> CaseResult:
    """The row of a case in the report: its clean run, and what its trials came to."""
    mine = [one for one in made.struck if one.strike.base.case.name == result.name]
    left = sum(strike.base.case.name == result.name for strike in made.left)
    facts = {**result.facts, **({LEFT: f"{left:,}"} if left else {})}
    if not mine:
        return replace(result, facts=facts)
    sums = {site.name: [site.hit, 0, 0] for site in result.sites}
    for one in mine:
        for site in one.result.sites:
            row = sums.setdefault(site.name, [0, 0, 0])
            row[1], row[2] = row[1] + site.fired, max(row[2], site.beside)
    failed, idle = sum(not one.clean for one in mine), sum(one.clean and not one.told for one in mine)
    reason = f"{len(mine):,} trials, {failed:,} with a finding, {idle:,} in which a fault did not come to fire"
    return replace(result, reason=reason if result.verdict is Verdict.PASS else result.reason, facts={**facts, "sweep": reason},
                   sites=tuple(SiteCount(name, *counts) for name, counts in sums.items()))


def _is_gated(request: Request, house: House) -> bool:
    """A set has to show every site; one scenario need not."""
    return any(Path(word).is_dir() or (house.root / word).is_dir() or (house.scenarios / word).is_dir()
               for word in request.words or running.DEFAULT_WORDS)


def _print(made: Sweep, rows: list[Row], left_out: int, capped: int, untimely: int) -> None:
    pairs = [one for one in made.struck if one.strike.why == PAIR]
    idle = sum(one.clean and not one.told for one in made.struck)
    sheet(rows, (sum(one.told for one in pairs), len(pairs)), left_out + capped + untimely).print(made.console)
    line(made.console, f"\n{plural(len(made.struck), 'trial')} in {plural(len(made.bases), 'case')}: {sum(not one.clean for one in made.struck):,} with a finding, "
                       f"{idle:,} in which a fault did not come to fire")
    if note := left_out_note(left_out, (capped, made.request.cap), untimely, made.interrupted):
        line(made.console, f"{note}: {path_shown(made.folder / SKIPPED)}", "dim")
