"""Since when a finding is there, for the reports: one line for each finding that failed a case, from the history."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from tenter.errors import TenterError
from tenter.history import ledger
from tenter.history.database import Damaged
from tenter.history.trend import Seen, Trend, trend
from tenter.record.group import Group, groups
from tenter.record.results import RunResult
from tenter.report.wording import plural

Since = Mapping[tuple[str, str, str], str]  # scenario, flavour, signature -> a line


def since(run: RunResult, folder: Path) -> Since:
    """Of a run that the history has. Nothing when it cannot be read, which is no reason to lose a report."""
    found = [group for group in groups(run.cases) if group.failed and not group.case.planted]
    if not found:
        return {}
    try:
        return ledger.use(folder.parent, lambda database: _lines(database, run, found))
    except (sqlite3.Error, OSError, Damaged, TenterError):
        return {}


def _lines(database: sqlite3.Connection, run: RunResult, found: list[Group]) -> dict[tuple[str, str, str], str]:
    trends: dict[tuple[str, str, str], Trend] = {}
    lines = {}
    for group in found:
        case = group.case
        place = (case.scenario, case.flavour, case.target)
        if place not in trends:
            trends[place] = trend(database, case.scenario, case.flavour, until=run.run_id, target=case.target)
        seen = trends[place].seen.get(group.finding.signature)
        if seen:
            lines[(case.scenario, case.flavour, group.finding.signature)] = sentence(seen, trends[place], run.run_id)
    return lines


def sentence(seen: Seen, of: Trend, here: str) -> str:
    first = "this run" if seen.first == here else f"{seen.first} ({datetime.fromisoformat(seen.first_started):%-d %B %Y})"
    return f"first seen in {first}, in {seen.runs} of the last {plural(len(of.runs), 'run')}"
