"""Runs one case in a process of its own and turns what it left behind into a case result."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tenter.cases import answers, fuzzer, postmortem, trace, verdict
from tenter.cases.answers import Judged
from tenter.cases.ending import Ending, by_target as by_the_target
from tenter.cases.movement import Movement, told
from tenter.errors import CLEAN, DEFECT, FINDINGS, FULL, INCONCLUSIVE, SANITIZER, UNSUPPORTED, USAGE, HarnessDefect
from tenter.house import House
from tenter.machine import sanitizer, symbols
from tenter.machine.interrupts import Stop
from tenter.machine.process import Command, Ended, Progress, execute
from tenter.plan import files
from tenter.plan.planner import Case
from tenter.record.findings import Finding, merge, qualified, read_findings
from tenter.record.results import FUZZED, CaseResult, CheckResult, FaultCount, SiteCount, Verdict

SUMMARY_VERSION = 1


@dataclass(frozen=True)
class CaseRunner:
    """Everything that the cases of a run share. Safe to call from several threads."""

    house: House
    folder: Path  # of the run; a case gets cases/<its name> below it
    stop: Stop
    traced: set[str] = field(default_factory=set)  # signatures that have a trace; a second one by chance does no harm

    def run(self, case: Case, on_progress: Callable[[Progress], None]) -> CaseResult | None:
        """The result, or None when the campaign was stopped before the case ended. Never raises for a bad child."""
        here = self.folder / "cases" / case.name
        if here.exists():
            shutil.rmtree(here)  # what a run left that ended in the middle of this case
        (here / "run").mkdir(parents=True)
        (here / "plan.json").write_text(json.dumps(case.plan, indent=2) + "\n")
        if case.plan["workload"]["kind"] == FUZZED:
            return fuzzer.run(case, here, self.house, self.stop, on_progress)
        try:
            if case.refused:
                return result_of(case, (Verdict.ERROR, case.refused), USAGE, 0.0)
            files.note(case.plan, here, self.house)
        except OSError as error:
            if error.errno in FULL:
                raise
            return result_of(case, (Verdict.ERROR, f"{error.filename or here}: {error.strerror}"), USAGE, 0.0)
        movement, ending = Movement(), Ending()

        def remember(progress: Progress) -> None:
            movement.see(progress)
            on_progress(progress)

        command = Command(
            argv=[*sanitizer.prefix(case.flavour), str(self.house.runner(case.flavour)), "run",
                  str(here / "plan.json"), "--out", str(here / "run")],
            environment=sanitizer.environment(self.house, case.flavour), timeout_s=case.timeout_s,
            stdout_file=here / "events.jsonl", stderr_file=here / "stderr.txt")
        try:
            ended = execute(command, self.stop, remember, ending.hear)
        except HarnessDefect as error:
            trace.drop(here)
            return result_of(case, (Verdict.ERROR, str(error)), DEFECT, 0.0)
        except BaseException:
            trace.drop(here)
            raise
        if ended.stopped:
            trace.drop(here)
            return None
        judged = answers.judged(case, here, self.house, self.stop)
        if judged.interrupted:
            trace.drop(here)
            return None
        result = trace.kept(judge(case, ended, ending, here, movement, self.house.root, judged), here, self.traced)
        if result.findings:
            files.bring(case.plan, here)
        return result


def judge(case: Case, ended: Ended, ending: Ending, here: Path, movement: Movement, root: Path, judged: Judged = Judged()) -> CaseResult:
    """Reads what the child wrote; the driver adds a finding when it died, hung, or was ended by a sanitizer."""
    stderr = symbols.named(_said(case, ended, here / "stderr.txt"), root)
    last_line = (stderr.strip().splitlines() or [""])[-1]
    by_target = by_the_target(ended, ending, case.flavour, stderr)
    by_itself = ended.exit_code is not None and not ended.timed_out and not by_target
    try:
        if ended.unreadable and ended.exit_code not in (2, UNSUPPORTED, DEFECT):
            raise HarnessDefect(f"the runner printed a line that is no event: {ended.unreadable}")
        torn = not by_itself or ended.exit_code == SANITIZER
        findings = merge([replace(finding, detail=symbols.named(finding.detail, root))
                          for finding in read_findings(here / "run" / "findings.jsonl", torn)])
        summary = _summary(here / "run" / "summary.json")
        if ended.timed_out and not findings and movement.moves(case):
            return result_of(case, (Verdict.GREY, movement.unfinished(case)), None, ended.duration_s, stderr=stderr)
        findings += [by_target] if by_target else _own_findings(case, ended, findings, stderr, movement.last, ending.code is not None)
        findings = [qualified(finding, case.subject) for finding in findings]
        code = ended.exit_code if by_itself else None
        if code == USAGE and judged.findings:
            code, problem = FINDINGS, ""  # one answer to every input, refused as a model without power: by the oracle it is the target
        else:
            problem = verdict.defect(code, bool(summary), findings, last_line)
        if problem:
            raise HarnessDefect(problem)
        if code == UNSUPPORTED:
            return result_of(case, (Verdict.SKIP, verdict.missing(last_line)), UNSUPPORTED, ended.duration_s)
        findings += [qualified(finding, case.subject) for finding in judged.findings]
        whole = bool(summary)
        summary["checks"] = _states(_with(judged, summary.get("checks", ())), findings)
        summary["facts"] = {**summary.get("facts", {}), **judged.facts}
        doubts = verdict.doubts(case.expect, summary) if whole else ()
        if code == INCONCLUSIVE and judged.check and judged.check.state == "passed":
            code = CLEAN  # to the runner no check had power, and this one is not its own
        outcome = verdict.conclude(code, findings, case.expect, doubts)
        own = None if by_target else code if by_itself else ended.exit_code  # a code that the target chose means nothing here
        return result_of(case, outcome, own, ended.duration_s, findings, summary, stderr)
    except HarnessDefect as error:
        return result_of(case, (Verdict.ERROR, str(error)), ended.exit_code, ended.duration_s, stderr=stderr)


def _said(case: Case, ended: Ended, stderr_file: Path) -> str:
    """The part of stderr that says what became of the process."""
    if ended.exit_code == SANITIZER and case.flavour == "asan" and (report := postmortem.from_headline(stderr_file)):
        return report
    return postmortem.tail(stderr_file, postmortem.STACKS_LINES if ended.timed_out else postmortem.TAIL_LINES)


def _own_findings(case: Case, ended: Ended, reported: list[Finding], stderr: str, last: Progress,
                  after_all: bool) -> list[Finding]:
    if ended.timed_out and any(finding.check == "liveness" for finding in reported):
        return []  # The watchdog inside the process saw the same hang, and it knows more.
    if ended.timed_out:
        return [postmortem.hang(case.timeout_s, stderr, told(last), after_all)]
    if ended.signal_name and postmortem.recorder_lost_its_file(ended.signal_name, stderr):
        raise HarnessDefect(f"the recorder could not write any more ({ended.signal_name} in Flight): {case.name}/run/flight.bin became "
                            "shorter, or its disk failed")
    if ended.signal_name:
        return [postmortem.crash(ended.signal_name, stderr)]
    # Races become findings as they are reported; what AddressSanitizer says at the end, after other findings, does not.
    if ended.exit_code == SANITIZER and (not reported or case.flavour == "asan"):
        report = postmortem.sanitizer(stderr)
        if report is None and reported:
            return []
        if report is None:
            raise HarnessDefect("the process ended with 66, as a sanitizer ends it, and its report has no headline; see "
                                f"{case.name}/stderr.txt")
        return [report]
    return []


def _summary(path: Path) -> dict[str, Any]:
    """The summary of the runner, empty when there is none, as after a crash."""
    if not path.is_file():
        return {}
    try:
        raw = json.loads(path.read_text())
        if raw["version"] != SUMMARY_VERSION:
            raise HarnessDefect(f"summary.json has version {raw['version']}, and this driver reads {SUMMARY_VERSION}")
        return {"exposure": {str(k): v for k, v in raw.get("exposure", {}).items() if isinstance(v, int | float)},
                "checks": tuple(CheckResult(c["name"], _state(c["state"]), int(c.get("examined", 0)), c.get("note", ""))
                                for c in raw.get("checks", ())),
                "sites": tuple(SiteCount(s["name"], int(s["hit"]), int(s["fired"]), int(s.get("beside", 0))) for s in raw.get("sites", ())),
                "faults": tuple(FaultCount(f["item"], int(f["hits"]), int(f["fired"]), f.get("note", ""))
                                for f in raw.get("faults", ())),
                "facts": {str(name): str(text) for name, text in raw.get("facts", {}).items()},
                "effective_faults": raw.get("effective_faults", "")}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise HarnessDefect(f"summary.json cannot be read ({error})") from error


def _with(judged: Judged, checks: tuple[CheckResult, ...]) -> tuple[CheckResult, ...]:
    """The checks with what the oracle says instead of what the runner could not know."""
    if judged.check is None:
        return checks
    others = [check for check in checks if check.name != judged.check.name]
    return (*others[:1], judged.check, *others[1:]) if others else (judged.check,)


def _states(checks: tuple[CheckResult, ...], findings: list[Finding]) -> tuple[CheckResult, ...]:
    """A check with a finding has failed, also when the finding came after the summary or from the driver."""
    failed = {finding.check for finding in findings}
    return tuple(replace(check, state="failed") if check.name in failed else check for check in checks)


def _state(word: str) -> str:
    if word not in ("passed", "failed", "no_power"):
        raise ValueError(f"unknown state '{word}' of a check")
    return word


def result_of(case: Case, outcome: tuple[Verdict, str], exit_code: int | None, duration_s: float,
            findings: list[Finding] | None = None, summary: dict[str, Any] | None = None, stderr: str = "") -> CaseResult:
    return CaseResult(
        name=case.name, scenario=case.scenario, flavour=case.flavour, title=case.title, purpose=case.purpose,
        kind=case.plan["workload"]["kind"],
        parameters={key: value for key, value in case.plan["workload"].items() if key != "kind"},
        target=_target_name(case.plan["target"]), seed=case.plan["seed"],
        contracts=case.contracts, verdict=outcome[0], reason=outcome[1], exit_code=exit_code,
        duration_s=round(duration_s, 3), timeout_s=case.timeout_s, planted=case.planted, found_by=verdict.finder(findings or (), case.expect),
        findings=tuple(findings or ()), stderr_tail=stderr, again=case.again,
        retry=case.retry, several=case.several, **(summary or {}))


def _target_name(target: dict[str, str]) -> str:
    return target["name"] + (f" + saboteur {target['saboteur']}" if target["saboteur"] else "")
