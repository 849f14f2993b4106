"""JUnit XML: one suite per flavour; classname and name are stable between runs, because CI keys history on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Property, Properties, Skipped, TestCase, TestSuite

from tenter.cases.verdict import is_known
from tenter.record.results import CaseResult, RunResult, Verdict
from tenter.report.wording import sentence

Clean = Callable[[str], str]


def write(run: RunResult, path: Path, clean: Clean) -> None:
    xml = JUnitXml(name="tenter")
    for flavour in sorted({case.flavour for case in run.cases}):
        suite = TestSuite(f"tenter.{flavour}")
        suite.timestamp = run.started
        for case in run.cases:
            if case.flavour == flavour:
                suite.add_testcase(_test_case(run, case, clean))
        xml.add_testsuite(suite)
    if run.not_run:
        suite = TestSuite("tenter.not_run")
        for name in run.not_run:
            missing = TestCase(name, classname="tenter.not_run", time=0)
            missing.result = [Skipped("the run was interrupted, or its budget was over, before this case")]
            suite.add_testcase(missing)
        xml.add_testsuite(suite)
    xml.write(str(path), pretty=True)


def _test_case(run: RunResult, case: CaseResult, clean: Clean) -> TestCase:
    # smoke/cls_concurrent.tsan -> classname tenter.tsan.smoke, name cls_concurrent.tsan
    folder, _, name = case.name.rpartition("/")
    classname = ".".join(["tenter", case.flavour, *filter(None, folder.split("/"))])
    test = TestCase(clean(name), classname=clean(classname), time=case.duration_s)
    message = clean(sentence(case))
    if is_known(case, run):
        test.result = [Skipped(clean(f"known from {run.baseline}: {sentence(case)}"))]
    elif case.verdict in (Verdict.FAIL, Verdict.MISSED):
        kind = case.findings[0].check if case.findings else "missed"
        failure = Failure(message, clean(kind))
        failure.text = clean("\n\n".join(_finding_text(run, case)) or case.reason)
        test.result = [failure]
    elif case.verdict is Verdict.ERROR:
        error = Error(message, "error")
        error.text = clean(case.stderr_tail or case.reason)
        test.result = [error]
    elif case.verdict in (Verdict.GREY, Verdict.SKIP):
        test.result = [Skipped(message)]
    test.system_out = clean(f"{sentence(case)}\n{run.replay_line(case) if case.findings else ''}".strip())
    properties = Properties()
    for key, value in (("tested", run.tested), ("seed", str(case.seed)), ("target", case.target), ("planted", case.planted)):
        if value:
            properties.add_property(Property(key, clean(value)))
    test.append(properties)
    return test


def _finding_text(run: RunResult, case: CaseResult) -> list[str]:
    return [f"{finding.check}: {finding.title}\n{run.replay_line(case, finding)}\n{finding.detail}"
            for finding in case.findings]
