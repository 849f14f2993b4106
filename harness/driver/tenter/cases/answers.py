"""The check `answer`: the driver's own. What one thread was answered is held against an oracle that shares no code with the target.

It looks at whatever ended with its answers written, a crash included, and never passes in silence: what no oracle could judge has no power.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tenter.errors import HarnessDefect
from tenter.house import House
from tenter.machine.interrupts import Stop
from tenter.plan.planner import Case
from tenter.record.findings import Finding, signature
from tenter.record.results import CheckResult

CHECK = "answer"
CONTRACT = "COP-9"
_TOLD = "answers.json"


@dataclass(frozen=True)
class Judged:
    """`check` is None where the case was not to be judged."""

    check: CheckResult | None = None
    findings: tuple[Finding, ...] = ()
    facts: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False  # before the oracle had ended: the case has no result


def judged(case: Case, here: Path, house: House, stop: Stop) -> Judged:
    """`here` is the folder of the case. Removes the raw answers again, unless they are evidence."""
    if CHECK not in case.plan["checks"] or not (here / "run" / _TOLD).is_file():
        return Judged()
    result = _judged(case, here / "run", house, stop)
    if not result.findings:
        for name in (_TOLD, "answers.bin"):
            (here / "run" / name).unlink(missing_ok=True)
    return result


def _judged(case: Case, run: Path, house: House, stop: Stop) -> Judged:
    from tenter.oracle import comparison, evaluation, kept  # numpy is loaded only where there is something to compare

    try:
        given = kept.read(run)
        if not given.samples:
            return _powerless("one sample is too large to be written down")
        found = evaluation.of(Path(case.plan["workload"]["model"]), given, run, house, stop)
    except HarnessDefect as error:
        return _powerless(str(error))
    if found.refused == evaluation.INTERRUPTED:
        return Judged(interrupted=True)
    if found.refused:
        return _powerless(found.refused)
    compared = comparison.compare(given, found)
    findings = tuple(_finding(one, found.oracle) for one in compared.differences)
    state = "failed" if findings else "no_power" if compared.unjudged or not compared.examined else "passed"
    note = "; ".join(compared.unjudged) or ("" if compared.examined else "the model has no output that could be judged")
    left = f"; {given.left_out} more samples were not written down" if given.left_out else ""
    facts = {"answers judged by": f"{found.oracle}, without graph optimisations: {compared.examined} outputs of {len(given.samples)} samples"
                                  f"{left}; the largest difference is {compared.ratio:.2g} of its tolerance"}
    return Judged(CheckResult(CHECK, state, compared.examined, note), findings, facts)


def _powerless(why: str) -> Judged:
    return Judged(CheckResult(CHECK, "no_power", 0, f"no oracle could judge: {why}"))


def _finding(difference, oracle: str) -> Finding:
    where = f"output '{difference.output}'" if difference.output else "the answer"
    title = f"{where} is not what {oracle.rsplit(' ', 1)[0]} computes: {difference.what}"
    detail = f"sample {difference.sample}, {where}: {difference.detail}\njudged by {oracle}; {difference.samples} samples differ so"
    return Finding(CHECK, signature(CHECK, difference.what, difference.output), title, detail, (CONTRACT,),
                   {**difference.evidence, "oracle": oracle, "samples": difference.samples})
