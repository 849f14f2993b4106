"""GitLab's code quality report: one entry per defect, in the list that its merge requests show."""

from __future__ import annotations

import json
from typing import Any

from tenter.house import House
from tenter.plain import one_line, shortened
from tenter.record.results import RunResult
from tenter.report.issues import Issue, issues

# What ends the process or corrupts memory is worse than what a check had to look for.
_CRITICAL = frozenset({"crash", "sanitizer", "data_race", "liveness"})
_MOST_TEXT = 1_000


def write(run: RunResult, house: House) -> str:
    return json.dumps([_entry(issue) for issue in issues(run, house)], indent=1, ensure_ascii=False) + "\n"


def _entry(issue: Issue) -> dict[str, Any]:
    text = f"{issue.message}; again: {issue.replay}"
    return {"description": shortened(one_line(text), _MOST_TEXT), "check_name": issue.rule, "fingerprint": issue.signature,
            "severity": "critical" if issue.rule in _CRITICAL else "major",
            "location": {"path": one_line(issue.place.file), "lines": {"begin": issue.place.line}}}
