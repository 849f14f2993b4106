"""The flavour asan: run where it is asked for, and every report at the end of a process is a finding."""

from __future__ import annotations

import json
from pathlib import Path

from tenter.machine import sanitizer
from tenter.plan.scenario import parse
from test_run import case


def ran(house) -> list[str]:
    return [one["name"] for one in json.loads((house.out / "latest" / "report.json").read_text())["cases"]]


def everywhere(house, name: str) -> Path:
    """A scenario that names no flavours."""
    path = house.scenarios / f"{name}.toml"
    path.write_text('title = "t"\n[workload]\nkind = "concurrent_inference"\ninferences = 2000\n[workload.tsan]\ninferences = 60\n')
    return path


def test_it_runs_on_request(tenter, write, house):
    everywhere(house, "smoke/all")
    write("smoke/own")  # names probe, and has a reason
    assert tenter("run", "smoke")[0] == 0 and ran(house) == ["smoke/all.probe", "smoke/own.probe", "smoke/all.tsan"]
    assert tenter("run", "smoke", "-f", "asan")[0] == 0 and ran(house) == ["smoke/all.asan"]
    assert tenter("run", "smoke/all", "-f", "asan", "-f", "probe")[0] == 0 and ran(house) == ["smoke/all.probe", "smoke/all.asan"]
    code, _, err = tenter("run", "smoke/own", "-f", "asan")
    assert code == 2 and "no scenario that was chosen has flavour asan; they have probe" in err
    code, _, err = tenter("run", "smoke/all", "-f", "gcc")
    assert code == 2 and "they have asan, probe, tsan" in err


def test_it_does_as_much_as_tsan(tenter, house):
    everywhere(house, "smoke/all")
    tenter("run", "smoke", "-f", "asan")
    assert case(house, "smoke/all.asan")["parameters"]["inferences"] == 60


def test_what_a_scenario_says_itself_wins():
    own = {"title": "t", "workload": {"kind": "k", "a": 1, "tsan": {"a": 2}, "asan": {"a": 3}}}
    assert parse(own, "n", "s").parameters_for("asan") == {"a": 3}
    assert parse({**own, "on_request": []}, "n", "s").on_request == ()
    assert parse({**own, "flavours": ["probe"], "on_request": ["asan"]}, "n", "s").asked_for(["asan", "tsan"]).flavours == ("probe", "asan")


def test_a_long_report_after_a_finding_is_one_more_finding(tenter, write, house):
    """The headline stands two hundred lines before the end, and the runner has told another finding."""
    write("smoke/one", behaviour="leaks", head='on_request = ["asan"]')
    code, _, _ = tenter("run", "smoke/one", "-f", "asan")
    found = {finding["check"]: finding for finding in case(house, "smoke/one.asan")["findings"]}
    assert code != 0 and set(found) == {"determinism", "sanitizer"}
    assert found["sanitizer"]["title"] == "LeakSanitizer: detected memory leaks in tenter::Arena::Take"
    assert found["sanitizer"]["detail"].startswith("==9==ERROR: LeakSanitizer")


def test_excused_leaks_are_excused_in_cases(house):
    (house.root / "sanitizers" / "lsan.supp").write_text("")
    options = sanitizer.environment(house, "asan")["LSAN_OPTIONS"]
    assert f"suppressions={house.root}/sanitizers/lsan.supp" in options and "exitcode=66" in options and "print_suppressions=0" in options
