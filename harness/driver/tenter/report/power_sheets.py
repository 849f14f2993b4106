"""The tables of `./tenter canary`, for the terminal and for the curated report: what was missed, floors against instruments,
diagnoses that differ from the table of planted bugs, and every bug.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tenter.plain import one_line
from tenter.plan.bugs import Bug
from tenter.plan.trials import SCENARIO
from tenter.report.detected import ANOTHER, NONE, RIGHT, Detection, bugs, spread
from tenter.report.sheet import Sheet, number

_INSTRUMENTS = (SCENARIO, "fuzz engine", "fuzz model", "fuzz iterator", "fuzz api", "sweep")
_ALL = "all"
_AT_LINE = re.compile(r" at \S+\.(cc|h):\d+: .*")  # where a check stands, in a path of one build, and what it says


def _seen(one: Detection) -> str:
    return one_line(_AT_LINE.sub("", one.kind))


def missed(made: Sequence[Detection]) -> Sheet | None:
    """None when every instrument found what it had to find."""
    out = [one for one in made if one.missed]
    if not out:
        return None
    rows = tuple((one.trial.bug.name, one.trial.bug.floor, one.trial.by, one.trial.bug.planted, one_line(_why(one)), _again(one)) for one in out)
    return Sheet("Missed", (" bug", " floor", " instrument", " what is planted", " what was seen", " run it again"), rows)


def power(made: Sequence[Detection]) -> Sheet:
    """A row per floor; found / planted, for each instrument and for the bugs that at least one of several found."""
    instruments = [name for name in _INSTRUMENTS if any(one.trial.instrument == name for one in made)]
    floors = list(dict.fromkeys(one.trial.bug.floor for one in made))
    rows = [_row(floor, [one for one in made if one.trial.bug.floor == floor], instruments) for floor in floors]
    return Sheet("Planted bugs found", ("floor", *instruments, "bugs", "median s", "p90 s", "worst s", "right", "another", "none", "plain loop"),
                 (*rows, _row(_ALL, made, instruments)), _notes(made))


def _row(name: str, made: Sequence[Detection], instruments: Sequence[str]) -> tuple[str, ...]:
    times = spread(made)
    cells = [_share([one for one in made if one.trial.instrument == instrument]) for instrument in instruments]
    found, scenarios = [one for one in made if one.found], [one for one in made if one.trial.instrument == SCENARIO and one.case]
    return (name, *cells, "/".join(map(str, bugs(made))), *((number(times.median), number(times.p90), number(times.worst)) if times else ("", "", "")),
            *(str(sum(one.diagnosis == word for one in found)) if found else "" for word in (RIGHT, ANOTHER, NONE)),
            f"{sum(one.plain for one in scenarios)}/{len(scenarios)}" if scenarios else "")


def _share(made: Sequence[Detection]) -> str:
    ended = [one for one in made if one.case is not None]
    return f"{sum(one.found for one in ended)}/{len(ended)}" if ended else ""


def _notes(made: Sequence[Detection]) -> tuple[str, ...]:
    right = sum(one.diagnosis == RIGHT for one in made)
    notes = ["Seconds: of a search until its finding, before it shrinks; of a scenario its whole length, which does not end with the finding.",
             "Diagnosis: right when the finding names a contract that the table of planted bugs says is broken, and the place where it has one; "
             "another; or none. Of a search it is that of the smallest program, as far as it was shrunk in the time given. A finding may name "
             "two contracts that its evidence cannot tell apart, such as ENG-2 or ENG-4, and is right when one of them is; with three it is not."
             + (f" {sum(one.exact for one in made)} of {right} right ones name one contract alone, or the place." if right else ""),
             "Plain loop: canaries that were found by a crash, a hang or a sanitizer, without a look at any result."]
    left = sum(one.case is None for one in made)
    return (*notes, f"{left} of {len(made)} trials did not run to their end, and are in no figure.") if left else tuple(notes)


def misread(made: Sequence[Detection], why: bool = False) -> Sheet | None:
    """Found, and explained otherwise than the table does; with the reason as far as it is known, where there is room for it."""
    out = [one for one in made if one.found and one.diagnosis != RIGHT]
    if not out:
        return None
    rows = tuple((one.trial.bug.name, one.trial.by, ", ".join(one.trial.bug.contracts), ", ".join(one.named) or "none",
                  _seen(one), *([one.trial.bug.note or "not known"] if why else [])) for one in out)
    return Sheet("Found, with another diagnosis or none",
                 (" bug", " instrument", " breaks", " the finding names", " what was seen", *([" why"] if why else [])), rows)


def every(made: Sequence[Detection]) -> Sheet:
    rows = tuple((one.trial.bug.name, one.trial.bug.floor, one.trial.bug.planted, one.trial.by, ", ".join(one.trial.bug.contracts),
                  _state(one), number(one.seconds), ", ".join(one.named), _seen(one)) for one in made)
    return Sheet("Every bug", (" bug", " floor", " what is planted", " instrument", " breaks", " found", "seconds", " the finding names",
                               " what was seen"), rows)


def listed(planted: Sequence[Bug]) -> Sheet:
    rows = tuple((bug.name, bug.floor, ", ".join(bug.contracts), ", ".join(bug.found_by), bug.planted) for bug in planted)
    return Sheet("Planted bugs", (" bug", " floor", " breaks", " must be found by", " what is planted"), rows)


def headline(made: Sequence[Detection]) -> str:
    found, planted = bugs(made)
    ended = [one for one in made if one.case is not None]
    return (f"{found} of {planted} planted bugs found, in {sum(one.found for one in ended)} of {len(ended)} trials; "
            f"{sum(one.diagnosis == RIGHT for one in ended)} with the right diagnosis")


def _state(one: Detection) -> str:
    return "not run" if one.case is None else "yes" if one.found else one.case.verdict.name.lower()


def _why(one: Detection) -> str:
    return one.case.reason if one.case else ""


def _again(one: Detection) -> str:
    return one.case.again if one.case else ""
