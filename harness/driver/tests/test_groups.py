"""One defect in several seeds reads as one: on the terminal, in the headline, in both reports, with every replay line."""

from __future__ import annotations

import re

import pytest
from test_report import make_case, make_run

from tenter.record.findings import Finding
from tenter.record.group import groups
from tenter.record.results import Verdict
from tenter.report import wording
from tenter.report.steps import what_now

A, B = Finding("order", "a" * 16, "first"), Finding("leak", "b" * 16, "second")


def case(seed: int, *findings: Finding, verdict: Verdict = Verdict.FAIL, **changes):
    return make_case(**{"name": f"smoke/x.probe.r{seed}", **changes}, seed=seed, findings=findings, verdict=verdict)


@pytest.fixture
def five(tenter, write, house):
    _, out, _ = tenter("run", write("smoke/one", behaviour="finding"), "--repeat", "5")
    return out, (house.out / "latest").resolve()


def test_the_terminal_names_it_once(five):
    out, folder = five
    assert out.count("    ./tenter replay") == 1 and out.count("now: See it again") == 1
    assert "determinism: thread 7 got the answer of thread 3 (seen in 5 of 5 seeds)" in out
    assert "Findings: 1 finding (determinism) in 5 of 5 cases, seen in 5 of 5 seeds (10,000 inferences)" in out
    assert f"    ./tenter replay {folder.name}/smoke/one.probe.r1#c9318f5c\n" in out


@pytest.mark.parametrize("name", ["report.md", "report.html"])
def test_the_reports_name_it_once_with_the_line_of_every_case(five, name):
    text = (five[1] / name).read_text()
    finding = text[text.index('<details class="finding'):text.index("of this scenario failed in the same way")] if name.endswith("html") else text[text.index("<details>"):]
    assert finding.count("<summary>") == (4 if name.endswith("html") else 1) and "seen in 5 of 5 seeds" in finding
    assert set(re.findall(r"one\.probe\.r\d#c9318f5c", finding)) == {f"one.probe.r{i}#c9318f5c" for i in range(1, 6)}
    assert "1 finding (determinism) in 5 of 5 cases, seen in 5 of 5 seeds" in text


def test_one_case_alone_says_nothing_about_seeds(tenter, write):
    out = tenter("run", write("smoke/one", behaviour="finding"))[1]
    assert "of 1 seed" not in out and "1 finding (determinism) in 1 of 1 case (" in out


def test_only_what_concluded_is_counted():
    lost = case(3, verdict=Verdict.ERROR), case(4, verdict=Verdict.GREY)
    group, = groups([case(1, verdict=Verdict.PASS), case(2, A), *lost])
    assert wording.seen_in(group) == "seen in 1 of 2 seeds" and group.case.seed == 2


def test_what_differs_stays_apart():
    cases = [case(1, A, B), case(2, B), case(2, A, flavour="tsan"), case(3, A, planted="bug")]
    assert [(group.finding, len(group.cases), group.ran) for group in groups(cases)] == [(A, 1, 2), (B, 2, 2), (A, 1, 1), (A, 1, 1)]
    assert "2 findings (1 order, 1 leak) in 3 of 3 cases, the commonest seen in 2 of 2 seeds" in wording.headline(make_run(*cases[:3]))


def test_the_same_seed_twice_is_two_cases():
    group, = groups([case(1, A), case(1, A)])
    assert wording.seen_in(group) == "seen in 2 of 2 cases"


def test_the_first_line_is_of_a_case_that_failed():
    group, = groups([case(1, A, verdict=Verdict.PASS), case(2, A)])
    assert group.case.seed == 2 and group.failed and [other.seed for other in group.others] == [1]


def test_every_defect_has_a_step_of_its_own():
    steps = what_now(make_run(case(1, A), case(2, A, B), case(3, B)), measured=True)
    assert [step.split("#")[1] for step in steps] == [A.id, B.id]


def test_since_when_it_is_there_and_in_how_many_runs(tenter, write, house):
    for behaviour in ("clean", "finding", "clean", "finding"):
        tenter("run", write("smoke/one", behaviour=behaviour))
        folder = (house.out / "latest").resolve()
        expected = {2: "first seen in this run, in 1 of the last 2 runs", 4: "in 2 of the last 4 runs"}.get(
            len(list(house.out.glob("*-one*"))), "")
        for name in ("report.md", "report.html"):
            text = (folder / name).read_text()
            assert expected in text and ("first seen" in text) == bool(expected)
    before = text
    tenter("run", write("smoke/one", behaviour="finding"))
    assert tenter("report", str(folder))[0] == 0 and (folder / "report.html").read_text() == before
    assert re.search(r"first seen in \d{8}-\d{6}-one(-\d)? \(\d+ \w+ 20\d\d\), in 2 of", before)


def test_a_defect_that_several_scenarios_show_is_to_be_seen_again_once():
    steps = what_now(make_run(case(1, A), case(2, A, B, name="smoke/y.probe", scenario="smoke/y")), measured=True)
    assert sum("#aaaaaaaa" in step for step in steps) == 1 and "smoke/x.probe.r1#aaaaaaaa" in steps[0] and "smoke/y.probe#bbbbbbbb" in steps[1]
