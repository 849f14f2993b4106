"""The verb `doctor`: what is there, what is missing, and what that disables. Changes nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tenter.console import advice
from tenter.errors import CLEAN, FINDINGS
from tenter.house import FLAVOURS, House
from tenter.machine import environment, peers, sanitizer

_TOOLS = {
    "clang++-19": ("every flavour but gcc cannot be built", True),
    "lld-19": ("clang flavours cannot be linked", True),
    "cmake": ("nothing can be built", True),
    "ninja": ("nothing can be built", True),
    "g++-12": ("flavour gcc cannot be built", False),
    "llvm-symbolizer-19": ("sanitizer reports show addresses instead of names", False),
    "ccache": ("building again after a clean takes minutes instead of seconds", False),
    "chromium": ("nothing: reports open in any browser", False),
}
_LEAST_MEMORY = 4 * 2**30


@dataclass(frozen=True)
class Fact:
    name: str
    state: str  # ok, missing (something needed) or absent (something optional)
    found: str
    disables: str = ""


def examine(house: House) -> list[Fact]:
    return [*_tools(), _packages(house), _python(), *_machine(), *_flavours(house), _models(house), *_peers()]


def _tools() -> list[Fact]:
    facts = []
    for tool, (loss, needed) in _TOOLS.items():
        path = shutil.which(tool)
        facts.append(Fact(tool, "ok", path) if path else Fact(tool, "missing" if needed else "absent", "not found", loss))
    return facts


def _packages(house: House) -> Fact:
    listed = [line for line in (house.root / "cmake" / "debian-packages.txt").read_text().splitlines()
              if line and not line.startswith("#")]
    if not shutil.which("dpkg-query"):
        return Fact("Debian packages", "absent", "this is not Debian", "packages are not installed by ./tenter")
    done = subprocess.run(["dpkg-query", "-W", "-f=${Package} ${db:Status-Status}\n", *listed], capture_output=True,
                          text=True, check=False)
    present = {line.split()[0] for line in done.stdout.splitlines() if line.endswith(" installed")}
    missing = [package for package in listed if package not in present]
    if missing:
        return Fact("Debian packages", "missing", f"without {' '.join(missing)}",
                    "the build; ./tenter run installs them, or names the line to run")
    return Fact("Debian packages", "ok", f"all {len(listed)} of cmake/debian-packages.txt")


def _python() -> Fact:
    absent = [name for name in ("pytest", "hypothesis", "onnxruntime") if not _has(name)]
    version = f"Python {sys.version.split()[0]} in {sys.prefix}"
    if absent:
        return Fact("Python packages", "absent", f"{version}, without {', '.join(absent)}",
                    "the Python tests; ./tenter test installs them")
    return Fact("Python packages", "ok", version)


def _has(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _machine() -> list[Fact]:
    bits = sanitizer.aslr_bits()
    if not sanitizer.needs_fixed_layout("tsan"):
        layout = Fact("address layout", "ok", f"{bits} random bits" if bits else "unknown to this kernel")
    elif shutil.which("setarch"):
        layout = Fact("address layout", "ok", f"{bits} random bits are too many for ThreadSanitizer, so its cases "
                      "run under setarch -R")
    else:
        layout = Fact("address layout", "missing", f"{bits} random bits and no setarch", "flavour tsan cannot run")
    memory = environment.memory_bytes()
    gpu = environment.first_line(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"])
    return [layout, Fact("cores", "ok", f"{os.cpu_count()}, {environment.processor()}"),
            Fact("memory", "ok" if memory >= _LEAST_MEMORY else "absent", f"{memory / 2**30:.1f} GiB",
                 "" if memory >= _LEAST_MEMORY else "building with several jobs may run out of it"),
            Fact("GPU", "ok", gpu) if gpu else Fact("GPU", "absent", "no NVIDIA device", "nothing yet: no scenario uses one")]


def _flavours(house: House) -> list[Fact]:
    built = [flavour for flavour in FLAVOURS if house.runner(flavour).is_file()]
    return [Fact("built flavours", "ok", ", ".join(built)) if built
            else Fact("built flavours", "absent", "none yet", "the first ./tenter run builds what it needs")]


def _models(house: House) -> Fact:
    models = sorted(path.name for path in house.models.glob("*.onnx"))
    return (Fact("models", "ok", ", ".join(models)) if models
            else Fact("models", "absent", "none yet", "the first ./tenter run prepares them"))


def _peers() -> list[Fact]:
    return [Fact(name, "ok", str(library)) if library
            else Fact(name, "absent", "not fetched", f"its part of ./tenter bench {verb}; --peers fetches it")
            for name, verb, library in (("MXNet 1.9.1", "engine", peers.mxnet_library()), ("OpenVINO", "model", peers.openvino_library()))]


def print_facts(facts: list[Fact], console: Console) -> int:
    """Prints the table; 1 when something that is needed is missing."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("", "what", "found", "what that disables"):
        table.add_column(column, overflow="fold")
    colours = {"ok": "green", "missing": "bold red", "absent": "bright_black"}
    for fact in facts:
        table.add_row(Text(fact.state, style=colours[fact.state]), fact.name, advice(fact.found), advice(fact.disables))
    console.print(table)
    missing = [fact.name for fact in facts if fact.state == "missing"]
    console.print(Text(f"missing: {', '.join(missing)}" if missing else "everything that is needed is there"))
    return FINDINGS if missing else CLEAN
