"""Run plans: a scenario with every default filled in and checked against what the runner offers."""

from __future__ import annotations

import fnmatch
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenter.errors import UsageError, nearest
from tenter.graphs import seeds
from tenter.house import House
from tenter.machine import model_file
from tenter.machine.limits import Limit, threads
from tenter.plan.catalogue import ONLY_IN, Catalogue, Parameter
from tenter.plan.drawn import draw, names, told, values_of
from tenter.plan.scenario import Expected, Scenario

VERSION = 1
# The parameters of workloads that are numbers of threads.
_THREADS = frozenset({"threads", "pushers", "workers"})


@dataclass(frozen=True)
class Case:
    """One child process to run: a scenario in a flavour, with a seed."""

    name: str
    scenario: str
    flavour: str
    title: str
    purpose: str
    contracts: tuple[str, ...]
    plan: dict[str, Any]
    timeout_s: float
    expect: Expected = Expected()
    planted: str = ""  # the name of the planted bug that the case must find; empty for everything but a canary
    again: str = ""  # the command that runs exactly this case again
    retry: int = 0  # how many more attempts it gets, should it fail
    several: bool = False  # of a run of several models: one that cannot be run is a row, and ends nothing
    refused: str = ""  # why it cannot be run, where that is known before
    drawn: str = ""  # what its seed chose among several values: "threads 64, prefetch 1"

    @property
    def subject(self) -> str:
        """What a finding of this case is about, the same in every run and on every machine."""
        work, target = self.plan["workload"], self.plan["target"]
        return " ".join([work["kind"], Path(str(work.get("model", ""))).name, target["name"], target["saboteur"]])


