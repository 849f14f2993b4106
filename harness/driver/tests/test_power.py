"""Detection power: of which runs and cases a figure is taken."""

from __future__ import annotations

from tenter.record.results import Verdict
from tenter.report.power import Power, is_measured, power_for, power_of

from test_report import make_case, make_run


def test_detection_power_is_taken_from_the_same_build_only():
    canary = make_case(planted="bug", verdict=Verdict.FOUND)
    earlier = make_run(canary, run_id="20261122-090000-canary")
    setting = ("k", "probe", "m", "32", "2")
    assert power_of(make_run(make_case()), [earlier]) == {setting: Power(1, 1, "20261122-090000-canary")}
    assert power_of(make_run(make_case(), builds={"probe": "other"}), [earlier]) == {}
    missed = make_case(planted="bug", verdict=Verdict.MISSED)
    assert power_of(make_run(make_case(), canary, missed), [earlier]) == {setting: Power(1, 2)}
    for name, value in (("model", "n"), ("threads", 1), ("workers", 0)):
        other = make_case(parameters={**make_case().parameters, name: value})
        assert other.setting not in power_of(make_run(other, canary), [])
        assert not is_measured(make_run(other, canary), power_of(make_run(other, canary), []))


def test_what_was_found_in_much_says_nothing_of_little():
    most = 200
    canary = make_case(planted="bug", verdict=Verdict.FOUND, parameters={**make_case().parameters, "inferences": most})
    table = power_of(make_run(make_case()), [make_run(canary, run_id="20261122-090000-canary")])

    def of(inferences: int):
        return power_for(make_case(parameters={**canary.parameters, "inferences": inferences}), table)
    assert of(most) == of(2 * most) == Power(1, 1, "20261122-090000-canary") and of(most - 1) is None
    own = power_of(make_run(make_case(), canary), [])
    assert power_for(make_case(parameters={**canary.parameters, "inferences": 1}), own) == Power(1, 1), "of the very run"
