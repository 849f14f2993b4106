"""Runs a benchmark program: what it says on stderr is progress, what it writes is read back."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tenter.bench import measurement
from tenter.errors import FINDINGS, HarnessDefect, TenterError


class WrongAnswer(TenterError):
    """A contender computed something else than before, or than the others: there is no figure then."""

    exit_code = FINDINGS


def run(program: Path, options: list[str], result: Path, on_line: Callable[[str], None]) -> dict[str, Any]:
    """Returns the document that the program wrote to `result`. Never leaves the process behind."""
    try:
        child = subprocess.Popen([str(program), *options, "--json", str(result)], stdin=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True, errors="replace",
                                 env={**os.environ, "OMP_NUM_THREADS": "1"})
    except OSError as error:
        raise HarnessDefect(f"cannot start {program}: {error.strerror}") from error
    last = ""
    try:
        for line in child.stderr or ():
            last = line.strip() or last
            on_line(last)
    except BaseException:
        child.kill()
        raise
    finally:
        code = child.wait()
    if code == FINDINGS:
        raise WrongAnswer(last)
    if code != 0:
        raise HarnessDefect(f"{program.name} {' '.join(options)} ended with {code}: {last or 'no message'}")
    return measurement.read(result)
