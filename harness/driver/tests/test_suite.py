"""The verb `test`: counts come from the programs themselves, and a stage that runs nothing is a failure."""

from __future__ import annotations

import pytest

from tenter.errors import UsageError
from tenter.record.tally import Tally, of_ctest, of_junit, one
from tenter.verbs import canary
from tenter.verbs.suite import Stage, Suite, run_stages, smoke_words

GTEST = """<testsuites tests="3"><testsuite name="A">
<testcase name="x" status="run" result="completed" classname="A"/>
<testcase name="y" status="run" result="completed" classname="A">{failure}</testcase>
<testcase name="z" status="notrun" result="suppressed" classname="A"/></testsuite></testsuites>"""
CTEST = """<testsuite name="Linux"><testcase name="base" classname="base" status="{status}">{failure}</testcase>
<testcase name="tidy" classname="tidy" status="run"/>
<testcase name="gpu" classname="gpu" status="notrun"><skipped message="no device"/></testcase></testsuite>"""
FAILURE = '<failure message="no"/>'


def ctest(tmp_path, gtest: str | None, status: str = "run", failure: str = ""):
    report = tmp_path / "ctest.xml"
    report.write_text(CTEST.format(status=status, failure=failure))
    if gtest is not None:
        (tmp_path / "base_test.xml").write_text(gtest)
    return of_ctest(report, tmp_path)


def counts(tally: Tally) -> tuple[int, int, int]:
    return tally.passed, tally.failed, tally.skipped


def test_tests_inside_a_program_are_counted(tmp_path):
    assert counts(ctest(tmp_path, GTEST.format(failure=""))) == (2 + 1, 0, 1 + 1)


def test_a_failing_test_inside_a_program_is_named(tmp_path):
    tally = ctest(tmp_path, GTEST.format(failure=FAILURE), "fail", FAILURE)
    assert counts(tally) == (1 + 1, 1, 1 + 1) and tally.failures == ("failed: A y", "  no")


def test_a_program_that_a_sanitizer_ended_fails_although_its_tests_passed(tmp_path):
    assert counts(ctest(tmp_path, GTEST.format(failure=""), "fail", FAILURE)) == (2 + 1, 1, 1 + 1)


def test_a_program_that_died_before_it_wrote_anything_fails(tmp_path):
    assert counts(ctest(tmp_path, None, "fail", FAILURE)) == (1, 1, 1)


@pytest.mark.parametrize(("last", "told"), [
    ("[ RUN      ] A.y\n", ", inside A.y"), ("[ RUN      ] A.y\n[       OK ] A.y (3 ms)\n", ""),
    ("[ RUN      ] A.y\n[  FAILED  ] A.y (3 ms)\n", ""), ("[ RUN      ] A.y\n[  SKIPPED ] A.y (0 ms)\n", ""), ("", "")])
def test_a_program_that_hung_or_died_names_its_test(tmp_path, last, told):
    printed = f"<system-out>[ RUN      ] A.x\n[       OK ] A.x (0 ms)\n{last}</system-out>" if last else ""
    tally = ctest(tmp_path, None, "fail", FAILURE + printed)
    assert tally.failures == (f"failed: base base{told}", "  no")


def test_missing_reports_are_failures(tmp_path):
    assert of_junit(tmp_path / "none.xml").failed == 1 and of_ctest(tmp_path / "none.xml", tmp_path).failed == 1


def test_the_last_line_is_the_sum(capsys):
    code = run_stages([Stage("a", lambda: Tally(3, 0, 1)), Stage("b", lambda: Tally(4, 0, 0))])
    out = capsys.readouterr().out
    assert code == 0 and out.splitlines()[-1] == "7 passed, 0 failed, 1 skipped"
    assert out.count(" passed, ") == 1, "a reader of closing lines must not meet two"


@pytest.mark.parametrize("work", [lambda: Tally(), lambda: Tally(1, 1), lambda: one("x", ["bad"])])
def test_a_stage_that_fails_or_finds_no_test_is_red_and_the_next_still_runs(capsys, work):
    code = run_stages([Stage("bad", work), Stage("good", lambda: Tally(5))])
    out = capsys.readouterr().out
    assert code == 1 and "FAILED  bad" in out and "ok      good" in out


def test_what_failed_is_told_again_at_the_end(capsys):
    run_stages([Stage("a", lambda: Tally(failed=1, failures=("failed: x", "  no"), log=("| long",))), Stage("b", lambda: Tally(1))])
    out = capsys.readouterr().out
    assert out.count("| long") == 1 and out.count("failed: x") == 2
    assert [line.strip() for line in out.splitlines()][-6:-3] == ["a:", "failed: x", "no"]


def test_of_very_many_failures_the_rest_is_counted(capsys):
    run_stages([Stage("a", lambda: Tally(failed=50, failures=tuple(f"failed: {i}" for i in range(50))))])
    out = capsys.readouterr().out
    assert out.count("and 10 lines more") == 2 and "failed: 40" not in out


def test_an_error_of_a_stage_is_a_failure_with_its_line(capsys):
    def work() -> Tally:
        raise UsageError("no scenario 'canary'")
    assert run_stages([Stage("canary", work)]) == 1
    assert "no scenario 'canary'" in capsys.readouterr().out


def test_a_case_without_power_or_with_an_error_counts_as_failed(house, console, tenter, write, tmp_path):
    for name, behaviour in (("a", "clean"), ("b", "no_power"), ("c", "defect"), ("d", "finding")):
        write(f"smoke/{name}", behaviour=behaviour)
    tally = Suite(house, console, tmp_path).campaign(("smoke",), ())
    assert counts(tally) == (1, 3, 0) and tally.failures[0].startswith("GREY: smoke/b.probe: ")


def test_published_examples_and_old_bugs_run_with_smoke(house):
    assert smoke_words(house) == ("smoke",)
    (house.scenarios / "mxnet").mkdir()
    (house.scenarios / "mxnet" / "a.toml").write_text("")
    assert smoke_words(house) == ("smoke", "mxnet")


def test_quick_leaves_out_tsan_and_canaries(house, console, tmp_path):
    suite = Suite(house, console, tmp_path)
    names = [stage.name for stage in suite.stages(quick=True)]
    assert names == ["sources", "unit tests, probe", "driver tests", "smoke, probe", "sweep, probe"]
    assert {"unit tests, tsan", "self-tests, tsan", "self-tests, asan", "smoke", "smoke, asan"} < {stage.name for stage in suite.stages(quick=False)}
    assert {f"planted bugs, part {suite.part} of 3", f"searches, part {suite.next_part} of 3"} < {stage.name for stage in suite.stages(quick=False)}
    assert 1 <= suite.part <= 3 and 1 <= suite.next_part <= 3 and suite.next_part != suite.part


def test_another_third_of_the_planted_bugs_each_day(house, console, tmp_path, monkeypatch):
    asked = []

    def measure(request, *_):
        asked.append(request)
        raise UsageError("enough")
    monkeypatch.setattr(canary, "measure", measure)
    suite = Suite(house, console, tmp_path)
    [stage] = [stage for stage in suite.stages(quick=False) if stage.name.startswith("planted bugs")]
    assert run_stages([stage]) == 1
    assert asked[0].shard == (suite.part, 3) and asked[0].command == f"./tenter canary --shard {suite.part}/3"
