"""SARIF 2.1.0, as code scanning reads it: a rule per check, a result per defect, a thread flow per thread.

What GitHub keys alerts on is the same in every run: rule id, path, and the fingerprint, which is made of the signature. Its
limits are kept here and nowhere else, and what is left out for them is said. The category stays open, so that the upload fills
it in with workflow, job and part of a matrix. `reports/schema/sarif.schema.json` checks it.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

from tenter import __version__
from tenter.cases.verdict import exit_code
from tenter.house import House
from tenter.plain import one_line, printable, shortened
from tenter.record.results import RunResult, Verdict
from tenter.report import issues
from tenter.report.issues import Issue
from tenter.report.places import Place, Step, Strand
from tenter.report.wording import sentence

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
# GitHub takes 25,000 results and shows 5,000, shows 1,000 locations of a flow, and 10 tags of a rule.
MOST_RESULTS = 5_000
MOST_FLOW_LOCATIONS = 1_000
MOST_TAGS = 10
_MOST_TEXT = 2_000


def write(run: RunResult, house: House) -> str:
    found = issues.issues(run, house)
    rules = issues.rules(found)
    shown = found[:MOST_RESULTS]
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{
        "tool": {"driver": {"name": "Tenter", "semanticVersion": __version__, "version": __version__,
                            "rules": _rules(rules, house)}},
        "invocations": [_invocation(run, len(found) - len(shown))],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(issue, list(rules).index(issue.rule), run) for issue in shown],
        "properties": {"run": run.run_id, "tested": printable(run.tested), "baseline": run.baseline}}]}
    return json.dumps(log, indent=1, ensure_ascii=False) + "\n"


def _rules(rules: dict[str, tuple[str, ...]], house: House) -> list[dict[str, Any]]:
    meanings = tomllib.loads((house.reports / "checks.toml").read_text())
    contracts = tomllib.loads((house.reports / "contracts.toml").read_text())
    return [_rule(rule, cited, meanings, contracts) for rule, cited in rules.items()]


def _rule(rule: str, cited: Sequence[str], meanings: dict[str, str], contracts: dict[str, Any]) -> dict[str, Any]:
    meaning = meanings.get(rule, f"What the check {rule.replace('_', ' ')} reports.")
    lines = [f"{name}: {contracts.get(name, {}).get('meaning', '')}" for name in cited]
    text = "\n".join([meaning, *(["", "Contracts that it is about:"] if lines else []), *lines])
    return {"id": rule, "name": "".join(word.capitalize() for word in rule.split("_")),
            "shortDescription": {"text": meaning}, "fullDescription": {"text": text},
            "help": {"text": text, "markdown": "\n".join([meaning, "", *(f"* {line}" for line in lines)])},
            "defaultConfiguration": {"level": "error"},
            "properties": {"tags": ["concurrency", *cited][:MOST_TAGS], "precision": "very-high", "problem.severity": "error"}}


def _invocation(run: RunResult, left_out: int) -> dict[str, Any]:
    started = datetime.fromisoformat(run.started).astimezone(timezone.utc)
    notes = [_note("error" if case.verdict is Verdict.ERROR else "warning", f"{case.name}: {sentence(case)}")
             for case in issues.unconcluded(run)]
    notes += [_note("warning", f"{name} was not run{f': {run.cut}' if run.cut else ''}") for name in run.not_run]
    if left_out:
        notes.append(_note("warning", f"{left_out:,} more results are in report.json"))
    return {"executionSuccessful": not any(case.verdict is Verdict.ERROR for case in run.cases),
            "exitCode": exit_code(run), "commandLine": one_line(run.command or "./tenter run"),
            "startTimeUtc": _utc(started), "endTimeUtc": _utc(started + timedelta(seconds=run.duration_s)),
            "toolExecutionNotifications": notes[:MOST_RESULTS]}


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _note(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": shortened(one_line(text), _MOST_TEXT)}}


def _result(issue: Issue, index: int, run: RunResult) -> dict[str, Any]:
    text = f"{one_line(issue.message)}\nAgain: {one_line(issue.replay)}"
    result: dict[str, Any] = {
        "ruleId": issue.rule, "ruleIndex": index, "level": "error", "kind": "fail",
        "message": {"text": shortened(printable(text), _MOST_TEXT)},
        "locations": [_location(issue.place)],
        "partialFingerprints": {"primaryLocationLineHash": f"{issue.signature}:1", "tenterSignature/v1": issue.signature},
        "properties": {"replay": one_line(issue.replay), "scenario": one_line(issue.scenario), "contracts": list(issue.contracts),
                       "detail": shortened(printable(issue.detail), _MOST_TEXT)}}
    if issue.strands:
        result["codeFlows"] = [{"threadFlows": _flows(issue)}]
    others = _others(issue)
    if others:
        result["relatedLocations"] = others
    if run.baseline:
        result["baselineState"] = "unchanged" if issue.known else "new"
    return result


def _others(issue: Issue) -> list[dict[str, Any]]:
    """Where the other threads were, as the other access of a race."""
    tops = [(strand.title, next((step.place for step in strand.steps if step.place), None)) for strand in issue.strands]
    others = [(title, place) for title, place in tops if place and place != issue.place]
    return [{**_location(place, title), "id": number} for number, (title, place) in enumerate(others, start=1)]


def _flows(issue: Issue) -> list[dict[str, Any]]:
    """Outermost call first, so that each flow ends where the thread was."""
    flows, left = [], MOST_FLOW_LOCATIONS
    for number, strand in enumerate(issue.strands, start=1):
        steps = list(reversed(strand.steps))[-left:]
        if not steps:
            break
        left -= len(steps)
        flows.append({"id": f"thread {number}", "message": {"text": printable(strand.title)},
                      "locations": list(_flow_locations(steps, strand, issue))})
        if left <= 0:
            break
    return flows


def _flow_locations(steps: Iterable[Step], strand: Strand, issue: Issue) -> Iterable[dict[str, Any]]:
    steps = list(steps)
    for depth, step in enumerate(steps):
        last = depth == len(steps) - 1
        text = f"{strand.title}: {step.text}" if last and step.text != strand.title else step.text
        # A step without a place in this repository is shown at the scenario, since GitHub drops one without a file.
        yield {"location": _location(step.place or Place(issue.scenario), text), "nestingLevel": depth,
               "importance": "essential" if last else "unimportant"}


def _location(place: Place, text: str = "") -> dict[str, Any]:
    where: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": _uri(place.file), "uriBaseId": _ROOT},
                                                  "region": {"startLine": place.line}}}
    return {**where, "message": {"text": shortened(printable(text), _MOST_TEXT)}} if text else where


def _uri(file: str) -> str:
    return quote(file.encode(errors="surrogateescape"), safe="/")
