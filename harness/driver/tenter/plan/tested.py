"""Which runtime a run tests: what its targets call themselves, and which build of their libraries this is."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tenter.errors import HarnessDefect, UsageError
from tenter.house import House
from tenter.machine import environment
from tenter.plan.planner import Case

_REFERENCE = "reference"


def sentence(cases: Iterable[Case], house: House) -> str:
    """"Tenter's reference runtime 0.1.0, builds 3f2a9c11 (probe) and 77ab01cd (tsan)", and every other target."""
    libraries: dict[str, dict[str, str]] = {}  # name -> flavour -> library
    for case in cases:
        target = case.plan["target"]
        if not target["name"].startswith("mutant "):  # planted by us into the runtime that is named already
            libraries.setdefault(target["name"], {}).setdefault(case.flavour, target["library"])
    return "; ".join(_one(name, by_flavour, house) for name, by_flavour in libraries.items()) or "planted bugs alone"


def _one(name: str, by_flavour: dict[str, str], house: House) -> str:
    flavour, library = next(iter(by_flavour.items()))
    told = _ask(house.runner(flavour), library)
    builds = [f"{environment.digest(Path(path))[:8]} ({flavour})" for flavour, path in by_flavour.items()]
    who = "Tenter's reference runtime" if name == _REFERENCE else told["name"]
    where = "" if name == _REFERENCE else f", {Path(library).name}"
    return f"{who} {told['version']}{where}, {'build' if len(builds) == 1 else 'builds'} {' and '.join(builds)}"


def _ask(runner: Path, library: str) -> dict[str, str]:
    done = subprocess.run([str(runner), "target", library], capture_output=True, text=True, errors="replace", timeout=60, check=False)
    try:
        told = {event["event"]: event for event in map(json.loads, done.stdout.splitlines())}
    except (ValueError, KeyError, TypeError) as error:
        raise HarnessDefect(f"{runner.name} target printed no events ({error})") from error
    if "target" in told:
        return told["target"]  # how it dies when it is unloaded is for the cases to find
    last = (done.stderr.strip().splitlines() or ["no message"])[-1].removeprefix("tenter-runner: ")
    if "begin" in told and "end" not in told:
        code = done.returncode
        how = f"died of {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        last = f"the process {how} while the library was loaded and asked for its name" + (f": {last}" if done.stderr.strip() else "")
    raise UsageError(f"the target {library} cannot be used: {last}")
