"""Configures and builds a flavour through its CMake preset, with progress read from ninja's `[n/m]` lines."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from tenter.errors import TenterError, UsageError, nearest
from tenter.house import FLAVOURS, House

_STEP = re.compile(r"^\[(\d+)/(\d+)\]")
_TAIL = 30
Say = Callable[[str], None]
OnStep = Callable[[int, int], None]


class BuildFailed(TenterError):
    """The sources do not compile: nothing may be concluded, and the log says why."""


def build(house: House, flavour: str, say: Say, on_step: OnStep = lambda done, total: None,
          targets: tuple[str, ...] = ()) -> bool:
    """Brings a flavour, or only some targets of it, up to date; returns whether there was anything to do.

    Says one line when there was.
    """
    if flavour not in FLAVOURS:
        raise UsageError(f"unknown flavour '{flavour}'{nearest(flavour, FLAVOURS)}")
    folder = house.build(flavour)
    folder.mkdir(parents=True, exist_ok=True)
    # Two builds of one folder at once would break both.
    with (folder / "tenter-build.lock").open("w") as lock:
        _hold(lock, flavour, say)
        return _build(house, flavour, folder, say, on_step, targets)


def _hold(lock: IO[str], flavour: str, say: Say) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(f"another process builds {flavour}, and is waited for ...")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _build(house: House, flavour: str, folder: Path, say: Say, on_step: OnStep, targets: tuple[str, ...]) -> bool:
    log = folder / "tenter-build.log"
    started = time.monotonic()
    if _configuration_is_old(house, folder):
        if not shutil.which("ccache"):
            say("hint: with ccache installed, building again after a clean takes seconds")
        say(f"configuring {flavour} ...")
        _run(["cmake", "--preset", flavour], house, log, "configuring", flavour, on_step)
    elif _nothing_to_do(folder, targets):
        return False
    say(f"building {flavour} ...")
    only = ["--target", *targets] if targets else []
    _run(["cmake", "--build", "--preset", flavour, *only], house, log, "building", flavour, on_step)
    say(f"building {flavour}: done in {time.monotonic() - started:.0f} s")
    return True


def _configuration_is_old(house: House, folder: Path) -> bool:
    """CMake notices every change but that of the presets by itself."""
    stamp = folder / "build.ninja"
    presets = house.root / "CMakePresets.json"
    return not stamp.is_file() or (presets.is_file() and presets.stat().st_mtime > stamp.stat().st_mtime)


def _nothing_to_do(folder: Path, targets: tuple[str, ...]) -> bool:
    done = subprocess.run(["ninja", "-C", str(folder), "-n", *targets], capture_output=True, text=True, check=False)
    return done.returncode == 0 and "no work to do" in done.stdout


def _environment(house: House) -> dict[str, str]:
    """So that ccache knows what another checkout has compiled already; then debug information names its folder."""
    return {"CCACHE_BASEDIR": str(house.root), "CCACHE_NOHASHDIR": "1", **os.environ}


def _run(command: list[str], house: House, log: Path, what: str, flavour: str, on_step: OnStep) -> None:
    try:
        with log.open("w") as copy:
            child = subprocess.Popen(command, cwd=house.root, env=_environment(house), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                     text=True, errors="replace")
            try:
                for line in child.stdout or ():
                    copy.write(line)
                    step = _STEP.match(line)
                    if step:
                        on_step(int(step[1]), int(step[2]))
            except BaseException:
                child.terminate()
                raise
            finally:
                code = child.wait()
    except FileNotFoundError as error:
        raise UsageError(f"{command[0]} is not installed: ./tenter doctor says what is missing") from error
    if code != 0:
        lines = log.read_text().splitlines()
        start = next((i for i, line in enumerate(lines) if line.startswith("FAILED:") or "CMake Error" in line), None)
        excerpt = lines[-_TAIL:] if start is None else lines[start:start + _TAIL]
        print("\n".join(excerpt))
        raise BuildFailed(f"{what} {flavour} failed; the whole log is {house.relative(log)}")
