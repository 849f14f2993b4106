"""The files of a plan: models and rows, by digest, so that a finding is replayed with what it was found with.

A run folder may be read in another checkout, on another machine, by another user. A file of a case is looked for beside
the case (findings bring theirs), then in this checkout under its path there, then at the path where it was.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tenter.errors import UsageError
from tenter.house import House
from tenter.machine import model_facts
from tenter.machine.environment import digest
from tenter.machine.model_facts import ModelFacts
from tenter.plan.catalogue import is_file

NOTE = "files.json"
LIBRARY = "library"  # of the target, in a note
_MOST_COPIED = 256 * 1024**2  # bytes of one file


def note(plan: dict[str, Any], here: Path, house: House) -> None:
    """Writes down which files the case in the folder `here` reads."""
    files = {key: {"path": house.relative(Path(value)), "sha256": digest(Path(value))}
             for key, value in {**_files(plan), LIBRARY: plan["target"]["library"]}.items()}
    (here / NOTE).write_text(json.dumps(files, indent=2) + "\n")


def bring(plan: dict[str, Any], here: Path) -> None:
    """Copies the files into the folder of a case with findings."""
    for key, value in _files(plan).items():
        if Path(value).stat().st_size <= _MOST_COPIED:
            copy = here / _copy_of(key, value)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(value, copy)


def models(cases: Iterable[Path], house: House) -> tuple[ModelFacts, ...]:
    """What the models of cases are, each once; `cases` are their folders. One that never began has noted nothing."""
    noted: dict[str, dict[str, str]] = {}
    for here in cases:
        if (here / NOTE).is_file():
            file = json.loads((here / NOTE).read_text()).get("model")
            if file is not None:
                noted.setdefault(file["sha256"], file)
    return tuple(model_facts.read(house.root / file["path"], file["path"], file["sha256"]) for file in noted.values())


def found_again(plan: dict[str, Any], here: Path, house: House, prepare: Callable[[Path], object]) -> dict[str, Any]:
    """The plan with its files as they are here. Errors: a file that is gone, or is not the one that it was."""
    noted = json.loads((here / NOTE).read_text()) if (here / NOTE).is_file() else {}
    workload = dict(plan["workload"])
    for key, value in _files(plan).items():
        expected = noted.get(key, {})
        inside = Path(expected.get("path", value))
        if not inside.is_absolute() and inside.parent == house.models.relative_to(house.root) and not (
                house.root / inside).is_file():
            prepare(house.models)
        choices = [here / _copy_of(key, value), house.root / inside, Path(value)]
        there = [path for path in choices if path.is_file()]
        if not there:
            raise UsageError(f"the {key} of the case is gone: {expected.get('path', value)}")
        right = [path for path in there if not expected or digest(path) == expected["sha256"]]
        if not right:
            raise UsageError(f"the {key} of the case has changed: {there[0]} is {digest(there[0])[:12]}, and the finding "
                             f"was made with {expected['sha256'][:12]}")
        workload[key] = str(right[0].resolve())
    return {**plan, "workload": workload}


def library_of(here: Path) -> str:
    """The digest of the target's library with which the case in the folder `here` ran; nothing where that was not noted."""
    try:
        return str(json.loads((here / NOTE).read_text())[LIBRARY]["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _files(plan: dict[str, Any]) -> dict[str, str]:
    return {key: value for key, value in plan["workload"].items()
            if value and isinstance(value, str) and is_file(key)}


def _copy_of(key: str, value: str) -> Path:
    """The name stays, since the id of a finding contains it."""
    return Path("files", key, Path(value).name)
