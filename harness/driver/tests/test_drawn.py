"""Parameters that the seed of a case draws."""

from __future__ import annotations

import json

import pytest

from tenter.errors import UsageError
from tenter.plan.drawn import draw, names, told, values_of


def test_the_seed_decides_and_each_parameter_by_itself():
    given = {"kind": "x", "threads": [1, 2, 64], "prefetch": [1, 16]}
    drawn = [draw(given, seed) for seed in range(50)]
    assert drawn == [draw(given, seed) for seed in range(50)]
    assert {one["threads"] for one in drawn} == {1, 2, 64} and {one["prefetch"] for one in drawn} == {1, 16}
    assert [one["threads"] for one in drawn] == [draw({"threads": [1, 2, 64]}, seed)["threads"] for seed in range(50)]
    assert all(one["kind"] == "x" for one in drawn)


def test_what_was_drawn_is_told():
    assert names({"threads": [1, 2], "kind": "x", "safe": [True, False]}) == ["threads", "safe"]
    assert told({"threads": 2, "kind": "x", "safe": True}, ["threads", "safe"]) == "threads 2, safe true"


def test_a_planted_bug_is_tried_in_the_setting_of_the_first_case(tenter, write, house):
    write("smoke/edges", "threads = [1, 2, 64]")
    write("canary/arena", "[expect]\nfound_by = 'determinism'", behaviour="finding")
    tenter("run", "smoke/edges", "--power", "--seed", "5")
    cases = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
    threads = draw({"threads": [1, 2, 64]}, 5)["threads"]
    assert len(cases) == 2 and cases[0]["title"] == f"edges (threads {threads})"
    assert [case["parameters"]["threads"] for case in cases] == [threads, threads]


def test_a_list_of_one_draws_nothing():
    with pytest.raises(UsageError, match="'threads' is a list, from which a case draws, and needs at least two values"):
        values_of([3], "'threads'")


def test_each_case_has_its_own_values_and_says_them(house, tenter, write):
    write("smoke/edges", "threads = [1, 2, 64]")
    code, out, _ = tenter("run", "smoke/edges", "--repeat", "20", "--seed", "5")
    assert code == 0
    told_in = [line.split("(drawn: threads ")[1].split(")")[0] for line in out.splitlines() if "(drawn: " in line]
    assert len(told_in) == 20 and set(told_in) == {"1", "2", "64"}
    cases = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
    assert [case["title"] for case in cases] == [f"edges (threads {case['parameters']['threads']})" for case in cases]
    # Cases that run side by side print in the order in which they end.
    assert sorted(told_in) == sorted(str(case["parameters"]["threads"]) for case in cases)


@pytest.mark.parametrize(("threads", "message"), [
    ("[4]", "'threads' is a list, from which a case draws, and needs at least two values"),
    ("[1, 0]", "'threads' is 0, and must be at least 1"),
    ("[1, true]", "'threads' is True, and must be an integer"),
    ("[1, 999999999]", "'threads' is 999,999,999, and this system grants")])
def test_every_value_is_checked_before_one_is_drawn(tenter, write, threads, message):
    write("smoke/edges", f"threads = {threads}")
    code, _, err = tenter("run", "smoke/edges")
    assert code == 2 and message in err
