"""report.sarif and report.codequality.json: valid, within the limits of their readers, and the same in every run."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import jsonschema
import pytest

from tenter.house import this_house
from tenter.record.findings import Finding
from tenter.record.results import Verdict
from tenter.report import codequality, sarif
from tenter.report.places import Place, first_place, strands
from test_report import make_case, make_run

SCHEMA = json.loads((this_house().reports / "schema" / "sarif.schema.json").read_text())


def checked(text: str) -> dict:
    """The one run of the file, after the schema has taken it; every rule index is that of its rule."""
    log = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(log)
    [run] = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"]) and len(set(rules)) == len(rules)
    return run


@pytest.fixture
def latest(house):
    def read() -> dict:
        return checked((house.out / "latest" / "report.sarif").read_text())
    return read


@pytest.fixture
def sources(house):
    for name in ("plan_cache.cc", "cached_op.cc"):
        path = house.root / "runtime" / "graph" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n" * 50)


def where(location: dict) -> tuple[str, int]:
    place = location["physicalLocation"]
    return place["artifactLocation"]["uri"], place["region"]["startLine"]


def test_one_result_for_a_defect_however_many_seeds_show_it(tenter, write, latest, house):
    assert tenter("run", write("smoke/odd", behaviour="odd_seed_finding"), "--repeat", "5")[0] == 1
    [result] = latest()["results"]
    assert result["ruleId"] == "determinism" and where(result["locations"][0]) == ("scenarios/smoke/odd.toml", 1)
    assert "thread 7 got the answer of thread 3 (seen in 3 of 5 cases of smoke/odd.probe)" in result["message"]["text"]
    assert "Again: ./tenter replay 2" in result["message"]["text"] and "baselineState" not in result
    sign = result["partialFingerprints"]["tenterSignature/v1"]
    [entry] = json.loads((house.out / "latest" / "report.codequality.json").read_text())
    assert entry == {"description": entry["description"], "check_name": "determinism", "fingerprint": sign,
                     "severity": "major", "location": {"path": "scenarios/smoke/odd.toml", "lines": {"begin": 1}}}
    assert entry["description"].startswith("thread 7 got the answer of thread 3 (seen in 3 of 5 cases")
    [rule] = latest()["tool"]["driver"]["rules"]
    assert rule["properties"]["tags"] == ["concurrency", "COP-1"] and "COP-1: " in rule["help"]["text"]
    assert rule["shortDescription"]["text"].startswith("every output is bitwise equal")


def test_a_race_has_a_flow_for_each_thread_and_its_places_are_those_of_this_checkout(tenter, write, latest, sources):
    assert tenter("run", write("smoke/race", behaviour="race"))[0] == 66
    [result] = latest()["results"]
    assert where(result["locations"][0]) == ("runtime/graph/plan_cache.cc", 40)
    assert [where(place) for place in result["relatedLocations"]] == [("runtime/graph/plan_cache.cc", 31)]
    first, second = result["codeFlows"][0]["threadFlows"]
    assert [where(step["location"]) for step in first["locations"]] == [
        ("scenarios/smoke/race.toml", 1), ("runtime/graph/cached_op.cc", 12), ("runtime/graph/plan_cache.cc", 40)]
    assert first["locations"][-1]["location"]["message"]["text"] == "write: tenter::PlanCache::Find(int)"
    assert second["message"]["text"] == "read" and len(second["locations"]) == 1


def test_a_run_against_a_baseline_says_what_is_new(tenter, write, latest):
    tenter("run", write("smoke/one", behaviour="finding"))
    write("smoke/two", behaviour="race")
    tenter("run", "smoke", "--baseline", "out/latest")
    assert {result["ruleId"]: result["baselineState"] for result in latest()["results"]} == {
        "data_race": "new", "determinism": "unchanged"}


def test_planted_bugs_that_are_found_are_no_results_and_others_are(tenter, write, latest):
    write("canary/found", "[expect]\nfound_by = 'determinism'", behaviour="finding")
    write("canary/missed", "[expect]\nfound_by = 'determinism'")
    write("smoke/grey", behaviour="no_power")
    write("smoke/wish", "[expect]\nfindings = [{check = 'determinism', count = 1}]")
    tenter("run", "canary", "smoke")
    run = latest()
    assert {result["ruleId"]: where(result["locations"][0])[0] for result in run["results"]} == {
        "planted_bug_missed": "scenarios/canary/missed.toml", "unexpected_outcome": "scenarios/smoke/wish.toml"}
    [invocation] = run["invocations"]
    assert invocation["exitCode"] == 1 and invocation["executionSuccessful"]
    [note] = invocation["toolExecutionNotifications"]
    assert note["level"] == "warning" and note["message"]["text"].startswith("smoke/grey.probe: no check had power")


def test_hostile_text_and_a_crash_are_valid(tenter, write, latest, house):
    for name in ("hostile", "crash", "hang", "asan"):
        write(f"smoke/{name}", "[budget]\ntimeout_s = 1" if name == "hang" else "", behaviour=name)
    tenter("run", "smoke")
    texts = [result["message"]["text"] for result in latest()["results"]]
    assert any("␛]0;evil␇[bold]b[/bold] | `tick`" in text for text in texts) and len(texts) == 4
    raw = (house.out / "latest" / "report.sarif").read_text() + (house.out / "latest" / "report.codequality.json").read_text()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800]", raw) and len(raw) < 60_000


def test_the_fingerprint_and_the_rule_are_the_same_in_another_run(tenter, write, latest):
    write("smoke/one", behaviour="finding")
    kept = []
    for seed in ("1", "9"):
        tenter("run", "smoke", "--seed", seed)
        [result] = latest()["results"]
        kept.append((result["ruleId"], result["partialFingerprints"], where(result["locations"][0])))
    assert kept[0] == kept[1]


def test_the_limits_of_code_scanning_are_kept_and_said(house):
    cases = [make_case(name=f"smoke/x{n}.probe", scenario=f"smoke/x{n}", verdict=Verdict.FAIL,
                       findings=(Finding("order", f"{n:016x}", "t", contracts=tuple(f"ENG-{m}" for m in range(1, 30))),))
             for n in range(sarif.MOST_RESULTS + 3)]
    run = checked(sarif.write(make_run(*cases), house))
    assert len(run["results"]) == sarif.MOST_RESULTS
    assert run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"] == "3 more results are in report.json"
    stack = "".join(f"thread T{t} here:\n" + "".join(f"  #{n} 0x1 in f{n} /x.cc:1\n" for n in range(100)) for t in range(90))
    deep = make_case(verdict=Verdict.FAIL, findings=(Finding("sanitizer", "a" * 16, "t", stack),))
    flows = checked(sarif.write(make_run(deep), house))["results"][0]["codeFlows"][0]["threadFlows"]
    assert len(flows) == 25 and sum(len(flow["locations"]) for flow in flows) == sarif.MOST_FLOW_LOCATIONS


@pytest.mark.parametrize(("detail", "check", "expected"), [
    ("==1== stack\n    #0 0x55d012 in tenter::Engine::Push(tenter::Op*) /x/runtime/graph/plan_cache.cc:12:3\n"
     "    #1 0x55d099 in main main.cc:4\n", "crash",
     [("==1== stack", [("tenter::Engine::Push(tenter::Op*)", Place("runtime/graph/plan_cache.cc", 12)), ("main", None)])]),
    ("  Write of size 8 by thread T1:\n    #0 f a.cc:1\n\n  freed by thread T2 here:\n    #0 free ??:0\n    #1 g b.cc:2\n",
     "sanitizer", [("Write of size 8 by thread T1:", [("f", None)]),
                   ("freed by thread T2 here:", [("free", None), ("g", None)])]),
    ("threaded engine: 2 workers\n  worker 0 runs no body\n  op 't0.5' (push 33) waits for v12\n  v1: 0 readers\n", "liveness",
     [("worker 0 runs no body", [("worker 0 runs no body", None)]),
      ("op 't0.5' (push 33) waits for v12", [("op 't0.5' (push 33) waits for v12", None)])]),
    ("#0 f ../../etc/passwd:3\n#1 g /etc/passwd:3\n#2 h out/x.cc:1", "crash", [("t", [("f", None), ("g", None), ("h", None)])]),
    ("no stack at all: it said x.cc:3", "determinism", []),
])
def test_stacks_are_read_as_sanitizers_the_hook_and_dumps_write_them(house, sources, detail, check, expected):
    (house.out / "x.cc").parent.mkdir(exist_ok=True)
    (house.out / "x.cc").write_text("")
    found = strands(Finding(check, "1" * 16, "t", detail), house)
    assert [(strand.title, [(step.text, step.place) for step in strand.steps]) for strand in found] == expected


@pytest.mark.parametrize(("frames", "expected"), [
    (["ok  /x/runtime/base/status.h:67", "tenter::PlanCache::Get(int)  /other/build/tsan/../../runtime/graph/plan_cache.cc:31"],
     Place("runtime/graph/plan_cache.cc", 31)),
    (["ok  /x/runtime/base/status.h:67"], Place("runtime/base/status.h", 67)),
    (["tenter::Watchdog::Bite()  /x/harness/run/watchdog.cc:9", "f  /x/runtime/base/status.h:67"],
     Place("runtime/base/status.h", 67)),
    (["tenter::Watchdog::Bite()  /x/harness/run/watchdog.cc:9"], Place("harness/run/watchdog.cc", 9)),
    (["swap  /usr/include/c++/12/bits/move.h:205"], None)])
def test_a_finding_is_shown_at_a_function_of_the_project(house, sources, frames, expected):
    for name in ("runtime/base/status.h", "harness/run/watchdog.cc"):
        (house.root / name).parent.mkdir(parents=True, exist_ok=True)
        (house.root / name).write_text("")
    detail = "write\n" + "".join(f"    {frame}\n" * 3 for frame in frames)
    found = strands(Finding("data_race", "1" * 16, "t", detail), house)
    assert first_place(found) == expected and len(found[0].steps) == len(frames), "inlined frames are one step"


@pytest.mark.parametrize("line", ["#0 " + " " * 200_000, "#0 f" + " a:1:x" * 50_000, "    f" + "  a" * 100_000,
                                  "  op '" + "' " * 100_000, "#0 " + "a" * 200_000 + " x.cc:1"])
def test_a_line_of_any_length_is_read_at_once(house, line):
    """The square of its length would be minutes."""
    started = time.process_time()
    assert len(strands(Finding("liveness", "1" * 16, "t", f"{line}\n" * 3), house)) <= 3
    assert time.process_time() - started < 5


def test_every_check_of_the_runner_has_the_same_words_in_the_rules():
    source = (this_house().root / "harness" / "checks" / "catalogue.h").read_text()
    said = {name: "".join(re.findall(r'"(.*?)"', meaning)) for name, meaning in re.findall(
        r'CheckType \w+\{\s*"(\w+)",\s*("[^"]*")', source)}
    import tomllib
    rules = tomllib.loads((this_house().reports / "checks.toml").read_text())
    assert len(said) == 12 and {name: rules.get(name) for name in said} == said


def test_code_quality_of_a_clean_run_is_an_empty_list(house):
    assert json.loads(codequality.write(make_run(make_case()), house)) == []
    assert checked(sarif.write(make_run(make_case()), house))["results"] == []


def test_the_schema_refuses_what_is_no_sarif(house):
    log = json.loads(sarif.write(make_run(make_case(verdict=Verdict.FAIL, findings=(Finding("c", "1" * 16, "t"),))), house))
    for change in ({"message": "text"}, {"level": "bad"}, {"locations": []}, {"seed": 1}):
        other = json.loads(json.dumps(log))
        other["runs"][0]["results"][0].update(change)
        assert list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(other)), change
    assert Path(this_house().reports / "schema" / "sarif.schema.json").is_file()
