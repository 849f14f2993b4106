"""The fuzzer as a child process: its command line, environment, files and deadline."""

from __future__ import annotations

from pathlib import Path

from tenter.house import House
from tenter.machine import sanitizer
from tenter.machine.process import Command
from tenter.plan.hunt import Hunt
from tenter.record import searched

# What shrinking, and a replay in which every round hangs, may take on top of the time for searching.
_GRACE_S = 300.0
_SLOWER = {"tsan": 4, "asan": 3}  # a case may take so many times longer before it counts as hanging
_CASE_LIMIT_MS = 5000


def command(hunt: Hunt, flavour: str, folder: Path, house: House) -> Command:
    return Command(argv=_argv(hunt, flavour, house), environment=sanitizer.environment(house, flavour),
                   timeout_s=hunt.seconds * 2 + _GRACE_S, stdout_file=searched.events_file(folder, flavour),
                   stderr_file=searched.stderr_file(folder, flavour))


def _argv(hunt: Hunt, flavour: str, house: House) -> list[str]:
    argv = [*sanitizer.prefix(flavour), str(house.fuzzer(flavour, hunt.program())), "--seed", str(hunt.seed),
            "--seconds", f"{hunt.seconds:g}", "--shrink-seconds", f"{max(20.0, hunt.seconds / 2):g}",
            "--property", hunt.property, "--max-ops", str(hunt.max_ops),
            "--case-limit-ms", str(_CASE_LIMIT_MS * _SLOWER.get(flavour, 1))]
    if hunt.workers:
        argv += ["--workers", hunt.workers]
    if hunt.subject().any_target:
        argv += ["--target", str(_library(hunt, flavour, house))]
    return [*argv, "--replay", hunt.replay, "--times", str(hunt.times)] if hunt.replay else argv


def _library(hunt: Hunt, flavour: str, house: House) -> Path:
    if hunt.mutant:
        return house.mutant(flavour, hunt.mutant)
    return Path(hunt.target) if "/" in hunt.target else house.target(flavour, hunt.target or "reference")
