"""What the history adds to a report: since when a finding is there, and the last runs of every finding and place as a sparkline."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tenter.errors import TenterError
from tenter.history import ledger, past
from tenter.history.database import Damaged
from tenter.history.past import Past, Place
from tenter.history.trend import Seen, Trend, trend
from tenter.record.group import Group, groups
from tenter.record.results import CaseResult, RunResult
from tenter.report.sparkline import sparkline
from tenter.report.wording import plural

_LAST = 20  # runs, as in the sentence
_LEAST = 2  # runs; one alone has no trend


@dataclass(frozen=True)
class Spark:
    signs: str
    runs: int  # that it shows


@dataclass(frozen=True)
class Since:
    """By scenario and flavour, and there by signature."""

    lines: dict[tuple[str, str, str], str] = field(default_factory=dict)
    findings: dict[tuple[str, str, str], Spark] = field(default_factory=dict)
    places: dict[tuple[str, str], Spark] = field(default_factory=dict)

    def line(self, group: Group) -> str:
        return self.lines.get((group.case.scenario, group.case.flavour, group.finding.signature), "")

    def finding(self, group: Group) -> Spark | None:
        return self.findings.get((group.case.scenario, group.case.flavour, group.finding.signature))

    def place(self, case: CaseResult) -> Spark | None:
        return None if case.planted else self.places.get((case.scenario, case.flavour))


def since(run: RunResult, folder: Path) -> Since:
    """Of a run that the history has. Nothing when it cannot be read, which is no reason to lose a report."""
    try:
        return ledger.use(folder.parent, lambda database: _read(database, run))
    except (sqlite3.Error, OSError, Damaged, TenterError):
        return Since()


def _read(database: sqlite3.Connection, run: RunResult) -> Since:
    normal = [case for case in run.cases if not case.planted]
    found = [group for group in groups(normal) if group.failed]
    before = past.read(database, until=run.run_id)
    places = {(case.scenario, case.flavour): spark for case in normal if (spark := _spark(before, _place(case)))}
    findings = {(group.case.scenario, group.case.flavour, group.finding.signature): spark for group in found
                if (spark := _spark(before, _place(group.case), group.finding.signature))}
    return Since(_lines(database, run, found), findings, places)


def _place(case: CaseResult) -> Place:
    return case.scenario, case.flavour, case.target


def _spark(before: Past, place: Place, signature: str = "") -> Spark | None:
    """The share of the concluded cases that failed, or that showed the finding, in each run that was in this place."""
    visits = before.visits.get(place, [])[-_LAST:]
    if len(visits) < _LEAST:
        return None
    shown = before.shown[signature].places.get(place, {}) if signature in before.shown else {}
    counts = [shown.get(visit.run, 0) if signature else visit.failed for visit in visits]
    return Spark(sparkline(count / visit.concluded if visit.concluded else None for count, visit in zip(counts, visits, strict=True)), len(visits))


def _lines(database: sqlite3.Connection, run: RunResult, found: list[Group]) -> dict[tuple[str, str, str], str]:
    trends: dict[Place, Trend] = {}
    lines = {}
    for group in found:
        case = group.case
        place = _place(case)
        if place not in trends:
            trends[place] = trend(database, case.scenario, case.flavour, until=run.run_id, target=case.target)
        seen = trends[place].seen.get(group.finding.signature)
        if seen:
            lines[(case.scenario, case.flavour, group.finding.signature)] = sentence(seen, trends[place], run.run_id)
    return lines


def sentence(seen: Seen, of: Trend, here: str) -> str:
    first = "this run" if seen.first == here else f"{seen.first} ({datetime.fromisoformat(seen.first_started):%-d %B %Y})"
    return f"first seen in {first}, in {seen.runs} of the last {plural(len(of.runs), 'run')}"
