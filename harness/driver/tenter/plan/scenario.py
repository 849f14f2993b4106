"""Scenarios: TOML files that say what to run, with strict keys. scenarios/README.md describes the format."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tenter import toml_text
from tenter.errors import UsageError, nearest
from tenter.house import FLAVOURS, House
from tenter.plan.drawn import draw

FOLDERS = ("smoke", "deep", "regress", "canary", "mxnet")
DEFAULT_FLAVOURS = ("probe", "tsan")
ON_REQUEST = ("asan",)  # a flavour that finds what the two may miss, and costs another build and another run of everything
POWER = "power/"  # begins the names of scenarios that measure the detection power of another one
FIRST = "first_look_"  # begins the last part of such a name, when it is one of the canary of a run at first sight

_AS_SLOW = {"asan": ("tsan",)}  # whose parameters a flavour takes that has none of its own
_TOP = {"title": str, "purpose": str, "contracts": list, "flavours": list, "on_request": list, "target": str, "saboteur": str,
        "mutant": str, "workload": dict, "each": dict, "faults": dict, "checks": dict, "budget": dict, "expect": dict}
_FAULTS = {"plan": str}
_CHECKS = {"use": list, "main": str, "main_at_least": int}
_BUDGET = {"watchdog_ms": int, "timeout_s": int, "seed": int}
_NAMES = str | list
_EXPECT = {"found_by": _NAMES, "findings": list, "at_least": dict}
_FINDING = {"check": str, "count": int}
_MOST_SEED = 2**62  # so that it fits 64 bits with every repetition
_MOST_BUDGET = {"watchdog_ms": 10**12, "timeout_s": 10**9, "seed": _MOST_SEED}  # times are nanoseconds in 64 bits somewhere
_TOML_NAMES = {_NAMES: "a string or a list of them", str: "a string", int: "an integer", list: "a list", dict: "a table"}


@dataclass(frozen=True)
class Expected:
    """What a scenario must report to pass: nothing, one planted bug, or a list of findings; and what must have happened
    before that says anything."""

    found_by: tuple[str, ...] = ()  # the checks one of which must find the planted bug, the most likely one first
    findings: tuple[tuple[str, int], ...] = ()
    main: str = ""  # the check that the scenario is for
    main_at_least: int = 1  # that it must have examined
    at_least: tuple[tuple[str, int], ...] = ()  # of the numbers that the runner counts, such as refused requests


@dataclass(frozen=True)
class Budget:
    watchdog_ms: int = 30_000
    timeout_s: int = 120
    seed: int = 1


@dataclass(frozen=True)
class Scenario:
    name: str
    source: str
    title: str
    kind: str
    parameters: dict[str, Any] = field(default_factory=dict)
    overrides: dict[str, dict[str, Any]] = field(default_factory=dict)
    purpose: str = ""
    contracts: tuple[str, ...] = ()
    flavours: tuple[str, ...] = DEFAULT_FLAVOURS
    on_request: tuple[str, ...] = ON_REQUEST  # flavours in which it runs too, where they are asked for
    target: str = "reference"
    saboteur: str = ""
    mutant: str = ""
    faults: str = ""
    checks: tuple[str, ...] | None = None
    budget: Budget = Budget()
    expect: Expected = Expected()
    each: tuple[str, tuple[str, ...]] | None = None  # a parameter, and the values with which it runs (tenter/plan/each.py)
    refused: str = ""  # why it cannot run; of one among several models, since a plan that stands alone is refused at once
    selector: str = ""  # the words of a command line that mean it, where they are not its name

    def words(self) -> str:
        """What names this scenario on a command line."""
        return self.selector or shlex.quote(self.name)

    def asked_for(self, flavours: Sequence[str]) -> Scenario:
        """With those of its flavours on request that were asked for."""
        return replace(self, flavours=(*self.flavours, *(flavour for flavour in self.on_request if flavour in flavours)))

    def parameters_for(self, flavour: str) -> dict[str, Any]:
        """The workload's own parameters, with those of [workload.FLAVOUR] on top; what is less for tsan is so for asan, too."""
        names = (flavour, *_AS_SLOW.get(flavour, ()))
        return {**self.parameters, **next((self.overrides[name] for name in names if name in self.overrides), {})}

    def drawn_by(self, seed: int) -> Scenario:
        """With what a case of this seed draws, so that a planted bug is tried in the very setting."""
        return replace(self, parameters=draw(self.parameters, seed),
                       overrides={flavour: draw(given, seed) for flavour, given in self.overrides.items()})


