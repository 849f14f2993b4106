"""The parts of a run for several machines. A scenario in a flavour goes to one of them with all its seeds, and with the bugs that are
planted in its setting: a part can be repeated, and its power measured, by adding a word to its command.
"""

from __future__ import annotations

from collections.abc import Sequence

from tenter.errors import UsageError
from tenter.plan.planner import Case
from tenter.plan.scenario import POWER


def part_of(cases: Sequence[Case], part: int, parts: int) -> list[Case]:
    """Those of one part; the scenarios go round the parts in the order in which they are run."""
    units = list(dict.fromkeys(_unit(case) for case in cases if not case.scenario.startswith(POWER)))
    mine = set(units[part - 1::parts])
    chosen = [case for case in cases if _unit(case) in mine]
    if not chosen:
        count = "is 1 scenario in 1 flavour" if len(units) == 1 else f"are {len(units)} scenarios, counted in each flavour"
        raise UsageError(f"--shard: part {part} of {parts} is empty; there {count}, and the seeds of one stay together")
    return chosen


def _unit(case: Case) -> tuple[str, str]:
    """The scenario whose setting it is, and the flavour."""
    scenario = case.scenario
    return (scenario.removeprefix(POWER).rpartition("/")[0] if scenario.startswith(POWER) else scenario), case.flavour
