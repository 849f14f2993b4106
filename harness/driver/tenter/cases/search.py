"""A search of the fuzzer as the result of a run, so that every format tells of it and every reader of reports takes it.

A case is one flavour, and its kind is `engine_fuzz`; its trials are programs. A finding carries the line that replays its
smallest program, since no run plan is stored for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tenter.errors import CLEAN, DEFECT, FINDINGS, INCONCLUSIVE, SANITIZER, USAGE, HarnessDefect
from tenter.plain import one_line
from tenter.plan.hunt import Hunt
from tenter.record.findings import Finding, merge, qualified, signature
from tenter.record.results import CAME_BACK, FUZZED, CaseResult, CheckResult, RunResult, Verdict
from tenter.record.searched import Told

# What every fuzzer calls what a check of the runner has a name for.
_CHECKS = {"data_race": "data_race", "sanitizer": "sanitizer", "leaked_memory": "leak", "hang": "liveness", "crash": "crash"}
_MOST_PROGRAM = 20_000


@dataclass(frozen=True)
class Search:
    """What one flavour's child was asked and told, and what that means."""

    hunt: Hunt
    flavour: str
    told: Told
    exit_code: int | None
    defect: str  # why nothing is concluded, or nothing
    interrupted: str  # how far it came, or nothing
    replay: str  # the line that runs its stored program again


def run_of(searches: Sequence[Search], **facts: Any) -> RunResult:
    """`facts` are the fields of a run that no search knows."""
    out = f" --out {facts['out']}" if facts.get("out") else ""
    return RunResult(cases=tuple(replace(case, again=case.again + out) for case in map(case_of, searches)), builds={},
                     duration_s=round(sum(search.told.ended.duration_s for search in searches), 3), **facts)


def case_of(search: Search) -> CaseResult:
    hunt, told = search.hunt, search.told
    target = f"mutant {hunt.mutant}" if hunt.mutant else hunt.target or "reference"
    # One program again plants nothing: what it finds is a finding of that target, and no trial of what finds a bug.
    planted = "" if hunt.replay else hunt.mutant
    findings = tuple(merge([_finding(raw, hunt.subject().check, search.replay) for raw in told.findings]))
    if hunt.replay and hunt.mutant:
        findings = tuple(qualified(finding, target) for finding in findings)
    programs, units = int(told.progress.get("cases", 0)), f"{hunt.subject().unit}s"
    verdict, reason = _outcome(search, findings, programs)
    return CaseResult(
        name=f"fuzz/{hunt.what}.{search.flavour}", scenario=f"fuzz/{hunt.what}", flavour=search.flavour, kind=FUZZED,
        title=f"One program again: {hunt.replay}" if hunt.replay else hunt.subject().title,
        purpose=hunt.subject().judged,
        parameters={"property": hunt.property}, target=target,
        seed=hunt.seed, contracts=() if hunt.property == "all" else (hunt.property,), verdict=verdict, reason=reason,
        duration_s=round(told.ended.duration_s, 3), timeout_s=hunt.seconds, exit_code=search.exit_code,
        planted=planted, found_by=findings[0].check if findings and planted else "",
        exposure={name: value for name, value in {"programs": programs, units: told.progress.get(units, 0)}.items() if value},
        checks=(CheckResult(hunt.subject().check, "failed" if findings else "passed", programs),) if programs or findings else (),
        findings=findings, stderr_tail=told.stderr[-10_000:], again=hunt.words(search.flavour))


def _outcome(search: Search, findings: Sequence[Finding], programs: int) -> tuple[Verdict, str]:
    hunt = search.hunt
    if search.defect:
        return Verdict.ERROR, search.defect
    if search.interrupted and not findings:
        return Verdict.GREY, search.interrupted
    if hunt.mutant and not hunt.replay:
        return (Verdict.FOUND, f"found by {findings[0].check}") if findings else (
            Verdict.MISSED, f"the fuzzer had to find it, in {hunt.seconds:g} s at most")
    if search.told.replayed:
        return Verdict.FAIL if findings else Verdict.PASS, f"{CAME_BACK}{told_times(search.told)}"
    if findings:
        return Verdict.FAIL, f"reported by {findings[0].check}"
    if not programs and not hunt.replay:
        return Verdict.GREY, "no program ran"
    return Verdict.PASS, "no finding"


def told_times(told: Told) -> str:
    """How often one program broke a contract again: "20 of 20 times"."""
    return f"{told.replayed.get('came_back', 0):,} of {told.replayed.get('tried', 0):,} times"


def _finding(raw: dict[str, Any], check: str, replay: str) -> Finding:
    kind, contract = str(raw["kind"]), str(raw["contract"])
    word = re.sub(r"[^a-z0-9]+", "_", kind.partition(":")[0].lower()).strip("_") or "other"
    evidence = {name: raw[name] for name in ("ops", "original_ops", "found_after_s", "shrunk_after_s", "came_back", "tried",
                                             "seed", "case") if isinstance(raw.get(name), int | float)}
    program = str(raw["program"])
    return Finding(check=_CHECKS.get(word, check), contracts=tuple(contract.split(" or ")), signature=signature("fuzz", kind),
                   title=f"{contract} is broken: {kind}", evidence={"kind": kind, **evidence, "replay": replay},
                   detail=f"{str(raw['detail']).strip()}\n\nThe program:\n{program[:_MOST_PROGRAM]}")


def judged(hunt: Hunt, told: Told, flavour: str) -> tuple[int, str]:
    """The exit code, and why the harness is defective, if it is."""
    try:
        return exit_code(hunt, told, flavour), ""
    except HarnessDefect as error:
        return DEFECT, str(error)


def exit_code(hunt: Hunt, told: Told, flavour: str) -> int:
    """As for every verb, where a finding counts although the search was interrupted later. A planted bug is like a canary: to
    find it is what is expected."""
    ended, kinds = told.ended, [str(finding["kind"]) for finding in told.findings]
    if ended.stopped and not kinds:
        return INCONCLUSIVE
    if not ended.stopped and ended.exit_code == USAGE:
        return USAGE
    if not ended.stopped:
        _refuse_defect(told, flavour)
    if hunt.mutant and not hunt.replay:
        return CLEAN if kinds else FINDINGS
    if any(kind.startswith(("sanitizer", "data race", "leaked memory")) for kind in kinds):
        return SANITIZER
    return FINDINGS if kinds else CLEAN


def _refuse_defect(told: Told, flavour: str) -> None:
    ended = told.ended
    if ended.timed_out or ended.signal_name or ended.exit_code not in (CLEAN, FINDINGS):
        how = "did not end in time" if ended.timed_out else f"ended with {ended.signal_name or ended.exit_code}"
        raise HarnessDefect(f"the fuzzer itself {how} in {flavour}: {last_said(told)}")
    if (ended.exit_code == FINDINGS) != bool(told.findings):
        raise HarnessDefect(f"the fuzzer ended with {ended.exit_code} and told of {len(told.findings)} findings")


def last_said(told: Told) -> str:
    said = told.stderr.strip().splitlines()
    return one_line(said[0]) if said else "the fuzzer refused its options"
