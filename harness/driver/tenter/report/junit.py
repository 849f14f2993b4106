"""JUnit XML: one suite per flavour, one test per case.

CI keys its history on classname and name, so they are the same in every run: no seed is in them, the first of several
repetitions has the name of the only one, and a case that was not run keeps its place and is skipped. What moves (seed,
signatures, replay line) is in the properties. `reports/schema/junit.xsd` says what may stand where.
"""

from __future__ import annotations

from pathlib import Path

from junitparser import Attr, Error, Failure, JUnitXml, Property, Properties, Skipped, TestCase, TestSuite

from tenter.cases.verdict import is_known, powerless
from tenter.house import FLAVOURS, House
from tenter.plain import one_line, printable, shortened
from tenter.record.results import CaseResult, RunResult, Verdict
from tenter.report.places import scenario_file
from tenter.report.power import PowerTable, power_for
from tenter.report.wording import power_sentence, sentence

# Jenkins and GitLab keep all of it in memory, for every test.
_MOST_TEXT = 100_000


class LocatedCase(TestCase):
    """A test with the file of its scenario, which GitLab and GitHub link to."""

    file = Attr()


def write(run: RunResult, power: PowerTable, path: Path, house: House) -> None:
    xml = JUnitXml(name="tenter")
    tests = {case.name: _test_case(run, case, power, house) for case in run.cases}
    tests |= {name: _not_run(run, name) for name in run.not_run}
    for flavour in sorted({flavour_of(name) for name in tests}):
        suite = TestSuite(f"tenter.{flavour}")
        suite.timestamp = run.started
        for name, test in tests.items():
            if flavour_of(name) == flavour:
                suite.add_testcase(test)
        xml.add_testsuite(suite)
    xml.update_statistics()
    xml.write(str(path), pretty=True)


def flavour_of(name: str) -> str:
    """smoke/cls_concurrent.tsan.r2 -> tsan"""
    return next((word for word in reversed(name.split(".")) if word in FLAVOURS), "other")


def key(name: str) -> tuple[str, str]:
    """smoke/cls_concurrent.tsan -> tenter.tsan.smoke and cls_concurrent.tsan"""
    folder, _, leaf = one_line(name).removesuffix(".r1").rpartition("/")
    return ".".join(["tenter", flavour_of(name), *filter(None, folder.split("/"))]), leaf


def _test_case(run: RunResult, case: CaseResult, power: PowerTable, house: House) -> TestCase:
    classname, name = key(case.name)
    test = LocatedCase(name, classname=classname, time=case.duration_s)
    test.file = one_line(scenario_file(case, house))
    test.append(_properties(run, case, power))
    result = _result(run, case)
    if result is not None:
        test.result = [result]
    test.system_out = printable(f"{sentence(case)}\n{run.replay_line(case, case.findings[0]) if case.findings else ''}".strip())
    return test


def _result(run: RunResult, case: CaseResult) -> Failure | Error | Skipped | None:
    message = one_line(sentence(case))
    if is_known(case, run):
        return Skipped(one_line(f"known from {run.baseline}: {message}"))
    if case.verdict is Verdict.MISSED and case.measures:
        # It says how much its setting can see, and does not have to be found.
        none = "no planted bug at all was found in this setting, so a clean case there says nothing: "
        return Skipped((none if case in powerless(run) else "no power over this planted bug: ") + message)
    if case.verdict in (Verdict.FAIL, Verdict.MISSED):
        failure = Failure(message, one_line(case.findings[0].check if case.findings else case.verdict.name.lower()))
        failure.text = shortened(printable("\n\n".join(_finding_text(run, case)) or case.reason), _MOST_TEXT)
        return failure
    if case.verdict is Verdict.ERROR:
        error = Error(message, "error")
        error.text = shortened(printable(case.stderr_tail or case.reason), _MOST_TEXT)
        return error
    if case.verdict in (Verdict.GREY, Verdict.SKIP):
        return Skipped(message)
    return None


def _properties(run: RunResult, case: CaseResult, power: PowerTable) -> Properties:
    properties = Properties()
    weak = [f"{check.name}: {check.note}" if check.note else check.name for check in case.checks if check.state == "no_power"]
    pairs = [("tested", run.tested), ("target", case.target), ("seed", str(case.seed)), ("planted", case.planted),
             ("power", "" if case.planted else power_sentence(power_for(case, power))), ("again", case.again), ("trace", case.trace),
             *(("no_power", text) for text in weak),
             *(("signature", finding.signature) for finding in case.findings),
             *(("replay", run.replay_line(case, finding)) for finding in case.findings)]
    for name, value in pairs:
        if value:
            properties.add_property(Property(name, one_line(value)))
    return properties


def _not_run(run: RunResult, name: str) -> TestCase:
    classname, leaf = key(name)
    test = TestCase(leaf, classname=classname, time=0)
    why = run.cut or ("interrupted" if run.interrupted else "the budget of the run was over")
    test.result = [Skipped(f"not run: {why}")]
    return test


def _finding_text(run: RunResult, case: CaseResult) -> list[str]:
    return [f"{finding.check}: {finding.title}\n{run.replay_line(case, finding)}\n{finding.detail}"
            for finding in case.findings]
