"""Names for the addresses of a stack: functions, inlined ones too, and lines relative to the checkout.

A frame comes as `#3 0x7f3a (/path/of/module+0x1a2b)`, from the runner or from a sanitizer without a symbolizer. It goes on
as `#3 0x7f3a in function file:line`, once per function that was inlined there. What is not known stays as it was.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

_BARE = re.compile(r"^(?P<indent>\s*)#\d+ (?P<address>0x[0-9a-f]+) +\((?P<module>[^()\n]+)\+(?P<offset>0x[0-9a-f]+)\).*$", re.MULTILINE)
# A path that leads upwards, or from the root of the file system, with a line. It begins a word, so that one long word is read
# once, and not once from each of its letters; and no path is longer than that.
_PATH = re.compile(r"(?<![^\s(])(?P<path>/[^\s():]{1,4096}|[^\s():/]{1,255}/[^\s():]{0,4096}\.\./[^\s():]{1,4096})(?=:\d)")
_NUMBER = re.compile(r"^(\s*)#(\d+) ", re.MULTILINE)
_TIMEOUT_S = 60
Frame = tuple[str, str]  # module, offset


def named(text: str, root: Path) -> str:
    """The text with a name in each frame that has none, and with paths relative to `root`."""
    bare = list(dict.fromkeys((match["module"], match["offset"]) for match in _BARE.finditer(text)))
    if bare:
        names = _look_up(bare)
        text = _BARE.sub(lambda match: _lines(match, names.get((match["module"], match["offset"]), [])), text)
        text = _renumbered(text)
    return relative(text, root)


def relative(text: str, root: Path) -> str:
    """The text with every "file:line" relative to the checkout, also where an object that a compiler cache shares between
    checkouts names the one in which it was compiled."""
    return _PATH.sub(lambda match: _within(match["path"], root), text).replace(f"{root}/", "")


def _within(path: str, root: Path) -> str:
    return str(next(sources(path, root), os.path.normpath(path)))


def sources(path: str, root: Path) -> Iterator[PurePosixPath]:
    """The ends of a path that are files of the checkout, relative to it, the longest first."""
    parts = PurePosixPath(os.path.normpath(path)).parts
    for first in range(len(parts) - 1):  # a name by itself could be anybody's
        inside = PurePosixPath(*parts[first:])
        if not inside.is_absolute() and ".." not in inside.parts and _is_file(root / inside):
            yield inside


def _is_file(path: Path) -> bool:
    """False for what can be no path, too: anybody may have written it."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _look_up(frames: list[Frame]) -> dict[Frame, list[dict[str, Any]]]:
    """The functions at each frame, the innermost first; nothing where there is no symbolizer."""
    program = shutil.which("llvm-symbolizer-19") or shutil.which("llvm-symbolizer")
    if program is None:
        return {}
    asked = "".join(f'"{module}" {offset}\n' for module, offset in frames)
    try:
        # A debug-info server on the network is not asked: a report must not wait for one. A Ctrl-C is for the driver: a
        # finding without its names would be another finding.
        ended = subprocess.run([program, "--output-style=JSON", "--inlines"], input=asked, capture_output=True, text=True,
                               timeout=_TIMEOUT_S, check=True, start_new_session=True, env={**os.environ, "DEBUGINFOD_URLS": ""})
        answers = [json.loads(line) for line in ended.stdout.splitlines()]
        return {frame: answer.get("Symbol", []) for frame, answer in zip(frames, answers, strict=True)}
    except (OSError, subprocess.SubprocessError, ValueError, AttributeError):
        return {}


def _lines(match: re.Match[str], functions: list[dict[str, Any]]) -> str:
    known = [function for function in functions if function.get("FunctionName")]
    if not known:
        return match[0]
    return "\n".join(f"{match['indent']}#0 {match['address']} in {function['FunctionName']} {_place(function, match)}"
                     for function in known)


def _place(function: dict[str, Any], match: re.Match[str]) -> str:
    name, line = function.get("FileName", ""), function.get("Line", 0)
    # A library without debug information has neither, or a name alone.
    return f"{name}:{line}" if name and line else f"({match['module']}+{match['offset']})"


def _renumbered(text: str) -> str:
    """Frames count from 0 again in each block of lines that are frames."""
    lines, number = [], 0
    for line in text.split("\n"):
        match = _NUMBER.match(line)
        if match:
            line = f"{match[1]}#{number} {line[match.end():]}"
        number = number + 1 if match else 0
        lines.append(line)
    return "\n".join(lines)
