"""A stored program again, on what it is of and on what it is not of: what is said and reported."""

from __future__ import annotations

import pytest

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
