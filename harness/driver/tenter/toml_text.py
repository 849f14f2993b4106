"""TOML as a person writes it: what stands twice is told with its key and its line, of which the parser keeps the key for itself."""

from __future__ import annotations

import re
import tomllib
from typing import Any

_TWICE = re.compile(r"Cannot (overwrite a value|declare .* twice|mutate immutable namespace .*) \(at (?:line (\d+), column \d+|end of document)\)")
_KEY = re.compile(r"\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=")
_TABLE = re.compile(r"\s*(\[.*\])\s*(#.*)?")


def loads(text: str) -> dict[str, Any]:
    """As tomllib does it, with its errors."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise tomllib.TOMLDecodeError(_told(str(error), text)) from error


def _told(message: str, text: str) -> str:
    twice = _TWICE.fullmatch(message)
    if not twice:
        return message
    lines = text.split("\n")
    number = int(twice[2]) if twice[2] else len(lines)
    line = lines[number - 1] if number <= len(lines) else ""
    if key := _KEY.match(line):
        return f"line {number}: the key '{key[1]}' is there already"
    if table := _TABLE.fullmatch(line):
        return f"line {number}: the table {table[1]} is there already"
    return message  # the end of a value of several lines, whose key stands further up
