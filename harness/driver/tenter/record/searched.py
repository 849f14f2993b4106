"""The folder of a search of the fuzzer, as far as it came: what was asked for, what each flavour's child told, and its
program. A search that was interrupted or killed at any moment is reported from it.

`search.json` is written before a child starts, `finding.FLAVOUR.fuzz` and `.json` when a contract is found broken and again
when the program was shrunk, `ended.FLAVOUR.json` when the child has ended; each in one step. Events are flushed line by line.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tenter.errors import UsageError
from tenter.machine import symbols, threads
from tenter.machine.process import Ended
from tenter.plan.fuzzed import SUBJECTS
from tenter.plan.hunt import Hunt
from tenter.record import whole
from tenter.record.results import RunResult, run_from_json, run_to_json

PLAN = "search.json"
# What a stored program says of itself; the fuzzers skip such lines.
_OF = re.compile(r"^# a program of fuzz (\w+)$", re.MULTILINE)
_MUTANT = re.compile(r"^# found with --mutant (\w+)$", re.MULTILINE)


@dataclass(frozen=True)
class Told:
    """What one child told until it ended, or until it was ended."""

    ended: Ended
    findings: list[dict[str, Any]] = field(default_factory=list)  # the smallest programs, or the one that was found
    shrunk: bool = True  # False for a finding whose program is as it was found
    progress: dict[str, Any] = field(default_factory=dict)  # the last line of it
    replayed: dict[str, Any] = field(default_factory=dict)  # with `came_back` and `tried`, so far
    stderr: str = ""


NOT_BEGUN = Told(Ended(exit_code=None, signal_name="", timed_out=False, stopped=True, duration_s=0.0, unreadable=""))


def events_file(folder: Path, flavour: str) -> Path:
    return folder / f"events.{flavour}.jsonl"


def stderr_file(folder: Path, flavour: str) -> Path:
    return folder / f"stderr.{flavour}.txt"


def program_file(folder: Path, flavour: str) -> Path:
    return folder / f"finding.{flavour}.fuzz"


def begin(folder: Path, hunt: Hunt, run: RunResult) -> None:
    """`run` is what is known before anything was searched."""
    whole.write(folder / PLAN, json.dumps({"hunt": asdict(hunt), "run": run_to_json(run)}, indent=1) + "\n")


def read(folder: Path) -> tuple[Hunt, RunResult]:
    path = folder / PLAN
    try:
        raw = json.loads(path.read_text())
        return (Hunt(**{**raw["hunt"], "flavours": tuple(raw["hunt"]["flavours"])}), run_from_json(raw["run"], str(path)))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: not the plan of a search ({error})") from error


def store(folder: Path, flavour: str, hunt: Hunt, finding: dict[str, Any]) -> Path:
    """Returns the file of the program; it knows of which fuzzer it is, and which planted bug it was found with."""
    stored = program_file(folder, flavour)
    found_with = f"# found with --mutant {hunt.mutant}\n" if hunt.mutant else ""
    whole.write(stored, f"# a program of fuzz {hunt.what}\n{found_with}{finding['program']}")
    whole.write(stored.with_suffix(".json"), json.dumps(finding, indent=2) + "\n")
    return stored


def mutant_of(program: Path) -> str:
    """The planted bug that a stored program was found with, or nothing."""
    match = _MUTANT.search(_text(program))
    return match[1] if match else ""


def what_of(program: Path) -> str:
    """Of which fuzzer a program is: by its own word, else by the one that it begins with. Nothing where neither says so."""
    text = _text(program)
    begins = re.search(r"^(?!#)\s*(\w+)", text, re.MULTILINE)
    what = (_OF.search(text) or begins or ["", ""])[1]
    return what if what in SUBJECTS else ""


def _text(program: Path) -> str:
    try:
        return program.read_text(errors="replace")
    except OSError:
        return ""  # the fuzzer says what is wrong with the file


def note_end(folder: Path, flavour: str, ended: Ended) -> None:
    whole.write(folder / f"ended.{flavour}.json", json.dumps(asdict(ended), indent=1) + "\n")


def told(folder: Path, flavour: str, root: Path) -> Told | None:
    """None for a flavour that did not begin. Stacks have names, and places relative to the checkout `root`."""
    events = events_file(folder, flavour)
    if not events.is_file():
        return None
    of: dict[str, list[dict[str, Any]]] = {}
    for event in map(_event, events.read_text(errors="replace").splitlines()):
        of.setdefault(str(event.get("event")), []).append(event)
    progress, final = (of.get("progress") or [{}])[-1], of.get("finding", [])
    path = folder / f"ended.{flavour}.json"
    ended = Ended(**json.loads(path.read_text())) if path.is_file() else Ended(
        None, "", False, True, float(progress.get("elapsed_s", 0)), "")
    stderr = stderr_file(folder, flavour)
    findings = [{**raw, "detail": threads.ordered(symbols.named(str(raw.get("detail", "")), root))} for raw in final or of.get("found", [])[-1:]]
    return Told(ended, findings, bool(final), progress,
                (of.get("replayed") or of.get("replaying") or [{}])[-1],
                stderr.read_text(errors="replace") if stderr.is_file() else "")


def _event(line: str) -> dict[str, Any]:
    """A driver that was killed may leave half a line."""
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
