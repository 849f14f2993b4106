"""A command line once more, with other values: what a step offers differs from what was just done."""

from __future__ import annotations

import shlex

_SHORT = {"--seconds": "-s"}


def given(command: str, option: str, default: float) -> float:
    """The number that an option has in `command`."""
    words = shlex.split(command)
    at = _place(words, option)
    return default if at is None else float(words[at])


def changed(command: str, **values: float) -> str:
    """`command` with these options, by their long names: `changed("./tenter sweep smoke", cap=16)`."""
    words = shlex.split(command)
    for name, value in values.items():
        at = _place(words, f"--{name}")
        if at is None:
            words += [f"--{name}", f"{value:.10g}"]
        else:
            words[at] = f"{value:.10g}"
    return shlex.join(words)


def _place(words: list[str], option: str) -> int | None:
    """Where the value of an option stands."""
    for at, word in enumerate(words[:-1]):
        if word in (option, _SHORT.get(option)):
            return at + 1
    return None
