"""What to do now: the next steps of a run, the most urgent first, each with a line that can be pasted."""

from __future__ import annotations

import math
import shlex
from collections import Counter
from collections.abc import Iterable

from tenter.cases import batched
from tenter.cases.verdict import REFUSED, powerless
from tenter.plan import sweepable
from tenter.plan.commands import changed, given
from tenter.plan.hunt import Hunt
from tenter.plan.sweeping import LEFT, SWEPT
from tenter.record.group import groups
from tenter.record.results import FUZZED, CaseResult, RunResult, Verdict
from tenter.report.wording import few, plural, powerless_note

_MOST_STEPS = 6
_MOST_REASONS = 3
_ALONE = "no two requests "  # begins the note of a check that saw one request at a time (harness/workloads/inference)
_APART = "no two requests ran as one"  # the same where they were to
_CALLERS = 16  # in place of one
_MANY = 10_000  # requests of which none met another: ten times as many meet no more often


def what_now(run: RunResult, measured: bool) -> list[str]:
    """The next steps, most urgent first. `measured`: detection power is known where it matters."""
    steps = _repairs(run)
    if run.not_run or any(case.attempts_left for case in run.cases):
        steps.append(f"Do the rest: ./tenter run --resume {run.out or 'out'}/{run.run_id}")
    if steps:
        return steps[:_MOST_STEPS]
    unsupported = [case for case in run.cases if case.verdict is Verdict.SKIP]
    if unsupported:
        steps.append(f"Leave out what the target does not support, or bring what is missing: {_reasons(unsupported)}")
    if run.cases and all(case.kind == FUZZED for case in run.cases):
        again = changed(run.command, seed=max(case.seed for case in run.cases) + 1, seconds=10 * given(run.command, "--seconds", Hunt.seconds))
        on = f"Search on, in other programs and for longer: {again}"
        return ["Nothing to repair.", *([] if "--replay" in run.command or any(case.planted for case in run.cases) else [on])]
    if any("sweep" in case.facts for case in run.cases):
        if any(LEFT in case.facts for case in run.cases):
            return [*(steps or ["Nothing to repair."]), _longer(run)]
        deeper = changed(run.command, cap=4 * given(run.command, "--cap", sweepable.CAP),
                         seconds=4 * given(run.command, "--seconds", sweepable.SECONDS))
        return [*(steps or ["Nothing to repair."]), f"Sweep deeper, more hits of each site: {deeper}"]
    if not measured:
        steps.append(f"Measure what the checks can find in these settings: {run.command or './tenter run'} --power")
    return [*(steps + _unbatched(run) + _weak(run) or ["Nothing to repair."]), *_deeper(run)]


def _longer(run: RunResult, why: str = "") -> str:
    """Of a sweep that had no time for all its trials: how long they will all take, and a fifth."""
    def count(fact: str) -> int:
        return sum(int(case.facts[fact].split()[0].replace(",", "")) for case in run.cases if fact in case.facts)
    left, done, asked = count(LEFT), count("sweep"), given(run.command, "--seconds", sweepable.SECONDS)
    # Where no trial ran, one is taken to last as long as a run without faults does.
    clean = [case.duration_s for case in run.cases if LEFT in case.facts]
    needed = asked * (done + left) / done if done else asked + left * sum(clean) / max(1, len(clean))
    longer = changed(run.command, seconds=max(math.ceil(1.2 * needed), math.ceil(2 * asked)))
    return f"Sweep again for longer, from the first trial on: {plural(left, 'trial')} of {done + left:,} had no time{why}: {longer}"


def _repairs(run: RunResult) -> list[str]:
    steps = []
    first = {group.finding.signature: group.case.name for group in reversed(groups(run.cases))}
    urgency = [Verdict.ERROR, Verdict.FAIL, Verdict.MISSED]
    urgent = [case for case in run.cases if case.verdict in urgency and not case.measures and not case.unusable]
    for case in sorted(urgent, key=lambda case: urgency.index(case.verdict)):
        if case.verdict is Verdict.ERROR:
            steps.append(f"Repair {case.name}: {case.reason}")
        elif case.verdict is Verdict.FAIL:
            if case.unmet or not case.findings:
                steps.append(f"Not as expected in {case.name}: {case.reason}; again: {case.again}")
            # What several seeds or scenarios showed is to be seen again once.
            new = next((finding for finding in case.findings if finding.signature not in run.known
                        and first.get(finding.signature) == case.name), None)
            if new:
                steps.append(f"See it again: {run.replay_line(case, new)}")
        else:
            steps.append(f"A check lost its power in {case.name}: {case.reason}")
    blind = powerless(run)
    if blind:
        steps.append(f"None of {plural(len(blind), 'planted bug')} was found in this setting, so that a clean case says "
                     "nothing: give it more threads, more to do, or a model whose requests meet.")
    unusable = [case for case in run.cases if case.unusable and not case.measures]
    if unusable:
        count = len({case.scenario for case in unusable})
        steps.append(f"See why {plural(count, 'model')} cannot be run, or leave {'it' if count == 1 else 'them'} out: {_reasons(unusable)}")
    return steps + _unsearched(run) + _unswept(run) + _powerless_cases(run)


