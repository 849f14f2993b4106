"""A run as the code hosts want it: one issue for each defect, with a rule, a place in the repository and a fingerprint.

SARIF, GitLab's code quality and the annotations of GitHub say the same because they are made of these. Planted bugs that
were found are no issues; one that was not found is. What is known from a baseline stays in the list and says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tenter.house import House
from tenter.plain import one_line
from tenter.record.comparison import Defect, defects
from tenter.record.findings import Finding, signature
from tenter.record.results import CaseResult, RunResult, Verdict
from tenter.report.places import Place, Strand, first_place, scenario_file, strands
from tenter.report.wording import plural

MISSED = "planted_bug_missed"
UNEXPECTED = "unexpected_outcome"


@dataclass(frozen=True)
class Issue:
    rule: str  # the check that reported it
    title: str  # one line
    signature: str
    place: Place
    scenario: str  # its file
    seen: str  # how often, where
    replay: str
    contracts: tuple[str, ...] = ()
    known: bool = False
    detail: str = ""
    strands: tuple[Strand, ...] = ()

    @property
    def message(self) -> str:
        return f"{self.title} ({self.seen})"


def issues(run: RunResult, house: House) -> list[Issue]:
    """In the order in which the run met them, what is new before what is known."""
    shown_by: dict[str, CaseResult] = {}
    for case in run.cases:
        if not case.planted:
            for finding in case.findings:
                shown_by.setdefault(finding.signature, case)
    found = [_of_defect(defect, shown_by[sign], run, house) for sign, defect in defects(run).items()]
    found += [_of_case(case, run, house) for case in run.cases if _fails_without_finding(case)]
    return sorted(found, key=lambda issue: issue.known)


def unconcluded(run: RunResult) -> list[CaseResult]:
    """Cases that say nothing, for a reason that somebody has to look at."""
    return [case for case in run.cases if case.verdict in (Verdict.GREY, Verdict.ERROR)]


def rules(found: Iterable[Issue]) -> dict[str, tuple[str, ...]]:
    """Every rule with the contracts that its issues cite, in a stable order."""
    cited: dict[str, dict[str, None]] = {}
    for issue in found:
        cited.setdefault(issue.rule, {}).update(dict.fromkeys(issue.contracts))
    return {rule: tuple(cited[rule]) for rule in sorted(cited)}


def _of_defect(defect: Defect, case: CaseResult, run: RunResult, house: House) -> Issue:
    finding = defect.finding
    stacks = strands(finding, house)
    file = scenario_file(case, house)
    others = len(defect.places) - 1
    seen = f"seen in {defect.seen} of {plural(defect.ran, 'case')} of {defect.place}" + (
        f", and in {others} more of the scenarios" if others else "")
    return Issue(rule=finding.check, title=one_line(finding.title), signature=finding.signature,
                 place=first_place(stacks) or Place(file), scenario=file, seen=seen, replay=run.replay_line(case, finding),
                 contracts=finding.contracts, known=finding.signature in run.known, detail=finding.detail, strands=stacks)


def _fails_without_finding(case: CaseResult) -> bool:
    if case.verdict is Verdict.MISSED:
        return not case.measures
    return case.verdict is Verdict.FAIL and not case.findings


def _of_case(case: CaseResult, run: RunResult, house: House) -> Issue:
    missed = case.verdict is Verdict.MISSED
    rule = MISSED if missed else UNEXPECTED
    title = f"planted bug {case.planted}: {case.reason}" if missed else case.reason
    finding = Finding(rule, signature(rule, case.scenario, case.flavour), one_line(title))
    file = scenario_file(case, house)
    return Issue(rule=rule, title=finding.title, signature=finding.signature, place=Place(file), scenario=file,
                 seen=f"in {case.name}", replay=case.again, contracts=case.contracts)
