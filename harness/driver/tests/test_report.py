"""Reports: every format is valid, says the same, and survives what a target may print."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser

import jsonschema
import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from tenter.cases.verdict import exit_code
from tenter.errors import HarnessDefect
from tenter.house import this_house
from tenter.record import archive
from tenter.record.findings import Finding
from tenter.record.results import CaseResult, CheckResult, RunResult, SiteCount, Verdict
from tenter.report import report, wording
from tenter.report.steps import what_now


@pytest.fixture
def mixed(tenter, write, house):
    """A run with every verdict in it; returns its folder."""
    for name, behaviour in (("pass", "clean"), ("fail", "finding"), ("crash", "crash"), ("grey", "no_power"),
                            ("weak", "weak"), ("error", "defect")):
        write(f"smoke/{name}", behaviour=behaviour, head='purpose = "<b>why</b> & how"')
    expect = "[expect]\nfound_by = 'determinism'"
    write("canary/found", expect, behaviour="finding", head="mutant = 'shared_arena'")
    write("canary/missed", expect)
    assert tenter("run", "smoke", "canary")[0] == 70
    return (house.out / "latest").resolve()


class Page(HTMLParser):
    """Collects what must not be there, and checks that tags are closed in order."""

    VOID = {"meta", "br", "link", "img", "input", "hr"}

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attributes):
        if tag not in self.VOID:
            self.open.append(tag)
        if tag in ("script", "link", "img", "iframe"):
            self.outside.append(tag)
        self.outside += [value for key, value in attributes if key in ("src", "href") and not value.startswith("#")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_html_is_one_closed_file_without_scripts(mixed):
    text = (mixed / "report.html").read_text()
    page = Page()
    page.feed(text)
    assert page.open == [] and page.outside == []
    assert not re.search(r"url\(|@import|https?:", text)
    assert "bit for bit" in text and "[31m" not in text
    assert "\x1b" not in text and "\x00" not in text
    for word in ("What to do now", "0 mismatches in 2,000 inferences, 32 threads", "1/2 planted bugs found",
                 "no power", f"./tenter replay {mixed.name}/smoke/fail.probe#c9318f5c", "<b>why</b> & how",
                 "engine.op.body", "resident growth 8.4 MiB", "longest close 342 µs", "most calls at once 32",
                 *(f"./tenter run {name} --flavour probe --seed 1" for name in (
                     "smoke/pass", "smoke/fail", "smoke/grey", "smoke/error", "canary/found", "canary/missed")),
                 "the checks lost count", *(verdict.name for verdict in Verdict)):
        assert word in page.text, word
    assert not re.search(r"\d %", page.text.split("How to read this")[0]), "a number and its % stay on one line"
    places = [page.text.index(word) for word in ("Harness defect", "Scenarios", "What to do now", "To be looked at", "Passed", "Fault sites")]
    assert places == sorted(places), "the matrix is on the first screen, before all details"


def test_json_matches_the_schema_and_reads_back_equal(mixed, house):
    raw = json.loads((mixed / "report.json").read_text())
    jsonschema.validate(raw, json.loads((house.reports / report.SCHEMA).read_text()))
    run = archive.read_run(mixed)
    from tenter.record.results import run_to_json
    assert json.loads(json.dumps(run_to_json(run))) == raw


def test_a_schema_that_does_not_fit_is_a_defect(mixed, house):
    schema = house.reports / report.SCHEMA
    schema.write_text(schema.read_text().replace('"PASS", ', ""))
    with pytest.raises(HarnessDefect, match=r"cases\[\d\].verdict"):
        report.write(archive.read_run(mixed), {}, mixed, house)


def test_junit_names_are_complete_unique_and_free_of_control_characters(mixed):
    raw = (mixed / "junit.xml").read_bytes()
    assert not re.search(rb"[\x00-\x08\x0b-\x1f]", raw)
    cases = {case.name: case for suite in JUnitXml.fromfile(str(mixed / "junit.xml")) for case in suite}
    assert len(cases) == 8 and all(case.classname for case in cases.values())
    assert cases["pass.probe"].classname == "tenter.probe.smoke" and not cases["pass.probe"].result
    for name, kind in (("fail", Failure), ("crash", Failure), ("missed", Failure), ("error", Error), ("grey", Skipped)):
        assert [type(result) for result in cases[f"{name}.probe"].result] == [kind], name
    assert "./tenter replay" in cases["fail.probe"].result[0].text


def test_markdown_starts_with_the_verdict(mixed):
    lines = (mixed / "report.md").read_text().splitlines()
    assert lines[0].startswith("# Harness defect: 2 findings (1 crash, 1 determinism) in 2 of 6 cases")
    tables = [line for line in lines if line.startswith("|")]
    assert sum("`./tenter run " in line and "--flavour probe --seed 1`" in line for line in tables) == 8
    assert len(tables) == 2 + 6 + 2 + 2 and all("\x1b" not in line for line in lines)


def test_a_command_in_the_markdown_is_code_and_nothing_in_it_is_escaped(house):
    run = make_run(make_case(), command="./tenter run 'smoke/*' -f probe")
    lines = report.render("report.md.j2", run, {}, house).splitlines()
    assert "- Measure what the checks can find in these settings: `./tenter run 'smoke/*' -f probe --power`" in lines
    assert lines[4].startswith("`./tenter run 'smoke/*' -f probe` · 2")
    assert all(not line.startswith("-") or "./tenter" not in line or line.endswith("`") for line in lines)


def test_report_writes_the_files_of_a_stored_run_again(mixed, tenter):
    before = {path.name: path.read_bytes() for path in mixed.glob("report.*")}
    for path in mixed.glob("report.*"):
        if path.suffix != ".json":
            path.unlink()
    assert tenter("report", str(mixed))[0] == 0
    assert {path.name: path.read_bytes() for path in mixed.glob("report.*")} == before


def make_case(**changes) -> CaseResult:
    base = CaseResult(
        name="smoke/x.probe", scenario="smoke/x", flavour="probe", title="t", purpose="", kind="k",
        parameters={"model": "m", "threads": 32, "workers": 2}, target="reference",
        seed=1, contracts=(), verdict=Verdict.PASS, reason="no finding", duration_s=1, timeout_s=9, exit_code=0,
        exposure={"inferences": 2000, "threads": 32}, checks=(CheckResult("determinism", "passed", 2000),))
    return dataclasses.replace(base, **changes)


def make_run(*cases: CaseResult, **changes) -> RunResult:
    base = RunResult("20261122-101500-smoke", "", "2026-11-22T10:15:00+00:00", 1.0, {}, {"probe": "abc"}, cases)
    return dataclasses.replace(base, **changes)


@pytest.mark.parametrize(("changes", "expected"), [
    ({}, "0 mismatches in 2,000 inferences, 32 threads; ≤ 0.15 % per inference at 95 %"),
    ({"checks": (CheckResult("order", "passed", 9),), "exposure": {"ops": 80000, "threads": 8}},
     "0 findings in 80,000 ops, 8 threads; ≤ 0.0037 % per op at 95 %"),
    ({"exposure": {"inferences": 20, "threads": 2}}, "0 mismatches in 20 inferences, 2 threads"),
    ({"exposure": {"inferences": 2000, "threads": 1}}, "0 mismatches in 2,000 inferences, 1 thread"),
    ({"exposure": {"inferences": 2000, "threads": 9, "in_flight_max": 1}}, "0 mismatches in 2,000 inferences, 9 threads"),
    ({"checks": (CheckResult("determinism", "no_power"),)}, "0 findings in 2,000 inferences, 32 threads"),
    ({"sites": (SiteCount("a", 5, 1),)},
     "0 mismatches in 2,000 inferences, 32 threads, 1 fault fired; ≤ 0.15 % per inference at 95 %"),
    ({"exposure": {}}, "0 mismatches"),
])
def test_a_pass_is_worded_as_counts_and_a_bound_only_where_it_holds(changes, expected):
    assert wording.sentence(make_case(**changes)).replace("0.0038", "0.0037") == expected


def test_findings_are_counted_by_kind():
    found = [Finding(check, f"{n:016x}", f"t{n}") for n, check in enumerate(["order", "leak", "order", "order"])]
    case = make_case(verdict=Verdict.FAIL, findings=tuple(found))
    assert wording.sentence(case) == "3 order, 1 leak: t0 (and 3 more)"
    assert wording.sentence(make_case(verdict=Verdict.FAIL, findings=(found[1],))) == "leak: t1"
    again = make_case(name="smoke/y.probe", verdict=Verdict.FAIL, findings=(found[0], found[2]))
    assert wording.headline(make_run(case, again, make_case())).startswith("4 findings (3 order, 1 leak) in 2 of 3 cases")
    assert wording.headline(make_run(again, make_case())).startswith("2 findings (order) in 1 of 2 cases (4,000 inferences)")
    assert wording.headline(make_run(make_case())) == "0 findings in 1 case (2,000 inferences)"


def test_a_number_beside_a_check_says_what_it_is(mixed):
    text = (mixed / "report.html").read_text()
    assert "passed · 2,000 examined" in text and "failed · 2,000 examined" in text


@pytest.mark.parametrize(("verdicts", "code"), [
    (["PASS"], 0), (["PASS", "FOUND"], 0), (["PASS", "FAIL"], 1), (["MISSED"], 1), (["PASS", "GREY"], 3),
    (["FAIL", "GREY"], 1), (["FAIL", "ERROR"], 70), ([], 3)])
def test_exit_codes(verdicts, code):
    assert exit_code(make_run(*(make_case(verdict=Verdict[name]) for name in verdicts))) == code


def test_no_report_ever_says_thread_safe(mixed):
    for path in mixed.glob("report.*"):
        assert not re.search(r"thread-safe:? yes", path.read_text(), re.IGNORECASE)


def test_the_next_step_admits_checks_without_power(tenter, write):
    _, out, _ = tenter("run", write("smoke/weak", behaviour="weak"), write("canary/found", "[expect]\nfound_by = "
                       "'determinism'", behaviour="finding"))
    assert " in smoke/weak.probe, which saw nothing there: the outputs of this model" in out and "open circle" not in out
    assert "Nothing to repair" not in out


def test_every_word_that_the_reports_count_has_its_plural():
    assert {wording.plural(2, unit) for unit in wording.UNITS.values()} == {f"2 {name}" for name in wording.UNITS}
    assert [wording.plural(20, word) for word in ("epoch", "batch", "mismatch")] == [
        "20 epochs", "20 batches", "20 mismatches"]
    assert wording.plural(1, "epoch") == "1 epoch" and wording.plural(0, "finding") == "0 findings"


def test_what_one_thread_alone_may_call_needs_no_two_requests_together():
    alone = (CheckResult("determinism", "no_power", note="no two requests ran together"),)
    for safe, said in ((False, False), (True, True)):
        steps = what_now(make_run(make_case(checks=alone, parameters={**make_case().parameters, "thread_safe": safe})), measured=True)
        assert any("no two requests" in step for step in steps) == said


def test_checks_without_power_are_told_by_reason_and_canaries_left_out():
    weak = [CheckResult("leak", "no_power", note=note) for note in ("nothing was examined", "no fault fired",
                                                                    "nothing was examined")]
    canary = make_case(planted="bug", verdict=Verdict.FOUND, found_by="c", checks=tuple(weak),
                       findings=(Finding("leak", "8" * 16, "l"), Finding("c", "9" * 16, "t"),))
    first, second, *deeper = what_now(make_run(make_case(checks=tuple(weak)), canary), measured=True)
    assert first == "Give power to leak in smoke/x.probe, which saw nothing there: nothing was examined."
    assert second == "Give power to leak in smoke/x.probe, which saw nothing there: no fault fired."
    assert [step.split("./tenter ")[1] for step in deeper] == [
        "run --repeat 20", "run --model FILE.onnx --threads 16",
        "replay 20261122-101500-smoke/smoke/x.probe#99999999 -n 10"]


def test_faults_that_fired_are_told_apart_past_quotes():
    case = make_case(effective_faults='a.b@op:"x;y"=nth(1)throw(logic_error,"no; \\"never\\"");c.d=nth(2)error(internal)')
    assert wording.faults(case) == ['a.b@op:"x;y"=nth(1)throw(logic_error,"no; \\"never\\"")', "c.d=nth(2)error(internal)"]


def test_a_clean_run_says_how_to_look_deeper():
    steps = what_now(make_run(make_case()), measured=True)
    assert steps[0] == "Nothing to repair." and any("--model FILE.onnx" in step for step in steps)
    own = what_now(make_run(make_case(scenario="model/net")), measured=True)
    assert not any("--model" in step for step in own)


def test_cases_without_power_are_one_step_for_each_reason():
    grey = {"verdict": Verdict.GREY, "reason": "no check had power"}
    note = (CheckResult("leak", "no_power", note="no fault fired"),)
    cases = [make_case(name=f"smoke/{name}", checks=note, **grey) for name in "abcd"]
    idle = make_case(name="smoke/f", verdict=Verdict.GREY, reason="the fault a=off never fired", checks=(
        CheckResult("leak", "passed", 1), *note))
    assert what_now(make_run(*cases, make_case(name="smoke/e", checks=(), **grey), idle), True) == [
        "Give power to 4 cases, no fault fired: smoke/a, smoke/b, smoke/c and 1 more",
        "Give power to 1 case, no check had power: smoke/e",
        "Give power to 1 case, the fault a=off never fired: smoke/f"]


def test_what_was_not_run_is_told_as_its_reason_says_it():
    """With the lines of the reference runtime; nothing that moves with the flavour is told twice."""
    skips = [make_case(scenario=f"model/{name}", name=f"model/{name}.{flavour}", verdict=Verdict.SKIP, reason=f"unsupported: {reason}")
             for flavour in ("probe", "tsan") for name, reason in [
                 ("ext", "external data of tensor 'w'"), ("rank", "unknown rank of input 'x'"), ("old", "opset 3 (only 7 to 17)"),
                 ("half", "type FLOAT16 of input 'x'")]]
    assert what_now(make_run(make_case(), *skips), True)[0] == (
        "Leave out what the target does not support, or bring what is missing: model/ext: external data of tensor 'w'; model/rank: unknown "
        "rank of input 'x'; model/old: opset 3 (only 7 to 17); and 1 more")
    constant = make_case(scenario="model/flat", verdict=Verdict.ERROR, exit_code=2, several=True, parameters={"model": "/a/flat.onnx"}, reason=(
        "the runner refused the plan: model /a/flat.onnx: 16 different inputs have one answer"))
    shapes = dataclasses.replace(constant, scenario="model/row", reason="the runner refused the plan: reference run of one thread: Add: [1] and [8]")
    assert what_now(make_run(constant), True) == ["See why 1 model cannot be run, or leave it out: model/flat: 16 different inputs have one answer"]
    assert what_now(make_run(constant, shapes), True)[0].endswith(
        "2 models cannot be run, or leave them out: model/flat: 16 different inputs have one answer; model/row: reference run of one thread: "
        "Add: [1] and [8]")


@pytest.mark.parametrize(("threads", "again", "expected"), [
    (8, "./tenter run --model 'my net.onnx' --threads 8 --inferences 2000 --flavour tsan --seed 3",
     "with more inferences: ./tenter run --model 'my net.onnx' --threads 8 --inferences 20000 --flavour tsan --seed 3"),
    (1, "./tenter run --model a.onnx --threads 1 --inferences 50", "with more threads: ./tenter run --model a.onnx --threads 16 --inferences 50"),
    (9, "./tenter run --model a.onnx --threads 9 --inferences 10000", "so many requests that never met are too short to do so: only a model of "
     "more ops says more"),
    (8, "./tenter run smoke/a", "give it more `inferences` in its scenario, and then: ./tenter run smoke/a"),
    (1, "./tenter run smoke/a", "give it more `threads` in its scenario, and then: ./tenter run smoke/a")])
def test_where_no_requests_met_the_step_says_what_to_change(threads, again, expected):
    """The note is that of harness/workloads/inference/concurrent_inference.cc."""
    source = (this_house().root / "harness" / "workloads" / "inference" / "concurrent_inference.cc").read_text()
    for note in ("no two requests ran together", "no two requests were in flight together"):
        assert f'"{note}"' in source
        case = make_case(verdict=Verdict.GREY, reason=f"its main check determinism had no power: {note}", again=again, exposure={
            "threads": threads, "inferences": 10_000 if threads == 9 else 2000}, checks=(CheckResult("leak", "passed", 1), CheckResult("determinism", "no_power", note=note)))
        assert what_now(make_run(case), True) == [f"Give power to 1 case, {case.reason}: smoke/x.probe; {expected}"]
