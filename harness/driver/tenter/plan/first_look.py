"""The canary of a run at first sight: quick planted bugs, one in each setting that is run, so that every clean cell says what its
checks can find there.

A setting is what a figure of power is kept by: workload, model, threads, workers, flavour. The bugs go round the settings, and one
that found no place is planted once more, so that each is tried. They do little, since what is found in little is found in more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from tenter.plan.scenario import FIRST, POWER, Scenario

# For each workload the bugs that show at once, by saboteur or mutant: the first one is for whoever is slow.
_QUICK: dict[str, tuple[str, ...]] = {
    "concurrent_inference": ("swap_outputs", "flip_bit", "zero_output", "late_write", "stale_output", "input_overwritten", "leak_per_error",
                             "compile_per_call", "leak_per_call"),
    "engine_program": ("lost_failure", "wrong_waiter", "lost_error"),
    "iterator_epochs": ("batch_twice", "iterator_error_overtakes"),
    "skipped_rows": ("batch_twice", "skipped_rows_lost", "skipped_rows_kept", "bad_rows_counted_on"),
    "model_without_memory": ("lost_refusal",),
    "soak": ("leak_per_error", "model_file_stays_open", "swap_outputs", "flip_bit"),
}
_SETTING = ("model", "input_shape", "threads", "workers")
_SLOW = ("tsan", "asan")  # there a bug that needs many calls is left to the other flavours
_MANY_CALLS = ("leak_per_call", "compile_per_call", "input_overwritten", "stale_output")
_ALONE = ("leak_per_call", "leak_per_error")  # seen by one thread that calls hundreds of times alone: quick on a small model
_POINTS = 10
_ROUNDS, _CALLS, _WRONG_PERCENT = 24, 200, 25  # of a soak: growth is told from chance in so many rounds, and a leak per error by so many errors


def first_look(scenarios: Sequence[Scenario], canaries: Sequence[Scenario], flavours: Sequence[str], others_target: bool) -> list[Scenario]:
    """For the clean scenarios of a run. A bug of our runtime cannot be planted in `others_target`."""
    bugs = {canary.saboteur or canary.mutant: canary for canary in canaries if canary.saboteur or not others_target}
    used: Counter[tuple[str, str]] = Counter()
    settings = list(_settings(scenarios, flavours))
    chosen = []
    for scenario, flavour in settings:
        able = _able(scenario, flavour, bugs)
        if able:
            name = min(able, key=lambda bug: used[scenario.kind, bug])
            used[scenario.kind, name] += 1
            chosen.append(_planted(scenario, flavour, bugs[name], name))
    for scenario, flavour in settings:
        for name in _able(scenario, flavour, bugs):
            if not used[scenario.kind, name]:
                used[scenario.kind, name] += 1
                chosen.append(_planted(scenario, flavour, bugs[name], name))
    return chosen


def _settings(scenarios: Sequence[Scenario], flavours: Sequence[str]) -> Iterator[tuple[Scenario, str]]:
    """Each once, by the first clean scenario that has it."""
    seen = set()
    for scenario in scenarios:
        if scenario.saboteur or scenario.mutant or scenario.faults or scenario.expect.findings or scenario.refused:
            continue
        for flavour in scenario.flavours:
            key = (scenario.kind, flavour, *(str(scenario.parameters_for(flavour).get(name, "")) for name in _SETTING))
            if (not flavours or flavour in flavours) and key not in seen:
                seen.add(key)
                yield scenario, flavour


def _able(scenario: Scenario, flavour: str, bugs: dict[str, Scenario]) -> list[str]:
    """Patches are built where their canaries run, and those of the engine are in the one that has threads; a saboteur wraps any target
    in any flavour."""
    threadless = scenario.parameters_for(flavour).get("workers") == 0
    names = [name for name in _QUICK.get(scenario.kind, ()) if name in bugs and (
        bugs[name].saboteur or (flavour in bugs[name].flavours and not threadless))]
    small = str(scenario.parameters_for(flavour).get("model", "")).startswith("generated:")
    return [name for name in names if (flavour not in _SLOW or name not in _MANY_CALLS) and (small or name not in _ALONE)]


def _planted(scenario: Scenario, flavour: str, canary: Scenario, name: str) -> Scenario:
    mine = scenario.parameters_for(flavour)
    own = canary.parameters if canary.kind == scenario.kind else {}
    parameters = {**{key: value for key, value in own.items() if key not in _SETTING}, **{key: mine[key] for key in _SETTING if key in mine}}
    return replace(canary, name=f"{POWER}{scenario.name}/{FIRST}{name}", kind=scenario.kind, target=scenario.target, flavours=(flavour,),
                   parameters={**parameters, **_little(scenario.kind, flavour, mine, name)}, overrides={},
                   selector=f"{scenario.words()} --power")


def _little(kind: str, flavour: str, mine: dict[str, Any], name: str) -> dict[str, Any]:
    if kind == "model_without_memory":
        return {"points": _POINTS}
    if kind == "soak":
        return {"rounds": _ROUNDS, "calls": _CALLS, "wrong_percent": _WRONG_PERCENT}
    if kind != "concurrent_inference":
        return {}
    threads = int(mine.get("threads", 8))
    return {"inferences": max(threads + 8, 32) if flavour in _SLOW else max(3 * threads, 60), "calls_alone": 16 if name in _ALONE else 0}
