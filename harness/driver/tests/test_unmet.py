"""A run that fails without a finding says what failed, and every format says the same."""

from __future__ import annotations

import json
import re

import pytest
from junitparser import JUnitXml

BODY = "[expect]\nfindings = [{check = 'determinism'}]"
ONE = "1 case without what it expects: smoke/a.probe (expected 1 x determinism, reported nothing)"


def pages(house) -> dict[str, str]:
    return {name: (house.out / "latest" / name).read_text() for name in ("report.html", "report.md", "junit.xml", "report.sarif",
                                                                        "report.codequality.json")}


def test_what_was_expected_and_did_not_happen_is_said_everywhere(tenter, house, write):
    write("smoke/a", BODY)
    write("smoke/b")
    code, out, _ = tenter("run", "smoke", "--github")
    assert code == 1 and f"\nFailed: 0 findings in 2 cases (4,000 inferences); {ONE}\n" in out
    row = next(line for line in out.splitlines() if line.startswith("FAIL"))
    assert "smoke/a.probe" in row and "expected 1 x determinism; reported nothing" in row
    assert ("  now: Not as expected in smoke/a.probe: expected 1 x determinism; reported nothing; "
            "again: ./tenter run smoke/a --flavour probe --seed 1\n") in out
    assert re.search(r"^::error file=scenarios/smoke/a.toml,line=1,.*::expected 1 x determinism; reported nothing \(in smoke/a.probe\)", out, re.M)
    files = pages(house)
    assert files["report.md"].startswith(f"# Failed: 0 findings in 2 cases (4,000 inferences); {ONE}\n")
    assert f"0 findings in 2 cases (4,000 inferences); {ONE}" in files["report.html"]
    for name in ("report.html", "report.md", "junit.xml", "report.sarif", "report.codequality.json"):
        assert re.search("expected 1 x determinism[;,] reported nothing", files[name]), name
    xml = JUnitXml.fromfile(str(house.out / "latest" / "junit.xml"))
    assert (xml.tests, xml.failures, xml.errors) == (2, 1, 0)


def test_several_are_counted_and_named(tenter, write):
    for name in "abcde":
        write(f"smoke/{name}", BODY)
    out = tenter("run", "smoke")[1]
    assert "; 5 cases without what they expect: smoke/a.probe, smoke/b.probe, smoke/c.probe and 2 more\n" in out


@pytest.mark.parametrize(("expected", "behaviour", "word"), [
    ("{check = 'determinism', count = 2}", "finding", "expected 2 x determinism, reported determinism"),
    ("{check = 'determinism'}", "two_findings", "expected 1 x determinism, reported determinism, data_race")])
def test_findings_that_are_not_the_expected_ones_say_so_too(tenter, house, write, expected, behaviour, word):
    write("smoke/a", f"[expect]\nfindings = [{expected}]", behaviour=behaviour)
    code, out, _ = tenter("run", "smoke")
    assert code in (1, 66) and "\n0 findings" not in out and f"1 case without what it expects: smoke/a.probe ({word})\n" in out
    assert word.replace(", reported", "; reported") in " ".join(out.split())
    assert word.replace(", reported", "; reported") in pages(house)["junit.xml"]


def test_with_a_baseline_it_is_never_known(tenter, house, write):
    write("smoke/a", BODY)
    assert tenter("run", "smoke")[0] == 1
    before = (house.out / "latest").resolve()
    code, out, _ = tenter("run", "smoke", "--baseline", str(before))
    assert code == 1 and f"Failed: 0 new, 0 known from {before.name}: 0 findings in 1 case (2,000 inferences); {ONE}\n" in out


def test_a_planted_bug_that_was_missed_is_no_finding_either(tenter, write, house):
    code, out, _ = tenter("run", write("canary/one", "[expect]\nfound_by = 'determinism'"))
    assert code == 1 and "\nFailed: 0 of 1 planted bugs found\n" in out
    assert json.loads((house.out / "latest" / "report.json").read_text())["cases"][0]["verdict"] == "MISSED"


def test_what_was_expected_and_happened_is_no_word_longer(tenter, write):
    out = tenter("run", write("smoke/a", BODY, behaviour="finding"))[1]
    assert "\nClean: 0 findings in 1 case (2,000 inferences)\n" in out
