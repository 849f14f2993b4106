"""Results of cases and of a run: plain data, written to report.json and read back from it."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

from tenter.errors import HarnessDefect, UsageError
from tenter.machine.model_facts import ModelFacts
from tenter.plan.hunt import FUZZED
from tenter.plan.scenario import FIRST, POWER
from tenter.plan.sweeping import SWEPT
from tenter.record.findings import Finding, finding_from_json, finding_to_json

VERSION = 2
CAME_BACK = "came back "  # begins the reason of a case that was one program of a fuzzer again, with how often
UNMET = "expected "  # begins the reason of a case that did not report what its scenario expects


class Verdict(Enum):
    """The value is the sentence for a reader who sees the word for the first time."""

    PASS = "nothing wrong was found"
    FAIL = "findings were reported, or not those that are expected"
    FOUND = "the planted bug was found"
    MISSED = "the planted bug was not found"
    SKIP = "the target does not support the model, so nothing was run"
    GREY = "the checks had no power, so nothing is concluded"
    ERROR = "the harness or the plan failed, so nothing is concluded"

    @property
    def concludes(self) -> bool:
        """Whether the case was a trial of the target, and counts among those that showed a finding or did not."""
        return self not in (Verdict.SKIP, Verdict.GREY, Verdict.ERROR)


@dataclass(frozen=True)
class CheckResult:
    name: str
    state: str  # passed, failed or no_power
    examined: int = 0
    note: str = ""


@dataclass(frozen=True)
class SiteCount:
    name: str
    hit: int
    fired: int
    beside: int = 0  # other calls in flight when a fault struck there, at most


@dataclass(frozen=True)
class FaultCount:
    """What became of one item of the fault plan."""

    item: str
    hits: int  # how often its site was passed, where its filters let it
    fired: int
    note: str = ""  # why it can never fire, when that is known


@dataclass(frozen=True)
class Attempt:
    """One of several times that a case with one seed was run, since it failed and was to be tried again."""

    verdict: str  # its name
    duration_s: float
    signatures: tuple[str, ...] = ()  # of what it found


@dataclass(frozen=True)
class CaseResult:
    name: str
    scenario: str
    flavour: str
    title: str
    purpose: str
    kind: str
    parameters: dict[str, Any]  # of the workload, defaults filled in
    target: str
    seed: int
    contracts: tuple[str, ...]
    verdict: Verdict
    reason: str
    duration_s: float
    timeout_s: float
    exit_code: int | None = None  # None when a signal ended the process
    planted: str = ""
    found_by: str = ""
    exposure: dict[str, float] = field(default_factory=dict)
    checks: tuple[CheckResult, ...] = ()
    sites: tuple[SiteCount, ...] = ()
    faults: tuple[FaultCount, ...] = ()
    effective_faults: str = ""
    facts: dict[str, str] = field(default_factory=dict)  # texts of the workload, such as the shapes that were really used
    findings: tuple[Finding, ...] = ()
    stderr_tail: str = ""
    again: str = ""  # the command that runs exactly this case again; empty in a replay, which has its own
    retry: int = 0  # how many more attempts were asked for, should it fail
    attempts: tuple[Attempt, ...] = ()  # the first one included; empty for a case that was not to be tried again
    trace: str = ""  # of its last events, below the folder of the run; empty when nothing was found
    several: bool = False  # of a run of several models

    @property
    def attempts_left(self) -> int:
        return max(0, 1 + self.retry - len(self.attempts)) if self.retry and self.may_be_tried_again else 0

    @property
    def may_be_tried_again(self) -> bool:
        """It fails the run; a bug that measures a setting need not be found there."""
        return self.verdict is Verdict.FAIL or (self.verdict is Verdict.MISSED and not self.measures)

    @property
    def unmet(self) -> bool:
        """It fails, and not only by its findings: what its scenario expects was not reported, or more than that."""
        return self.verdict is Verdict.FAIL and self.reason.startswith(UNMET)

    @property
    def replays(self) -> bool:
        """It was one program of a fuzzer again, and its reason says how often it came back."""
        return self.kind == FUZZED and self.reason.startswith(CAME_BACK)

    @property
    def usage(self) -> bool:
        """The plan was refused: the user can repair it."""
        return self._refused and not self.several

    @property
    def unusable(self) -> bool:
        """Its model, one of several, cannot be run; that says nothing about the others."""
        return self._refused and self.several

    @property
    def _refused(self) -> bool:
        return self.verdict is Verdict.ERROR and self.exit_code == 2

    @property
    def measures(self) -> bool:
        """The planted bug says how much the scenario's own setting can see, and need not be found there."""
        return self.scenario.startswith(POWER)

    @property
    def first_look(self) -> bool:
        """Whether it is one of the few bugs of a run that show its power at first sight."""
        return self.measures and self.scenario.rpartition("/")[2].startswith(FIRST)

    @property
    def setting(self) -> tuple[str, ...]:
        """What detection power depends on, beside the binaries: what finds a bug in one setting may miss it in another."""
        return (self.kind, self.flavour, *(str(self.parameters.get(name, "")) for name in ("model", "threads", "workers")))

    @property
    def sanitizer(self) -> bool:
        return self.exit_code == 66 or any(finding.check in ("sanitizer", "data_race") for finding in self.findings)


