"""The environment of a child in each flavour: one thread per kernel, sanitizer options, address layout."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tenter.house import House

# ThreadSanitizer's shadow needs a layout with at most this many random bits; beyond it, it dies at start-up.
TSAN_ASLR_BITS = 28
_ASLR_FILE = Path("/proc/sys/vm/mmap_rnd_bits")


def environment(house: House, flavour: str) -> dict[str, str]:
    """What a case needs on top of the caller's environment."""
    extra = {"OMP_NUM_THREADS": "1"}
    if flavour == "tsan":
        suppressions = house.root / "sanitizers" / "tsan.supp"
        # A file that does not exist makes ThreadSanitizer stop the process.
        listed = f"suppressions={suppressions}:" if suppressions.is_file() else ""
        extra["TSAN_OPTIONS"] = f"{listed}halt_on_error=0:exitcode=66:suppress_equal_stacks=0:second_deadlock_stack=1"
    if flavour == "asan":
        extra["ASAN_OPTIONS"] = "exitcode=66:detect_leaks=1:detect_stack_use_after_return=1:allocator_may_return_null=1"
        extra["UBSAN_OPTIONS"] = "print_stacktrace=1:halt_on_error=1:exitcode=66"
        leaks = house.root / "sanitizers" / "lsan.supp"
        if leaks.is_file():
            extra["LSAN_OPTIONS"] = f"suppressions={leaks}:exitcode=66"
    symbolizer = shutil.which("llvm-symbolizer-19")
    if symbolizer and flavour == "asan":
        extra["ASAN_SYMBOLIZER_PATH"] = symbolizer
    if symbolizer and flavour == "tsan":
        extra["TSAN_OPTIONS"] += f":external_symbolizer_path={symbolizer}"
    return {**os.environ, **extra}


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
