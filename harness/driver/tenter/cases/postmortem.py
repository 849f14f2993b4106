"""Findings that the driver makes itself, from what a child left behind: a crash, a hang, a sanitizer report."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tenter.record.findings import Finding, signature

TAIL_LINES = 60
_REPORT_BYTES = 8 * 1024 * 1024  # how far from the end of stderr the headline of a report is looked for
STACKS_LINES = 600  # of a process that stood still, which wrote the stack of each of its threads
_LINE = 4096  # of a line: no frame is longer, and patterns take their time over what is
_FRAMES = 3
# `#0 0x55d0 in tenter::Engine::Push(tenter::Op*) runtime/engine.cc:12:3`, or with `(module+0x1a2b)` at its end or alone.
_FRAME = re.compile(r"^\s*#(?P<number>\d+)\s+(?P<address>0x[0-9a-f]+\s+)?(?:in\s+)?(?P<what>.+?)\s*$", re.MULTILINE)
_PLACE = re.compile(r"\s(?P<file>[^\s():]+):(?P<line>\d+)(?::\d+)?$")
_MODULE = re.compile(r"\s*\((?P<module>[^()]+?)\+0x[0-9a-f]+\)(?: \(BuildId: \w+\))?$")
# Who only carried the message: the language's library, the system's, and the sanitizers.
_CARRIERS = re.compile(r"std::|__|_?_?Unwind|operator (?:new|delete)|(?:mem|str)\w+$|(?:m|c|re)alloc$|c?free$|raise$|abort$|gsignal$|"
                       r"pthread_\w+$|start_thread$|clone3?$|_start$|_?exit$|quick_exit$|tenter::(?:events::)?(?:\(anonymous namespace\)::)?(?:PrintCrashStack|OnFault|OnOtherFault|OnExit|Die)$")
_CARRYING = re.compile(r"^/usr/|compiler-rt|sysdeps|^\./(?:assert|debug|malloc|nptl|signal|stdlib|string)/|runtime/base/failing_allocations\.cc|/(?:libc|libm|libpthread|libstdc\+\+|libgcc_s|libgomp|ld-linux[\w-]*)[.-]")
# Words with brackets that are no arguments come first, as a whole.
_SIGN = re.compile(r"\((?:anonymous namespace|anonymous class)\)|(?<!\w)operator(?:\(\)|<=>|<<=|>>=|->\*|<<|>>|<=|>=|->|<|>)|[<>(]")
# What the C and C++ libraries, and the checks of most projects, say before they abort.
_LAST_WORDS = re.compile(r"^(?P<words>terminate called.*(?:\n +what\(\): .*)?|.*\bcheck failed\b.*|.*\bassertion\b.*\bfailed\b.*|\*\*\* .+ \*\*\*.*|"
                         r"\w+\(\): (?:invalid|corrupted|unaligned|double|mismatching|too many) .*|(?:corrupted|double free) .*)$",
                         re.MULTILINE | re.IGNORECASE)
_OUTSIDE = ("SIGKILL comes from outside of the process: the kernel's out-of-memory killer sends it (dmesg, or memory.events of the control "
            "group, tell of it), and so may a person or a program.")
_WORDS = 200  # of a title
_UNDER_WAY = re.compile(r"^under way: (?P<doing>[a-z ]{1,60})$", re.MULTILINE)  # harness/run/watchdog.cc
# The headline of a sanitizer, which begins its line. A target may print the like of it in its own lines.
_HEADLINE = re.compile(r"^(?:==\d+==)?(?:ERROR|WARNING): (?P<tool>\w+Sanitizer): (?P<kind>[\w -]+)", re.MULTILINE)
_UNDEFINED = re.compile(r"^[^\s:][^\n:]*:\d+:\d+: runtime error: (?P<kind>[^\n]+)", re.MULTILINE)


def tail(stderr_file: Path, lines: int = TAIL_LINES) -> str:
    """The last lines of stderr. Read from the end, because a sanitizer can write very much."""
    if not stderr_file.is_file():
        return ""
    with stderr_file.open("rb") as file:
        file.seek(max(0, stderr_file.stat().st_size - 64 * 1024))
        told = file.read().decode(errors="replace").splitlines()
    return "\n".join(line[:_LINE] for line in told[-lines:])


def from_headline(stderr_file: Path) -> str:
    """The report of a sanitizer from its headline on, since its end says nothing: a leak has a stack for each place."""
    if not stderr_file.is_file():
        return ""
    with stderr_file.open("rb") as file:
        file.seek(max(0, stderr_file.stat().st_size - _REPORT_BYTES))
        told = file.read().decode(errors="replace")
    match = _report(told)
    return "\n".join(line[:_LINE] for line in told[match.start():].splitlines()[:STACKS_LINES]) if match else ""


def _report(stderr: str) -> re.Match[str] | None:
    """The headline that ended the process: the last error of a sanitizer, or where there is none, the first undefined behaviour."""
    headlines = list(_HEADLINE.finditer(stderr))
    ended = [match for match in headlines if "==ERROR: " in match[0]] or headlines
    return ended[-1] if ended else _UNDEFINED.search(stderr)


@dataclass(frozen=True)
class Place:
    """Where a process was: a function, or a module when the function has no name; "file:line" when that is known."""

    function: str
    line: str = ""


def places(text: str) -> list[Place]:
    """The first places of a stack that are somebody's own code, each once, without arguments and addresses."""
    found: dict[str, Place] = {}
    for _, frames in groupby(_FRAME.finditer(text), key=lambda match: match["address"] or match["number"]):
        own = [place for match in frames if (place := _place(match["what"])) is not None]
        if own:
            place = _inlined(own)
            found.setdefault(place.function, place)
    return list(found.values())[:_FRAMES]


