"""The shapes that `--input-shape` gives, against the inputs of a model: what does not fit is told before anything runs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from tenter.errors import UsageError, closest, nearest
from tenter.machine import model_outline
from tenter.machine.model_outline import Port

Inputs = Sequence[Port] | None  # None: of a file that is no model, of which the runner tells
Given = tuple[str, tuple[int, ...]]  # the name of an input, "" for all of them, and sizes


def as_text(words: Sequence[str], help_: str) -> str:
    """NAME=1,3,48,192 for each input; the name may be left out where a model has one input. `help_` is the command that says more."""
    seen: set[str] = set()
    for word in words:
        name, _, sizes = word.rpartition("=")
        if not re.fullmatch(r"[1-9]\d{0,17}(,[1-9]\d{0,17})*", sizes) or word.startswith("=") or ";" in word:
            raise UsageError(f"--input-shape: '{word}' is no shape such as x=1,3,48,192 ({help_})")
        if name in seen:
            whose = f"the input '{name}'" if name else "an input without a name"
            raise UsageError(f"--input-shape: two shapes for {whose}, and only one can count")
        seen.add(name)
    return ";".join(words)


def shared_out(text: str, read: Sequence[Inputs]) -> list[str]:
    """What of `text` is for each of several models: the shapes of inputs that it has. A name that none of them has is refused."""
    words = text.split(";")
    names = {port.name for inputs in read for port in inputs or ()}
    for word in words:
        name = _parsed(word)[0]
        if not name and len(words) > 1:
            raise UsageError(f"--input-shape {shlex.quote(word)}: says not which input it is for")
        if name and name not in names and any(inputs is not None for inputs in read):
            raise UsageError(f"--input-shape {shlex.quote(word)}: no model has an input called '{name}'{nearest(name, names)}")
    return [";".join(word for word in words if inputs is None or _parsed(word)[0] in ("", *(port.name for port in inputs)))
            for inputs in read]


def sizes_of(text: str, port: Port) -> tuple[int, ...]:
    """What `text` gives for an input, or nothing. It has been found to fit."""
    return next((sizes for name, sizes in map(_parsed, text.split(";") if text else ()) if name in ("", port.name)), ())


def inputs_of(model: Path) -> Inputs:
    try:
        return model_outline.read(model).inputs
    except (ValueError, ImportError):
        return None


def misfit(model: Path, inputs: Inputs, text: str) -> str:
    """One line with what does not fit, the inputs of the model and what would do; nothing when all fits.

    `text` is that of the workload: NAME=1,3;NAME=2, or 1,3 alone for every input.
    """
    words = text.split(";")
    if inputs is None:
        return ""
    for word in words:
        why = _misfit(_parsed(word), inputs, alone=len(words) == 1)
        if why:
            has = f"{model.name} has {'the inputs ' if len(inputs) > 1 else ''}{', '.join(map(str, inputs)) or 'no input'}"
            return f"--input-shape {shlex.quote(word)}: {why}; {has}; {_would_do(_parsed(word), inputs)}"
    return ""


def _parsed(word: str) -> Given:
    name, _, sizes = word.rpartition("=")
    return name, tuple(map(int, sizes.split(",")))


def _misfit(given: Given, inputs: Sequence[Port], alone: bool) -> str:
    name, sizes = given
    if not name and not alone:
        return "says not which input it is for"
    if name and name not in {port.name for port in inputs}:
        return f"no input is called '{name}'{nearest(name, {port.name for port in inputs})}"
    return next(filter(None, (_against(sizes, port) for port in inputs if name in ("", port.name))), "")


def _against(sizes: tuple[int, ...], port: Port) -> str:
    if port.axes is None:
        return ""
    if len(sizes) != len(port.axes):
        return f"'{port.name}' is of rank {len(port.axes)}, and not {len(sizes)}"
    fixed = [(at, axis) for at, axis in enumerate(port.axes) if isinstance(axis, int) and axis != sizes[at]]
    return "".join(f"dimension {at + 1} of '{port.name}' is fixed at {axis}, and not {sizes[at]}" for at, axis in fixed[:1])


def _would_do(given: Given, inputs: Sequence[Port]) -> str:
    """A whole option, for the input that was meant or for the one that is open."""
    if not any(port.open for port in inputs):
        return "its shapes are fixed, so leave --input-shape out"
    close = closest(given[0], [port.name for port in inputs])
    meant = next((port for port in inputs if port.name == close), None) or next(port for port in inputs if port.open)
    if not meant.open:
        return f"the shape of '{meant.name}' is fixed, so leave it out"
    if meant.axes is None:
        return f"not even the rank of '{meant.name}' is known, so that no shape can be named"
    sizes = ",".join(map(str, meant.sized(given[1]) or given[1]))
    return f"what would do is --input-shape {shlex.quote(f'{meant.name}={sizes}')}"
