"""Counts of tests, read from JUnit files or from the verdicts of cases."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from tenter.record.results import RunResult, Verdict

_LINES, _LINE = 6, 200  # that are shown of what a test says of its failure


@dataclass(frozen=True)
class Tally:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: tuple[str, ...] = field(default=())  # what to print below the stage and at the end, one line each
    log: tuple[str, ...] = field(default=())  # what to print below the stage alone

    @property
    def total(self) -> int:
        return self.passed + self.failed + self.skipped

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped,
                     self.failures + other.failures, self.log + other.log)


def one(name: str, problems: Iterable[str]) -> Tally:
    """One test that passes when it has no problem."""
    found = tuple(problems)
    return Tally(failed=1, failures=(f"{name}: {len(found)} problems", *found)) if found else Tally(passed=1)


def of_junit(path: Path) -> Tally:
    if not path.is_file():
        return Tally(failed=1, failures=(f"{path.name} was not written: the test program died",))
    tally = Tally()
    for case in _cases(path):
        tally += _of_case(case)
    return tally


def _cases(path: Path) -> list[TestCase]:
    xml = JUnitXml.fromfile(str(path))
    suites = [xml] if isinstance(xml, TestSuite) else list(xml)
    return [case for suite in suites for case in suite]


def _of_case(case: TestCase) -> Tally:
    results = case.result or []
    bad = [result for result in results if isinstance(result, Failure | Error)]
    if bad:
        name = f"failed: {case.classname or ''} {case.name}".replace("  ", " ")
        return Tally(failed=1, failures=(name + _unfinished(case), *_first_lines(bad[0].message or "")))
    # ctest marks what could not start with a status of its own.
    status = case._elem.get("status", "")
    if any(isinstance(result, Skipped) for result in results) or status in ("notrun", "disabled"):
        return Tally(skipped=1)
    return Tally(passed=1)


def _first_lines(message: str) -> list[str]:
    return [f"  {line[:_LINE]}" for line in message.splitlines() if line.strip()][:_LINES]


def _unfinished(case: TestCase) -> str:
    """Of a program that hung or died: the test in which it did."""
    began = re.findall(r"^\[ RUN      \] (\S+)", case.system_out or "", re.MULTILINE)
    ended = re.findall(r"^\[ {2,}OK \] (\S+)|^\[ {1,}(?:FAILED|SKIPPED) {1,}\] (\S+)", case.system_out or "", re.MULTILINE)
    if not began or any(began[-1] in names for names in ended):
        return ""
    return f", inside {began[-1]}"


def of_ctest(report: Path, gtest_folder: Path) -> Tally:
    """The tests inside each gtest program, and every other ctest entry as one test.

    An entry can fail although all its tests passed, as when ThreadSanitizer ends the program with 66.
    """
    if not report.is_file():
        return Tally(failed=1, failures=("ctest wrote no report",))
    tally = Tally()
    for entry in _cases(report):
        inside = gtest_folder / f"{entry.name}_test.xml"
        outer = _of_case(entry)
        if not inside.is_file():
            tally += outer
            continue
        inner = of_junit(inside)
        tally += inner if not outer.failed or inner.failed else inner + outer
    return tally


def of_run(run: RunResult) -> Tally:
    """A case without conclusion counts as failed: a suite that concludes nothing must not look green."""
    tally = Tally(failed=len(run.not_run), failures=tuple(f"not run: {name}" for name in run.not_run))
    for case in run.cases:
        good = case.verdict in (Verdict.PASS, Verdict.FOUND)
        tally += Tally(passed=1) if good else Tally(failed=1, failures=(f"{case.verdict.name}: {case.name}: {case.reason}",))
    return tally
