"""The stacks of a process that hangs, in the order in which a person needs them: threads that are inside what is tested come first,
and those in which the fuzzer itself waits for them last; nobody need read through whom the fuzzer called its own functions.
"""

from __future__ import annotations

import re

WAITERS = "Who only waits for them:"
_THREAD = re.compile(r"^thread \d+\b.*\n(?:^    .*\n?)+", re.MULTILINE)
_FRAME = re.compile(r"^    #\d+ .*\n?", re.MULTILINE)
_SOURCE = re.compile(r" (?P<file>[^\s():]+):\d+$")
_MODULE = re.compile(r"\((?P<module>/[^()\n]+)\+0x[0-9a-f]+\)$")
# Sources and libraries of the system, as they name themselves; what everybody stands on; and the fuzzer.
_NOT_TESTED = ("/usr/", "/lib", "./", "sysdeps/", "runtime/base/", "fuzz/")
_TEXT = "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char>>"
_CALLERS = ("fuzz/frame/", "fuzz/process/")  # they run any program, and are on the stack of each


def ordered(detail: str) -> str:
    """The detail of a finding; one without the stacks of threads stays as it is."""
    threads = list(_THREAD.finditer(detail))
    if not threads:
        return detail
    inside = [_cut(match[0]) for match in threads if not _only_waits(match[0])]
    waiting = [_cut(match[0]) for match in threads if _only_waits(match[0])]
    heading = [f"{WAITERS}\n"] if inside and waiting else []
    stacks = "".join(inside + heading + waiting).replace(_TEXT, "std::string")
    return detail[:threads[0].start()] + stacks + detail[threads[-1].end():]


def _only_waits(thread: str) -> bool:
    """Whether functions of the fuzzer are on the stack, and none of what is tested."""
    frames = [line.rstrip() for line in _FRAME.findall(thread)]
    files = [source["file"] for source in map(_SOURCE.search, frames) if source]
    modules = [module["module"] for module in map(_MODULE.search, frames) if module]
    return any(file.startswith("fuzz/") for file in files) and all(place.startswith(_NOT_TESTED) for place in files + modules)


def _cut(thread: str) -> str:
    """Without the calls by which the fuzzer came to run a program."""
    whole = thread if thread.endswith("\n") else thread + "\n"
    for match in _FRAME.finditer(whole):
        source = _SOURCE.search(match[0].rstrip())
        if source and source["file"].startswith(_CALLERS):
            rest = len(_FRAME.findall(whole[match.start():]))
            return f"{whole[:match.start()]}    and {rest} more, of the fuzzer\n"
    return whole
