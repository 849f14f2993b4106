"""[each]: a scenario that runs once with each value of a parameter."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenter.errors import UsageError
from tenter.house import House
from tenter.plan.selection import select

TEXT = """
title = "Calls"
[workload]
kind = "concurrent_inference"
model = "m"
threads = 4
[workload.tsan]
threads = 2
[each]
way = ["serial", "inline"]
"""


def house_with(folder: Path, text: str) -> House:
    scenarios = folder / "scenarios" / "smoke"
    scenarios.mkdir(parents=True)
    (scenarios / "calls.toml").write_text(text)
    (scenarios / "plain.toml").write_text(text.partition("[each]")[0])
    return House(folder)


def test_each_value_is_a_scenario_of_its_own(tmp_path: Path) -> None:
    chosen = select(house_with(tmp_path, TEXT), ["smoke"])
    assert [one.name for one in chosen] == ["smoke/calls+serial", "smoke/calls+inline", "smoke/plain"]
    assert [one.parameters_for("tsan").get("way") for one in chosen] == ["serial", "inline", None]
    assert chosen[1].title == "Calls (way inline)"


def test_the_words_of_one_value_mean_it_alone(tmp_path: Path) -> None:
    house = house_with(tmp_path, TEXT)
    for one in select(house, ["smoke/calls"]):
        assert [again.name for again in select(house, [one.words()])] == [one.name]
    assert len(select(house, ["smoke/calls+serial", "smoke/calls", "smoke/calls+inline"])) == 2


@pytest.mark.parametrize(("word", "says"), [
    ("smoke/calls+serail", "has no 'serail', only serial, inline"),
    ("smoke/plain+serial", "there is no [each] in it"),
    ("smoke/cals+serial", "did you mean"),
])
def test_a_value_that_is_not_there(tmp_path: Path, word: str, says: str) -> None:
    with pytest.raises(UsageError, match=says.replace("[", r"\[")):
        select(house_with(tmp_path, TEXT), [word])


@pytest.mark.parametrize(("each", "says"), [
    ('way = ["serial"]', "needs two values or more, each once"),
    ('way = ["serial", "serial"]', "needs two values or more, each once"),
    ('way = "serial"', "must be a list of words"),
    ("way = [1, 2]", "must be a list of words"),
    ('way = ["a+b", "c"]', "must be a list of words"),
    ('threads = ["one", "two"]', "stands in [workload], too"),
    ('way = ["a", "b"]\nmodel = ["c", "d"]', "takes one"),
])
def test_a_table_that_says_nothing(tmp_path: Path, each: str, says: str) -> None:
    text = TEXT.replace('way = ["serial", "inline"]', each)
    with pytest.raises(UsageError, match=says.replace("[", r"\[")):
        select(house_with(tmp_path, text), ["smoke"])
