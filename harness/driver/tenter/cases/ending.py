"""Who ended a process: the runner says that it begins, and with which code it ends; what ends without saying so, the target ended."""

from __future__ import annotations

from typing import Any

from tenter.cases import postmortem
from tenter.errors import SANITIZER
from tenter.machine.process import Ended
from tenter.record.findings import Finding


class Ending:
    """What a runner told about itself (harness/run/events.h). Filled by the thread that reads its events."""

    def __init__(self) -> None:
        self.begun = False
        self.code: int | None = None

    def hear(self, event: dict[str, Any]) -> None:
        """Raises as a reader of events may: what cannot be read is told as such."""
        if event["event"] == "begin":
            self.begun = True
        elif event["event"] == "end":
            self.code = int(event["code"])


_SANITIZED = ("tsan", "asan")


def by_target(ended: Ended, ending: Ending, flavour: str, stderr: str) -> Finding | None:
    """A finding when the target ended the process with an exit code; None when the runner, a signal or a sanitizer did."""
    if ended.exit_code is None or ended.timed_out or not ending.begun or ended.exit_code == ending.code:
        return None
    if ended.exit_code == SANITIZER and (flavour in _SANITIZED or postmortem.sanitizer(stderr)):
        return None  # a sanitizer also changes the code of a process that ends by itself
    return postmortem.ended_by_target(ended.exit_code, ending.code is not None, stderr)
