"""House rules that a machine can check. Every rule is a function from the sources to violations."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from tenter.plan import scenario
from tenter.sources.source import Source, Violation

MOST_LINES = {".cc": 700, ".h": 400, ".py": 300}
MOST_FUNCTION_LINES = 70
MOST_COLUMNS = 100
_WAIVERS = "scenarios/waivers.toml"  # of the sweep; no scenario
MOST_FILES = 25
# Folders that may hold more for now, and why; whoever divides one takes it off.
CROWDED: dict[str, str] = {}
_TEST_FILE = re.compile(r"(_test\.\w+|(^|/)(test_\w+\.(py|h)|testing\.h|conftest\.py))$|(^|/)tests/")

Sources = list[Source]
# Rooms whose code stands on the path of a call into a target, and the files there that do not, or order threads on purpose.
_ON_THE_PATH = ("harness/checks/", "harness/faults/", "harness/flight/", "harness/target/", "harness/workloads/")
_BESIDE_IT = ("harness/workloads/progress.h", "harness/checks/check_board_test.cc", "harness/flight/flight_test.cc")
_SEAM = ("runtime/", "harness/", "bench/")  # the rooms in which every lock and thread goes through runtime/base


@dataclass(frozen=True)
class Banned:
    """Code that may stand in one place only."""

    pattern: str
    instead: str
    allowed: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ("",)


BANNED = (
    Banned(r"\bstd::(recursive_|shared_|timed_)?mutex\b|#\s*include\s*<(mutex|shared_mutex)>",
           "Mutex of runtime/base/mutex.h", ("runtime/base/mutex.h",), _SEAM),
    Banned(r"#\s*include\s*<condition_variable>|\bstd::condition_variable",
           "CondVar of runtime/base/mutex.h", ("runtime/base/mutex.h",), _SEAM),
    Banned(r"#\s*include\s*<atomic>|\bstd::atomic\b", "Atomic of runtime/base/atomic.h", ("runtime/base/atomic.h",), _SEAM),
    Banned(r"#\s*include\s*<semaphore(\.h)?>|\bstd::(counting|binary)_semaphore\b|\bsem_(wait|post)\b",
           "Semaphore of runtime/base/semaphore.h", ("runtime/base/semaphore.h",), _SEAM),
    Banned(r"#\s*include\s*<thread>|\bstd::j?thread\b", "Thread of runtime/base/thread.h",
           ("runtime/base/thread.h", "runtime/base/thread.cc", "runtime/base/clock.cc"), _SEAM),
    Banned(r"\bUnseen(Mutex|Lock|CondVar)\b|\bTsanUnseen\w+", "Mutex of runtime/base/mutex.h: races of the runtime are to be seen",
           ("runtime/base/unseen_mutex.h", "runtime/base/unseen_mutex_test.cc", "runtime/base/tsan.h"), ("runtime/", "bench/")),
    Banned(r"\b(Mutex|MutexLock|CondVar)\b|\bk(Acquire|Release|AcqRel|SeqCst)\b",
           "UnseenMutex, or kRelaxed: what orders two threads here hides a race of the target", _BESIDE_IT, _ON_THE_PATH),
    Banned(r"\bsystem_clock\b", "NowNs of runtime/base/clock.h", ("runtime/base/clock.cc",)),
    Banned(r"\bsleep_(for|until)\b|\bu?sleep\s*\(", "SleepNs of runtime/base/clock.h", ("runtime/base/clock.cc",)),
    Banned(r"\bs?rand\s*\(", "Rng of runtime/base/rng.h"),
    Banned(r"\bgetenv\b", "an option, passed down"),
    Banned(r"\bthread_local\b", "state in an object that is passed down"),
    Banned(r"#\s*pragma\s+omp\b", "the engine"),
    Banned(r"\batomic_thread_fence\b", "an order at the access; ThreadSanitizer does not see fences"),
)
# The slashes and dots are written as classes, so that this file does not break its own rule.
_FORBIDDEN_WORDS = {
    r"pypi[.]org|pythonhosted[.]org|debian[.]org|npmjs[.]|proxy[.]golang": "the host of a package registry",
    r"(?<![\w.])/(work|tmp)/": "a path of one machine",
}
_CEREMONY = re.compile(r"// (Errors|Invariants|Ownership and lifetime|Thread safety): none[.;]")
_LEFTOVER = re.compile(r"\b(FIX" r"ME|TO" r"DO|XX" r"X)\b")


def check(sources: Sources) -> list[Violation]:
    return sorted((violation for rule in RULES for violation in rule(sources)), key=lambda v: (v.path, v.line))


def sizes(sources: Sources) -> Iterator[Violation]:
    for source in sources:
        most = MOST_LINES.get(source.suffix)
        if most and len(source.lines) > most:
            yield Violation(source.path, most, f"{len(source.lines)} lines; a {source.suffix} file ends at {most}")
        if source.is_cpp:
            for number, line in enumerate(source.lines, start=1):
                if len(line) > MOST_COLUMNS:
                    yield Violation(source.path, number, f"{len(line)} columns; a line ends at {MOST_COLUMNS}")
            for start, length in functions(source.code):
                if length > MOST_FUNCTION_LINES:
                    yield Violation(source.path, start, f"a function of {length} lines; {MOST_FUNCTION_LINES} is the most")


def functions(code: str) -> Iterator[tuple[int, int]]:
    """(first line, length) of every outermost block that follows a parameter list.

    Namespaces, types and initialisers open blocks too; what stands before their brace has no parameter list.
    """
    depth_inside = 0
    line, start = 1, 0
    head: list[str] = []
    for char in code:
        if char == "{":
            if depth_inside:
                depth_inside += 1
            elif _opens_function("".join(head)):
                depth_inside, start = 1, line
            head.clear()
        elif char == "}":
            if depth_inside == 1:
                yield start, line - start + 1
            depth_inside = max(0, depth_inside - 1)
            head.clear()
        elif char == ";":
            head.clear()
        else:
            head.append(char)
        line += char == "\n"


def _opens_function(head: str) -> bool:
    without_macros = re.sub(r"^\s*#.*$", "", head, flags=re.MULTILINE)
    if re.search(r"\b(namespace|enum|union)\b|=\s*$", without_macros):
        return False
    # `class SCOPED_CAPABILITY("x") Name` has parentheses too, and they end before the name.
    return bool(re.search(r"\)\s*(const|noexcept|override|final|mutable|&|->[\w:<>*&\s]+|[A-Z_]+(\([^)]*\))?|:.*|\s)*$",
                          without_macros, re.DOTALL)) and not re.search(r"\b(class|struct)\b[^()]*(\([^()]*\)[^()]*)?$",
                                                                         without_macros)


def headers(sources: Sources) -> Iterator[Violation]:
    for source in sources:
        # A header for C callers keeps its include guard.
        guarded = "#pragma once" in source.text or re.search(r"#ifndef (\w+_H_)\n#define \1\n", source.text)
        if source.suffix == ".h" and not guarded:
            yield Violation(source.path, 1, "a header without #pragma once")


def banned(sources: Sources) -> Iterator[Violation]:
    for source in sources:
        if source.is_cpp:
            for rule in BANNED:
                if source.path not in rule.allowed and source.path.startswith(rule.rooms):
                    for match in re.finditer(rule.pattern, source.code):
                        line = source.code.count("\n", 0, match.start()) + 1
                        yield Violation(source.path, line, f"'{' '.join(match[0].split())}' is not used here; "
                                                           f"use {rule.instead}")


def words(sources: Sources) -> Iterator[Violation]:
    for source in sources:
        for number, line in enumerate(source.lines, start=1):
            if _CEREMONY.search(line):
                yield Violation(source.path, number, "a part of a header that says nothing: leave it out")
            if _LEFTOVER.search(line):
                yield Violation(source.path, number, f"a leftover '{_LEFTOVER.search(line)[0]}'")
            for pattern, what in _FORBIDDEN_WORDS.items():
                match = re.search(pattern, line)
                if match:
                    yield Violation(source.path, number, f"{what} is named: '{match[0]}'")


def suppressions(sources: Sources) -> Iterator[Violation]:
    """Above each suppression stands a comment with the date and the reason."""
    for source in sources:
        if source.suffix == ".supp":
            comment = ""
            for number, line in enumerate(source.lines, start=1):
                if line.startswith("#"):
                    comment += line
                elif not line.strip():
                    comment = ""
                elif not re.search(r"\d{4}-\d{2}-\d{2}.*\w+ \w+ \w+", comment):
                    yield Violation(source.path, number, f"'{line.strip()}' has no comment with a date and a reason")


def orphans(sources: Sources) -> Iterator[Violation]:
    """A .cc file that no CMakeLists.txt above it names is never compiled."""
    lists = {str(PurePosixPath(s.path).parent): s.text for s in sources if s.path.endswith("CMakeLists.txt")}
    for source in sources:
        if source.suffix == ".cc":
            path = PurePosixPath(source.path)
            named = any(re.search(rf"(?<![\w/]){re.escape(str(path.relative_to(parent)))}(?!\w)", lists[str(parent)])
                        for parent in path.parents if str(parent) in lists)
            if not named:
                yield Violation(source.path, 1, "in no CMakeLists.txt")


def scenario_folders(sources: Sources) -> Iterator[Violation]:
    for source in sources:
        parts = source.path.split("/")
        if source.path == _WAIVERS:
            continue
        if parts[0] == "scenarios" and source.suffix == ".toml" and (len(parts) != 3 or parts[1] not in scenario.FOLDERS):
            yield Violation(source.path, 1, f"a scenario lives in scenarios/{{{','.join(scenario.FOLDERS)}}}/")


def crowds(sources: Sources) -> Iterator[Violation]:
    """A folder of more sources than one reads in one go holds more than one noun. Tests stand beside what they test."""
    counts = Counter(str(PurePosixPath(source.path).parent) for source in sources
                     if source.suffix in (".cc", ".c", ".h", ".py") and not _TEST_FILE.search(source.path))
    for folder, count in sorted(counts.items()):
        if count > MOST_FILES and folder not in CROWDED:
            yield Violation(folder, 1, f"{count} sources, tests aside; a folder holds {MOST_FILES} at most")


def readmes(sources: Sources) -> Iterator[Violation]:
    """Every room has a page: the root, the folders of the root that hold code, and the floors and parts in them."""
    paths = {source.path for source in sources}
    rooms = {""}
    for path in paths:
        parts = path.split("/")
        if len(parts) > 1 and parts[0] in ("runtime", "harness", "scenarios", "sanitizers", "reports", "fuzz", "bench"):
            rooms.add(parts[0] + "/")
        if len(parts) > 2 and parts[0] in ("runtime", "harness"):
            rooms.add("/".join(parts[:2]) + "/")
    for room in sorted(rooms):
        if f"{room}README.md" not in paths:
            yield Violation(f"{room}README.md", 1, "is missing: every room has one")


RULES: tuple[Callable[[Sources], Iterator[Violation]], ...] = (
    sizes, headers, banned, words, suppressions, orphans, scenario_folders, crowds, readmes)
