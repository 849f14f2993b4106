"""Findings that the driver makes itself, from what a child left behind: a crash, a hang, a sanitizer report."""

from __future__ import annotations

import re
from pathlib import Path

from tenter.record.findings import Finding, signature

TAIL_LINES = 60
_FRAMES = 3
# `#0 0x55d0 in tenter::Engine::Push(tenter::Op*) /src/engine.cc:12:3` -> `tenter::Engine::Push`
_FRAME = re.compile(r"#\d+\s+(?:0x[0-9a-f]+\s+)?(?:in\s+)?(tenter::[\w:~]+)")
_REPORT = re.compile(r"(?:ERROR|WARNING): (\w+Sanitizer): ([\w -]+)|runtime error: ([^\n]+)")


def tail(stderr_file: Path) -> str:
    """The last lines of stderr. Read from the end, because a sanitizer can write very much."""
    if not stderr_file.is_file():
        return ""
    with stderr_file.open("rb") as file:
        file.seek(max(0, stderr_file.stat().st_size - 64 * 1024))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-TAIL_LINES:])


def frames(text: str) -> list[str]:
    """The first frames that belong to the project, without arguments and addresses."""
    return _FRAME.findall(text)[:_FRAMES]


def crash(signal_name: str, stderr: str) -> Finding:
    top = frames(stderr)
    place = f" in {top[0]}" if top else ""
    return Finding(check="crash", signature=signature("crash", signal_name, *top),
                   title=f"the process died of {signal_name}{place}", detail=stderr,
                   evidence={"signal": signal_name, **_numbered(top)})


def hang(timeout_s: float, stderr: str, progress: str) -> Finding:
    top = frames(stderr)
    return Finding(check="liveness", signature=signature("liveness", "process did not end", *top),
                   title=f"the process did not end within {timeout_s:g} s; it had done {progress}", detail=stderr,
                   evidence={"timeout_s": timeout_s, "last_progress": progress, **_numbered(top)})


def sanitizer(stderr: str) -> Finding | None:
    """For a report that ended the process before the runner could write it down as a finding; None for no report."""
    match = _REPORT.search(stderr)
    if not match:
        return None
    tool, kind = (match[1], match[2].strip()) if match[1] else ("UBSan", match[3].strip())
    # A headline of AddressSanitizer goes on with the address.
    kind = re.sub(r"( on (unknown )?address.*| 0x[0-9a-f]+.*)", "", kind)
    top = frames(stderr)
    place = f" in {top[0]}" if top else ""
    # The runner's own hook reports what ThreadSanitizer sees under this name.
    check = "data_race" if tool == "ThreadSanitizer" else "sanitizer"
    return Finding(check=check, signature=signature(check, tool, kind, *top),
                   title=f"{tool}: {kind}{place}", detail=stderr, evidence={"tool": tool, "kind": kind, **_numbered(top)})


def _numbered(top: list[str]) -> dict[str, str]:
    return {f"frame_{i}": frame for i, frame in enumerate(top)}
