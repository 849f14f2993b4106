"""Parameters of which a scenario names several values: each case has one of them, which its seed chooses."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

from tenter.errors import UsageError


def values_of(value: Any, where: str) -> list[Any]:
    """All that a parameter may be: what stands there, or one of what stands in a list."""
    if not isinstance(value, list):
        return [value]
    if len(value) < 2:
        raise UsageError(f"{where} is a list, from which a case draws, and needs at least two values")
    return value


def names(parameters: Mapping[str, Any]) -> list[str]:
    return [name for name, value in parameters.items() if isinstance(value, list)]


def draw(parameters: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Each parameter by itself, so that one that is added or left out does not change the others."""
    return {name: random.Random(f"{seed} {name}").choice(value) if isinstance(value, list) else value
            for name, value in parameters.items()}


def told(parameters: Mapping[str, Any], drawn: Iterable[str]) -> str:
    """What was drawn, for a person: "threads 64, prefetch 1"."""
    return ", ".join(f"{name} {str(parameters[name]).lower()}" for name in drawn)
