"""The past as plain data: what each run concluded in each place, and which findings it showed there.

A place is a scenario in a flavour with a target: what another runtime does says nothing of this one. Replays and planted
bugs are left out, as are cases that concluded nothing: the share of the others that showed a defect is a share of equal
trials. A finding counts where its case failed, and not where a scenario expects it. Runs are in the order in which they
began.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from tenter.record.results import Verdict

Place = tuple[str, str, str]  # scenario, flavour, target
REFERENCE = "reference"  # the target that is meant where none is named
ORDER = "began, length(id), id"  # of two runs in one second the one with the number is later
_OPEN = "kind = 'run' AND planted = ''"
_CONCLUDED = f"verdict IN ({', '.join(repr(verdict.name) for verdict in Verdict if verdict.concludes)})"


@dataclass(frozen=True)
class Visit:
    """One run in one place."""

    run: str
    build: str
    concluded: int
    failed: int


@dataclass(frozen=True)
class Shown:
    """One finding: in how many cases of each run it was shown, by place."""

    signature: str
    check: str
    title: str
    contracts: tuple[str, ...]
    places: dict[Place, dict[str, int]] = field(default_factory=dict)

    def runs(self) -> set[str]:
        return {run for counts in self.places.values() for run in counts}


@dataclass(frozen=True)
class Past:
    started: dict[str, str]  # of every run, the oldest first
    visits: dict[Place, list[Visit]]
    shown: dict[str, Shown]  # by signature, in the order in which they were first seen


def read(database: sqlite3.Connection, until: str = "", scenario: str = "") -> Past:
    """With `until` the past of that run: itself and what began before it. With `scenario` only what happened in it."""
    where, values = _OPEN, []
    if until:
        where += f" AND ({ORDER}) <= (SELECT {ORDER} FROM runs WHERE id = ?)"
        values.append(until)
    if scenario:
        where += " AND scenario = ?"
        values.append(scenario)
    started = dict(database.execute(f"SELECT id, started FROM runs WHERE kind = 'run' ORDER BY {ORDER}"))
    visits: dict[Place, list[Visit]] = {}
    for run, *place, build, concluded, failed in database.execute(
            f"SELECT run, scenario, flavour, target, min(build), sum({_CONCLUDED}), sum(verdict = 'FAIL') "
            f"FROM cases JOIN runs ON run = id WHERE {where} GROUP BY run, scenario, flavour, target ORDER BY {ORDER}, scenario, flavour, target", values):
        visits.setdefault(tuple(place), []).append(Visit(run, build, concluded, failed))
    shown: dict[str, Shown] = {}
    for signature, check, title, contracts, *place, run, count in database.execute(
            "SELECT signature, min(check_name), min(title), min(contracts), scenario, flavour, target, run, count(*) "
            "FROM findings JOIN cases USING (run, name) JOIN runs ON run = id "
            f"WHERE {where} AND verdict = 'FAIL' GROUP BY run, scenario, flavour, target, signature "
            f"ORDER BY {ORDER}, scenario, flavour, signature", values):
        finding = shown.setdefault(signature, Shown(signature, check, title, tuple(contracts.split())))
        finding.places.setdefault(tuple(place), {})[run] = count
    return Past(started, visits, shown)
