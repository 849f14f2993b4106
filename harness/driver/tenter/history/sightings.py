"""Sightings: every time that one finding was seen, in runs and in replays, and how to see it again."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from tenter.errors import UsageError, nearest
from tenter.history.past import ORDER
from tenter.record.results import replay_line


@dataclass(frozen=True)
class Sighting:
    signature: str
    check: str
    title: str
    run: str
    started: str
    kind: str  # run or replay
    case: str
    seed: int
    build: str
    planted: str
    attempts: int  # of the case, the first one included
    failed: int  # of them
    again: str  # the line that replays it; empty when the folder is gone


def of(database: sqlite3.Connection, word: str, out: Path) -> tuple[Sighting, ...]:
    """The newest first. `word` is the beginning of a signature."""
    rows = database.execute(
        "SELECT signature, check_name, title, run, started, kind, name, seed, build, planted, attempts, failed, out, command "
        f"FROM findings JOIN cases USING (run, name) JOIN runs ON run = id WHERE substr(signature, 1, ?) = ? ORDER BY {ORDER}, name",
        (len(word), word)).fetchall()
    if not rows:
        known = {signature[:8] for (signature,) in database.execute("SELECT DISTINCT signature FROM findings")}
        raise UsageError(f"no finding '{word}' in the history of {out}{nearest(word, known)}")
    several = sorted({row[0] for row in rows})
    if len(several) > 1:
        raise UsageError(f"'{word}' begins the ids of {len(several)} findings: {', '.join(sign[:12] for sign in several[:6])}")
    return tuple(Sighting(*row[:12], again=_again(row[3], row[5], row[6], row[0], row[12], row[13], out)) for row in reversed(rows))


def _again(run: str, kind: str, case: str, signature: str, where: str, command: str, out: Path) -> str:
    """A replay has no report to be replayed from, so its own command is the line."""
    if not (out / run).is_dir():
        return ""
    return command if kind == "replay" else replay_line(f"{run}/{case}#{signature[:8]}", where)
