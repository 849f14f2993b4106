"""What became of each trial of a planted bug: found or not, after how long, and whether the finding tells the truth. Plain data.

A diagnosis is right when the finding names a contract that the table says is broken, and the place, where the table has one. A
crash or a race may name no contract; then the place alone is its diagnosis. A finding may name several contracts that its
evidence cannot tell apart: two are still a diagnosis ("ENG-2 or ENG-4"), more are none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from tenter.plan.trials import SCENARIO, Trial
from tenter.record.findings import Finding
from tenter.record.results import CaseResult, RunResult, Verdict

# What a loop sees that has no checks of its own, but a process that dies or hangs and a sanitizer.
PLAIN = ("crash", "liveness", "sanitizer", "data_race")

RIGHT, ANOTHER, NONE = "right", "another", "none"
_MOST_NAMED = 2  # contracts of one finding


@dataclass(frozen=True)
class Detection:
    trial: Trial
    case: CaseResult | None  # None where it did not run to its end

    @property
    def found(self) -> bool:
        return self.case is not None and self.case.verdict is Verdict.FOUND

    @property
    def missed(self) -> bool:
        return self.case is not None and not self.found

    @property
    def finding(self) -> Finding | None:
        """That of the check which had to find it, the first of a search."""
        if self.case is None or not self.found:
            return None
        return next((finding for finding in self.case.findings if finding.check == self.case.found_by), None)

    @property
    def seconds(self) -> float | None:
        """From the start of a search to its finding; a scenario runs to its own end."""
        if self.case is None or self.finding is None:
            return None
        return float(self.finding.evidence.get("found_after_s", self.case.duration_s))

    @property
    def kind(self) -> str:
        """What was seen, in the words of the instrument."""
        return str(self.finding.evidence.get("kind", self.finding.check)) if self.finding else ""

    @property
    def named(self) -> tuple[str, ...]:
        """The contracts that the finding says are broken."""
        return self.finding.contracts if self.finding else ()

    @property
    def diagnosis(self) -> str:
        """RIGHT, ANOTHER or NONE; nothing where nothing was found."""
        bug, finding = self.trial.bug, self.finding
        if finding is None:
            return ""
        there = bool(bug.place) and (bug.place in finding.detail or any(bug.place in str(value) for value in finding.evidence.values()))
        if not self.named and not there:
            return NONE
        names = not self.named or (len(self.named) <= _MOST_NAMED and bool(set(self.named) & set(bug.contracts)))
        return RIGHT if names and (there or not bug.place) else ANOTHER

    @property
    def exact(self) -> bool:
        """A right diagnosis that leaves no second contract open."""
        return self.diagnosis == RIGHT and len(self.named) <= 1

    @property
    def plain(self) -> bool:
        """Whether a loop without checks would have seen it. Of a scenario only: a search judges what was seen, or dies of it."""
        return self.trial.instrument == SCENARIO and self.finding is not None and self.finding.check in PLAIN


def detections(run: RunResult, trials: Iterable[Trial]) -> list[Detection]:
    cases = {case.name: case for case in run.cases}
    return [Detection(trial, cases.get(trial.case)) for trial in trials]


@dataclass(frozen=True)
class Spread:
    median: float
    p90: float
    worst: float


def spread(made: Sequence[Detection]) -> Spread | None:
    times = sorted(one.seconds for one in made if one.seconds is not None)
    if not times:
        return None
    return Spread(median(times), quantiles(times, n=10, method="inclusive")[-1] if len(times) > 1 else times[0], times[-1])


def bugs(made: Iterable[Detection]) -> tuple[int, int]:
    """Found by at least one instrument, and planted; a bug of which no trial ended does not count."""
    found: dict[str, bool] = {}
    for one in made:
        if one.case is not None:
            found[one.trial.bug.name] = found.get(one.trial.bug.name, False) or one.found
    return sum(found.values()), len(found)
