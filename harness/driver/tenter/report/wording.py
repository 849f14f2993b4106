"""The sentences of the reports: counts and bounds, never "thread-safe: yes"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from tenter import errors
from tenter.cases import batched
from tenter.cases.verdict import counts, exit_code, is_known
from tenter.plan.scenario import FIRST
from tenter.plan.sweeping import SWEPT, TRIAL_OF
from tenter.record.findings import Finding
from tenter.record.group import Group, groups
from tenter.record.results import FUZZED, CaseResult, RunResult, Verdict
from tenter.report import quantity
from tenter.report.power import Power

# What a trial is, in the order in which a case is described by it.
UNITS = {"inferences": "inference", "programs": "program", "ops": "op", "batches": "batch", "rows": "row", "samples": "sample",
         "requests": "request", "epochs": "epoch", "shortages": "shortage"}
# English has more plurals than a rule could guess, and the reports need few words.
_PLURALS = {**{unit: name for name, unit in UNITS.items()}, "attempt": "attempts", "batch": "batches", "call": "calls", "case": "cases", "check": "checks",
            "fault": "faults", "finding": "findings", "hit": "hits", "mismatch": "mismatches", "model": "models", "planted bug": "planted bugs",
            "place": "places", "run": "runs", "scenario": "scenarios", "seed": "seeds", "site": "sites", "site hit": "site hits",
            "step": "steps", "thread": "threads", "time": "times", "trial": "trials"}
# Below this many trials the rule of three is too coarse to be printed.
_LEAST_TRIALS = 30


def plural(count: float, word: str) -> str:
    """"1 op", "2,000 ops", "3 batches", "0 mismatches"."""
    return f"{count:,.0f} {word if count == 1 else _PLURALS[word]}"


def trials(case: CaseResult) -> tuple[float, str]:
    """How many trials a case made and what one is called; (0, "") when the runner gave no count."""
    for key, unit in UNITS.items():
        if case.exposure.get(key, 0) > 0:
            return case.exposure[key], unit
    return 0, ""


def fired(case: CaseResult) -> int:
    return sum(site.fired for site in case.sites)


def hit(case: CaseResult) -> int:
    return sum(site.hit for site in case.sites)


def bound(case: CaseResult) -> str:
    """The rule of three: after 0 of n, at most 3/n per trial at 95 %. Nothing when it may not be claimed."""
    count, unit = trials(case)
    clean = case.verdict is Verdict.PASS and not case.findings
    if not clean or count < _LEAST_TRIALS or not any(check.state == "passed" for check in case.checks):
        return ""
    # A trial is a chance that calls meddle with each other, and one alone has none.
    together = case.exposure.get("running_max") or case.exposure.get("in_flight_max", 2)
    if case.exposure.get("threads", 2) < 2 or together < 2:
        return ""
    return f"≤ {300 / count:.2g} % per {unit} at 95 %"


def faults(case: CaseResult) -> list[str]:
    """The faults that fired, one by one; quoted text may hold the semicolon that separates them."""
    return [fault.strip() for fault in re.findall(r'(?:"(?:\\.|[^"\\])*"|[^;"])+', case.effective_faults)]


def other_exposure(case: CaseResult) -> list[str]:
    """What the sentence of the case does not say already."""
    said = {"threads", next((key for key in UNITS if case.exposure.get(key, 0) > 0), "")}
    return quantity.described({key: value for key, value in case.exposure.items() if value and key not in said})


def exposure(case: CaseResult) -> str:
    """"2,000 inferences, 32 threads, 12 faults fired"."""
    count, unit = trials(case)
    parts = [plural(count, unit)] if unit else []
    if case.exposure.get("threads", 0) > 0:
        parts.append(plural(case.exposure["threads"], "thread"))
    if fired(case):
        parts.append(plural(fired(case), "fault") + " fired")
    return ", ".join(parts)


def sentence(case: CaseResult) -> str:
    """The verdict of a case in one line."""
    if case.verdict is Verdict.FOUND:
        hits = [finding for finding in case.findings if finding.check == case.found_by]
        return f"{case.reason}: {hits[0].title}"
    if case.verdict is Verdict.FAIL and case.findings:
        more = f" (and {len(case.findings) - 1} more)" if len(case.findings) > 1 else ""
        told = f"{kinds(case.findings)}: {case.findings[0].title}{more}"
        return "; ".join(filter(None, [told, case.reason if case.unmet or case.replays else "", attempts(case)]))
    if case.verdict is Verdict.GREY:
        return "; ".join(filter(None, [": ".join(filter(None, [case.reason, powerless_note(case)])), batched.told_apart(case)]))
    if case.verdict is not Verdict.PASS:
        return "; ".join(filter(None, [case.reason, attempts(case)]))
    if case.findings:
        return f"{case.reason}; {exposure(case)}" if exposure(case) else case.reason
    what = "mismatch" if any(c.name == "determinism" and c.state == "passed" for c in case.checks) else "finding"
    shown = f"{plural(0, what)} in {exposure(case)}" if trials(case)[1] else plural(0, what)
    return "; ".join(filter(None, [shown, batched.told_apart(case), case.reason if case.replays else "", bound(case)]))


def kinds(findings: Iterable[Finding]) -> str:
    """"14 determinism, 3 sanitizer", the commonest first; without a number when there is one finding in all."""
    counted = Counter(finding.check for finding in findings).most_common()
    if len(counted) == 1 and counted[0][1] == 1:
        return counted[0][0]
    return ", ".join(f"{count} {check}" for check, count in counted)


def powerless_note(case: CaseResult) -> str:
    """Why no check had power. Nothing when one had, and the case is grey for another reason, which it says."""
    if any(check.state != "no_power" for check in case.checks):
        return ""
    return next((check.note for check in case.checks if check.note), "")


def power_sentence(power: Power | None) -> str:
    if power is None:
        return "detection power not measured in this setting"
    where = f" (run {power.run_id})" if power.run_id else ""
    return f"{power.found}/{power.planted} planted bugs found{where}"


def planted_found(cases: Sequence[CaseResult]) -> str:
    """"18 of 18 planted bugs found, in 44 of 44 trials": a bug may be planted in several settings. Of one trial each, without them."""
    ended = [case for case in cases if case.planted and case.verdict is not Verdict.SKIP]
    found = [case for case in ended if case.verdict is Verdict.FOUND]
    bugs = {case.planted for case in ended}
    trials_ = f", in {len(found):,} of {len(ended):,} trials" if len(ended) > len(bugs) else ""
    return f"{len({case.planted for case in found}):,} of {len(bugs):,} planted bugs found{trials_}"


def first_look(run: RunResult) -> str:
    """The canary of a run at first sight, and of which clean cases it says something; nothing without one."""
    tried = [case for case in run.cases if case.first_look and case.verdict is not Verdict.SKIP]
    if not tried:
        return ""
    settings = {case.setting for case in tried}
    clean = [case for case in run.cases if not (case.planted or case.faults) and case.verdict is not Verdict.SKIP]
    bare = [case.name for case in clean if case.setting not in settings]
    beside = f"planted in the settings of {len(clean) - len(bare)} of {plural(len(clean), 'case')} without faults"
    left = sum(f"/{FIRST}" in name for name in run.not_run)
    return "; ".join(filter(None, [f"{planted_found(tried)}, {beside}{f', and not in those of {few(bare)}' if bare else ''}",
                                   f"{plural(left, 'trial')} not run" if left else ""]))


def headline(run: RunResult) -> str:
    """The verdict of a run in one line: what was found, in how much."""
    normal = [case for case in run.cases if not case.planted]
    canaries = [case for case in run.cases if case.planted and not case.first_look]
    parts = []
    if normal:
        bad = [case for case in normal if case.verdict is Verdict.FAIL]
        found = {finding.signature: finding for case in bad for finding in case.findings}
        known = len(found.keys() & set(run.known))
        checks = {finding.check for finding in found.values()}
        told = f" ({kinds(found.values()) if len(checks) > 1 else checks.pop()})" if checks else ""
        where = f"{sum(bool(case.findings) for case in bad)} of " if found else ""
        where += plural(len(normal), "case")
        if any(case.kind == SWEPT or TRIAL_OF in case.facts for case in normal):  # neither trials nor what was shown are cases
            where = f"a sweep of {plural(sum(case.kind != SWEPT and TRIAL_OF not in case.facts for case in normal), 'case')}"
        news = f"{len(found) - known} new, {known} known from {run.baseline}: " if run.baseline else ""
        totals = _totals(normal)
        parts.append(f"{news}{plural(len(found), 'finding')}{told} in {where}{_commonest(bad, normal)}"
                     + (f" ({totals})" if totals else ""))
    if any(case.unmet for case in normal):
        parts.append(_unmet([case for case in normal if case.unmet]))
    if canaries:
        parts.append(planted_found(canaries))
    # What a search had no time for is no lack of power.
    grey = "not searched to the end" if all(case.kind == FUZZED for case in run.cases) else "without power"
    parts += ["not shown of every site"] if any(case.kind == SWEPT and case.verdict is Verdict.GREY for case in normal) else []
    concluded = counts([case for case in run.cases if case.kind != SWEPT or case.verdict is not Verdict.GREY])
    for verdict, words in ((Verdict.SKIP, "not supported"), (Verdict.GREY, grey), (Verdict.ERROR, "not concluded because of an error")):
        count = concluded.get(verdict, 0)
        if count:
            parts.append(f"{plural(count, 'case')} {words}")
    if run.not_run:
        parts.append(not_run(run))
    return "; ".join(parts) or "nothing ran"


def not_run(run: RunResult) -> str:
    """"38 cases not run: interrupted"."""
    return f"{plural(len(run.not_run), 'case')} not run" + (f": {run.cut}" if run.cut else "")


def _unmet(cases: Sequence[CaseResult]) -> str:
    """What a count of findings does not say: "1 case without what it expects: smoke/a.probe (expected crash, reported nothing)"."""
    which = f"{cases[0].name} ({cases[0].reason.replace(';', ',')})" if len(cases) == 1 else few([case.name for case in cases])
    return f"{plural(len(cases), 'case')} without what {'it expects' if len(cases) == 1 else 'they expect'}: {which}"


def few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def again_lines(run: RunResult, group: Group) -> str:
    """The replay line of every case that showed the defect."""
    return "\n".join(run.replay_line(case, group.finding) for case in (group.case, *group.others))


def seen_in(group: Group) -> str:
    """"seen in 5 of 5 seeds, in 7 of 20 attempts"; nothing where there was one case with one attempt."""
    tries = [attempt for case in group.cases for attempt in case.attempts]
    parts = [f"in {len(group.cases)} of {plural(group.ran, group.unit)}"] if group.ran > 1 else []
    if tries:
        parts.append(f"in {sum(group.finding.signature in one.signatures for one in tries)} of {plural(len(tries), 'attempt')}")
    return f"seen {', '.join(parts)}" if parts else ""


def attempts(case: CaseResult) -> str:
    """"failed in 1 of 4 attempts", "missed in 1 of 4"; nothing for a case that was not to be tried again."""
    if not case.attempts:
        return ""
    left = f", and {case.attempts_left} more were asked for" if case.attempts_left else ""
    word, name = ("missed", "MISSED") if case.planted else ("failed", "FAIL")
    return f"{word} in {sum(one.verdict == name for one in case.attempts)} of {plural(len(case.attempts), 'attempt')}{left}"


def _commonest(bad: Sequence[CaseResult], normal: Sequence[CaseResult]) -> str:
    """How often the finding was seen that was seen most, when cases were repeated."""
    repeated = [group for group in groups(normal) if group.failed and group.ran > 1 and group.unit == "seed"]
    if not repeated:
        return ""
    most = max(repeated, key=lambda group: len(group.cases))
    several = len({finding.signature for case in bad for finding in case.findings}) > 1
    return f", {'the commonest ' if several else ''}{seen_in(most)}"


def _totals(cases: Sequence[CaseResult]) -> str:
    sums: dict[str, float] = {}
    for case in cases:
        count, unit = trials(case)
        if unit:
            sums[unit] = sums.get(unit, 0) + count
    return ", ".join(plural(count, unit) for unit, count in sums.items())


def verdict_word(run: RunResult) -> str:
    """A run may fail without a finding: by what was expected and did not happen, and by a planted bug that was not found."""
    found = any(case.verdict is Verdict.FAIL and case.findings and not is_known(case, run) for case in run.cases)
    return {errors.CLEAN: "Clean", errors.FINDINGS: "Findings" if found else "Failed", errors.SANITIZER: "Sanitizer reports",
            errors.INCONCLUSIVE: "Not concluded", errors.USAGE: "Plan refused",
            errors.DEFECT: "Harness defect"}[exit_code(run)]