def _unsearched(run: RunResult) -> list[str]:
    """A search that was interrupted begins again with its first program, since programs are a function of the seed."""
    cut = [case for case in run.cases if case.kind == FUZZED and case.verdict is Verdict.GREY]
    return [f"Search again in {case.flavour}, the same programs from the first on: {case.again}" if "--replay" not in case.again
            else f"Run the program again in {case.flavour}: {case.again}" for case in cut]


def _unswept(run: RunResult) -> list[str]:
    """A sweep does not go on where it ended: it begins again."""
    steps = []
    for case in run.cases:
        if case.kind == SWEPT and case.verdict is Verdict.GREY:
            if run.interrupted:
                steps.append(f"Sweep again, from the first trial on: {case.reason}: {case.again}")
            elif any(LEFT in one.facts for one in run.cases):
                steps.append(_longer(run, f", {case.reason}"))
            else:
                steps.append(f"Sweep the other parts too, with another --shard: {case.reason}")
    return steps


def _reasons(cases: Iterable[CaseResult]) -> str:
    """Why the first scenarios were not run, each once for all its flavours."""
    told = list({case.scenario: f"{case.scenario}: {_bare(case)}" for case in cases}.values())
    return "; ".join(told[:_MOST_REASONS]) + (f"; and {len(told) - _MOST_REASONS} more" if len(told) > _MOST_REASONS else "")


def _bare(case: CaseResult) -> str:
    """The reason without what stands before it in the row: that it was refused, and the file of the model."""
    model = case.parameters.get("model", "")
    reason = case.reason
    for known in (REFUSED, "unsupported: ", "model: ", f"model '{model}': ", f"model {model}: "):
        reason = reason.removeprefix(known)
    return reason


def _powerless_cases(run: RunResult) -> list[str]:
    """One step for each reason, since many cases often share one; a line is that of the first."""
    grey: dict[str, list[CaseResult]] = {}
    for case in run.cases:
        if case.verdict is Verdict.GREY and case.kind not in (FUZZED, SWEPT):
            grey.setdefault(powerless_note(case) or case.reason, []).append(case)
    return [f"Give power to {plural(len(cases), 'case')}, {reason}: {few([case.name for case in cases])}{_meeting(cases[0])}"
            for reason, cases in grey.items()]


def _meeting(case: CaseResult) -> str:
    """What to change where no two requests met: threads where one called alone, else how long they have for it."""
    if not any(check.state == "no_power" and _ALONE in check.note for check in case.checks):
        return ""
    if batched.told_apart(case) and any(check.note == _APART for check in case.checks):
        return f"; whether the model lets them: {batched.why(case)}"
    name = "inferences" if case.exposure.get("threads", 0) > 1 else "threads"
    if name == "inferences" and case.exposure.get(name, 0) >= _MANY:
        return "; so many requests that never met are too short to do so: only a model of more ops says more"
    words = shlex.split(case.again)
    if "--model" not in words or f"--{name}" not in words:
        return f"; give it more `{name}` in its scenario, and then: {case.again}"
    at = words.index(f"--{name}") + 1
    words[at] = str(10 * int(words[at])) if name == "inferences" else str(_CALLERS)
    return f"; with more {name}: {shlex.join(words)}"


def _unbatched(run: RunResult) -> list[str]:
    """Cases whose requests were to run as one, once for each model and setting. Where the model lets them, too few of them waited."""
    apart = {batched.why(case): case for case in reversed(run.cases) if batched.told_apart(case) and not case.planted and case.verdict is Verdict.PASS}
    return [f"See whether requests can run as one in {case.name}, where none did; if the model lets them, more have to wait at once (threads, "
            f"in_flight_max): {command}" for command, case in apart.items()]


def _weak(run: RunResult) -> list[str]:
    """Checks without power in cases where others had it, the commonest reason first. A planted bug ends its run early, so what the
    other checks of a canary could not see says nothing; nor do requests that never met where one thread alone may call."""
    weak = [(check.note or "no reason given", f"{check.name} in {case.name}") for case in run.cases if not case.planted
            for check in case.checks if check.state == "no_power" and not (check.note == _APART and batched.told_apart(case)) and not (_ALONE in check.note and case.parameters.get("thread_safe") is False)]
    return [f"Give power to {few(list(dict.fromkeys(where for note, where in weak if note == reason)))}, which saw nothing there: {reason}."
            for reason, _ in Counter(note for note, _ in weak).most_common()]


def _deeper(run: RunResult) -> list[str]:
    """For a reader who has nothing to repair and wants to see more."""
    steps = []
    if "--repeat" not in run.command and any(case.verdict is Verdict.PASS for case in run.cases):
        steps.append(f"For a tighter bound, run longer: {run.command or './tenter run'} --repeat 20")
    if not any(case.scenario.startswith("model/") for case in run.cases):
        steps.append("Try a model of your own: ./tenter run --model FILE.onnx --threads 16")
    for case in run.cases:
        if case.verdict is Verdict.FOUND and case.kind != SWEPT:  # whose line is its own, and looks until it finds
            hit = next(finding for finding in case.findings if finding.check == case.found_by)
            steps.append(f"Watch a planted bug come back: {run.replay_line(case, hit)} -n 10")
            break
    return steps
