"""The canary of a run at first sight: which bugs are planted where, and what a person sees of them."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from tenter.plan.first_look import first_look
from tenter.plan.scenario import Expected, Scenario
from tenter.house import this_house
from tenter.record.findings import Finding
from tenter.record.results import Verdict
from tenter.report import wording
from tenter.report.report import render
from test_report import make_case, make_run


def scenario(name: str, kind: str = "concurrent_inference", flavours=("probe",), **more) -> Scenario:
    return Scenario(name=name, source=name, title="t", kind=kind, flavours=flavours, **more)


def canary(saboteur: str = "", mutant: str = "", kind: str = "concurrent_inference", **more) -> Scenario:
    return scenario(f"canary/{saboteur or mutant}", kind, saboteur=saboteur, mutant=mutant, expect=Expected(found_by="determinism"), **more)


def places(chosen) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.name, one.flavours) for one in chosen]


def test_each_setting_has_a_bug_and_each_bug_a_setting():
    clean = [scenario("smoke/a", parameters={"threads": 4, "rounds": 9, "free_after": 3}, flavours=("probe", "tsan")),
             scenario("smoke/same", parameters={"threads": 4}), scenario("smoke/faulty", faults="x=once", parameters={"threads": 8})]
    chosen = first_look(clean, [canary("swap_outputs"), canary("flip_bit"), canary("zero_output")], (), others_target=False)
    assert places(chosen) == [("power/smoke/a/first_look_swap_outputs", ("probe",)), ("power/smoke/a/first_look_flip_bit", ("tsan",)),
                              ("power/smoke/a/first_look_zero_output", ("probe",))]
    assert chosen[0].parameters == {"threads": 4, "inferences": 60, "calls_alone": 0}, "the setting, and little to do in it"


def test_a_patch_is_planted_where_it_is_built_and_never_in_another_runtime():
    clean = [scenario("smoke/p", "engine_program", flavours=("probe", "tsan")), scenario("smoke/n", "engine_program", parameters={"workers": 0})]
    bugs = [canary(mutant="lost_error", kind="engine_program")]
    assert places(first_look(clean, bugs, (), others_target=False)) == [("power/smoke/p/first_look_lost_error", ("probe",))]
    assert first_look(clean, bugs, (), others_target=True) == []


def test_only_the_flavours_that_are_run_and_what_needs_many_calls_not_in_slow_ones():
    clean = [scenario("smoke/a", flavours=("probe", "tsan"))]
    chosen = first_look(clean, [canary("leak_per_call"), canary("flip_bit")], ("tsan",), others_target=False)
    assert places(chosen) == [("power/smoke/a/first_look_flip_bit", ("tsan",))]


def test_what_one_thread_must_call_for_long_is_planted_beside_a_small_model():
    clean = [scenario("smoke/a", parameters={"model": "ocr_cls"}), scenario("smoke/b", parameters={"model": "generated:7"})]
    assert places(first_look(clean, [canary("leak_per_error")], (), others_target=False)) == [("power/smoke/b/first_look_leak_per_error", ("probe",))]


def test_a_soak_is_long_enough_for_a_leak():
    clean = [scenario("smoke/s", "soak", parameters={"model": "generated:7", "threads": 16, "rounds": 9, "calls": 5, "growth_kb": 7})]
    chosen, = first_look(clean, [canary("leak_per_error")], (), others_target=True)
    assert chosen.parameters == {"model": "generated:7", "threads": 16, "rounds": 24, "calls": 200, "wrong_percent": 25}


@pytest.fixture
def first_run(house, tenter, write):
    """The default words and a saboteur, of which the stand-in finds what `behaviour` says."""
    def call(behaviour: str, *words: str):
        write("canary/flip", "[expect]\nfound_by = 'determinism'", behaviour, head="contracts = ['COP-1']\nsaboteur = 'swap_outputs'\n")
        write("smoke/clean", "threads = 8\n")
        code, out, err = tenter("run", "-f", "probe", *words)
        assert not err, err
        [path] = house.out.glob("2*/report.json")
        return code, out, json.loads(path.read_text())
    return call


def test_the_first_screen_says_what_was_found(first_run, house):
    code, out, report = first_run("finding")
    assert code == 0 and "power: 1 of 1 planted bugs found, planted in the settings of 1 of 1 case without faults\n" in out
    assert "first_look" not in out.partition("power:")[0], "no row for a bug that was found"
    assert [case["scenario"] for case in report["cases"]] == ["smoke/clean", "power/smoke/clean/first_look_swap_outputs"]
    folder = next(house.out.glob("2*"))
    for name in ("report.md", "report.html"):
        assert "Power: 1 of 1 planted bugs found, planted in" in (folder / name).read_text(), name


def test_bugs_are_no_trials_and_both_are_said_in_the_same_words_everywhere():
    settings = [make_case(planted=bug, scenario=f"power/smoke/{where}/first_look_{bug}", verdict=Verdict.FOUND, found_by="c",
                          name=f"power/smoke/{where}/first_look_{bug}.probe", findings=(Finding("c", "9" * 16, "t"),))
                for where, bug in (("a", "x"), ("b", "x"), ("c", "y"))]
    run = make_run(make_case(), *settings)
    said = "2 of 2 planted bugs found, in 3 of 3 trials"
    page = render("report.html.j2", run, {}, this_house())
    assert said in wording.first_look(run) and page.count(said) == 3 and "3 trials with a planted bug" in page
    assert said in render("report.md.j2", run, {}, this_house()) and "3 planted bugs" not in page and "3/3" not in page


def test_what_was_not_tried_is_said(first_run, write):
    write("smoke/other", kind="iterator")
    _, out, _ = first_run("finding")
    assert "in the settings of 1 of 2 cases without faults, and not in those of smoke/other.probe\n" in out

    def case(name, **more):
        return SimpleNamespace(name=name, planted="", faults="", setting=name, verdict=Verdict.PASS, first_look=False, flavour="probe", **more)
    found = SimpleNamespace(**{**vars(case("power/smoke/a/first_look_x.probe")), "planted": "x", "setting": "elsewhere",
                               "verdict": Verdict.FOUND, "first_look": True})
    cut = SimpleNamespace(cases=(case("smoke/a.probe"), found), not_run=("smoke/b.probe", "power/smoke/b/first_look_y.probe"))
    assert wording.first_look(cut) == ("1 of 1 planted bugs found, planted in the settings of 0 of 1 case without faults, "
                                       "and not in those of smoke/a.probe; 1 trial not run")


def test_a_missed_bug_concludes_nothing_and_has_its_line(first_run):
    code, out, _ = first_run("blind")
    assert code == 3 and "power: 0 of 1 planted bugs found, planted" in out
    assert "missed: swap_outputs in concurrent_inference of probe, so that its cells say nothing" in out
    assert "./tenter run smoke/clean --power --flavour probe --seed 1" in out


@pytest.mark.parametrize("words", [("--no-canary",), ("smoke",)])
def test_without_it_nothing_is_planted(first_run, words):
    code, out, report = first_run("finding", *words)
    assert code == 0 and "power:" not in out and [case["scenario"] for case in report["cases"]] == ["smoke/clean"]