def read(path: Path, house: House) -> Scenario:
    """Reads one file; every error is one line that names the file."""
    source = house.relative(path)
    try:
        raw = toml_text.loads(path.read_bytes().decode())
    except FileNotFoundError as error:
        raise UsageError(f"{source}: no such file") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{source} is no scenario (TOML text)") from error
    except OSError as error:
        raise UsageError(f"{source}: {error.strerror}") from error
    except RecursionError as error:
        raise UsageError(f"{source}: tables or lists stand too deep in one another") from error
    except ValueError as error:  # of TOML, or a number of more digits than Python reads
        raise UsageError(f"{source}: {' '.join(str(error).split())}") from error
    scenario = parse(raw, name_of(path, house), source)
    inside = path.resolve().is_relative_to(house.scenarios.resolve())
    return scenario if inside else replace(scenario, selector=shlex.quote(source))


def name_of(path: Path, house: House) -> str:
    try:
        inside = path.resolve().relative_to(house.scenarios.resolve())
    except ValueError:
        inside = Path(path.name)
    return str(inside.with_suffix(""))


def parse(raw: Mapping[str, Any], name: str, source: str) -> Scenario:
    _strict(raw, _TOP, source)
    for key in ("title", "workload"):
        if key not in raw:
            raise UsageError(f"{source}: '{key}' is missing")
    workload = dict(raw["workload"])
    kind = workload.pop("kind", None)
    if not isinstance(kind, str):
        raise UsageError(f"{source}: [workload] needs 'kind', the name of a workload (./tenter list)")
    overrides = {key: workload.pop(key) for key in list(workload) if isinstance(workload[key], dict)}
    for flavour in overrides:
        _known(flavour, FLAVOURS, "flavour", f"{source}: [workload.{flavour}]")
    flavours = tuple(raw.get("flavours", DEFAULT_FLAVOURS))
    if not flavours:
        raise UsageError(f"{source}: 'flavours' is empty")
    for flavour in flavours:
        _known(flavour, FLAVOURS, "flavour", source)
    _once(flavours, f"{source}: 'flavours'")
    # A scenario that names its flavours has a reason to run in no other.
    on_request = tuple(raw.get("on_request", () if "flavours" in raw else ON_REQUEST))
    for flavour in on_request:
        _known(flavour, FLAVOURS, "flavour", f"{source}: 'on_request'")
    _once((*flavours, *on_request), f"{source}: 'flavours' with 'on_request'")
    if raw.get("saboteur") and raw.get("mutant"):
        raise UsageError(f"{source}: 'saboteur' and 'mutant' are both set; plant one bug at a time")
    return Scenario(
        name=name, source=source, title=raw["title"], kind=kind, parameters=workload, overrides=overrides,
        purpose=raw.get("purpose", ""), contracts=_contracts(raw.get("contracts", []), source),
        each=_each(raw.get("each", {}), workload, source), flavours=flavours, on_request=on_request,
        target=raw.get("target", "reference"), saboteur=raw.get("saboteur", ""),
        mutant=raw.get("mutant", ""), faults=_section(raw, "faults", _FAULTS, source).get("plan", ""),
        checks=_checks(_section(raw, "checks", _CHECKS, source), source),
        budget=_budget(_section(raw, "budget", _BUDGET, source), source), expect=_expected(raw, source))


def _each(each: Mapping[str, Any], workload: Mapping[str, Any], source: str) -> tuple[str, tuple[str, ...]] | None:
    """The parameter and its values, of a table [each]; nothing where there is none."""
    if not each:
        return None
    if len(each) > 1:
        raise UsageError(f"{source}: [each] has {len(each)} parameters, and takes one")
    (name, values), = each.items()
    where = f"{source}: [each] '{name}'"
    if name in workload:
        raise UsageError(f"{where} stands in [workload], too")
    if not isinstance(values, list) or not all(isinstance(value, str) and value.isidentifier() for value in values):
        raise UsageError(f"{where} is {values!r}, and must be a list of words")
    if len(values) < 2 or len(set(values)) < len(values):
        raise UsageError(f"{where} needs two values or more, each once")
    return name, tuple(values)


