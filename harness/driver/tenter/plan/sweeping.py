"""The trials of a sweep: which fault strikes where, in which order, and what is left out. Plain data; a function of its seed.

Of each case, site and action the first, the second and the last hit are struck, and some drawn from between, up to a cap; of two sites
that are hit next to each other, both. Trials go round the pairs of site and action, so that a sweep that is cut short has struck
each of them before any of them twice.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tenter.plan.planner import Case

Actions = Mapping[str, str]  # what a site admits, as the catalogue orders it: the name, and how it is written
LEFT = "trials without time"  # a fact of a case: how many were planned and not run
TRIAL_OF = "trial of"  # a fact of a case that is a trial: the case that was swept
SWEPT = "sweep"  # the kind of a case that is a sweep, or what a sweep has not shown
TRIALS = "trials.jsonl"  # in the folder of a sweep: a line for each trial that has ended
ONE, PAIR, BESIDE = "one", "pair", "beside"
# Other calls that must have been in flight when a fault struck.
ENOUGH_BESIDE = 2


@dataclass(frozen=True)
class Pair:
    """Two sites, of which the second was hit next after the first, at these hits."""

    first: str
    second: str
    first_hit: int
    second_hit: int


@dataclass(frozen=True)
class Base:
    """A case to sweep, as its clean run was."""

    case: Case
    hits: Mapping[str, int]
    pairs: tuple[Pair, ...] = ()
    aftermath: str = ""  # a hash of what came out once the faults had stopped
    duration_s: float = 0.0


@dataclass(frozen=True)
class Strike:
    """A trial: one life of a base in which a fault strikes, or two."""

    base: Base
    sites: tuple[str, ...]
    action: str
    faults: str
    why: str = ONE

    def case(self, number: int) -> Case:
        name = f"{self.base.case.name}/t{number:04d}"
        return replace(self.base.case, name=name, plan={**self.base.case.plan, "faults": self.faults})


@dataclass
class Planned:
    strikes: list[Strike] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)  # faults that the cap left out, "case: fault"


def strata(hits: int, cap: int, rng: random.Random) -> list[int]:
    """The first, the last and the second of so many hits, and some drawn from between; the most telling first."""
    chosen = list(dict.fromkeys(hit for hit in (1, hits, 2) if 1 <= hit <= hits))[:cap]
    between = [hit for hit in range(3, hits)] if hits <= 10_000 else sorted(rng.sample(range(3, hits), 10_000))
    rest = max(0, cap - len(chosen))
    return chosen + (rng.sample(between, rest) if rest < len(between) else between)


def planned(bases: Sequence[Base], actions: Mapping[str, Actions], cap: int, seed: int) -> Planned:
    """`actions`: what each site admits."""
    rng, plan = random.Random(seed), Planned()
    groups: dict[tuple[str, ...], list[tuple[int, float, int, Strike]]] = defaultdict(list)
    for number, base in enumerate(sorted(bases, key=lambda base: base.duration_s)):
        for site in sorted(site for site, hits in base.hits.items() if hits and site in actions):
            for action, written in actions[site].items():
                hits = strata(base.hits[site], cap, rng)
                for rank, hit in enumerate(hits):
                    groups[site, action].append((rank, base.duration_s, number, Strike(base, (site,), action, fault(site, hit, written))))
                if len(hits) < base.hits[site]:
                    plan.skipped.append(f"{base.case.name}: {site}: {base.hits[site] - len(hits):,} of {base.hits[site]:,} hits by {action}")
    seen: set[tuple[str, str, str]] = set()
    for base in sorted(bases, key=lambda base: base.duration_s):
        for pair in base.pairs:
            key = (base.case.plan["workload"]["kind"], pair.first, pair.second)
            strike = both(base, pair, actions)
            if strike is None:
                continue
            if key in seen:
                plan.skipped.append(f"{base.case.name}: the pair {pair.first} and {pair.second}, which a case of its kind has")
            else:
                seen.add(key)
                groups[PAIR, *key].append((1, base.duration_s, 0, strike))
    plan.strikes = _round_robin(groups.values())
    return plan


def both(base: Base, pair: Pair, actions: Mapping[str, Actions]) -> Strike | None:
    """A fault at each of two sites: a failure in the first, and what the second admits that is no delay, where there is any."""
    if not actions.get(pair.first) or not actions.get(pair.second):
        return None
    (first, written), (second, written_then) = (next(iter(actions[site].items())) for site in (pair.first, pair.second))
    faults = f"{fault(pair.first, pair.first_hit, written)}; {fault(pair.second, pair.second_hit, written_then)}"
    return Strike(base, (pair.first, pair.second), f"{first}+{second}", faults, PAIR)


def beside(bases: Sequence[Base], site: str, actions: Actions, tries: int, seed: int) -> list[Strike]:
    """More strikes in the middle of what hits the site, the cases with the most hits first: others are in flight there, if anywhere."""
    rng = random.Random(seed)
    able = sorted((base for base in bases if base.hits.get(site)), key=lambda base: -base.hits[site])
    if not able or not actions:
        return []
    action, written = next(iter(actions.items()))
    chosen = [able[number % len(able)] for number in range(tries)]
    return [Strike(base, (site,), action, fault(site, 1 + base.hits[site] // 4 + rng.randrange(max(1, base.hits[site] // 2)), written), BESIDE)
            for base in chosen]


def fault(site: str, hit: int, written: str) -> str:
    return f"{site}=nth({hit}){written}"


def _round_robin(groups: Iterable[list[tuple[int, float, int, Strike]]]) -> list[Strike]:
    """The first of each group, then the second of each. In a group the first hits come first, and the fast cases before the slow ones."""
    ordered = [[strike for *_, strike in sorted(group, key=lambda one: one[:3])] for group in groups]
    longest = max(map(len, ordered), default=0)
    return [group[place] for place in range(longest) for group in ordered if place < len(group)]
