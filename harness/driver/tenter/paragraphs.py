"""Help texts at the width of the terminal: a paragraph flows, and an example keeps its line, with its comment in its own column."""

from __future__ import annotations

import inspect
import re
import textwrap
from typing import Any

_EXAMPLE = re.compile(r"^(?P<command>  .*?\S)(?P<gap> {2,})(?P<comment>\S.*)$")
_LEAST = 24  # columns for a comment beside its command; with fewer all stand below
_BELOW = " " * 6


def flow(command: Any, width: int) -> None:
    """In place, in the help of a command and of all that it has."""
    if command.help:
        command.help = flowing(command.help, width)
    for child in getattr(command, "commands", {}).values():
        flow(child, width)


def flowing(text: str, width: int) -> str:
    """Lines of a source are joined to paragraphs, which whoever prints them folds; those of examples, which are indented, are not."""
    paragraphs = (paragraph.split("\n") for paragraph in inspect.cleandoc(text).split("\n\n"))
    return "\n\n".join(_examples(lines, width) if any(line.startswith("  ") for line in lines) else " ".join(lines) for lines in paragraphs)


def _examples(lines: list[str], width: int) -> str:
    """All comments beside their commands, or all below."""
    matches = [_EXAMPLE.match(line) for line in lines]
    below = any(match and len(match[0]) > width and width - match.end("gap") < _LEAST for match in matches)
    return "\n".join(_example(match, width, below) if match else line for match, line in zip(matches, lines, strict=True))


def _example(match: re.Match[str], width: int, below: bool) -> str:
    if below:
        return f"{match['command']}\n" + textwrap.fill(match["comment"], width, initial_indent=_BELOW, subsequent_indent=_BELOW)
    column = match.end("gap")
    return textwrap.fill(match["comment"], width, initial_indent=match[0][:column], subsequent_indent=" " * column, break_on_hyphens=False)
