"""What was injected into a case: each item of the fault plan, what became of it, and the ops that failed by it."""

from __future__ import annotations

import re

from tenter.record.results import CaseResult, FaultCount
from tenter.report.wording import faults, plural

_MOST_OPS = 8
_OP = re.compile(r'@op:"((?:\\.|[^"\\])*)"')


def fate(fault: FaultCount) -> str:
    """"fired 22 times in 200 hits of its site"."""
    return "; ".join(filter(None, [f"fired {plural(fault.fired, 'time')} in {plural(fault.hits, 'hit')} of its site", fault.note]))


def failed_ops(case: CaseResult) -> str:
    """"ops that were made to fail: MatMul@0"; a delay makes none fail."""
    names = dict.fromkeys(match[1] for fault in faults(case) if not re.search(r"[=%)>]delay\(", fault)
                          for match in _OP.finditer(fault))
    if not names:
        return ""
    more = f" and {len(names) - _MOST_OPS} more" if len(names) > _MOST_OPS else ""
    return f"{plural(len(names), 'op')} made to fail: {', '.join(list(names)[:_MOST_OPS])}{more}"


def settings(case: CaseResult) -> list[tuple[str, str]]:
    """The parameters of the workload, defaults too, and what it told, such as the shapes that were really used; a model by its
    file name, since the command has its path."""
    return list(case.facts.items()) + [(name.replace("_", " "), _setting(name, value)) for name, value in case.parameters.items() if value not in ("", None)]


def _setting(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).rpartition("/")[2] if name == "model" else str(value)
