"""What this system grants a process: how many threads there may be."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from pathlib import Path

# A runner has threads of its own, and the system has processes of others.
_RESERVE = 64


@dataclass(frozen=True)
class Limit:
    count: int
    source: str


def threads(root: Path = Path("/")) -> Limit | None:
    """The tightest limit on threads, or nothing when none is known."""
    found = [*_files(root)]
    soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if soft != resource.RLIM_INFINITY:
        found.append(Limit(soft, "ulimit -u"))
    least = min(found, key=lambda limit: limit.count, default=None)
    return least and Limit(max(least.count - _RESERVE, 1), least.source)


def _files(root: Path):
    for name in ("proc/sys/kernel/threads-max", "sys/fs/cgroup/pids.max", "proc/sys/kernel/pid_max",
                 "proc/sys/vm/max_map_count"):
        try:
            count = int((root / name).read_text())
        except (OSError, ValueError):
            continue
        # A stack is a mapping, and another one guards it.
        yield Limit(count // 2 if name.endswith("map_count") else count, f"/{name}")
