"""The environment of a child in each flavour: one thread per kernel, sanitizer options, address layout."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from tenter.house import House

# ThreadSanitizer's shadow needs a layout with at most this many random bits; beyond it, it dies at start-up.
TSAN_ASLR_BITS = 28
_ASLR_FILE = Path("/proc/sys/vm/mmap_rnd_bits")
_PRESETS = Path(__file__).parents[4] / "CMakePresets.json"


def environment(house: House, flavour: str) -> dict[str, str]:
    """What a case needs on top of the caller's environment: what the tests of the flavour have."""
    extra = {"OMP_NUM_THREADS": "1", **_of_preset(house.root, flavour)}
    symbolizer = shutil.which("llvm-symbolizer-19")
    for name in ("ASAN_OPTIONS", "TSAN_OPTIONS"):
        if name in extra:  # the same places in a report, whatever the checkout is called
            extra[name] += f":strip_path_prefix={house.root}/"
    if flavour == "asan":
        leaks = house.root / "sanitizers" / "lsan.supp"
        if leaks.is_file():
            extra["LSAN_OPTIONS"] = f"suppressions={leaks}:print_suppressions=0:exitcode=66"
        if symbolizer:
            extra["ASAN_SYMBOLIZER_PATH"] = symbolizer
    if symbolizer and flavour == "tsan":
        extra["TSAN_OPTIONS"] += f":external_symbolizer_path={symbolizer}"
    return {**os.environ, **extra}


def _of_preset(root: Path, flavour: str) -> dict[str, str]:
    """The environment of the flavour's test preset, so that tests and cases run with the same options."""
    presets = json.loads(_PRESETS.read_text())["testPresets"]
    own = next((preset.get("environment", {}) for preset in presets if preset["name"] == flavour), {})
    return {name: _without_missing_files(value.replace("${sourceDir}", str(root))) for name, value in own.items()}


def _without_missing_files(options: str) -> str:
    """A list of suppressions that does not exist makes a sanitizer stop the process."""
    return ":".join(option for option in options.split(":")
                    if not option.startswith("suppressions=") or Path(option.partition("=")[2]).is_file())


def aslr_bits() -> int:
    try:
        return int(_ASLR_FILE.read_text())
    except (OSError, ValueError):
        return 0


def needs_fixed_layout(flavour: str) -> bool:
    return flavour == "tsan" and aslr_bits() > TSAN_ASLR_BITS


def prefix(flavour: str) -> list[str]:
    """The words before the runner: `setarch -R` switches address randomisation off for one process."""
    return ["setarch", "-R"] if needs_fixed_layout(flavour) else []
