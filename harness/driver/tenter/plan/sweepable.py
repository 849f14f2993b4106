"""What a sweep of faults runs: a scenario's workload, small enough for hundreds of lives, with an aftermath and without faults of its own.

Scenarios that differ by their faults alone are one and the same workload here, and swept once.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tenter.plan.planner import Case
from tenter.plan.scenario import Expected
from tenter.plan.sweeping import SWEPT

# The most that one life of a workload does: a fault is as rare in it as one of these calls.
SIZES: dict[str, dict[str, int]] = {
    "concurrent_inference": {"threads": 8, "inferences": 24, "inputs_per_thread": 1, "rounds": 1, "calls_alone": 0},
    "engine_program": {"threads": 8, "ops_per_thread": 40, "vars": 32},
    "iterator_epochs": {"rows": 40, "epochs": 3, "lives": 2, "iterators": 4},
}
# How many hits of a site are struck by each action in each case, at most, where nobody says how many.
CAP = 4
SECONDS = 480.0  # a sweep lasts at most so long, where nobody says otherwise
# The work after the faults have stopped.
AFTERMATH = {"concurrent_inference": 8, "engine_program": 60, "iterator_epochs": 1}
# What leaves nothing for an aftermath, or in which a failure may be what is asked for.
_UNFIT = {"free_after": "it frees its op under the callers, which leaves none for an aftermath",
          "bad_requests": "it makes wrong requests, whose errors are no fault's",
          "later": "its answers are ops of their own, and a fault in one is no request's",
         "refuse_when_full": "it refuses calls, and a refusal could not be told from a fault",
          "batch": "requests that ran as one run again, each alone, when their op fails, so a fault in one may be no request's",
          "bad_row": "its file is bad, and so is its aftermath",
          "csv_file": "the rows of its file are not known"}
_CALM = {"bad_row": -1, "batch": 1}  # what says nothing; 0, no and an empty text elsewhere
# A child that stands still is a finding; under a sanitizer it is slower.
_WATCHDOG_MS = {"tsan": 20_000, "asan": 15_000}
_TIMEOUT_S = {"tsan": 120.0, "asan": 90.0}
# Another runtime says what is right once, and not for each fault.
_NOT_HERE = ("answer",)
_MOST_TRIALS = 2_000  # of a sweep that has to find a planted bug


@dataclass(frozen=True)
class LeftOut:
    case: str
    why: str


def bases(cases: Sequence[Case], planted: str = "") -> tuple[list[Case], list[LeftOut]]:
    """The cases to sweep, each workload once, and why the others are not. `planted`: the bug that all have, which is to be found."""
    taken: dict[str, Case] = {}
    left: list[LeftOut] = []
    for case in cases:
        why = why_not(case, planted)
        base = case if why else sized(case)
        same = taken.setdefault(_identity(base), base) if not why else base
        if why or same is not base:
            left.append(LeftOut(case.name, why or f"the same workload as {same.name}"))
    return list(taken.values()), left


def why_not(case: Case, planted: str = "") -> str:
    work = case.plan["workload"]
    if work["kind"] not in SIZES:
        return f"{work['kind']} has no aftermath"
    if case.refused:
        return case.refused
    if _mutant(case) != planted or case.plan["target"]["saboteur"] or case.expect.findings:
        return "it plants a bug, or expects findings"
    if not work.get("thread_safe", True):
        return "its op may not be shared, and refuses calls"
    return next((why for name, why in _UNFIT.items() if not _is_calm(name, work)), "")


def _is_calm(name: str, work: dict[str, Any]) -> bool:
    return work.get(name, _CALM[name]) == _CALM[name] if name in _CALM else not work.get(name)


def proof(cases: Sequence[Case], mutant: str, seed: int, flavour: str, words: Sequence[str], cap: int = CAP) -> Case:
    """A whole sweep as one case, which has to find a planted bug: its run plan holds those of the clean runs."""
    base = cases[0]
    plan = {**base.plan, "scenario": f"sweep/{mutant}", "seed": seed, "checks": [], "workload": {"kind": SWEPT},
            "sweep": {"plans": {case.name: case.plan for case in cases}, "cap": cap, "most": _MOST_TRIALS, "timeout_s": base.timeout_s}}
    again = f"./tenter sweep {shlex.join(words)} --flavour {flavour} --cap {cap} --seed {seed} --mutant {mutant}"
    return Case(name=f"sweep/{mutant}.{flavour}", scenario=f"sweep/{mutant}", flavour=flavour, title=f"A sweep of faults: {mutant}",
                purpose="The planted bug shows itself after a fault alone.", contracts=(), plan=plan, timeout_s=base.timeout_s, planted=mutant,
                again=again)


def _mutant(case: Case) -> str:
    name = str(case.plan["target"]["name"])
    return name.removeprefix("mutant ") if name.startswith("mutant ") else ""


def sized(case: Case) -> Case:
    work = case.plan["workload"]
    small = {name: min(work[name], most) for name, most in SIZES[work["kind"]].items() if name in work}
    checks = [check for check in case.plan["checks"] if check not in _NOT_HERE]
    plan = {**case.plan, "workload": {**work, **small, "aftermath": AFTERMATH[work["kind"]]}, "faults": "", "checks": checks,
            "watchdog_ms": _WATCHDOG_MS.get(case.flavour, 5_000)}
    return replace(case, plan=plan, expect=Expected(), timeout_s=_TIMEOUT_S.get(case.flavour, 30.0), retry=0)


def _identity(case: Case) -> str:
    """What makes two workloads the same, names and seeds left out."""
    kept: dict[str, Any] = {name: case.plan[name] for name in ("flavour", "target", "workload")}
    return json.dumps(kept, sort_keys=True)
