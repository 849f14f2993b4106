"""Replays: found again by id, by the printed line and by path; counted by signature."""

from __future__ import annotations

import json

import pytest

from tenter import archive


def test_the_printed_line_replays_the_finding(tenter, write, house):
    _, out, _ = tenter("run", write("smoke/one", behaviour="finding"))
    line = next(line.split() for line in out.splitlines() if "./tenter replay" in line)
    code, out, err = tenter(*line[line.index("replay"):], "-n", "3")
    assert code == 1 and "reproduced 3 of 3" in out and "thread 7 got the answer of thread 3" in err


@pytest.mark.parametrize("form", ["9f3c21aa", "{run}/smoke/one.probe#9f3c", "out/{run}/smoke/one.probe#9f3c21aa",
                                  "out/latest/cases/smoke/one.probe", "{run}/smoke/one.probe"])
def test_a_finding_has_many_names(tenter, write, house, form):
    tenter("run", write("smoke/one", behaviour="finding"))
    run = (house.out / "latest").resolve().name
    code, out, _ = tenter("replay", form.format(run=run))
    assert code == 1 and "reproduced 1 of 1" in out


def test_what_does_not_come_back_is_counted_too(tenter, write, house):
    tenter("run", write("smoke/one", behaviour="finding"))
    plan = house.out / "latest" / "cases" / "smoke" / "one.probe" / "plan.json"
    raw = json.loads(plan.read_text())
    raw["workload"]["behaviour"] = "clean"
    plan.write_text(json.dumps(raw))
    code, out, _ = tenter("replay", "9f3c21aa", "-n", "2")
    assert code == 0 and "reproduced 0 of 2" in out


def test_another_finding_is_not_the_same_finding(tenter, write, house):
    tenter("run", write("smoke/one", behaviour="finding"))
    plan = house.out / "latest" / "cases" / "smoke" / "one.probe" / "plan.json"
    raw = json.loads(plan.read_text())
    raw["workload"]["behaviour"] = "crash"
    plan.write_text(json.dumps(raw))
    assert "reproduced 0 of 1" in tenter("replay", "9f3c21aa")[1]


def test_a_plan_of_another_version_is_refused(tenter, write, house):
    tenter("run", write("smoke/one", behaviour="finding"))
    plan = house.out / "latest" / "cases" / "smoke" / "one.probe" / "plan.json"
    plan.write_text(json.dumps(json.loads(plan.read_text()) | {"version": 2}))
    code, _, err = tenter("replay", "9f3c21aa")
    assert code == 2 and "run plan of version 2" in err and err.count("\n") == 1


@pytest.mark.parametrize(("word", "expected"), [
    ("{run}/smoke/on.probe#9f3c", "no case 'smoke/on.probe'; did you mean 'smoke/one.probe'?"),
    ("{run}/smoke/one.probe#1234", "no finding '1234'; known: 9f3c21aa"),
    ("nowhere/smoke/one.probe", "no run 'nowhere'"),
    ("9f3c21ab", "no finding '9f3c21ab' in any run"),
])
def test_a_wrong_name_gets_the_nearest(tenter, write, house, word, expected):
    tenter("run", write("smoke/one", behaviour="finding"))
    code, _, err = tenter("replay", word.format(run=(house.out / "latest").resolve().name))
    assert code == 2 and expected in err and err.count("\n") == 1


def test_the_newest_run_with_an_id_is_replayed(tenter, write, house):
    tenter("run", write("smoke/one", behaviour="finding"))
    tenter("run", write("smoke/two", behaviour="finding"))
    assert archive.locate(house.out, "9f3c21aa")[1].name == "smoke/two.probe"


def test_a_run_elsewhere_prints_a_line_that_finds_it(tenter, write, tmp_path):
    _, out, _ = tenter("run", write("smoke/one", behaviour="finding"), "--out", str(tmp_path / "elsewhere"))
    line = next(line.split() for line in out.splitlines() if "./tenter replay" in line)
    code, out, _ = tenter(*line[line.index("replay"):])
    assert code == 1 and "reproduced 1 of 1" in out
