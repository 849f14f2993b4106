"""Scenarios that measure detection power: the planted bugs of the canaries, in the setting of another scenario."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from tenter.plan.scenario import POWER, Scenario


def in_setting_of(scenario: Scenario, canaries: Sequence[Scenario]) -> Iterable[Scenario]:
    """One scenario per canary of the same workload: its bug and what finds it, the given scenario's parameters.

    A scenario that plants or expects something itself, cannot run, or whose faults would hide what a canary does, gives none.
    """
    if scenario.saboteur or scenario.mutant or scenario.faults or scenario.expect.findings or scenario.refused:
        return
    for canary in canaries:
        flavours = tuple(flavour for flavour in scenario.flavours if flavour in canary.flavours)
        if canary.kind != scenario.kind or canary.target != scenario.target or not flavours:
            continue
        yield replace(canary, name=f"{POWER}{scenario.name}/{canary.name.rpartition('/')[2]}", flavours=flavours,
                      parameters={**_of_the_bug(canary.parameters), **scenario.parameters},
                      overrides={**canary.overrides, **scenario.overrides}, budget=scenario.budget,
                      selector=f"{scenario.words()} --power")


def _of_the_bug(parameters: dict[str, Any]) -> dict[str, Any]:
    """Without what belongs to the model of the canary."""
    return {key: value for key, value in parameters.items() if key not in ("model", "input_shape", "shape_variants")}
