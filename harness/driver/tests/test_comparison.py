"""Runs side by side: a bug that appears, stays and goes; and a baseline, whose findings are known."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def three(tenter, write, house):
    """Runs of two scenarios: clean, then the bug appears in one of them, then it is mended."""
    folders = []
    for behaviour in ("clean", "finding", "clean"):
        write("smoke/one", behaviour=behaviour)
        tenter("run", write("smoke/other"), "smoke/one", "--repeat", "5")
        folders.append(str((house.out / "latest").resolve()))
    return folders


def test_a_bug_appears_stays_and_goes(tenter, three):
    clean, broken, mended = three
    code, out, _ = tenter("compare", clean, broken)
    assert code == 1 and "new     determinism c9318f5c  thread 7 got the answer of thread 3  (smoke/one.probe, 5 of 5 cases)" in out
    assert out.endswith("1 new, 0 still there, 0 fixed\n") and "Tenter's reference runtime 7.1" in out
    code, out, _ = tenter("compare", broken, broken)
    assert code == 0 and "still   determinism c9318f5c" in out and "0 new, 1 still there, 0 fixed" in out
    code, out, _ = tenter("compare", broken, mended)
    assert code == 0 and "fixed   determinism c9318f5c" in out and "0 new, 0 still there, 1 fixed" in out
    assert tenter("compare", clean, mended)[0] == 0


def test_a_report_says_as_much_as_its_folder(tenter, three, house):
    clean, broken, _ = three
    assert tenter("compare", f"{clean}/report.json", f"{broken}/report.json") == tenter("compare", clean, broken)
    code, _, err = tenter("compare", clean, f"{house.root}/report.json")
    assert code == 2 and err == f"tenter: {house.root} holds no report.json; a run is a folder such as out/latest\n"


def test_what_was_not_run_again_is_not_fixed(tenter, three, house):
    tenter("run", "smoke/other")
    code, out, _ = tenter("compare", three[1], str(house.out / "latest"))
    assert code == 3 and "not run determinism c9318f5c" in out and "0 fixed, 1 finding not run again" in out


def test_only_what_is_new_fails_a_run_with_a_baseline(tenter, write, house, three):
    broken = three[1]
    name = write("smoke/one", behaviour="finding")
    code, out, _ = tenter("run", name, "--baseline", broken)
    assert code == 0 and "0 new, 1 known from" in out and "known: determinism: thread 7" in out
    junit = (house.out / "latest" / "junit.xml").read_text()
    assert "<failure" not in junit and "known from" in junit
    assert tenter("run", name, "--baseline", f"{broken}/report.json")[0] == 0
    assert tenter("run", name)[0] == 1 and tenter("run", name, "--baseline", three[0])[0] == 1
    code, out, _ = tenter("run", write("smoke/one", behaviour="two_findings", body="[checks]\nuse = ['determinism', "
                                                                                   "'data_race']"), "--baseline", broken)
    assert code == 66 and "1 new, 1 known from" in out
    assert "77aa77aa" in next(line for line in out.splitlines() if "See it again" in line), "the new one is what to look at"
    assert tenter("report", str(house.out / "latest"))[0] == 0
    raw = json.loads((house.out / "latest" / "report.json").read_text())
    assert raw["baseline"] in broken and len(raw["known"]) == 1


def test_a_planted_bug_is_no_finding_of_a_comparison(tenter, write, house, three):
    tenter("run", write("canary/one", "[expect]\nfound_by = 'determinism'", behaviour="finding"))
    code, out, _ = tenter("compare", three[0], str(house.out / "latest"))
    assert code == 3 and "0 new" in out, "no other case is in both"


def test_a_baseline_that_is_none(tenter, write, house):
    before = sorted(house.out.glob("*"))
    code, _, err = tenter("run", write("smoke/one"), "--baseline", "nowhere")
    assert code == 2 and "'nowhere' is no run folder and no report.json" in err and sorted(house.out.glob("*")) == before


def test_runs_without_a_common_case_compare_nothing(tenter, write, house):
    tenter("run", write("smoke/one"))
    one = str((house.out / "latest").resolve())
    tenter("run", write("smoke/two", behaviour="finding"))
    two = str((house.out / "latest").resolve())
    code, out, _ = tenter("compare", one, two)
    assert code == 1 and "1 new" in out and "the runs have no case in common that concluded anything" in out
    assert tenter("run", "smoke/two", "--baseline", one)[0] == 1, "one rule for both"
    tenter("run", write("smoke/three"))
    code, out, _ = tenter("compare", one, str((house.out / "latest").resolve()))
    assert code == 3 and "nothing is compared" in out