def _section(raw: Mapping[str, Any], name: str, keys: Mapping[str, type], source: str) -> Mapping[str, Any]:
    section = raw.get(name, {})
    _strict(section, keys, f"{source}: [{name}]")
    return section


def _strict(table: Mapping[str, Any], keys: Mapping[str, type], where: str) -> None:
    for key, value in table.items():
        _known(key, keys, "key", where)
        wanted = keys[key]
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise UsageError(f"{where}: '{key}' is {value!r}, and must be {_TOML_NAMES[wanted]}")


def _known(word: Any, choices: Any, what: str, where: str) -> None:
    if word not in choices:
        raise UsageError(f"{where}: unknown {what} '{word}'{nearest(str(word), choices)}")


def _once(values: Sequence[Any], where: str) -> None:
    twice = next((value for at, value in enumerate(values) if value in values[:at]), None)
    if twice is not None:
        raise UsageError(f"{where} names {twice} twice")


def _strings(values: list[Any], where: str) -> tuple[str, ...]:
    for value in values:
        if not isinstance(value, str):
            raise UsageError(f"{where}: {value!r} must be a string")
    return tuple(values)


def _contracts(values: list[Any], source: str) -> tuple[str, ...]:
    for contract in _strings(values, f"{source}: contracts"):
        if not re.fullmatch(r"(ENG|ERR|COP|ITR)-\d+", contract):
            raise UsageError(f"{source}: contracts: '{contract}' is no contract id such as ENG-1 (./tenter contracts)")
    return tuple(values)


def _checks(section: Mapping[str, Any], source: str) -> tuple[str, ...] | None:
    if "use" not in section:
        return None
    if not section["use"]:
        raise UsageError(f"{source}: [checks] 'use' is empty; a run without a check concludes nothing")
    _once(section["use"], f"{source}: [checks] 'use'")
    return _strings(section["use"], f"{source}: [checks] use")


def _budget(section: Mapping[str, Any], source: str) -> Budget:
    for key, least in (("watchdog_ms", 1), ("timeout_s", 1), ("seed", 0)):
        if section.get(key, least) < least:
            raise UsageError(f"{source}: [budget] '{key}' is {section[key]}, and must be at least {least}")
        if section.get(key, least) > _MOST_BUDGET[key]:
            raise UsageError(f"{source}: [budget] '{key}' is {section[key]}, and must be at most {_MOST_BUDGET[key]}")
    return Budget(**section)


def _expected(raw: Mapping[str, Any], source: str) -> Expected:
    section, checks = _section(raw, "expect", _EXPECT, source), _section(raw, "checks", _CHECKS, source)
    findings = []
    for item in section.get("findings", []):
        where = f"{source}: [expect] findings"
        if not isinstance(item, dict) or "check" not in item:
            raise UsageError(f"{where}: each one is a table such as {{check = \"determinism\", count = 1}}")
        _strict(item, _FINDING, where)
        if item.get("count", 1) < 1:
            raise UsageError(f"{where}: 'count' is {item['count']}, and must be at least 1")
        findings.append((item["check"], item.get("count", 1)))
    found_by = section.get("found_by", [])
    found_by = _strings([found_by] if isinstance(found_by, str) else found_by, f"{source}: [expect] found_by")
    if findings and found_by:
        raise UsageError(f"{source}: [expect] has 'found_by' and 'findings'; use one of them")
    if found_by and not (raw.get("saboteur") or raw.get("mutant")):
        raise UsageError(f"{source}: [expect] 'found_by' asks for a planted bug, and the scenario plants none; set "
                         "'saboteur' or 'mutant', or ask for 'findings'")
    if (raw.get("saboteur") or raw.get("mutant")) and not found_by and not findings:
        raise UsageError(f"{source}: the scenario plants a bug and expects nothing; say what must find it: [expect] found_by")
    if "main_at_least" in checks and "main" not in checks:
        raise UsageError(f"{source}: [checks] 'main_at_least' says nothing without 'main', the name of a check")
    at_least = section.get("at_least", {})
    for name, count in [*at_least.items(), ("main_at_least", checks.get("main_at_least", 1))]:
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise UsageError(f"{source}: '{name}' is {count!r}, and must be an integer of at least 1")
    return Expected(found_by, tuple(findings), checks.get("main", ""),
                    checks.get("main_at_least", 1), tuple(at_least.items()))
