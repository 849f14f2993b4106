"""Errors that end a verb with one line, and the exit codes of the whole project."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable

CLEAN = 0
FINDINGS = 1
USAGE = 2
INCONCLUSIVE = 3
SANITIZER = 66
DEFECT = 70
UNSUPPORTED = 77  # of a runner alone
FULL = (errno.ENOSPC, errno.EDQUOT)  # of an OSError: the disk has no room, or this user has none on it


class TenterError(Exception):
    """Ends the verb: the message is one line that says what, where and what to do."""

    exit_code = DEFECT


class UsageError(TenterError):
    """The user can repair it: a wrong name, a missing file, a value out of range."""

    exit_code = USAGE


class HarnessDefect(TenterError):
    """The harness itself is broken, so nothing may be concluded about the target."""

    exit_code = DEFECT


def nearest(word: str, choices: Iterable[str]) -> str:
    """Ends an error about an unknown name: the closest known one, or all of them when nothing is close."""
    known = sorted(choices)
    if meant := closest(word, known):
        return f"; did you mean '{meant}'?"
    if not known:
        return "; there is none"
    shown = ", ".join(known[:12]) + (f", and {len(known) - 12} more" if len(known) > 12 else "")
    return f"; known: {shown}"


def closest(word: str, known: Iterable[str]) -> str:
    """The name that a slip of the fingers would make of `word`; nothing where none is so near, since a guess would mislead."""
    near = [name for name in known if _is_near(word, name)]
    return min(near, key=lambda name: (_slips(word, name), -difflib.SequenceMatcher(None, word, name).ratio()), default="")


def _is_near(word: str, name: str) -> bool:
    begins = min(len(word), len(name)) >= 4 and (name.startswith(word) or word.startswith(name))
    return begins or _slips(word, name) <= max(len(word), len(name)) // 3


def _slips(one: str, other: str) -> int:
    """Letters that are missing, too many, wrong, or in the other order (optimal string alignment)."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            row.append(min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b)))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                row[-1] = min(row[-1], rows[-2][j - 2] + 1)
        rows.append(row)
    return rows[-1][-1]
