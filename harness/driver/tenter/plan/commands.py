"""A command line once more, with other values: what a step offers differs from what was just done."""

from __future__ import annotations

import re
import shlex

_SHORT = {"--seconds": "-s"}


def given(command: str, option: str, default: float) -> float:
    """The number that an option has in `command`."""
    words = _words(command)
    at = _place(words, option)
    return default if at is None else float(words[at])


def changed(command: str, **values: float) -> str:
    """`command` with these options, by their long names: `changed("./tenter sweep smoke", cap=16)`."""
    words = _words(command)
    for name, value in values.items():
        at = _place(words, f"--{name}")
        if at is None:
            words += [f"--{name}", f"{value:.10g}"]
        else:
            words[at] = f"{value:.10g}"
    return shlex.join(words)


def _words(command: str) -> list[str]:
    """Options apart from their values: `--cap=4` and `-s30` are two words each."""
    words = []
    for word in shlex.split(command):
        joined = re.fullmatch(r"(--[a-z-]+)=(.*)|(-[a-z])([0-9.]+)", word)
        words += [part for part in joined.groups() if part is not None] if joined else [word]
    return words


def _place(words: list[str], option: str) -> int | None:
    """Where the value of an option stands."""
    for at, word in enumerate(words[:-1]):
        if word in (option, _SHORT.get(option)):
            return at + 1
    return None
