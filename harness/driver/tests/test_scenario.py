"""Scenario files: strict keys, one-line errors, and how parameters of a flavour come together."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenter.errors import UsageError
from tenter.house import this_house
from tenter.plan.scenario import parse
from tenter.plan.selection import select

GOOD = {"title": "t", "workload": {"kind": "concurrent_inference"}}


def refused(raw: dict) -> str:
    with pytest.raises(UsageError) as caught:
        parse(raw, "smoke/x", "scenarios/smoke/x.toml")
    message = str(caught.value)
    assert message.startswith("scenarios/smoke/x.toml") and "\n" not in message
    return message


def test_defaults_are_filled_in():
    scenario = parse(GOOD, "smoke/x", "x.toml")
    assert scenario.flavours == ("probe", "tsan") and scenario.target == "reference"
    assert scenario.checks is None and scenario.budget.seed == 1 and scenario.budget.timeout_s == 120


@pytest.mark.parametrize(("raw", "expected"), [
    ({"titel": "t"}, "unknown key 'titel'; did you mean 'title'?"),
    ({"workload": {"kind": "concurrent_inference"}}, "'title' is missing"),
    ({"title": "t"}, "'workload' is missing"),
    ({"title": "t", "workload": {}}, "[workload] needs 'kind'"),
    (GOOD | {"flavours": ["prob"]}, "unknown flavour 'prob'; did you mean 'probe'?"),
    (GOOD | {"flavours": []}, "'flavours' is empty"),
    (GOOD | {"on_request": ["asn"]}, "'on_request': unknown flavour 'asn'; did you mean 'asan'?"),
    (GOOD | {"flavours": ["asan"], "on_request": ["asan"]}, "'flavours' with 'on_request' names asan twice"),
    (GOOD | {"title": 3}, "'title' is 3, and must be a string"),
    (GOOD | {"budget": {"timeout": 3}}, "[budget]: unknown key 'timeout'; did you mean 'timeout_s'?"),
    (GOOD | {"budget": {"timeout_s": 0}}, "'timeout_s' is 0, and must be at least 1"),
    (GOOD | {"budget": {"seed": True}}, "'seed' is True, and must be an integer"),
    (GOOD | {"checks": {"use": []}}, "'use' is empty"),
    (GOOD | {"checks": {"use": [1]}}, "1 must be a string"),
    (GOOD | {"contracts": ["COP1"]}, "'COP1' is no contract id"),
    (GOOD | {"saboteur": "a", "mutant": "b"}, "plant one bug at a time"),
    (GOOD | {"expect": {"found": "x"}}, "[expect]: unknown key 'found'; did you mean"),
    (GOOD | {"expect": {"findings": ["determinism"]}}, "each one is a table"),
    (GOOD | {"expect": {"found_by": 3}}, "'found_by' is 3, and must be a string or a list of them"),
    (GOOD | {"expect": {"found_by": ["x", 3]}}, "3 must be a string"),
    (GOOD | {"expect": {"found_by": "x", "findings": [{"check": "x"}]}}, "use one of them"),
    ({"title": "t", "workload": {"kind": "k", "tsn": {"threads": 1}}}, "unknown flavour 'tsn'; did you mean 'tsan'?"),
])
def test_bad_input_is_one_line_with_the_nearest_match(raw, expected):
    assert expected in refused(raw)


def test_the_readme_of_the_scenarios_names_the_folders_that_are_there():
    scenarios = this_house().scenarios
    named = set(re.findall(r"`(\w+)/`", (scenarios / "README.md").read_text()))
    assert named == {path.name for path in scenarios.iterdir() if path.is_dir()}


values = st.dictionaries(st.sampled_from("abcde"), st.integers())


@given(common=values, tsan=values, probe=values)
def test_a_flavour_sees_its_own_values_over_the_common_ones(common, tsan, probe):
    """Whatever is set where, a flavour's table wins for that flavour and is invisible to the others, but that asan takes the one of tsan."""
    scenario = parse({"title": "t", "workload": {"kind": "k", **common, "tsan": tsan, "probe": probe}}, "n", "s")
    for flavour, own in (("tsan", tsan), ("probe", probe), ("release", {}), ("asan", tsan)):
        merged = scenario.parameters_for(flavour)
        assert merged.keys() == common.keys() | own.keys()
        assert all(value == own.get(key, common.get(key)) for key, value in merged.items())


@pytest.mark.parametrize("word", ("smoke/o*", "smoke/o*.toml", "{root}/scenarios/smoke/o*.toml", "{root}/scenarios/**/o*", "../mine/n*.toml"))
def test_a_glob_may_stand_anywhere(house, write, monkeypatch, word):
    """An absolute one was a defect of the driver."""
    write("smoke/one"), write("smoke/two")
    mine = house.root.parent / "mine"
    mine.mkdir()
    (mine / "near.toml").write_text((house.scenarios / "smoke" / "one.toml").read_text())
    monkeypatch.chdir(house.root)
    names = [scenario.name for scenario in select(house, [word.format(root=house.root)])]
    assert len(names) == 1 and names[0].endswith("near" if "mine" in word else "smoke/one")