def _inlined(own: list[Place]) -> Place:
    """One address: the functions that were inlined there come first. Their names may lack a class, so that of the outermost
    leads: `PlanCache::Await (ok)`."""
    inner, outer = own[0], own[-1]
    return inner if inner.function == outer.function else Place(f"{outer.function} ({inner.function})", inner.line)


def _place(what: str) -> Place | None:
    module = _MODULE.search(what)
    function = what[:module.start()] if module else what
    where = _PLACE.search(function)
    function = _without_arguments(function[:where.start()] if where else function)
    if _CARRIERS.match(function) or _CARRYING.search(where["file"] if where else module["module"] if module else ""):
        return None
    if not function:
        return Place(Path(module["module"]).name) if module else None
    return Place(function, f"{where['file']}:{where['line']}" if where else "")


def _without_arguments(function: str) -> str:
    """`A<int (char)>::F(int, B<C>*) const` is `A<int (char)>::F`, as in harness/run/function_name.h: lambdas, anonymous namespaces,
    call operators and lists of template arguments have brackets of their own."""
    bare = function.removeprefix("void ").removeprefix("bool ")
    depth = 0
    for match in _SIGN.finditer(bare):
        if match[0] == "(" and depth == 0 and match.start() > 0:
            return bare[:match.start()]
        depth += {"<": 1, ">": -1}.get(match[0], 0)
    return bare


def _in(top: list[Place]) -> str:
    return f" in {top[0].function}" if top else ""


def crash(signal_name: str, stderr: str) -> Finding:
    top = places(stderr)
    said = last_words(stderr) if signal_name == "SIGABRT" else ""
    detail = f"{_OUTSIDE}\n\n{stderr}".rstrip() if signal_name == "SIGKILL" else stderr
    return Finding(check="crash", signature=signature("crash", signal_name, *_functions(top)),
                   title=f"the process died of {signal_name}{_in(top)}{': ' if said else ''}{said}", detail=detail,
                   evidence={"signal": signal_name, **_numbered(top)})


def ended_by_target(code: int, after_all: bool, stderr: str) -> Finding:
    """Of a process that something else than the runner ended with a code, while it ran or when everything was done."""
    top = places(stderr)
    when = " when everything was done, in a destructor or an exit handler" if after_all else ""
    return Finding(check="crash", signature=signature("crash", f"exit {code}", str(after_all), *_functions(top)),
                   title=f"the target ended the process with exit code {code}{when}{_in(top)}", detail=stderr,
                   evidence={"exit_code": code, **_numbered(top)})


def recorder_lost_its_file(signal_name: str, stderr: str) -> bool:
    """A SIGBUS where the recorder writes: the file under its memory became shorter, or could not be written. No target did that.
    Other signals stay findings: a target that writes over the harness's memory can make any of its code crash."""
    top = places(stderr)
    return signal_name == "SIGBUS" and bool(top) and top[0].function.startswith("tenter::Flight::")


def last_words(stderr: str) -> str:
    """Why a process aborted, as it said itself: the last such line before its stack; empty when it said nothing known. It
    does not count for the signature: a damaged heap is met in another way every time."""
    first_frame = _FRAME.search(stderr)
    before = stderr[:first_frame.start()] if first_frame else stderr
    found = [match["words"] for match in _LAST_WORDS.finditer(before)]
    return re.sub(r"\n +what\(\): +", ": ", found[-1])[:_WORDS] if found else ""


def hang(timeout_s: float, stderr: str, progress: str, after_all: bool) -> Finding:
    """Of a process that had to be killed; `after_all`: the runner had said that it ends. Before, it was asked for its stacks."""
    top = places(stderr)
    phase = "everything was done: a destructor or an exit handler hangs" if after_all else _phase(stderr)
    return Finding(check="liveness", signature=signature("liveness", "process did not end", phase, *_functions(top)),
                   title=f"the process did not end within {timeout_s:g} s; it had done {progress}{' and ' if phase else ''}{phase}", detail=stderr,
                   evidence={"timeout_s": timeout_s, "last_progress": progress, **({"phase": phase} if phase else {}), **_numbered(top)})


def _phase(stderr: str) -> str:
    """What the watchdog of the runner said was under way, beside the steps of the workload. It speaks last: a person may have asked
    for a dump before, and a target may print such a line."""
    found = _UNDER_WAY.findall(stderr)
    return f"was {found[-1]}" if found else ""


def sanitizer(stderr: str) -> Finding | None:
    """For a report that ended the process before the runner could write it down as a finding; None for no report."""
    match = _report(stderr)
    if not match:
        return None
    tool, kind = match.groupdict().get("tool", "UBSan"), match["kind"].strip()
    # A headline of AddressSanitizer goes on with the address.
    kind = re.sub(r"( on (unknown )?address.*| 0x[0-9a-f]+.*)", "", kind)
    top = places(stderr)
    # The runner's own hook reports what ThreadSanitizer sees under this name.
    check = "data_race" if tool == "ThreadSanitizer" else "sanitizer"
    return Finding(check=check, signature=signature(check, tool, kind, *_functions(top)),
                   title=f"{tool}: {kind}{_in(top)}", detail=stderr, evidence={"tool": tool, "kind": kind, **_numbered(top)})


def _functions(top: list[Place]) -> list[str]:
    return [place.function for place in top]


def _numbered(top: list[Place]) -> dict[str, str]:
    lines = [place.line for place in top if place.line]
    return {**{f"frame_{i}": place.function for i, place in enumerate(top)}, **({"place": lines[0]} if lines else {})}
