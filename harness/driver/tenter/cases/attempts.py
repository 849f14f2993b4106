"""Attempts: a case that failed, or missed its planted bug, is run again with the same seed, and stays failed whatever comes of it.

A race that shows itself once is a finding; the attempts say how often it does. What a later attempt finds besides is a
finding of the case too. A planted bug that was missed once is missed: the attempts say how often.
"""

from __future__ import annotations

from dataclasses import replace

from tenter.record.results import Attempt, CaseResult, Verdict


def begun(result: CaseResult) -> CaseResult:
    """The first attempt, when others are to follow."""
    return replace(result, attempts=(_attempt(result),)) if result.retry and result.may_be_tried_again else result


def added(result: CaseResult, again: CaseResult) -> CaseResult:
    """`again` is a further attempt at the case of `result`."""
    if result.verdict is Verdict.MISSED:  # what finds the bug at last shows that it is not always found
        return replace(result, attempts=(*result.attempts, _attempt(again)), trace=result.trace or again.trace)
    known = {finding.signature for finding in result.findings}
    fresh = tuple(finding for finding in again.findings if finding.signature not in known)
    return replace(result, findings=result.findings + fresh, attempts=(*result.attempts, _attempt(again)), trace=result.trace or again.trace)


def _attempt(result: CaseResult) -> Attempt:
    return Attempt(result.verdict.name, result.duration_s, tuple(finding.signature for finding in result.findings))
