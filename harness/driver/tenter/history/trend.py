"""The trend of a place for a report: how its last runs ended, and since when and how often each finding is there."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from tenter.history import past

# How bad a run was in a place is how bad its worst case was.
_WORST = ("ERROR", "FAIL", "MISSED", "GREY", "SKIP", "FOUND", "PASS")


@dataclass(frozen=True)
class Seen:
    """One finding in one place."""

    first: str  # run
    first_started: str
    last: str
    runs: int  # of the runs of the trend


@dataclass(frozen=True)
class Trend:
    """`words[i]` is the verdict of `runs[i]`, the oldest first."""

    runs: tuple[str, ...]
    words: tuple[str, ...]
    seen: dict[str, Seen]  # by signature


def trend(database: sqlite3.Connection, scenario: str, flavour: str, last: int = 20, until: str = "",
          target: str = past.REFERENCE) -> Trend:
    """With `until` as it was when that run ended, so that a report that is written again says the same."""
    place = (scenario, flavour, target)
    before = past.read(database, until, scenario)
    concluded = [visit.run for visit in before.visits.get(place, ()) if visit.concluded][-last:]
    verdicts = _verdicts(database, place)
    seen = {}
    for signature, shown in before.shown.items():
        counts = shown.places.get(place)
        if counts:
            runs = list(counts)  # in the order of the runs
            seen[signature] = Seen(runs[0], before.started[runs[0]], runs[-1], len(set(runs) & set(concluded)))
    return Trend(tuple(concluded), tuple(verdicts[run] for run in concluded), seen)


def _verdicts(database: sqlite3.Connection, place: past.Place) -> dict[str, str]:
    words: dict[str, str] = {}
    for run, word in database.execute("SELECT DISTINCT run, verdict FROM cases WHERE scenario = ? AND flavour = ? AND target = ? "
                                      "AND planted = ''", place):
        words[run] = min(words.get(run, word), word, key=_WORST.index)
    return words