@dataclass(frozen=True)
class Planner:
    """Turns scenarios into cases for one flavour."""

    house: House
    catalogue: Catalogue
    prepare_models: Callable[[Path], Any]
    target: str = ""  # overrides the target of every scenario: a name, or the path of a library
    out: str = ""  # where run folders go, as on a command line, when that is not out/
    thread_limit: Limit | None = field(default_factory=threads)

    def cases(self, scenario: Scenario, seed: int | None, repeat: int) -> list[Case]:
        """One case per repetition; each has its own seed, counted up from the first."""
        first = scenario.budget.seed if seed is None else seed
        plan = self._plan(scenario)
        drawn = names(plan["workload"])
        name = f"{scenario.name}.{self.catalogue.flavour}"
        cases = []
        for number in range(repeat):
            seed = first + number
            workload = draw(plan["workload"], seed)
            chosen = told(workload, drawn)
            cases.append(Case(name=name if repeat == 1 else f"{name}.r{number + 1}", scenario=scenario.name,
                              flavour=self.catalogue.flavour, title=f"{scenario.title} ({chosen})" if chosen else scenario.title,
                              purpose=scenario.purpose, contracts=scenario.contracts, plan={**plan, "workload": workload, "seed": seed},
                              refused=scenario.refused, timeout_s=scenario.budget.timeout_s, expect=scenario.expect,
                              planted=_planted(scenario), again=self._again(scenario, seed), drawn=chosen))
        return cases

    def _again(self, scenario: Scenario, seed: int) -> str:
        words = f"./tenter run {scenario.words()} --flavour {self.catalogue.flavour} --seed {seed}"
        if self.target:
            target = self.house.relative(Path(self.target)) if is_library(self.target) else self.target
            words += f" --target {shlex.quote(target)}"
        return words + (f" --out {self.out}" if self.out else "")

    def _plan(self, scenario: Scenario) -> dict[str, Any]:
        workload = self.catalogue.workload(scenario.kind, scenario.source)
        checks = self._checks(scenario, workload.checks)
        self._check_faults(scenario)
        known = self.catalogue.check_names()
        for check in (*scenario.expect.found_by, *(name for name, _ in scenario.expect.findings)):
            if check not in known:
                raise UsageError(f"{scenario.source}: [expect] unknown check '{check}'{nearest(check, known)}")
        for name, _ in scenario.expect.at_least:
            if name not in workload.exposes:
                raise UsageError(f"{scenario.source}: [expect] at_least: {scenario.kind} counts no '{name}'{nearest(name, workload.exposes)}")
        if scenario.expect.main and scenario.expect.main not in checks:
            raise UsageError(f"{scenario.source}: [checks] main '{scenario.expect.main}' is none of the checks of the "
                             f"scenario{nearest(scenario.expect.main, checks)}")
        return {"version": VERSION, "scenario": scenario.name, "flavour": self.catalogue.flavour,
                "target": self._target(scenario),
                "workload": {"kind": scenario.kind, **self._parameters(scenario, workload.parameters)},
                "faults": scenario.faults, "checks": checks, "watchdog_ms": scenario.budget.watchdog_ms}

    def _parameters(self, scenario: Scenario, offered: dict[str, Parameter]) -> dict[str, Any]:
        """Defaults, then the scenario's values; the overrides of every flavour are checked, used or not."""
        flavour = self.catalogue.flavour
        for given in (scenario.parameters, *scenario.overrides.values()):
            for key, value in given.items():
                if key not in offered:
                    raise UsageError(f"{scenario.source}: [workload] {scenario.kind} has no parameter "
                                     f"'{key}'{nearest(key, offered)}")
                for one in values_of(value, f"{scenario.source}: [workload] '{key}'"):
                    offered[key].check(one, f"{scenario.source}: [workload]")
        values = {**{p.name: p.default for p in offered.values()}, **scenario.parameters_for(flavour)}
        for key in _THREADS.intersection(values):
            most = max(values_of(values[key], key))
            if self.thread_limit and most > self.thread_limit.count:
                raise UsageError(f"{scenario.source}: '{key}' is {most:,}, and this system grants "
                                 f"{self.thread_limit.count:,} threads ({self.thread_limit.source})")
        for parameter in offered.values():
            if parameter.is_file() and values[parameter.name] and not scenario.refused:
                where = f"{scenario.source}: '{parameter.name}'"
                files = [self._file(value, where) for value in values_of(values[parameter.name], where)]
                values[parameter.name] = files if isinstance(values[parameter.name], list) else files[0]
        return values

    def _file(self, value: str, where: str) -> str:
        """A bare word is the name of a prepared model, `generated:SEED` one that is drawn; everything else is a path from the root."""
        if seeds.means_seed(value):
            return str(seeds.file_of(value, self.house, where))
        if re.fullmatch(r"\w+", value):
            model = self.house.models / f"{value}.onnx"
            if not model.is_file():
                self.prepare_models(self.house.models)
            if not model.is_file():
                known = [path.stem for path in self.house.models.glob("*.onnx")]
                raise UsageError(f"{where}: unknown model '{value}'{nearest(value, known)}")
            return str(model)
        path = (self.house.root / value).resolve()
        if refused := model_file.no_file(path, value):
            raise UsageError(f"{where}: {refused}")
        return str(path)

    def _checks(self, scenario: Scenario, offered: tuple[str, ...]) -> list[str]:
        for check in scenario.checks or ():
            if check not in self.catalogue.checks:
                raise UsageError(f"{scenario.source}: unknown check '{check}'{nearest(check, self.catalogue.checks)}")
            if check not in offered:
                raise UsageError(f"{scenario.source}: check '{check}' has no meaning for {scenario.kind}; "
                                 f"it offers {', '.join(offered)}")
        if scenario.checks is not None:
            return list(scenario.checks)
        return [check for check in offered if ONLY_IN.get(check, self.catalogue.flavour) == self.catalogue.flavour]

    def _check_faults(self, scenario: Scenario) -> None:
        """Only site names are checked here, so that a typing error stops the run before it starts."""
        where = "--fault" if scenario.source == "--model" else f"{scenario.source}: [faults]"
        for glob in fault_sites(scenario.faults):
            if not any(fnmatch.fnmatchcase(site, glob) for site in self.catalogue.sites):
                raise UsageError(f"{where}{'' if where.endswith(']') else ':'} unknown site '{glob}'{nearest(glob, self.catalogue.sites)}")

    def _target(self, scenario: Scenario) -> dict[str, str]:
        flavour = self.catalogue.flavour
        if scenario.saboteur and scenario.saboteur not in self.catalogue.saboteurs:
            raise UsageError(f"{scenario.source}: unknown saboteur "
                             f"'{scenario.saboteur}'{nearest(scenario.saboteur, self.catalogue.saboteurs)}")
        acting = self.catalogue.acting_in(scenario.kind)
        if scenario.saboteur and scenario.saboteur not in acting:
            others = f"; those that can: {', '.join(acting)}" if acting else ", and no other one can"
            raise UsageError(f"{scenario.source}: saboteur '{scenario.saboteur}' cannot act in {scenario.kind}, which calls nothing that it "
                             f"spoils{others}")
        if scenario.mutant:
            library = self.house.mutant(flavour, scenario.mutant)
            if not library.is_file():
                raise UsageError(f"{scenario.source}: unknown mutant '{scenario.mutant}' in flavour "
                                 f"{flavour}{nearest(scenario.mutant, self.house.mutants(flavour))}")
            return {"name": f"mutant {scenario.mutant}", "library": str(library), "saboteur": ""}
        name = self.target or scenario.target
        where = "--target" if self.target else scenario.source
        if is_library(name):
            library = Path(name) if self.target else self.house.root / name
            if not library.is_file():
                raise UsageError(f"{where}: no such target library '{name}'")
            return {"name": library.stem.removeprefix("lib"), "library": str(library.resolve()),
                    "saboteur": scenario.saboteur}
        library = self.house.target(flavour, name)
        if not library.is_file():
            raise UsageError(f"{where}: unknown target '{name}'{nearest(name, self.house.targets(flavour))}")
        return {"name": name, "library": str(library), "saboteur": scenario.saboteur}


def _planted(scenario: Scenario) -> str:
    if not scenario.expect.found_by:
        return ""
    return scenario.mutant or scenario.saboteur or scenario.name.split("/")[-1]


def fault_sites(plan: str) -> list[str]:
    """The site globs of a fault plan: what stands before '@' or '=' in each item. Quoted text may hold anything."""
    unquoted = re.sub(r'"(\\.|[^"\\])*"', '""', plan)
    items = (item.strip() for item in unquoted.split(";"))
    return [re.split(r"[@=]", item, maxsplit=1)[0].strip() for item in items if item]


def is_library(target: str) -> bool:
    """A file, and not the name of a target that is built here."""
    return "/" in target or target.endswith(".so")
