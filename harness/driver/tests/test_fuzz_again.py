"""A stored program again, on what it is of and on what it is not of: what is said and reported."""

from __future__ import annotations

import tomllib

import pytest

from tenter.house import this_house
from tenter.plan.fuzzed import SUBJECTS
from test_fuzz import fuzzer, reported  # noqa: F401  (a fixture)


@pytest.mark.parametrize(("behaviour", "heading", "seen"), [
    ("out of order", "# Findings: 1 finding (engine_model) in 1 of 1 case\n", "ENG-1 is broken: out of order; came back 20 of 50 times"),
    ("clean", "# Clean: 0 findings in 1 case\n", "0 findings; came back 0 of 50 times")])
def test_a_program_again_plants_nothing_and_its_report_says_how_often_it_came_back(fuzzer, tenter, house, behaviour, heading, seen):  # noqa: F811
    code, _, _ = fuzzer("--mutant", "lost_push", "--replay", "7:8", "-n", "50", behaviour=behaviour)
    report = reported(house)
    [case] = report["cases"]
    assert (code, case["planted"], case["target"]) == (int(behaviour != "clean"), "", "mutant lost_push")
    page, html = ((report["folder"] / name).read_text() for name in ("report.md", "report.html"))
    assert page.startswith(heading) and seen in page and seen in html and "planted bugs found" not in page + html
    assert "0 findings in 0 runs" in tenter("history")[1], "a replay says nothing of how often a search finds it"


def test_a_check_has_the_name_of_what_was_fuzzed(fuzzer, house):  # noqa: F811
    known = tomllib.loads((house.reports / "checks.toml").read_text())
    assert {name: subject.check for name, subject in SUBJECTS.items()} == {
        "engine": "engine_model", "iterator": "iterator_model", "model": "model_oracle", "api": "api_model"}
    assert all(subject.check in known for subject in SUBJECTS.values())
    assert fuzzer("--mutant", "rows_lost", what="iterator", behaviour="rows lost")[0] == 0
    report = reported(house)
    [case] = report["cases"]
    assert case["reason"] == "found by iterator_model" and case["checks"][0]["name"] == "iterator_model"
    for name in ("report.md", "report.html", "report.sarif", "junit.xml"):
        page = (report["folder"] / name).read_text().replace("iterator model", "iterator_model")
        assert "engine_model" not in page and (name == "report.sarif" or "iterator_model" in page), name


@pytest.mark.parametrize("says_so", [True, False])
def test_a_program_of_another_fuzzer_is_refused_with_the_right_line(fuzzer, house, says_so):  # noqa: F811
    assert fuzzer("--mutant", "lost_push", behaviour="out of order")[0] == 0
    stored = reported(house)["folder"] / "finding.probe.fuzz"
    if not says_so:  # as it was printed on the screen
        stored.write_text("# found with --mutant lost_push\n" + stored.read_text().partition("mutant lost_push\n")[2])
    code, _, err = fuzzer("--replay", str(stored), what="model")
    line = f"./tenter fuzz engine --flavour probe --replay {stored} --mutant lost_push"
    assert (code, err) == (2, f"tenter: --replay: this is a program of 'fuzz engine', and none of 'fuzz model': {line}\n")
    assert fuzzer("--replay", str(stored), "--mutant", "lost_push", behaviour="out of order")[0] == 1


@pytest.mark.parametrize(("what", "bug", "where"), [("model", "lost_push", "'fuzz engine'"), ("api", "rows_lost", "'fuzz iterator'"),
                                                    ("engine", "root_lost", "'fuzz engine --target reference'")])
def test_a_bug_of_another_fuzzer_is_sent_there(fuzzer, what, bug, where):  # noqa: F811
    code, _, err = fuzzer("--mutant", bug, what=what)
    assert code == 2 and err.endswith(f"no planted bug '{bug}' for 'fuzz {what}': it is one of {where}; all of them: ./tenter canary --list\n")


def test_a_contract_is_told_with_what_it_means(fuzzer, house):  # noqa: F811
    said = "ENG-1: order: on each var, conflicting ops take effect in push order"
    _, out, _ = fuzzer(behaviour="out of order")
    assert out.count(said) == 1 and "./tenter contracts" in out
    folder = reported(house)["folder"]
    assert all(said in (folder / name).read_text() for name in ("report.md", "report.html"))
    help_ = " ".join(fuzzer("--help")[1].replace("│", " ").split())
    assert "a line counts what its programs held" in help_
    for subject in SUBJECTS:
        assert (this_house().root / "fuzz" / subject / "README.md").is_file()
