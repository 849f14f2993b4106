"""Scenarios that run once with each value of a parameter: a scenario of its own for each, called NAME+VALUE."""

from __future__ import annotations

from dataclasses import replace

from tenter.errors import UsageError
from tenter.plan.scenario import Scenario

_BETWEEN = "+"


def split(word: str) -> tuple[str, str]:
    """The words of a command line that mean one value: `smoke/NAME+VALUE` is (smoke/NAME, VALUE), all else has no value."""
    name, between, value = word.rpartition(_BETWEEN)
    return (name, value) if between and value.isidentifier() else (word, "")


def expanded(scenario: Scenario, only: str = "") -> list[Scenario]:
    """One scenario per value, or that of `only`; itself where it names none."""
    if scenario.each is None:
        if only:
            raise UsageError(f"{scenario.source} has no '{only}': there is no [each] in it")
        return [scenario]
    name, values = scenario.each
    if only and only not in values:
        raise UsageError(f"{scenario.source}: [each] '{name}' has no '{only}', only {', '.join(values)}")
    return [replace(scenario, name=f"{scenario.name}{_BETWEEN}{value}", title=f"{scenario.title} ({name} {value})",
                    parameters={**scenario.parameters, name: value}, selector=f"{scenario.words()}{_BETWEEN}{value}", each=None)
            for value in values if not only or value == only]
