"""Requests that may run as one, and never did: a case of them says nothing about batches, whatever else it says."""

from __future__ import annotations

import shlex
from pathlib import Path

from tenter.house import this_house
from tenter.record.results import CaseResult

COUNTED = "batched_requests"
_MOST = 128  # that `./tenter plan --together` takes


def told_apart(case: CaseResult) -> str:
    """That requests were to run as one and none did; nothing where one did, or where it is not counted."""
    if not _most(case) or case.exposure.get(COUNTED) != 0:
        return ""
    return f"nothing was batched: no request was seen to run as one with another, which batch = {_most(case):,} allows"


def why(case: CaseResult) -> str:
    """The command that says whether the model lets its requests run as one."""
    work = case.parameters
    words = ["./tenter", "plan", this_house().relative(Path(str(work.get("model", ""))))]
    for shape in filter(None, str(work.get("input_shape", "")).split(";")):
        words += ["--input-shape", shape]
    words += ["--together", str(min(_most(case), _MOST))]
    return shlex.join([*words, *(["--reference"] if work.get("reference_kernels") else [])])


def _most(case: CaseResult) -> int:
    """How many may run as one; 0 where each runs alone."""
    most = case.parameters.get("batch", 1)
    return most if isinstance(most, int) and most > 1 else 0
