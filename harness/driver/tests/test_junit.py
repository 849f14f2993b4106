"""junit.xml: valid, with totals that add up, and with names on which a CI can key its history."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema
from junitparser import JUnitXml

from tenter.house import this_house
from tenter.record import archive
from tenter.report import junit

SCHEMA = xmlschema.XMLSchema(str(this_house().reports / "schema" / "junit.xsd"))


def read(folder: Path) -> ElementTree.Element:
    """The file, after the schema and another reader have taken it, with totals that are those of its tests."""
    path = folder / "junit.xml"
    SCHEMA.validate(str(path))
    assert sum(1 for suite in JUnitXml.fromfile(str(path)) for _ in suite) >= 0
    root = ElementTree.parse(path).getroot()
    for part in (root, *root):
        tests = list(part.iter("testcase"))
        totals = {"tests": len(tests), **{name: sum(test.find(tag) is not None for test in tests) for name, tag in (
            ("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))}}
        assert {name: int(part.get(name)) for name in totals} == totals
        assert float(part.get("time")) == pytest.approx(sum(float(test.get("time")) for test in tests), abs=0.01)
    return root


def cases_of(folder: Path) -> dict[tuple[str, str], ElementTree.Element]:
    return {(test.get("classname"), test.get("name")): test for test in read(folder).iter("testcase")}


def outcome(test: ElementTree.Element) -> str:
    return next((part.tag for part in test if part.tag in ("failure", "error", "skipped")), "passed")


def properties(test: ElementTree.Element) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in test.iter("property"):
        found.setdefault(part.get("name"), []).append(part.get("value"))
    return found


@pytest.fixture
def latest(house):
    return lambda: (house.out / "latest").resolve()


def test_every_verdict_is_valid_and_told_apart(tenter, write, latest):
    for name, behaviour in (("pass", "clean"), ("fail", "two_findings"), ("crash", "crash"), ("grey", "no_power"),
                            ("weak", "weak"), ("error", "defect"), ("skip", "unsupported"), ("hostile", "hostile")):
        write(f"smoke/{name}", behaviour=behaviour)
    write("canary/found", "[expect]\nfound_by = 'determinism'", behaviour="finding")
    write("canary/missed", "[expect]\nfound_by = 'determinism'")
    assert tenter("run", "smoke", "canary")[0] == 70
    tests = {name: test for (_, name), test in cases_of(latest()).items()}
    assert {name.removesuffix(".probe"): outcome(test) for name, test in tests.items()} == {
        "pass": "passed", "fail": "failure", "crash": "failure", "grey": "skipped", "weak": "passed", "error": "error",
        "skip": "skipped", "hostile": "failure", "found": "passed", "missed": "failure"}
    assert "do not depend on its input" in tests["grey.probe"].find("skipped").get("message")
    fail = properties(tests["fail.probe"])
    assert len(fail["signature"]) == 2 and fail["seed"] == ["1"] and fail["target"] == ["reference"]
    assert fail["replay"][0].startswith(f"./tenter replay {latest().name}/smoke/fail.probe#")
    assert fail["power"] == ["1/2 planted bugs found"] and "reference runtime" in fail["tested"][0]
    assert fail["again"] == ["./tenter run smoke/fail --flavour probe --seed 1"]
    assert properties(tests["found.probe"])["planted"] == ["shared_arena"]
    assert "hidden_write: the outputs" in properties(tests["weak.probe"])["no_power"][0]
    assert tests["fail.probe"].get("file") == "scenarios/smoke/fail.toml"
    hostile = tests["hostile.probe"].find("failure")
    assert "␛]0;evil␇[bold]b[/bold] | `tick` ]]> <script>" in hostile.get("message")
    assert 90_000 < len(hostile.text) < 101_000 and "more characters, in report.json" in hostile.text


def test_the_schema_sees_what_it_is_for(tenter, write, latest):
    tenter("run", write("smoke/one", behaviour="finding"))
    text = (latest() / "junit.xml").read_text()
    for old, new in ((' skipped="0"', ""), ('classname="', 'class="'), ("</testsuite>", '<testcase name="one.probe" '
                     'classname="tenter.probe.smoke" time="0"/></testsuite>'), (' message="', ' massage="')):
        assert old in text
        assert not SCHEMA.is_valid(text.replace(old, new)), new


def test_names_say_nothing_of_seed_or_repetition(tenter, write, latest):
    write("smoke/one")
    keys = []
    for words in ([], ["--seed", "77"], ["--repeat", "3"], ["--repeat", "3", "--seed", "5"]):
        assert tenter("run", "smoke", *words)[0] == 0
        keys.append(set(cases_of(latest())))
    assert keys[0] == keys[1] == {("tenter.probe.smoke", "one.probe")}
    assert keys[2] == keys[3] == keys[0] | {("tenter.probe.smoke", f"one.probe.r{n}") for n in (2, 3)}


def test_a_case_that_was_not_run_keeps_its_place(tenter, write, latest, house):
    for name in ("a", "b"):
        write(f"smoke/{name}")
    assert tenter("run", "smoke")[0] == 0
    complete = set(cases_of(latest()))
    assert tenter("run", "smoke", "--budget", "0s")[0] == 3
    left = cases_of(latest())
    assert set(left) == complete
    assert {test.find("skipped").get("message") for test in left.values()} == {
        "not run: the budget of 0 s was over"}
    run = archive.read_run(latest())
    junit.write(replace(run, interrupted=True, cut="interrupted"), {}, latest() / "junit.xml", house)
    assert "not run: interrupted" in (latest() / "junit.xml").read_text()


def test_what_is_known_and_lost_power_are_skipped_with_the_reason(tenter, write, latest):
    tenter("run", write("smoke/fail", behaviour="finding"))
    assert tenter("run", "smoke/fail", "--baseline", "out/latest")[0] == 0
    [test] = cases_of(latest()).values()
    assert test.find("skipped").get("message").startswith("known from 2")
    write("smoke/one")
    write("canary/missed", "[expect]\nfound_by = 'determinism'")
    assert tenter("run", "smoke/one", "--power")[0] == 3
    power = cases_of(latest())[("tenter.probe.power.smoke.one", "missed.probe")]
    assert power.find("skipped").get("message").startswith("no planted bug at all was found in this setting")
    assert power.get("file") == "scenarios/smoke/one.toml"


def test_a_model_of_the_caller_has_a_file_when_it_is_in_the_repository(tenter, house, latest):
    assert tenter("run", "--model", "models/ocr_cls.onnx", "-f", "probe")[0] == 0
    [test] = cases_of(latest()).values()
    assert test.get("file") == "models/ocr_cls.onnx"
    assert json.loads((latest() / "report.json").read_text())["cases"][0]["name"] == "model/ocr_cls.probe"