@dataclass(frozen=True)
class RunResult:
    run_id: str
    command: str
    started: str  # ISO 8601 with the zone
    duration_s: float
    environment: dict[str, str]
    builds: dict[str, str]  # flavour -> fingerprint of its runner and targets
    cases: tuple[CaseResult, ...]
    not_run: tuple[str, ...] = ()
    interrupted: bool = False
    cut: str = ""  # why cases were not run, in words
    out: str = ""  # where the run's folder is, when it is not out/
    tested: str = ""  # which runtime, in words
    baseline: str = ""  # the earlier run whose findings are known
    known: tuple[str, ...] = ()  # their signatures
    models: tuple[ModelFacts, ...] = ()  # that the cases ran

    def replay_line(self, case: CaseResult, finding: Finding | None = None) -> str:
        if finding and case.kind in (FUZZED, SWEPT):  # it stores no run plan that could be run again
            return str(finding.evidence["replay"])
        return replay_line(f"{self.run_id}/{case.name}" + (f"#{finding.id}" if finding else ""), self.out)


def replay_line(name: str, out: str) -> str:
    """`name` is RUN/CASE#ID; `out` is where the run's folder is, when it is not out/."""
    bare = name.replace("#", "")  # which begins a comment only where a word begins
    return f"./tenter replay {name if shlex.quote(bare) == bare else shlex.quote(name)}" + (f" --out {out}" if out else "")


def run_to_json(run: RunResult) -> dict[str, Any]:
    return {"version": VERSION, **{k: v for k, v in asdict(run).items() if k != "cases"},
            "not_run": list(run.not_run), "known": list(run.known), "models": [asdict(model) for model in run.models],
            "cases": [case_to_json(case) for case in run.cases]}


def case_to_json(case: CaseResult) -> dict[str, Any]:
    return {**asdict(case), "contracts": list(case.contracts), "verdict": case.verdict.name,
            "checks": [asdict(check) for check in case.checks], "sites": [asdict(site) for site in case.sites], "faults": [asdict(fault) for fault in case.faults],
            "findings": [finding_to_json(finding) for finding in case.findings]}


def run_from_json(raw: dict[str, Any], where: str) -> RunResult:
    if not isinstance(raw, dict):
        raise UsageError(f"{where}: not a report of a run (it is no object)")
    if raw.get("version") != VERSION:
        raise UsageError(f"{where}: a report of version {raw.get('version')}, and this driver reads {VERSION}")
    try:
        fields = {k: v for k, v in raw.items() if k != "version"}
        return RunResult(**{**fields, "not_run": tuple(raw["not_run"]), "known": tuple(raw.get("known", ())),
                            "models": tuple(ModelFacts(**model) for model in raw.get("models", ())),
                            "cases": tuple(case_from_json(case, where) for case in raw["cases"])})
    except (KeyError, TypeError, AttributeError, HarnessDefect) as error:
        raise UsageError(f"{where}: not a report of a run ({error})") from error


def case_from_json(raw: dict[str, Any], where: str) -> CaseResult:
    return CaseResult(**{
        **raw, "contracts": tuple(raw["contracts"]), "verdict": Verdict[raw["verdict"]],
        "checks": tuple(CheckResult(**check) for check in raw["checks"]),
        "sites": tuple(SiteCount(**site) for site in raw["sites"]),
        "faults": tuple(FaultCount(**fault) for fault in raw["faults"]),
        "attempts": tuple(Attempt(**{**attempt, "signatures": tuple(attempt["signatures"])}) for attempt in raw.get("attempts", ())),
        "findings": tuple(finding_from_json(finding, where) for finding in raw["findings"])})
