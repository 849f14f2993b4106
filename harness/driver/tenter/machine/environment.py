"""Facts about the machine and the build that a reader needs in order to judge a figure."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
from pathlib import Path

from tenter import __version__
from tenter.house import House


def facts(house: House) -> dict[str, str]:
    """Only what could be found out; a fact that is not known is left out."""
    found = {
        "tenter": __version__,
        "commit": _commit(house),
        "processor": processor(),
        "cores": str(os.cpu_count() or ""),
        "memory": f"{memory_bytes() / 2**30:.1f} GiB" if memory_bytes() else "",
        "system": _system(),
        "kernel": platform.release(),
        "compiler": first_line(["clang++-19", "--version"]),
        "python": platform.python_version(),
        "gpu": first_line(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]) or "none",
    }
    return {name: text for name, text in found.items() if text}


def first_line(command: list[str]) -> str:
    """The first line that a tool prints, or nothing when it is absent or fails."""
    if not shutil.which(command[0]):
        return ""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = done.stdout.strip().splitlines()
    return lines[0] if done.returncode == 0 and lines else ""


def _commit(house: House) -> str:
    commit = first_line(["git", "-C", str(house.root), "rev-parse", "--short=12", "HEAD"])
    if commit and first_line(["git", "-C", str(house.root), "status", "--porcelain"]):
        return f"{commit} with changes"
    return commit


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def memory_bytes() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return platform.system()


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(house: House, flavour: str) -> str:
    """Names the binaries of a flavour by their content; two runs with equal ones tested the same build."""
    whole = hashlib.sha256()
    for path in (house.runner(flavour), *sorted(house.target(flavour, "*").parent.glob("libtenter_target_*.so"))):
        if path.is_file():
            whole.update(digest(path).encode())
    return whole.hexdigest()[:16]
