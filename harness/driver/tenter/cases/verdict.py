"""What a case concludes, from how its process ended and what it reported. No file and no process is touched here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tenter import errors
from tenter.plan.scenario import Expected
from tenter.record.findings import Finding
from tenter.record.results import UNMET, CaseResult, FaultCount, RunResult, Verdict

REFUSED = "the runner refused the plan: "
# The exit codes with which a runner may end by itself.
_CONCLUSIVE = (errors.CLEAN, errors.FINDINGS, errors.SANITIZER)


def defect(exit_code: int | None, has_summary: bool, findings: Sequence[Finding], last_line: str) -> str:
    """Why nothing may be concluded about the target, or nothing. None as exit code: a signal or a time-out."""
    if exit_code is None:
        return ""
    if exit_code == errors.UNSUPPORTED:
        return ""
    if exit_code == errors.USAGE:
        return f"{REFUSED}{_plain(last_line) or 'without a message'}"
    if exit_code == errors.DEFECT:
        return f"the harness is defective: {last_line or 'the runner ended with 70, without a message'}"
    if exit_code not in (*_CONCLUSIVE, errors.INCONCLUSIVE):
        return f"the runner ended with the unknown exit code {exit_code}: {last_line or 'without a message'}"
    if exit_code == errors.CLEAN and not has_summary:
        return "the runner ended with 0 and wrote no summary.json"
    if exit_code == errors.CLEAN and findings:
        return f"the runner ended with 0 and reported {len(findings)} findings"
    if exit_code == errors.FINDINGS and not findings:
        return "the runner ended with 1 and reported no finding"
    return ""


def missing(last_line: str) -> str:
    """What a target said that it does not support."""
    return re.sub(r"^(model: )?(model '[^']*': )?", "", _plain(last_line)) or "not supported, says the target, and not what"


def _plain(line: str) -> str:
    """The runner's last line without its own name and without the C++ type of the error."""
    return re.sub(r"\w+ \(tenter::\w+\): ", "", line.removeprefix("tenter-runner: "))


def doubts(expect: Expected, summary: Mapping[str, Any]) -> tuple[str, ...]:
    """Why a case without findings says nothing: what it was made for did not happen. `summary` is the runner's."""
    reasons = [_idle(fault) for fault in summary.get("faults", ()) if fault.fired == 0]
    for check in summary.get("checks", ()):
        if check.name == expect.main and check.state == "no_power":
            reasons.append(f"its main check {check.name} had no power" + (f": {check.note}" if check.note else ""))
        elif check.name == expect.main and check.state == "passed" and check.examined < expect.main_at_least:
            reasons.append(f"its main check {check.name} examined {check.examined:,}, and says something from "
                           f"{expect.main_at_least:,} on")
    for name, least in expect.at_least:
        counted = summary.get("exposure", {})
        seen = counted.get(name, 0)
        if name not in counted:
            reasons.append(f"nothing is counted under '{name}'{errors.nearest(name, counted)}")
        elif seen < least:
            reasons.append(f"{name.replace('_', ' ')} {seen:,}, and the scenario asks for {least:,}")
    return tuple(reasons)


def _idle(fault: FaultCount) -> str:
    if fault.note:
        why = f": {fault.note}"
    elif fault.hits:
        why = f" in {fault.hits:,} hits of its site"
    else:
        why = ": nothing passed its site and filters"
    return f"the fault {fault.item} never fired{why}"


def finder(findings: Sequence[Finding], expect: Expected) -> str:
    """The check that found the planted bug, or the one that should have; empty where none is planted."""
    seen = {finding.check for finding in findings}
    return next((check for check in expect.found_by if check in seen), next(iter(expect.found_by), ""))


def conclude(exit_code: int | None, findings: Sequence[Finding], expect: Expected,
             doubts: Sequence[str] = ()) -> tuple[Verdict, str]:
    """The verdict of a case without defect, and why."""
    checks = Counter(finding.check for finding in findings)
    named = ", ".join(f"{count} x {check}" if count > 1 else check for check, count in checks.items())
    if expect.found_by:
        if checks[finder(findings, expect)]:
            return Verdict.FOUND, f"found by {finder(findings, expect)}"
        seen = f"{named} reported something else" if checks else "no check reported anything"
        return Verdict.MISSED, f"{' or '.join(expect.found_by)} had to find it; {seen}"
    if expect.findings:
        wanted = Counter(dict(expect.findings))
        if wanted == checks:
            return _unless(doubts, f"the expected findings: {named}")
        wish = ", ".join(f"{count} x {check}" for check, count in wanted.items())
        return Verdict.FAIL, f"{UNMET}{wish}; reported {named or 'nothing'}"
    if checks:
        return Verdict.FAIL, f"reported by {named}"
    if exit_code == errors.INCONCLUSIVE:
        return Verdict.GREY, "no check had power"
    return _unless(doubts, "no finding")


def _unless(doubts: Sequence[str], reason: str) -> tuple[Verdict, str]:
    return (Verdict.GREY, "; ".join(doubts)) if doubts else (Verdict.PASS, reason)


def exit_code(run: RunResult) -> int:
    """The worst thing that happened, in the order of how much it says about the harness and then the target."""
    verdicts = {case.verdict for case in run.cases}
    if any(case.verdict is Verdict.ERROR and not case.usage and not case.unusable for case in run.cases):
        return errors.DEFECT
    if any(case.usage for case in run.cases):
        return errors.USAGE
    if any(case.verdict is Verdict.FAIL and case.sanitizer and not is_known(case, run) for case in run.cases):
        return errors.SANITIZER
    if any(case.verdict is Verdict.FAIL and not is_known(case, run) for case in run.cases):
        return errors.FINDINGS
    if any(case.verdict is Verdict.MISSED and not case.measures for case in run.cases):
        return errors.FINDINGS
    unusable = any(case.unusable for case in run.cases)
    if unusable or powerless(run) or Verdict.GREY in verdicts or run.not_run or verdicts <= {Verdict.SKIP}:
        return errors.INCONCLUSIVE
    return errors.CLEAN


def powerless(run: RunResult) -> list[CaseResult]:
    """The planted bugs of settings in which none was found at all: a clean case there says nothing. Of the few of a first look
    each counts."""
    measured = [case for case in run.cases if case.measures and case.verdict is not Verdict.SKIP and not case.unusable]
    seen = {case.setting for case in measured if case.verdict is Verdict.FOUND}
    return [case for case in measured if case.setting not in seen or (case.first_look and case.verdict is not Verdict.FOUND)]


def is_known(case: CaseResult, run: RunResult) -> bool:
    """Whether all that the case found is in the baseline. A case that fails without a finding is never known."""
    return bool(case.findings) and all(finding.signature in run.known for finding in case.findings)


def counts(cases: Sequence[CaseResult]) -> dict[Verdict, int]:
    found = Counter(case.verdict for case in cases)
    return {verdict: found[verdict] for verdict in Verdict if found[verdict]}
