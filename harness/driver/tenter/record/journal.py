"""The journal of a run: what was planned, and the result of each case when it ends. A run that was killed at any moment
goes on from it, and is reported from it.

`run.json` is written before the first case starts (`replaying.json` by a replay, which is no run to go on with),
`cases/NAME/result.json` when a case has ended and again after each further attempt at it; each in one step.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tenter.errors import HarnessDefect, UsageError
from tenter.plan.planner import Case
from tenter.plan.scenario import Expected
from tenter.record import whole
from tenter.record.results import CaseResult, RunResult, case_from_json, case_to_json, run_from_json, run_to_json

PLAN = "run.json"
REPLAYING = "replaying.json"
RESULT = "result.json"
_KILLED = "the run ended in the middle, or still runs"


@dataclass(frozen=True)
class Journal:
    """A run as far as it came: `run` has the cases that ended, in the order of the plan. Those that failed and have attempts
    left are among the cases that are left too."""

    run: RunResult
    left: tuple[Case, ...]


def begin(folder: Path, run: RunResult, cases: Sequence[Case], name: str = PLAN) -> None:
    """`run` is what is known before any case has ended."""
    _write(folder / name, {"run": run_to_json(run), "cases": [asdict(case) for case in cases]})


def note(here: Path, result: CaseResult) -> None:
    here.mkdir(parents=True, exist_ok=True)
    _write(here / RESULT, case_to_json(result))


def read(folder: Path, name: str = PLAN) -> Journal:
    path = folder / name
    if not path.is_file():
        raise UsageError(f"{folder} holds no {name}, and no run; one is a folder such as out/latest")
    try:
        raw = json.loads(path.read_text())
        run = run_from_json(raw["run"], str(path))
        cases = [_case_from_json(case) for case in raw["cases"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"{path}: not the plan of a run ({error})") from error
    ended = {case.name: ended_in(folder / "cases" / case.name) for case in cases}
    left = tuple(case for case in cases if not (result := ended[case.name]) or result.attempts_left)
    return Journal(replace(run, cases=tuple(result for result in ended.values() if result is not None),
                           not_run=tuple(case.name for case in left if not ended[case.name]), interrupted=bool(left),
                           cut=_KILLED if left else ""), left)


def ended_in(here: Path) -> CaseResult | None:
    """None for a case that has not ended. A file is there as a whole or not at all."""
    path = here / RESULT
    try:
        return case_from_json(json.loads(path.read_text()), str(path)) if path.is_file() else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, HarnessDefect) as error:
        raise UsageError(f"{path}: not the result of a case ({error})") from error


def _write(path: Path, content: dict[str, Any]) -> None:
    whole.write(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _case_from_json(raw: dict[str, Any]) -> Case:
    expect = raw["expect"]
    return Case(**{**raw, "contracts": tuple(raw["contracts"]), "expect": Expected(**{
        **expect, "findings": tuple((check, count) for check, count in expect["findings"]),
        "at_least": tuple((name, count) for name, count in expect["at_least"])})})
