"""One trial of a sweep: what it means, as a scenario of its own; and a whole sweep as one case, which ends with its first finding.

The aftermath of a trial is the same work for every fault, and so is what comes out: a hash that is another one than that of the
clean run is a finding, whatever the checks inside the process say.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tenter.cases.runner import CaseRunner, result_of
from tenter.errors import HarnessDefect
from tenter.house import House
from tenter.machine.process import Progress
from tenter.plan import catalogue, sweeping
from tenter.plan.planner import Case
from tenter.plan.sweeping import SWEPT, Base, Pair, Strike
from tenter.record.findings import Finding, qualified, signature
from tenter.record.results import CaseResult, Verdict

CHECK = "aftermath"
_CONTRACTS = {"concurrent_inference": "COP-5", "engine_program": "ERR-4", "iterator_epochs": "ITR-3"}


@dataclass(frozen=True)
class Struck:
    """A trial that has ended."""

    strike: Strike
    result: CaseResult

    @property
    def told(self) -> bool:
        """Whether every fault fired. A process that died told nothing of it, and its finding is enough."""
        faults = self.result.faults
        return bool(self.result.findings) or (bool(faults) and all(fault.fired for fault in faults))

    @property
    def clean(self) -> bool:
        return self.result.verdict in (Verdict.PASS, Verdict.GREY)


def measured(case: Case, result: CaseResult, folder: Path) -> Base:
    """A base from its clean run; `folder` is that of the run."""
    path = folder / "cases" / case.name / "run" / "summary.json"
    try:
        pairs = tuple(Pair(**pair) for pair in json.loads(path.read_text()).get("pairs", ())) if path.is_file() else ()
    except (ValueError, TypeError, AttributeError) as error:
        raise HarnessDefect(f"{path}: the order of sites cannot be read ({error})") from error
    return Base(case=case, hits={site.name: site.hit for site in result.sites}, pairs=pairs, aftermath=result.facts.get("aftermath", ""),
                duration_s=result.duration_s)


def judged(strike: Strike, result: CaseResult) -> CaseResult:
    """The result of a trial, with what its aftermath shows beside the clean one."""
    seen, wanted = result.facts.get("aftermath", ""), strike.base.aftermath
    if result.findings or result.verdict not in (Verdict.PASS, Verdict.GREY) or seen == wanted:
        return result
    finding = Finding(check=CHECK, contracts=(_CONTRACTS[result.kind],), signature=signature(CHECK, "another hash"),
                      title=f"after the fault {strike.faults} the same work came to another end: {seen or 'none'} instead of {wanted}",
                      evidence={"fault": strike.faults, "seen": seen, "clean": wanted})
    return replace(result, verdict=Verdict.FAIL, reason=f"reported by {CHECK}", findings=(qualified(finding, result.target),))


def as_scenario(case: Case) -> str:
    """An ordinary scenario file that does what a trial did."""
    work = case.plan["workload"]
    budget = {"watchdog_ms": case.plan["watchdog_ms"], "timeout_s": int(case.timeout_s), "seed": case.plan["seed"]}
    mutant = case.plan["target"]["name"].removeprefix("mutant ")
    target = {"mutant": mutant} if mutant != case.plan["target"]["name"] else {
        "target": mutant if mutant == "reference" else case.plan["target"]["library"]}
    return "\n".join([*_toml({"title": f"{case.title}, with {case.plan['faults'].partition('=')[0]} struck", "flavours": [case.flavour], **target}),
                      "[workload]", *_toml(work), "[faults]", *_toml({"plan": case.plan["faults"]}),
                      "[checks]", *_toml({"use": case.plan["checks"]}), "[budget]", *_toml(budget),
                      *(["[expect]", *_toml({"found_by": case.plan["checks"][0]})] if "mutant" in target else []), ""])


def _toml(values: dict[str, Any]) -> list[str]:
    """Texts, numbers, switches and lists of texts are written as in JSON."""
    return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]


def run(case: Case, whole: CaseRunner, on_progress: Callable[[Progress], None]) -> CaseResult | None:
    """A whole sweep, which has to find a planted bug: one trial after the other, until one finds something. None when it was stopped."""
    here, house, asked = whole.folder / "cases" / case.name, whole.house, case.plan["sweep"]
    if here.exists():
        shutil.rmtree(here)
    here.mkdir(parents=True)
    (here / "plan.json").write_text(json.dumps(case.plan, indent=2) + "\n")
    runner = CaseRunner(house, here, whole.stop)
    bases: list[Base] = []
    done, seconds = 0, 0.0
    for base in (replace(case, name=str(name), plan=plan, planted="", timeout_s=asked["timeout_s"]) for name, plan in asked["plans"].items()):
        clean = runner.run(base, lambda _: None)
        if clean is None:
            return None
        seconds += clean.duration_s
        if not clean.sites or clean.findings:
            return _ended(case, clean, "", done, seconds)
        bases.append(measured(base, clean, here))
    strikes = sweeping.planned(bases, _actions(house, case.flavour), asked["cap"], case.plan["seed"]).strikes[:asked["most"]]
    for number, strike in enumerate(strikes, start=1):
        on_progress(Progress(done, len(strikes), "trials"))
        result = runner.run(strike.case(number), lambda _: None)
        if result is None:
            return None
        done, seconds, result = number, seconds + result.duration_s, judged(strike, result)
        if result.findings or result.verdict is Verdict.ERROR:
            return _ended(case, result, strike.faults, done, seconds)
    return _ended(case, None, "", done, seconds)


def _ended(case: Case, last: CaseResult | None, faults: str, done: int, seconds: float) -> CaseResult:
    """`last`: the trial that found something, or could not be concluded."""
    if last is None:
        outcome = (Verdict.MISSED, f"the sweep had to find it; {done:,} trials found nothing")
    elif not last.findings:
        outcome = (Verdict.ERROR, last.reason)
    else:
        outcome = (Verdict.FOUND, f"found by {last.findings[0].check}, {f'with {faults}' if faults else 'without a fault'}")
    findings = tuple(replace(finding, evidence={**finding.evidence, "found_after_s": round(seconds, 3), "replay": case.again})
                     for finding in (last.findings if last else ()))
    made = result_of(case, outcome, None, seconds, list(findings), stderr=last.stderr_tail if last else "")
    return replace(made, kind=SWEPT, parameters={}, found_by=findings[0].check if findings else "", exposure={"trials": float(done)} if done else {},
                   effective_faults=faults)


def _actions(house: House, flavour: str) -> dict[str, dict[str, str]]:
    return catalogue.load(house.runner(flavour)).swept()


def unfinished(strikes: Iterable[Strike]) -> set[str]:
    """The sites of trials that were not run."""
    return {site for strike in strikes for site in strike.sites}
