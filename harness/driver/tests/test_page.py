"""The page: the matrix and its links, anchors, what is folded and how much of it, the checks, and the sparklines."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from test_hostile import NAME
from test_report import make_case, make_run

from tenter.record.findings import Finding
from tenter.record.results import CheckResult, FaultCount, SiteCount, Verdict
from tenter.report import injected, report
from tenter.report.anchors import anchors
from tenter.report.examined import Examined, examined
from tenter.report.matrix import matrix
from tenter.report.sections import folded, sections

A, B = Finding("order", "a" * 16, "first"), Finding("leak", "b" * 16, "second")


def case(scenario: str, flavour: str = "probe", seed: int = 1, verdict: Verdict = Verdict.PASS, *findings: Finding, **changes):
    return make_case(name=f"{scenario}.{flavour}.r{seed}", scenario=scenario, flavour=flavour, seed=seed, verdict=verdict,
                     findings=findings, **changes)


def grid(*cases, **changes):
    run = replace(make_run(*cases), **changes)
    return matrix(run, anchors(run.cases).of)


class Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.tags: set[str] = set()
        self.handlers: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        for key, value in attributes:
            self.ids += [value] if key == "id" else []
            self.targets += [value] if key == "href" else []
            self.handlers += [key] if key.startswith("on") or key == "style" else []


def assert_linked(text: str) -> Links:
    links = Links(text)
    assert len(links.ids) == len(set(links.ids)), "every anchor is there once"
    assert {target[1:] for target in links.targets} <= set(links.ids) and all(target[0] == "#" for target in links.targets)
    assert not any(re.search(r"\s", name) for name in links.ids)
    assert not links.handlers and "script" not in links.tags
    return links


def page(house, *cases, **changes) -> str:
    return report.render("report.html.j2", replace(make_run(*cases), **changes), {}, house)


def test_a_cell_has_the_word_of_the_worst_case_and_counts_it():
    shown = grid(*(case("s/a", "probe", seed, Verdict.FAIL if seed < 3 else Verdict.PASS, *([A] if seed < 3 else [])) for seed in range(1, 6)),
                 case("s/a", "tsan"), case("s/b", "tsan", 1, Verdict.GREY))
    assert shown.flavours == ("probe", "tsan")
    assert [[cell and cell.label for cell in row.cells] for row in shown.rows] == [["FAIL 2/5", "PASS"], [None, "GREY"]]
    assert shown.rows[0].cells[0].says == "2 of 5 cases: findings were reported, or not those that are expected"
    assert shown.rows[0].cells[0].anchor == "case-s/a.probe.r1"


def test_failures_are_first_and_what_is_settled_is_apart():
    words = [Verdict.PASS, Verdict.FOUND, Verdict.GREY, Verdict.SKIP, Verdict.ERROR, Verdict.MISSED, Verdict.FAIL]
    shown = grid(*(case(f"s/{word.name}", "probe", 1, word) for word in words))
    assert [row.scenario[2:] for row in shown.rows] == ["FAIL", "MISSED", "ERROR", "GREY", "SKIP", "FOUND", "PASS"]
    assert [row.scenario[2:] for row in shown.settled] == ["FOUND", "PASS"]


def test_what_was_not_run_is_no_pass():
    shown = grid(case("s/a"), case("s/b"), not_run=("s/a.probe.r2", "s/c.tsan", "s/c.tsan.r2"))
    labels = {row.scenario: [cell and cell.label for cell in row.cells] for row in shown.rows}
    assert labels == {"s/a": ["NOT RUN 1/2", None], "s/b": ["PASS", None], "s/c": [None, "NOT RUN"]}
    assert [row.scenario for row in shown.settled] == ["s/b"]


def test_planted_bugs_that_measure_power_have_no_row():
    assert [row.scenario for row in grid(case("s/a"), case("power/s/a/bug", planted="bug", verdict=Verdict.MISSED)).rows] == ["s/a"]


def test_every_case_and_finding_has_one_anchor_and_every_link_leads_to_one(house):
    text = page(house, case("s/a", "probe", 1, Verdict.FAIL, A, B), case("s/a", "probe", 2, Verdict.FAIL, B), case("s/a", "probe", 3),
                case("s/a", "tsan", 1, Verdict.FAIL, A), case("s/b", "probe", 1, Verdict.ERROR), case("s/c"),
                case("canary/x", "probe", 1, Verdict.FOUND, A, planted="bug", found_by="order"), case("s/d", "probe", 1, Verdict.PASS, A),
                not_run=("s/later.asan",))
    links = assert_linked(text)
    assert sum(name.startswith("case-") for name in links.ids) == 8
    assert sum(name.startswith("finding-") for name in links.ids) == 5, "one for each defect"
    assert "#not-run" in links.targets


def test_names_that_differ_in_signs_alone_have_anchors_of_their_own(house):
    cases = [case(f"s/{sign}x", "probe", 1, Verdict.FAIL, A) for sign in ("<", ">", '"', "\u202e", " ")] + [case(NAME, "probe", 1, Verdict.FAIL, A)]
    links = assert_linked(page(house, *cases))
    assert sum(name.startswith("case-") for name in links.ids) == 6


def test_what_is_folded_is_counted(house):
    cases = [*(case("s/a", "probe", seed, Verdict.FAIL, A) for seed in (1, 2, 3)), case("s/a", "probe", 4),
             *(case("s/b", "probe", seed) for seed in (1, 2)), case("s/c")]
    made = sections(cases)
    assert [(len(part.look), len(part.same), len(part.passed)) for part in made] == [(1, 2, 1), (0, 0, 2), (0, 0, 1)]
    assert folded(made, []) == "4 cases passed, 2 cases failed as another did"
    text = page(house, *cases)
    for words in ("Folded below: 4 cases passed, 2 cases failed as another did.", "2 cases of this scenario failed in the same way",
                  "1 case of this scenario passed", "3 cases with 1 finding", "3 cases in 2 scenarios", "Nothing to look at in 2 scenarios"):
        assert words in text, words
    passed = text[text.index('<h2>Passed'):]
    assert passed.count('class="case"') == 3 and re.search(r'<details class="fold">\s*<summary><h2>Passed', text)


def test_one_defect_in_two_scenarios_is_one_finding_as_in_the_headline(house):
    text = page(house, case("s/a", "probe", 1, Verdict.FAIL, A), case("s/b", "probe", 1, Verdict.FAIL, A), case("s/c", "probe", 1, Verdict.PASS, B))
    assert "1 finding (order) in 2 of 3 cases" in text and "2 cases with 1 finding<" in text


def test_a_case_with_something_new_is_never_folded_as_the_same():
    part, = sections([case("s/a", "probe", 1, Verdict.FAIL, A), case("s/a", "probe", 2, Verdict.FAIL, A, B),
                      case("s/a", "tsan", 1, Verdict.FAIL, A), case("s/a", "tsan", 2, Verdict.FAIL)])
    assert len(part.look) == 4 and not part.same


def test_evidence_is_inside_its_case_and_findings_are_open(house):
    text = page(house, case("s/a", "probe", 1, Verdict.FAIL, replace(A, detail="the detail of it")), case("s/b"))
    start = text.index('id="case-s/a.probe.r1"')
    assert start < text.index("the detail of it") < text.index("<h2>Passed")
    assert re.search(r'<details class="finding" open id="finding-s/a\.probe\.r1-aaaaaaaa">', text)


def test_two_steps_are_shown_and_the_others_are_counted(house):
    others = [case("s/a", "probe", 1, Verdict.FAIL, replace(A, signature=f"{number}" * 16)) for number in range(1, 6)]
    cases = [replace(one, name=f"s/a{number}.probe", scenario=f"s/a{number}") for number, one in enumerate(others)]
    text = page(house, *cases)
    now = text[text.index("What to do now"):text.index("To be looked at")]
    assert now.count("<li>") == 5 and now[:now.index("<details>")].count("<li>") == 2 and "3 steps more" in now and '<ol start="3">' in now


def test_the_checks_count_cases_and_the_planted_bugs_that_are_theirs():
    state = lambda name, word: CheckResult(name, word, 10)  # noqa: E731
    rows = examined([case("s/a", checks=(state("order", "passed"), state("leak", "no_power"))),
                     case("s/b", "probe", 1, Verdict.FAIL, A, checks=(state("order", "failed"),)),
                     case("s/c", "probe", 1, Verdict.FAIL, Finding("crash", "c" * 16, "died"), checks=()),
                     case("canary/x", planted="x", found_by="leak", verdict=Verdict.FOUND, checks=(state("leak", "failed"),)),
                     case("canary/y", planted="y", found_by="leak", verdict=Verdict.MISSED)])
    assert rows == (Examined("crash", failed=1), Examined("order", passed=1, failed=1, trials=20),
                    Examined("leak", no_power=1, trials=10, found=1, planted=2))


def test_sites_that_were_never_reached_are_named_before_the_fold(house):
    sites = (SiteCount("engine.op.body", 12, 3), SiteCount("io.consumer.next", 0, 0))
    text = page(house, case("s/a", sites=sites))
    part = text[text.index("Fault sites"):]
    assert "1 of 2 sites reached, 1 fired, 1 never reached" in part
    assert "io.consumer.next" in part[:part.index("<details")] and "engine.op.body" not in part[:part.index("<details")]
    assert "Never reached" not in page(house, case("s/a", sites=sites[:1]))


@pytest.mark.parametrize(("effective", "words"), [
    ('cached_op.node.run@op:"MatMul@0"=nth(3)throw(runtime_error,"kernel failed")', "1 op made to fail: MatMul@0"),
    ('engine.op.body@op:"a"=nth(1)delay(20..200);engine.op.body@op:"b;c"=nth(1)error(internal)', "1 op made to fail: b;c"),
    ('engine.op.body@op:"a"=nth(1)delay(20..200)', ""), ('io.next@thread:"x"=nth(1)bad_alloc', ""), ("", ""),
    (";".join(f'e@op:"o{i}"=nth(1)bad_alloc' for i in range(10)), "10 ops made to fail: o0, o1, o2, o3, o4, o5, o6, o7 and 2 more")])
def test_the_ops_that_failed_are_named(effective, words):
    assert injected.failed_ops(case("s/a", effective_faults=effective)) == words


def test_the_fault_plan_says_what_became_of_each_item(house):
    assert injected.fate(FaultCount("x", 200, 1, "why")) == "fired 1 time in 200 hits of its site; why"
    text = page(house, case("s/a", faults=(FaultCount("engine.op.body=every(9)bad_alloc", 200, 22),),
                            parameters={"model": "/far/away/net.onnx", "thread_safe": True}, sites=(SiteCount("engine.op.body", 200, 22),)))
    for words in ("engine.op.body=every(9)bad_alloc", "fired 22 times in 200 hits of its site", "<dd>net.onnx</dd>", "<dd>yes</dd>",
                  "Settings, 1 fault planned, 22 fired"):
        assert words in text, words


def test_sparklines_are_of_the_runs_up_to_this_one(tenter, write, house):
    folders = []
    for behaviour in ("clean", "finding", "finding"):
        tenter("run", write("smoke/one", behaviour=behaviour))
        folders.append((house.out / "latest").resolve())
    spark = lambda folder: re.findall(r'aria-hidden="true">(.*?)</span> last (\d) runs', (folder / "report.html").read_text())  # noqa: E731
    assert [spark(folder) for folder in folders] == [[], [("▁█", "2")] * 2, [("▁██", "3")] * 2], "of the case, and of its finding"
    assert tenter("report", str(folders[1]))[0] == 0 and spark(folders[1]) == [("▁█", "2")] * 2


def test_the_page_forbids_what_it_does_not_need(house):
    text = page(house, case("s/a"))
    assert "default-src 'none'; style-src 'unsafe-inline'" in text and "<script" not in text
