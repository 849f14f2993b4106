"""A trial: a planted bug and one instrument of the product that has to find it, as a case of a run.

A scenario is planned as ever. A search of the fuzzer is a case, too: its run plan holds the hunt, so that a run that was
interrupted goes on with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from tenter.errors import UsageError, nearest
from tenter.plan.bugs import FUZZ, SWEEP, Bug, searched_by
from tenter.plan.hunt import FUZZED, Hunt
from tenter.plan.planner import VERSION, Case

SCENARIO = "scenario"
_FLAVOUR = "probe"  # of a sweep: planted bugs exist there only


@dataclass(frozen=True)
class Trial:
    bug: Bug
    by: str  # one of the bug's `found_by`

    @property
    def instrument(self) -> str:
        """What the trials are counted by."""
        if self.by.startswith(SWEEP):
            return SWEEP.strip()
        return self.by if self.by.startswith(FUZZ) else SCENARIO

    @property
    def scenario(self) -> str:
        """The name of its scenario, or of what stands for one."""
        if self.instrument == SCENARIO:
            return self.by.rpartition(".")[0]
        if self.sweeps:
            return f"sweep/{self.bug.name}"
        what, target, _ = searched_by(self.by)
        return f"fuzz/{'target_' if target else ''}{what}/{self.bug.name}"

    @property
    def sweeps(self) -> str:
        """The scenario or set that a sweep has to run; empty for every other instrument."""
        return self.by.removeprefix(SWEEP) if self.by.startswith(SWEEP) else ""

    @property
    def flavour(self) -> str:
        if self.by.startswith(FUZZ):
            return searched_by(self.by)[2]
        return self.by.rpartition(".")[2] if self.instrument == SCENARIO else _FLAVOUR

    @property
    def case(self) -> str:
        return f"{self.scenario}.{self.flavour}"

    def hunt(self, seconds: float, seed: int, shrink_seconds: float = 0) -> Hunt:
        what, target, flavour = searched_by(self.by)
        return Hunt(what, seconds=seconds, flavours=(flavour,), seed=seed, mutant=self.bug.name, target=target, shrink_seconds=shrink_seconds)

    def builds(self, mutants: Iterable[str]) -> tuple[str, ...]:
        """The build targets; `mutants` are the bugs that are libraries."""
        if self.instrument not in (SCENARIO, SWEEP.strip()):
            return self.hunt(1, 1).builds()
        library = f"mutant_{self.bug.name}" if self.bug.name in mutants else "reference"
        return "tenter-runner", "tenter_target_reference", f"tenter_target_{library}"


def chosen(bugs: Sequence[Bug], names: Sequence[str], part: tuple[int, int]) -> list[Trial]:
    """Of the named bugs, or of all; the bugs go round the parts, each with all its instruments."""
    known = {bug.name: bug for bug in bugs}
    for name in names:
        if name not in known:
            raise UsageError(f"no planted bug '{name}'{nearest(name, known)} (./tenter canary --list)")
    wanted = [known[name] for name in dict.fromkeys(names)] or list(bugs)
    mine = wanted[part[0] - 1::part[1]]
    if not mine:
        raise UsageError(f"--shard: part {part[0]} of {part[1]} is empty; there are {len(wanted)} planted bugs")
    return [Trial(bug, by) for bug in mine for by in bug.found_by]


def search_case(trial: Trial, seconds: float, seed: int, out: str, shrink_seconds: float = 0) -> Case:
    """A search of the fuzzer as a case; `out` is where run folders go, when that is not out/."""
    hunt = trial.hunt(seconds, seed, shrink_seconds)
    plan = {"version": VERSION, "scenario": trial.scenario, "flavour": trial.flavour, "seed": seed, "faults": "", "checks": [],
            "workload": {"kind": FUZZED}, "hunt": asdict(hunt),
            "target": {"name": f"mutant {trial.bug.name}", "library": "", "saboteur": ""}}
    return Case(name=trial.case, scenario=trial.scenario, flavour=trial.flavour, title=f"Planted: {trial.bug.planted}",
                purpose=hunt.subject().judged, contracts=trial.bug.contracts, plan=plan, timeout_s=seconds, planted=trial.bug.name,
                again=hunt.words(trial.flavour) + (f" --out {out}" if out else ""))


def hunt_of(case: Case) -> Hunt:
    raw = case.plan["hunt"]
    return Hunt(**{**raw, "flavours": tuple(raw["flavours"])})
