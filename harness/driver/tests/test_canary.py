"""The verb `canary`, against stand-ins: what is found, missed and explained, and a table that fits its bugs."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import signal
import sys
from pathlib import Path

import pytest

from tenter.house import this_house
from tenter.plan import bugs as table
from tenter.plan.bugs import Bug
from tenter.plan.trials import Trial
from tenter.record.findings import Finding
from tenter.record.results import Verdict
from tenter.report import detected
from tenter.report.detected import ANOTHER, NONE, RIGHT, Detection
from tenter.sources.contracts import read_contracts
from tenter.verbs import canary as verb
from test_junit import cases_of
from test_sarif import checked

FAKE = Path(__file__).with_name("fake_fuzzer.py")
INTERRUPTS = "import os, signal\nos.kill(os.getppid(), signal.SIGINT)\nsignal.pause()\n"
TABLE = """
[push_lost]
planted = "a push is lost"
floor = "engine"
contracts = ["ENG-1"]
found_by = ["fuzz engine"]
[order_lost]
planted = "nothing has an order"
floor = "engine"
contracts = ["ENG-2"]
found_by = ["fuzz engine"]
note = "a stand-in says ENG-1 of everything"
[shared_arena]
planted = "all share one arena"
floor = "cached_op"
contracts = ["COP-1"]
found_by = ["canary/arena.probe"]
"""


@pytest.fixture
def canary(house, tenter, write, monkeypatch):
    """The command line with three planted bugs: two of the engine, which are found by a search, and one of a scenario."""
    built: list[tuple[str, tuple[str, ...]]] = []
    monkeypatch.setattr(verb, "build_shown", lambda house, flavour, console, programs: built.append((flavour, programs)))
    for folder, name, floor in (("fuzz", "push_lost", "engine"), ("fuzz", "order_lost", "engine"), ("harness", "shared_arena", "cached_op")):
        patch = house.root / folder / "mutants" / f"{name}.patch"
        patch.parent.mkdir(parents=True, exist_ok=True)
        patch.write_text(f"--- a/runtime/{floor}/x.cc\n")
    house.planted.write_text(TABLE)
    (house.planted.parent / "CMakeLists.txt").write_text("tenter_mutant(order_lost runtime/engine/x.cc ${fuzzed})\n")

    def scenario(behaviour: str) -> None:
        write("canary/arena", "[expect]\nfound_by = 'determinism'", behaviour, head="contracts = ['COP-1']\n")

    def searches(name: str, behaviour: str, before: str = "") -> None:
        fuzzes(f"engine_fuzz_{name}", behaviour, before)

    def fuzzes(program: str, behaviour: str, before: str = "") -> None:
        path = house.fuzzer("probe", program)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!{sys.executable} -IS\n{before}import os\nos.environ['BEHAVIOUR'] = {behaviour!r}\n" + FAKE.read_text())
        path.chmod(0o755)

    scenario("finding")
    searches("push_lost", "found and shrunk")
    searches("order_lost", "out of order")

    def call(*arguments: str):
        return tenter("canary", *arguments)

    call.built, call.scenario, call.searches, call.fuzzes = built, scenario, searches, fuzzes
    return call


def reported(house) -> dict:
    [path] = house.out.glob("*-canary/report.json")
    return json.loads(path.read_text()) | {"folder": path.parent}


def rows(out: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split()[1:] for line in out.splitlines() if re.match(r"(engine|cached_op|all) ", line)}


def test_all_are_found_and_a_search_ends_with_its_finding(canary, house):
    code, out, err = canary()
    assert code == 0, err
    assert canary.built == [("probe", ("engine_fuzz_push_lost", "engine_fuzz_order_lost", "tenter-runner", "tenter_target_reference",
                                       "tenter_target_mutant_shared_arena"))]
    table = rows(out)
    assert table["engine"][:6] == ["2/2", "2/2", "0.500", "0.500", "0.500", "1"], "as long as it took to find, and not to shrink"
    assert table["cached_op"][:2] == ["1/1", "1/1"] and table["all"][:3] == ["1/1", "2/2", "3/3"] and "missed" not in out
    assert "3 of 3 planted bugs found, in 3 of 3 trials; 2 with the right diagnosis" in out
    report = reported(house)
    assert [(case["name"], case["verdict"]) for case in report["cases"]] == [
        ("fuzz/engine/push_lost.probe", "FOUND"), ("fuzz/engine/order_lost.probe", "FOUND"), ("canary/arena.probe", "FOUND")]
    assert report["cases"][0]["again"] == "./tenter fuzz engine --flavour probe --seconds 60 --seed 1 --max-ops 24 --mutant push_lost"
    stored = report["folder"] / "cases/fuzz/engine/push_lost.probe/finding.probe.fuzz"
    assert stored.read_text().startswith("# a program of fuzz engine\n# found with --mutant push_lost\nengine workers 1")
    assert len(cases_of(report["folder"])) == 3
    checked((report["folder"] / "report.sarif").read_text())


def test_a_bug_of_an_engine_is_searched_for_in_a_target_too(canary, house):
    house.planted.write_text(TABLE.replace('found_by = ["fuzz engine"]\nnote', 'found_by = ["fuzz engine", "fuzz engine --target reference"]\nnote'))
    canary.fuzzes("target_engine_fuzz", "out of order")
    code, out, _ = canary("order_lost")
    report = reported(house)
    assert code == 0, out
    assert canary.built == [("probe", ("engine_fuzz_order_lost", "target_engine_fuzz", "tenter_target_mutant_order_lost"))]
    assert [case["name"] for case in report["cases"]] == ["fuzz/engine/order_lost.probe", "fuzz/target_engine/order_lost.probe"]
    assert report["cases"][1]["again"].endswith("--mutant order_lost --target reference")


def test_another_diagnosis_is_named(canary):
    out = canary()[1]
    line = next(line for line in out.splitlines() if line.startswith("order_lost "))
    assert line.split()[1:] == ["fuzz", "engine", "ENG-2", "ENG-1", "out", "of", "order"]
    assert canary("order_lost", "--write", "power.md")[0] == 0
    assert "| order_lost | fuzz engine | ENG-2 | ENG-1 | out of order | a stand-in says ENG-1 of everything |" in Path("power.md").read_text()


@pytest.mark.parametrize(("which", "again"), [
    ("search", "./tenter fuzz engine --flavour probe --seconds 2 --seed 9 --max-ops 24 --mutant order_lost"),
    ("scenario", "./tenter run canary/arena --flavour probe --seed 9")])
def test_what_was_missed_stands_first_with_the_line_that_runs_it_again(canary, which, again):
    canary.searches("order_lost", "clean") if which == "search" else canary.scenario("clean")
    code, out, _ = canary("-s", "2", "--seed", "9")
    assert code == 1 and "missed: 1" in out
    name, cell = ("order_lost", "1/2") if which == "search" else ("shared_arena", "0/1")
    missed = out[out.index("missed: 1"):]
    assert missed.splitlines()[1].startswith(f"  {name} (") and missed.splitlines()[2].strip() == again
    assert missed.index(again) < missed.index("Planted bugs found") and cell in missed and "2 of 3 planted bugs found" in out


def test_a_search_that_breaks_is_a_defect_and_none_of_its_bugs_is_found(canary):
    canary.searches("order_lost", "defect")
    code, out, _ = canary()
    assert code == 70 and "2 of 3 planted bugs found" in out


def test_some_of_them_in_parts_and_quietly(canary, house):
    assert canary("order_lost", "-q")[0] == 0 and [case["name"] for case in reported(house)["cases"]] == ["fuzz/engine/order_lost.probe"]
    assert canary.built == [("probe", ("engine_fuzz_order_lost",))], "no runner is needed"
    listed = [canary("--list", "--shard", f"{part}/2")[1] for part in (1, 2)]
    assert ["push_lost" in out for out in listed] == [True, False] and ["order_lost" in out for out in listed] == [False, True]
    assert "canary/arena.probe" in listed[0] and len(canary.built) == 1, "--list runs nothing"


@pytest.mark.parametrize(("arguments", "message"), [
    (("push_lots",), "no planted bug 'push_lots'; did you mean 'push_lost'? (./tenter canary --list)"),
    (("--shard", "4/3"), "--shard: '4/3' is no part such as 2/3"), (("--shard", "4/4"), "--shard: part 4 of 4 is empty; there are 3 planted bugs"),
    (("--list", "-q"), "--quiet says nothing beside --list"),
    (("-s", "0"), "0.1"), (("-j", "-1"), "greater than or equal to 0")])
def test_a_mistake_is_one_line_and_leaves_nothing(canary, house, arguments, message):
    code, _, err = canary(*arguments)
    assert code == 2 and message in err and len(err.strip().splitlines()) == 1 and not list(house.out.glob("*"))


def test_an_interruption_reports_what_there_is_and_goes_on_later(canary, house, tenter, monkeypatch):
    before = signal.getsignal(signal.SIGINT)
    canary.searches("order_lost", "clean", INTERRUPTS)
    try:
        code, out, _ = canary("-j", "1")
    finally:
        signal.signal(signal.SIGINT, before)
    assert code == 3 and "1 of 1 planted bugs found" in out and "2 of 3 trials did not run to their end" in " ".join(out.split())
    canary.searches("order_lost", "out of order")
    folder = reported(house)["folder"]
    assert tenter("run", "--resume", str(folder))[0] == 0
    assert [case["verdict"] for case in json.loads((folder / "report.json").read_text())["cases"]] == ["FOUND"] * 3


def test_the_curated_report_says_where_it_comes_from(canary, house):
    canary.searches("order_lost", "clean")
    assert canary("--write", "reports/curated/power.md")[0] == 1
    page = (house.reports / "curated" / "power.md").read_text()
    report = reported(house)
    assert page.startswith("<!-- Written by") and report["started"] in page and "2 of 3 planted bugs found" in page
    for title in ("Missed", "Planted bugs found", "Every bug"):
        assert f"\n## {title}\n" in page
    assert page.index("## Missed") < page.index("## Planted bugs found")
    assert "| shared_arena | cached_op | all share one arena | canary/arena.probe | COP-1 | yes |" in page
    assert shlex.split(report["cases"][1]["again"])[-1] in page


def test_the_table_fits_patches_canaries_and_contracts():
    house = this_house()
    assert list(table.problems(table.read(house), read_contracts(house), house)) == []


@pytest.mark.parametrize(("old", "new", "problem"), [
    ("[push_lost]", "[push_lots]", "fuzz/mutants/push_lost.patch has no row"),
    ("[push_lost]", "[push_lots]", "[push_lots]: no patch and no saboteur of a canary has this name; did you mean 'push_lost'?"),
    ("ENG-2", "ENG-77", "[order_lost]: unknown contract 'ENG-77'; did you mean 'ENG-7'?"),
    ('floor = "cached_op"', 'floor = "engine"', "[shared_arena]: its patch is of the floor 'cached_op', and not of 'engine'"),
    ("fuzz engine", "fuzz engines", "[push_lost]: there is no 'fuzz engines'; did you mean 'engine'?"),
    ("fuzz engine", "fuzz iterator", "[push_lost]: 'fuzz iterator' cannot plant it"),
    ("fuzz engine", "fuzz engine --target reference", "[push_lost]: 'fuzz engine --target reference' cannot plant it"),
    ("fuzz engine", "fuzz engine --target mine", "[push_lost]: there is no 'fuzz engine --target mine'"),
    ("fuzz engine", "fuzz model --target reference", "[push_lost]: there is no 'fuzz model --target reference'"),
    ("canary/arena.probe", "canary/arena.tsan", "[shared_arena]: no canary 'canary/arena.tsan'; did you mean 'canary/arena.probe'?"),
    ("canary/arena.probe", "fuzz engine", "scenarios/canary/arena.toml is in no row"),
    ("fuzz engine", "canary/arena.probe", "[push_lost]: canary/arena plants shared_arena"),
    ("COP-1", "COP-2", "[shared_arena]: canary/arena says that it breaks COP-1")])
def test_a_table_that_does_not_fit_is_refused(canary, house, old, new, problem):
    house.planted.write_text(TABLE.replace(old, new, 1))
    found = list(table.problems(table.read(house), read_contracts(house), house))
    assert any(problem in one for one in found), found
    code, _, err = canary()
    assert code == 70 and found[0] in err and not list(house.out.glob("*")) and not canary.built


@pytest.mark.parametrize(("text", "message"), [
    ("[a]\nfloor = 3", "[a]: 'floor' is 3, and must be text"), ("[a]\nfloors = 'x'", "[a]: unknown key 'floors'; did you mean 'floor'?"),
    ("a = 3", "[a]: no table with planted"), ("[a]\nplanted = 'x'", "[a]: 'floor' is missing"), ("[a", "the table of planted bugs cannot be read"),
    ("[a]\ncontracts = [1]", "[a]: 'contracts' is [1], and must be a list of texts")])
def test_a_row_that_is_none_is_one_line(canary, house, text, message):
    house.planted.write_text(text)
    code, _, err = canary()
    assert code == 2 and message in err and "harness/mutants/planted.toml" in err and len(err.strip().splitlines()) == 1


BUG = Bug("b", "planted", "engine", ("ENG-1", "ENG-2"), ("canary/b.tsan",))


def made(case_of_run, seconds: float = 1.0, bug: Bug = BUG, check: str = "determinism", **finding) -> Detection:
    seen = Finding(**{"check": check, "signature": "0" * 16, "title": "t", "contracts": ("ENG-2",), **finding})
    case = dataclasses.replace(case_of_run, verdict=Verdict.FOUND, found_by=check, duration_s=seconds, findings=(seen,))
    return Detection(Trial(bug, bug.found_by[0]), case)


@pytest.fixture
def case_of_run(canary, house):
    from tenter.record.results import case_from_json
    canary("shared_arena")
    return case_from_json(reported(house)["cases"][0], "")


def test_a_diagnosis_is_a_contract_or_a_place(case_of_run):
    placed = dataclasses.replace(BUG, place="PlanCache")
    for bug, finding, diagnosis in ((BUG, {}, RIGHT), (BUG, {"contracts": ("ENG-3",)}, ANOTHER), (BUG, {"contracts": ()}, NONE),
                                    (placed, {"contracts": (), "detail": "in PlanCache::Find"}, RIGHT), (placed, {"contracts": ()}, NONE),
                                    (placed, {"detail": "elsewhere"}, ANOTHER), (placed, {"evidence": {"frame_0": "PlanCache::Find"}}, RIGHT),
                                    (placed, {"contracts": ("ENG-3",), "detail": "PlanCache"}, ANOTHER)):
        assert made(case_of_run, bug=bug, **finding).diagnosis == diagnosis, (bug, finding)
    assert Detection(Trial(BUG, "canary/b.tsan"), None).diagnosis == ""


@pytest.mark.parametrize(("named", "diagnosis"), [
    (("ENG-1",), RIGHT), (("ENG-9", "ENG-1"), RIGHT), (("ENG-9", "ENG-3", "ENG-1"), ANOTHER), (("ENG-9",), ANOTHER), ((), NONE)])
def test_a_diagnosis_of_two_contracts_is_one_and_of_three_is_none(case_of_run, named, diagnosis):
    one = made(case_of_run, contracts=named)
    assert one.diagnosis == diagnosis and one.exact == (named == ("ENG-1",))


def test_a_plain_loop_sees_crashes_hangs_and_sanitizers(case_of_run):
    assert [made(case_of_run, check=check).plain for check in ("crash", "liveness", "data_race", "sanitizer", "determinism", "leak")] == [
        True, True, True, True, False, False]


def test_the_spread_of_times(case_of_run):
    spread = detected.spread([made(case_of_run, float(seconds)) for seconds in range(11, 0, -1)])
    assert (spread.median, spread.p90, spread.worst) == (6, 10, 11)
    assert detected.spread([]) is None and detected.spread([made(case_of_run, 2.0)]) == detected.Spread(2, 2, 2)
    search = made(case_of_run, 9.0, evidence={"found_after_s": 0.25})
    assert search.seconds == 0.25, "the time of a search is that of its finding"


def test_a_bug_of_two_instruments_is_one_bug(case_of_run):
    one = made(case_of_run)
    other = dataclasses.replace(one, case=dataclasses.replace(one.case, verdict=Verdict.MISSED))
    assert detected.bugs([one, other]) == (1, 1) and detected.bugs([other]) == (0, 1) and detected.bugs([Detection(one.trial, None)]) == (0, 0)
