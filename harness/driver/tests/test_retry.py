"""Further attempts at a case that failed: it stays failed, the reports say how often, and a killed run goes on with them."""

from __future__ import annotations

import json
import signal

import pytest
from test_history import rows
from test_resume import driver  # noqa: F401

from tenter.record import journal


def case_of(house) -> dict:
    case, = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
    return case


def test_a_race_that_shows_itself_once_is_a_finding(tenter, write, house):
    code, out, _ = tenter("run", write("smoke/one", behaviour="rare_race"), "--retry", "3")
    assert code == 66, "what the third attempt found is a sanitizer's report"
    case = case_of(house)
    assert case["verdict"] == "FAIL" and [one["verdict"] for one in case["attempts"]] == ["FAIL", "PASS", "FAIL", "PASS"]
    assert [finding["check"] for finding in case["findings"]] == ["determinism", "data_race"]
    assert "failed in 2 of 4 attempts" in out and "(seen in 1 of 4 attempts)" in out
    for name in ("report.md", "report.html"):
        text = (house.out / "latest" / name).read_text()
        assert "failed in 2 of 4 attempts" in text and text.count("seen in 1 of 4 attempts") >= 2
    assert rows(house.out, "SELECT attempts, failed FROM cases") == [(4, 2)]
    assert "failed in 2 of 4 attempts" in tenter("history", "77aa77aa")[1]
    here = house.out / "latest" / "cases" / "smoke" / "one.probe"
    assert {json.loads(path.read_text())["seed"] for path in here.glob("**/plan.json")} == {1}, "every attempt has the same seed"
    assert len(list(here.glob("**/plan.json"))) == 4
    code, out, _ = tenter("replay", "77aa77aa")
    assert "reproduced 0 of 1: data_race 77aa77aa" in out and "also seen 1 of 1: determinism" in out


@pytest.mark.parametrize("behaviour", ["clean", "no_power", "defect"])
def test_only_what_failed_is_tried_again(tenter, write, house, behaviour):
    tenter("run", write("smoke/one", behaviour=behaviour), "--retry", "3")
    assert case_of(house)["attempts"] == [] and case_of(house)["retry"] == 3


def test_seeds_and_attempts_are_told_apart(tenter, write, house):
    out = tenter("run", write("smoke/one", behaviour="odd_seed_finding"), "--retry", "1", "--repeat", "4")[1]
    assert "(seen in 2 of 4 seeds, in 4 of 4 attempts)" in out


def test_without_retry_nothing_is_said_of_attempts(tenter, write, house):
    assert "attempt" not in tenter("run", write("smoke/one", behaviour="finding"))[1]


def test_no_attempt_begins_when_the_budget_is_over(tenter, write, house):
    name = write("smoke/one", behaviour="brief_finding")
    out = tenter("run", name, "--retry", "3", "--budget", "0.2s")[1]
    assert "failed in 1 of 1 attempt, and 3 more were asked for" in " ".join(out.split()) and "now: Do the rest" in out
    assert tenter("run", "--resume", "out/latest")[0] == 1 and len(case_of(house)["attempts"]) == 4


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_run_goes_on_with_the_attempts_that_are_left(driver, tenter, write, house, number):  # noqa: F811
    child = driver("run", write("smoke/one", behaviour="brief_finding"), "--retry", "3")
    here = None
    while not here or not (result := journal.ended_in(here)) or len(result.attempts) < 2:
        here = next(house.out.glob("*-one/cases/smoke/one.probe"), None)
        assert child.poll() is None
    child.send_signal(number)
    child.communicate(timeout=30)
    made = {path: path.stat().st_mtime_ns for path in (here / "plan.json", here / "attempt2" / "plan.json")}
    assert tenter("report", "out/latest")[0] == 0
    assert len(case_of(house)["attempts"]) == 2 and rows(house.out, "SELECT attempts FROM cases") == [(2,)]
    assert tenter("run", "--resume", "out/latest")[0] == 1
    assert [one["verdict"] for one in case_of(house)["attempts"]] == ["FAIL"] * 4 and rows(house.out, "SELECT attempts FROM cases") == [(4,)]
    assert {path: path.stat().st_mtime_ns for path in made} == made, "no attempt is made twice"
    assert "nothing is left" in tenter("run", "--resume", "out/latest")[2]


def test_retry_says_nothing_beside_resume(tenter, write):
    tenter("run", write("smoke/one"))
    code, _, err = tenter("run", "--resume", "out/latest", "--retry", "2")
    assert code == 2 and "--retry says nothing beside --resume" in err


def test_a_planted_bug_that_is_missed_is_tried_again_and_stays_missed(tenter, write, house):
    name = write("canary/one", "[expect]\nfound_by = 'determinism'", behaviour="late_finding")
    code, out, _ = tenter("run", name, "--retry", "2")
    case = case_of(house)
    assert code == 1 and case["verdict"] == "MISSED" and [one["verdict"] for one in case["attempts"]] == ["MISSED", "FOUND", "FOUND"]
    assert "missed in 1 of 3 attempts" in " ".join(out.split()) and case["findings"] == []
    assert "missed in 1 of 3 attempts" in (house.out / "latest" / "report.md").read_text()
