"""Where in the repository a finding belongs: the places in code that its stacks name, else the file of its scenario.

Paths are relative to the root of the repository. A file that is not there is no place: what a target or a sanitizer wrote
is only believed when it names a source of this checkout.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

from tenter.house import House
from tenter.machine import symbols
from tenter.plain import one_line
from tenter.plan.scenario import POWER
from tenter.record.findings import Finding
from tenter.record.results import FUZZED, CaseResult

# `    #0 0x55d0 in tenter::Engine::Push(tenter::Op*) /src/engine.cc:12:3`, as sanitizers write it
_NUMBERED = re.compile(r"^\s*#(?P<depth>\d+)\s+(?:0x[0-9a-f]+\s+)?(?:in\s+)?(?P<what>.*)$")
# `    tenter::PlanCache::Find(int)  /src/plan_cache.cc:40`, as harness/run/race_reports.cc writes it below "read" or "write"
_RACED = re.compile(r"^ {4}(?P<what>\S.*?  \S+:\d+)$")
# `  op 't0.5' (push 33) waits for v12`, as a dump of an engine says it
_WAITING = re.compile(r"^\s*(?:worker \d+|thread \S+|op '.*?') .*\b(?:runs|waits|is)\b.*$")
_FILE = re.compile(r"^(?P<what>.*?)\s+(?P<file>[^\s:()]+):(?P<line>\d{1,7})(?::\d+)?(?:\s.*)?$")
_OWN = re.compile(r"\btenter::")
_MOST_STRANDS = 50
_MOST_STEPS = 40
_MOST_COLUMNS = 2_000  # a target may write a line of any length, and a pattern may take the square of it
_NO_SOURCES = ("build", "out", ".venv", "models", ".git")
# Who looks on and who prepares is on most stacks, and seldom where the defect is.
_LOOKING_ON = ("harness/run/", "harness/checks/")


@dataclass(frozen=True)
class Place:
    file: str
    line: int = 1


@dataclass(frozen=True)
class Step:
    text: str
    place: Place | None = None


@dataclass(frozen=True)
class Strand:
    """What one thread did, or what one waits for; the innermost call first, as in a stack."""

    title: str
    steps: tuple[Step, ...]


def strands(finding: Finding, house: House) -> tuple[Strand, ...]:
    """The stacks in the detail of a finding; for a hang also what each thread and op waits for."""
    found: list[tuple[str, list[Step]]] = []
    title = finding.title
    after_header = True
    for whole in finding.detail.splitlines():
        raw = whole[:_MOST_COLUMNS]
        numbered, raced = _NUMBERED.match(raw), _RACED.match(raw)
        if numbered or raced:
            if after_header or (numbered and numbered["depth"] == "0"):
                found.append((one_line(title), []))
            _add(found[-1][1], (numbered or raced)["what"], house)
            after_header = False
        elif finding.check == "liveness" and _WAITING.match(raw):
            found.append((one_line(raw), [Step(one_line(raw))]))
            after_header = True
        elif raw.strip():
            title, after_header = raw, True
        if len(found) > _MOST_STRANDS:
            break
    return tuple(Strand(title, tuple(steps)) for title, steps in found[:_MOST_STRANDS])


def _add(steps: list[Step], text: str, house: House) -> None:
    """A call that was inlined into itself is written several times, and is one step."""
    if len(steps) < _MOST_STEPS:
        step = _step(text, house)
        if step not in steps[-1:]:
            steps.append(step)


def _step(text: str, house: House) -> Step:
    match = _FILE.match(text)
    if not match:
        return Step(one_line(text))
    return Step(one_line(match["what"]), _place(match["file"], int(match["line"]), house))


def _place(file: str, line: int, house: House) -> Place | None:
    """A source of this checkout, also when it was compiled in another folder: the longest end of the path that is here."""
    inside = next((inside for inside in symbols.sources(file, house.root) if inside.parts[0] not in _NO_SOURCES), None)
    return Place(str(inside), max(1, line)) if inside else None


def first_place(found: Iterable[Strand]) -> Place | None:
    """Where to show the finding: rather a function of the project than what was inlined into it from a header."""
    placed = [(step, step.place) for strand in found for step in strand.steps if step.place]
    close = [(step, place) for step, place in placed if not place.file.startswith(_LOOKING_ON)]
    own = [(step, place) for step, place in close if _OWN.search(step.text)]
    return next((place for _, place in own or close or placed), None)


# What explains a case that no file describes: where a place is asked for, and none is to be mended.
PAGES = ("scenarios/README.md", "fuzz/README.md")


def scenario_file(case: CaseResult, house: House) -> str:
    """The file that describes the case; a case made by an option has none, and names the page that explains such cases."""
    name = case.scenario
    if name.startswith(POWER):
        name = name.removeprefix(POWER).rpartition("/")[0]
    file = house.scenarios / f"{name}.toml"
    if file.is_file() and ".." not in name.split("/"):
        return house.relative(file)
    model = house.relative(house.root / str(case.parameters.get("model", "")))
    if name.startswith("model/") and not os.path.isabs(model) and (house.root / model).is_file():
        return model
    return PAGES[case.kind == FUZZED]
