"""A search of the fuzzer as the result of a run, so that every format tells of it and every reader of reports takes it.

A case is one flavour, and its kind is `engine_fuzz`; its trials are programs. A finding carries the line that replays its
smallest program, since no run plan is stored for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tenter.record.findings import Finding, signature
from tenter.record.results import FUZZED, CaseResult, CheckResult, RunResult, Verdict

CHECK = "engine_model"
# What the fuzzer calls what a check of the runner has a name for.
_CHECKS = {"data_race": "data_race", "sanitizer": "sanitizer", "leaked_memory": "leak", "hang": "liveness", "crash": "crash"}
_MOST_PROGRAM = 20_000


@dataclass(frozen=True)
class Search:
    """What one flavour's child told, and how it ended."""

    what: str
    flavour: str
    seed: int
    limit_s: float
    duration_s: float
    exit_code: int | None
    property: str = "all"
    mutant: str = ""
    replayed: str = ""  # the program that was given, when it is no search
    defect: str = ""  # why nothing is concluded
    interrupted: str = ""  # how far it came
    progress: dict[str, Any] = field(default_factory=dict)
    findings: Sequence[dict[str, Any]] = ()
    replays: Sequence[str] = ()  # a line for each finding
    stderr: str = ""
    again: str = ""


def run_of(searches: Sequence[Search], **facts: Any) -> RunResult:
    """`facts` are the fields of a run that no search knows."""
    return RunResult(cases=tuple(_case(search) for search in searches), builds={},
                     duration_s=round(sum(search.duration_s for search in searches), 3), **facts)


def _case(search: Search) -> CaseResult:
    findings = tuple(_finding(raw, line) for raw, line in zip(search.findings, search.replays, strict=True))
    programs = int(search.progress.get("cases", 0))
    verdict, reason = _outcome(search, findings, programs)
    return CaseResult(
        name=f"fuzz/{search.what}.{search.flavour}", scenario=f"fuzz/{search.what}", flavour=search.flavour, kind=FUZZED,
        title=f"One program again: {search.replayed}" if search.replayed else f"Random programs on the {search.what}",
        purpose="What a program saw is compared with a model that runs one op at a time.",
        parameters={"property": search.property}, target=f"mutant {search.mutant}" if search.mutant else "reference",
        seed=search.seed, contracts=() if search.property == "all" else (search.property,), verdict=verdict, reason=reason,
        duration_s=round(search.duration_s, 3), timeout_s=search.limit_s, exit_code=search.exit_code,
        planted=search.mutant, found_by=findings[0].check if findings and search.mutant else "",
        exposure={name: value for name, value in {"programs": programs, "ops": search.progress.get("ops", 0)}.items() if value},
        checks=(CheckResult(CHECK, "failed" if findings else "passed", programs),) if programs or findings else (),
        findings=findings, stderr_tail=search.stderr[-10_000:], again=search.again)


def _outcome(search: Search, findings: Sequence[Finding], programs: int) -> tuple[Verdict, str]:
    if search.defect:
        return Verdict.ERROR, search.defect
    if search.interrupted and not findings:
        return Verdict.GREY, search.interrupted
    if search.mutant and not search.replayed:
        return (Verdict.FOUND, f"found by {findings[0].check}") if findings else (
            Verdict.MISSED, f"the fuzzer had to find it, in {search.limit_s:g} s at most")
    if findings:
        return Verdict.FAIL, f"reported by {findings[0].check}"
    if not programs and not search.replayed:
        return Verdict.GREY, "no program ran"
    return Verdict.PASS, "no finding"


def _finding(raw: dict[str, Any], replay: str) -> Finding:
    kind, contract = str(raw["kind"]), str(raw["contract"])
    word = re.sub(r"[^a-z0-9]+", "_", kind.partition(":")[0].lower()).strip("_") or "other"
    evidence = {name: raw[name] for name in ("ops", "original_ops", "found_after_s", "shrunk_after_s", "came_back", "tried",
                                             "seed", "case") if isinstance(raw.get(name), int | float)}
    program = str(raw["program"])
    return Finding(check=_CHECKS.get(word, CHECK), contracts=(contract,), signature=signature("fuzz", contract, kind),
                   title=f"{contract} is broken: {kind}", evidence={"kind": kind, **evidence, "replay": replay},
                   detail=f"{str(raw['detail']).strip()}\n\nThe program:\n{program[:_MOST_PROGRAM]}")
