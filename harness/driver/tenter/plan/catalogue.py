"""What the runner offers: workloads with their parameters, checks, fault sites and saboteurs."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenter.errors import HarnessDefect, UsageError, nearest

VERSION = 3
# Checks of the driver itself: what a child that died or never ended is reported under.
DRIVER_CHECKS = {
    "crash": "the process of the case died by a signal",
    "liveness": "the process of the case ended, or made progress, within its time",
    "sanitizer": "no report of AddressSanitizer or UBSan",
    "data_race": "no report of ThreadSanitizer",
}
# Checks that nothing can feed in another flavour; asked for there, they would only ever be grey.
ONLY_IN = {"data_race": "tsan"}
MOST_INTEGER = 2**63 - 1  # of a number in a run plan; what is larger is no integer to the runner
_TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,), "number": (int, float), "string": (str,), "boolean": (bool,)}


def is_file(parameter: str) -> bool:
    """Whether the parameter of this name is the path of a file."""
    return parameter == "model" or parameter.endswith("_file")


@dataclass(frozen=True)
class Parameter:
    name: str
    type: str
    default: Any = None
    meaning: str = ""
    minimum: float | None = None
    maximum: float | None = None

    def is_file(self) -> bool:
        return is_file(self.name)

    def check(self, value: Any, where: str) -> None:
        """Raises when the value has the wrong type, is too small or too large. bool is an int in Python, but not here."""
        right = isinstance(value, _TYPES[self.type]) and (self.type == "boolean" or not isinstance(value, bool))
        if not right:
            article = "an" if self.type == "integer" else "a"
            raise UsageError(f"{where}: '{self.name}' is {value!r}, and must be {article} {self.type}")
        if self.minimum is not None and value < self.minimum:
            raise UsageError(f"{where}: '{self.name}' is {value}, and must be at least {self.minimum:g}")
        if self.maximum is not None and value > self.maximum:
            raise UsageError(f"{where}: '{self.name}' is {value}, and must be at most {self.maximum:g}")
        if self.type in ("integer", "number") and not value <= MOST_INTEGER:  # nor nan
            raise UsageError(f"{where}: '{self.name}' is {value}, and must be at most {MOST_INTEGER}")


@dataclass(frozen=True)
class Workload:
    kind: str
    meaning: str
    parameters: dict[str, Parameter]
    checks: tuple[str, ...]
    exposes: tuple[str, ...]  # the numbers that it counts, in every case of it


@dataclass(frozen=True)
class Saboteur:
    name: str
    meaning: str
    workloads: tuple[str, ...]  # in which it can act: they call what it spoils


@dataclass(frozen=True)
class Check:
    name: str
    meaning: str = ""
    contracts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Site:
    name: str
    actions: tuple[str, ...] = ()
    meaning: str = ""


@dataclass(frozen=True)
class Action:
    """What a fault may do, a row of harness/faults/fault_actions.h."""

    name: str
    written: str  # its syntax, for people
    meaning: str = ""
    swept: str = ""  # as a sweep writes it; nothing where it is not swept
    fails: bool = True  # what it hits


@dataclass(frozen=True)
class Catalogue:
    flavour: str
    workloads: dict[str, Workload]
    checks: dict[str, Check]
    sites: dict[str, Site]
    saboteurs: dict[str, Saboteur] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)

    def swept(self) -> dict[str, dict[str, str]]:
        """Of each site the actions that a sweep strikes it with, and how each is written: failures first."""
        return {site.name: {action.name: action.swept for action in self.actions.values() if action.swept and action.name in site.actions}
                for site in self.sites.values()}

    def acting_in(self, kind: str) -> list[str]:
        return [name for name, saboteur in self.saboteurs.items() if kind in saboteur.workloads]

    def workload(self, kind: str, where: str) -> Workload:
        if kind not in self.workloads:
            raise UsageError(f"{where}: unknown workload '{kind}'{nearest(kind, self.workloads)}")
        return self.workloads[kind]

    def check_names(self) -> list[str]:
        return sorted({*self.checks, *DRIVER_CHECKS})


def parse(text: str, source: str) -> Catalogue:
    """Reads the JSON of `tenter-runner catalogue`."""
    try:
        raw = json.loads(text)
        if raw.get("version") != VERSION:
            raise UsageError(f"{source} speaks version {raw.get('version')} of the catalogue and this driver version "
                             f"{VERSION}: build it again")
        return Catalogue(
            flavour=raw["flavour"],
            workloads={item["kind"]: _workload(item) for item in raw["workloads"]},
            checks={item["name"]: Check(item["name"], item.get("meaning", ""), tuple(item.get("contracts", ())))
                    for item in raw["checks"]},
            sites={item["name"]: Site(item["name"], tuple(item.get("actions", ())), item.get("meaning", ""))
                   for item in raw["sites"]},
            saboteurs={item["name"]: Saboteur(item["name"], item.get("meaning", ""), tuple(item["workloads"]))
                       for item in raw.get("saboteurs", ())},
            actions={item["name"]: Action(item["name"], item["written"], item["meaning"], item["swept"], item["fails"])
                     for item in raw["actions"]})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise HarnessDefect(f"{source} printed a catalogue that cannot be read: {error!r}") from error


def _workload(item: dict[str, Any]) -> Workload:
    unknown = {p["type"] for p in item["parameters"]} - set(_TYPES)
    if unknown:
        raise KeyError(f"parameter type {unknown.pop()}")
    parameters = [Parameter(p["name"], p["type"], p.get("default"), p.get("meaning", ""), p.get("minimum"), p.get("maximum"))
                  for p in item["parameters"]]
    return Workload(item["kind"], item.get("meaning", ""), {p.name: p for p in parameters}, tuple(item["checks"]),
                    tuple(item["exposes"]))


def load(runner: Path) -> Catalogue:
    """Asks a built runner what it offers."""
    if not runner.exists():
        raise UsageError(f"{runner.name} is not built at {runner}: ./tenter build {runner.parents[2].name}")
    done = subprocess.run([str(runner), "catalogue"], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise HarnessDefect(f"{runner.name} catalogue ended with {done.returncode}: {last}")
    return parse(done.stdout, runner.name)
