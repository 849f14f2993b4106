"""Defects over many runs: how often each was seen, since when, whether it is gone, and whether it comes and goes."""

from __future__ import annotations

from dataclasses import dataclass

from tenter.history.chance import Interval, clean_needed, wilson
from tenter.history.past import REFERENCE, Past, Place, Shown, Visit


@dataclass(frozen=True)
class Flaky:
    """Cases of one build in one place that came out differently."""

    build: str
    seen: int
    ran: int
    share: Interval


@dataclass(frozen=True)
class Defect:
    """A finding in the place that showed it in most cases."""

    signature: str
    check: str
    title: str
    contracts: tuple[str, ...]
    scenario: str
    flavour: str
    target: str
    elsewhere: int  # further places that showed it
    seen: int
    ran: int  # cases that concluded, in the runs from the first to the last that showed it in this place
    first: str  # run, wherever it was
    last: str
    clean: int  # cases of this place that concluded since, all without it
    needed: int  # so many show that it is gone
    fixed_in: str  # the first clean run, when there are enough clean cases; else empty
    flaky: Flaky | None  # with the newest build that showed it

    @property
    def id(self) -> str:
        return self.signature[:8]

    @property
    def place(self) -> str:
        return place_name((self.scenario, self.flavour, self.target))


def place_name(place: Place) -> str:
    scenario, flavour, target = place
    return f"{scenario}.{flavour}" + (f" with {target}" if target != REFERENCE else "")


def defects(past: Past) -> tuple[Defect, ...]:
    """Those that are still there first, then those that were seen last."""
    at = {run: number for number, run in enumerate(past.started)}
    found = [_defect(shown, past, at) for shown in past.shown.values()]
    return tuple(sorted(found, key=lambda defect: (bool(defect.fixed_in), -at[defect.last])))


def _defect(shown: Shown, past: Past, at: dict[str, int]) -> Defect:
    place = max(shown.places, key=lambda place: sum(shown.places[place].values()))
    counts, visits = shown.places[place], past.visits[place]
    runs = sorted(shown.runs(), key=at.__getitem__)
    begin, end, last = min(at[run] for run in counts), max(at[run] for run in counts), at[runs[-1]]
    seen, ran = sum(counts.values()), sum(visit.concluded for visit in visits if begin <= at[visit.run] <= end)
    # What another place showed later says that the defect is still there.
    after = [visit for visit in visits if at[visit.run] > last and visit.concluded]
    clean, needed = sum(visit.concluded for visit in after), clean_needed(seen, ran)
    return Defect(shown.signature, shown.check, shown.title, shown.contracts, *place, elsewhere=len(shown.places) - 1,
                  seen=seen, ran=ran, first=runs[0], last=runs[-1], clean=clean, needed=needed,
                  fixed_in=after[0].run if clean >= needed else "",
                  flaky=flaky([(visit, counts.get(visit.run, 0)) for visit in visits if at[visit.run] <= end]))


def flaky(counted: list[tuple[Visit, int]]) -> Flaky | None:
    """Of the newest build that showed it, over all its runs: nothing when every case showed it, or the build is unknown."""
    build = next((visit.build for visit, seen in reversed(counted) if seen), "")
    seen = sum(seen for visit, seen in counted if visit.build == build)
    ran = sum(visit.concluded for visit, _ in counted if visit.build == build)
    return Flaky(build, seen, ran, wilson(seen, ran)) if build and 0 < seen < ran else None


def failing(past: Past, place: Place) -> Flaky | None:
    """The same of a whole scenario: some cases of one build fail and others do not."""
    return flaky([(visit, visit.failed) for visit in past.visits.get(place, ())])
