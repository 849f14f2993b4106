"""The layer rule: includes go downwards only, are written from the root, and the runtime never names the harness.

Only the headers that are installed name each other without a folder: there the root is not to be found.
Benchmarks stand on the runtime alone, and nothing stands on them. The folders of bench/, of fuzz/ and of the driver
have floors too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tenter.sources.source import Source, Violation

FLOORS = ("base", "device", "engine", "tensor", "ops", "graph", "cached_op", "capi")
# The iterators stand beside ops..cached_op: they see the lower floors, and only the C API sees them.
_IO_SEES = ("base", "device", "engine", "tensor", "io")
_IO_SEEN_BY = ("io", "capi")
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
BENCH_FLOORS = ("program", "contender", "measure", "policy", "model", "inference", "sharing")
# What is fuzzed stands beside one another on the first two; what is fuzzed in any runtime, on the third, too. The programs
# and the model of engines are those of our own engine.
FUZZ_FLOORS = ("process", "frame", "target", "engine", "target_engine", "model", "iterator", "api")
_FUZZ_SEES = {"target_engine": FUZZ_FLOORS[:4], "model": FUZZ_FLOORS[:3], "iterator": FUZZ_FLOORS[:3]}
FUZZ_ENGINE_FLOORS = ("program", "draw", "history", "model", "judge", "ends", "beside", "run", "hunt")
FUZZ_TARGET_ENGINE_FLOORS = ("plain", "program", "run", "judge")
FUZZ_MODEL_FLOORS = ("graph", "oracle", "program", "run", "judge", "hunt")
# A folder of which the folders inside are floors.
_ROOM_FLOORS = {"bench": BENCH_FLOORS, "fuzz": FUZZ_FLOORS, "fuzz/engine": FUZZ_ENGINE_FLOORS, "fuzz/model": FUZZ_MODEL_FLOORS,
                "fuzz/target_engine": FUZZ_TARGET_ENGINE_FLOORS}
_DRIVER = "harness/driver/tenter/"
DRIVER_FLOORS = ("machine", "graphs", "plan", "record", "oracle", "cases", "history", "report", "bench", "sources", "verbs")
_IMPORT = re.compile(r"^[ \t]*(?:from|import)[ \t]+tenter\.(\w+)", re.MULTILINE)
_INSTALLED = re.compile(r"runtime/capi/tenter/\w+\.h")
_ROOTS = ("runtime", "harness", "fuzz", "sanitizers", "bench")


def check(sources: Iterable[Source]) -> list[Violation]:
    violations = []
    for source in sources:
        room = source.path.split("/")[0]
        if source.suffix in (".cc", ".h", ".c") and room in _ROOTS:
            for match in _INCLUDE.finditer(source.text):
                problem = _problem(source.path, match[1])
                if problem:
                    line = source.text.count("\n", 0, match.start(1)) + 1
                    violations.append(Violation(source.path, line, problem))
        if source.suffix == ".py" and source.path.startswith(_DRIVER):
            violations += _upward_imports(source)
    return violations


def _upward_imports(source: Source) -> list[Violation]:
    """The modules beside the folders (errors, house, console, cli) are on no floor."""
    folder = source.path.removeprefix(_DRIVER).split("/")[0]
    if folder.endswith(".py"):
        return []
    if folder not in DRIVER_FLOORS:
        return [Violation(source.path, 1, f"{_DRIVER}{folder} is on no floor; they are {' < '.join(DRIVER_FLOORS)}")]
    return [Violation(source.path, source.text.count("\n", 0, match.start(1)) + 1,
                      f"upward import: {folder} stands below {match[1]}")
            for match in _IMPORT.finditer(source.text)
            if match[1] in DRIVER_FLOORS and DRIVER_FLOORS.index(match[1]) > DRIVER_FLOORS.index(folder)]


def _problem(path: str, include: str) -> str:
    if _INSTALLED.fullmatch(path):
        beside = _INSTALLED.fullmatch(f"runtime/capi/tenter/{include}")
        return "" if beside else f'an installed header names its neighbours alone, such as "error.h": {include}'
    parts = include.split("/")
    if parts[0] not in _ROOTS or len(parts) < 2:
        return f'include "{include}" from the root of the repository, such as "runtime/base/status.h"'
    room, *inside = path.split("/")
    if parts[0] == "bench" and room != "bench":
        return f"only bench/ may include bench/: {include}"
    if room == "bench" and parts[0] not in ("bench", "runtime"):
        return f"bench/ may include runtime/ only: {include}"
    for folder in _ROOM_FLOORS:
        below = f"{folder}/"
        if path.startswith(below) and include.startswith(below):
            including, included = path.removeprefix(below).split("/"), include.removeprefix(below).split("/")
            problem = _room_problem(folder, including[0], included[0], include) if len(including) > 1 and len(included) > 1 else ""
            if problem:
                return problem
    if room != "runtime":
        return ""
    if parts[0] != "runtime":
        return f"the runtime names {parts[0]}/: {include}"
    if len(inside) < 2 or len(parts) < 3:
        return ""
    return _floor_problem(inside[0], parts[1], include)


def _room_problem(room: str, floor: str, included: str, include: str) -> str:
    """What stands in the folder itself, beside the floors, is on top of them all."""
    floors = _ROOM_FLOORS[room]
    for name in (floor, included):
        if name not in floors:
            return f"{room}/{name} is on no floor; the floors are {' < '.join(floors)}"
    below = _FUZZ_SEES.get(floor, floors[:2])
    if floors is FUZZ_FLOORS and included not in (floor, *below):
        return f"{room}/{floor} may include {' and '.join(below)} only: {include}"
    if floors.index(included) > floors.index(floor):
        return f"upward include: {room}/{floor} stands below {included}: {include}"
    return ""


def _floor_problem(floor: str, included: str, include: str) -> str:
    for name in (floor, included):
        if name not in (*FLOORS, "io"):
            return f"runtime/{name} is on no floor; the floors are {' < '.join(FLOORS)}, and io beside them"
    if floor == "io":
        return "" if included in _IO_SEES else f"io may include base..tensor only: {include}"
    if included == "io":
        return "" if floor in _IO_SEEN_BY else f"only capi may include io: {include}"
    if FLOORS.index(included) > FLOORS.index(floor):
        return f"upward include: {floor} stands below {included}: {include}"
    return ""
