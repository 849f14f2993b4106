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
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    if close:
        return f"; did you mean '{close[0]}'?"
    if not known:
        return "; there is none"
    shown = ", ".join(known[:12]) + (f", and {len(known) - 12} more" if len(known) > 12 else "")
    return f"; known: {shown}"
