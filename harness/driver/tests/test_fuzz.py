"""The verb `fuzz`, against a stand-in for the fuzzer: what is printed, stored and returned."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from tenter.cases import search
from tenter.house import FUZZED_FLAVOURS, this_house
from tenter.plan.fuzzed import API, ITERATOR, SUBJECTS
from tenter.plan.hunt import Hunt
from tenter.record.searched import NOT_BEGUN
from tenter.verbs import fuzz
from test_junit import cases_of
from test_sarif import checked

FAKE = Path(__file__).with_name("fake_fuzzer.py")


@pytest.fixture
def fuzzer(house, tenter, monkeypatch):
    """The command line with stand-ins for the fuzzer in every flavour and for one planted bug."""
    built = []
    monkeypatch.setattr(fuzz, "build_shown", lambda house, flavour, console, programs: built.append((flavour, programs)))
    patches = house.root / "fuzz" / "mutants"
    patches.mkdir(parents=True)
    (patches / "lost_push.patch").write_text("")
    (patches / "api_lost.patch").write_text("")
    targets = house.root / "harness" / "mutants"
    targets.mkdir(parents=True)
    (targets / "rows_lost.patch").write_text("--- a/runtime/io/csv_source.cc\n")
    (targets / "arena_shared.patch").write_text("--- a/runtime/cached_op/arena.cc\n")
    (targets / "CMakeLists.txt").write_text("tenter_mutant(arena_shared runtime/cached_op/arena.cc)\n"
                                            "tenter_mutant(root_lost runtime/engine/failure.cc ${fuzzed})\n")
    for path in [*(house.fuzzer(flavour, "engine_fuzz") for flavour in FUZZED_FLAVOURS), house.fuzzer("probe", "engine_fuzz_lost_push"),
                 house.fuzzer("probe", "iterator_fuzz"), house.fuzzer("probe", "target_engine_fuzz"), house.fuzzer("probe", "api_fuzz_api_lost")]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!{sys.executable} -IS\n" + FAKE.read_text())
        path.chmod(0o755)

    def call(*arguments: str, behaviour: str = "clean", what: str = "engine"):
        monkeypatch.setenv("BEHAVIOUR", behaviour)
        return tenter("fuzz", what, *arguments)

    call.built = built
    return call


def test_a_clean_search_tells_what_it_tried(fuzzer):
    code, out, _ = fuzzer("-f", "probe", "-f", "tsan", "--seed", "7")
    assert code == 0 and "probe: 0 findings in 9 programs, 70 ops in 2 s (4 programs/s), seed 7" in out and "tsan: 0 findings" in out
    assert "3 deletes, 2 stops" in out
    assert fuzzer.built == [("probe", ("engine_fuzz",)), ("tsan", ("engine_fuzz",))]


def test_a_finding_is_told_stored_and_has_a_line_that_replays_it(fuzzer, house):
    code, out, _ = fuzzer("--seed", "7", behaviour="out of order")
    assert code == 1 and "ENG-1 is broken: out of order" in out and "op1 began too early" in out
    assert "the program, 1 op of 2, found after 0.5 s, shrunk after 1.5 s" in out and "it came back 3 of 200 times" in out
    assert "  t0: push op1 writes(a)\n" in out and "the original: ./tenter fuzz engine --flavour probe --replay 7:8 --times 200\n" in out
    stored = next(house.out.glob("*-fuzz-engine/finding.probe.fuzz"))
    assert stored.read_text().startswith("# a program of fuzz engine\nengine workers 1")
    assert json.loads(stored.with_suffix(".json").read_text())["contract"] == "ENG-1"
    line = shlex.split(re.search(r"replay: \./tenter fuzz engine (.*)", out)[1])
    code, out, _ = fuzzer(*line, "-n", "50", behaviour="out of order")
    assert code == 1 and "came back 20 of 50 times (probe)" in out


def test_a_program_that_fails_no_more_is_clean(fuzzer):
    code, out, _ = fuzzer("--replay", "7:8")
    assert code == 0 and "came back 0 of 200 times" in out


@pytest.mark.parametrize(("kind", "expected"), [("data race", 66), ("sanitizer: heap-use-after-free", 66),
                                                ("leaked memory", 66), ("hang", 1), ("crash: Aborted", 1)])
def test_what_a_sanitizer_saw_has_its_own_exit_code(fuzzer, kind, expected):
    assert fuzzer(behaviour=kind)[0] == expected


def test_a_planted_bug_must_be_found(fuzzer):
    code, out, _ = fuzzer("--mutant", "lost_push", behaviour="out of order")
    assert code == 0 and "--mutant lost_push" in out and fuzzer.built == [("probe", ("engine_fuzz_lost_push",))]
    for behaviour, expected in (("out of order", 1), ("clean", 0)):  # as the help says
        assert fuzzer("--mutant", "lost_push", "--replay", "7:8", behaviour=behaviour)[0] == expected
    help_ = " ".join(re.sub("[│─]", " ", fuzzer("--help")[1]).split())
    assert "A replay in which the program fails again ends with 1, with --mutant too." in help_
    most = re.search(r"kMostReplayed = (\d+)", (this_house().root / "fuzz" / "frame" / "fuzz_main.cc").read_text())[1]
    assert f"came back {most} times" in help_
    code, _, err = fuzzer("--mutant", "lost_push", "-s", "3")
    assert code == 1 and "the planted bug 'lost_push' was not found in 3 s" in err


def test_a_bug_that_only_a_sanitizer_sees_is_planted_in_its_flavour(fuzzer, house):
    house.planted.parent.mkdir(parents=True, exist_ok=True)
    house.planted.write_text("[lost_push]\nplanted = 'x'\nfloor = 'engine'\ncontracts = ['ENG-6']\nfound_by = ['fuzz engine -f tsan']\n")
    fuzzer("--mutant", "lost_push", "-f", "tsan")
    assert fuzzer.built == [("tsan", ("engine_fuzz_lost_push",))]
    code, _, err = fuzzer("--mutant", "lost_push")
    assert code == 2 and "the planted bug 'lost_push' exists in the flavour tsan only: -f tsan" in err


@pytest.mark.parametrize(("arguments", "message"), [
    (("--mutant", "lost_posh"), "no planted bug 'lost_posh' for 'fuzz engine'; did you mean 'lost_push'?"),
    (("--mutant", "lost_push", "-f", "tsan"), "exists in the flavour probe only"),
    (("-f", "release"), "the fuzzer needs fault sites: 'release' has none; those that have: probe, tsan, asan"),
    (("-f", "prob"), "--flavour: there is no 'prob'; did you mean 'probe'?"), (("-f", "probe,tsan"), "--flavour: 'probe,tsan' is no flavour; it is given once for each: -f probe -f tsan"),
    (("--property", "eng-2"), "unknown property 'eng-2'; did you mean 'ENG-2'?"), (("--property", "usage"), "unknown property 'usage'; known: all, ENG-1, ENG-2"),
    (("--property", "COP-1"), "unknown property 'COP-1'; known: all, ENG-1, ENG-2"),
    (("--workers", "x"), "--workers: 'x' is no list of numbers such as 0,1,8"), (("--workers", "2,,4"), "--workers: '2,,4' is no list of numbers"),
    (("--workers", "2,100000"), "names an engine of more than 64 workers"), (("--replay", f"7:{10 ** 20}"), "have at most 19 digits"),
    (("--times", "3"), "--times goes with --replay (./tenter fuzz --help)"),
    (("--replay", "x.fuzz", "--max-ops", "3"), "--max-ops says nothing beside --replay, which runs one program"),
    (("--replay", "7:8", "--seconds", "3"), "--seconds says nothing beside --replay, which runs one program"),
    (("--seed", "1", "--seed", "2"), "--seed was given 2 times, and only one can count (./tenter fuzz --help)"),
    (("-s", "0"), "0.1"), (("-s", "nan"), "--seconds: 'nan' is no number (./tenter fuzz --help)"),
])
def test_bad_input_is_one_line(fuzzer, arguments, message):
    code, _, err = fuzzer(*arguments)
    assert code == 2 and message in err and len(err.strip().splitlines()) == 1


def test_only_the_engine_can_be_fuzzed(tenter):
    code, _, err = tenter("fuzz", "engin")
    assert code == 2 and "cannot fuzz 'engin'; did you mean 'engine'?" in err


@pytest.mark.parametrize(("behaviour", "message"), [
    ("defect", "the fuzzer itself ended with 70 in probe"), ("contradiction", "told of 0 findings")])
def test_a_fuzzer_that_breaks_is_a_defect(fuzzer, behaviour, message):
    code, _, err = fuzzer(behaviour=behaviour)
    assert code == 70 and message in err


def test_a_refusal_leaves_no_folder_and_out_is_where_things_go(fuzzer, house, tmp_path):
    assert fuzzer(behaviour="usage")[0] == 2 and not list(house.out.glob("*"))
    assert fuzzer("--out", str(tmp_path / "there"), behaviour="out of order")[0] == 1
    assert next((tmp_path / "there").glob("*-fuzz-engine/finding.probe.fuzz")) and not list(house.out.glob("*"))
    case, = json.loads(next((tmp_path / "there").glob("*-fuzz-engine/report.json")).read_text())["cases"]
    assert case["again"].endswith(f" --out {tmp_path / 'there'}")


def reported(house) -> dict:
    [path] = house.out.glob("*-fuzz-*/report.json")
    return json.loads(path.read_text()) | {"folder": path.parent}


def test_a_clean_search_is_reported_as_programs(fuzzer, house):
    assert fuzzer("-f", "probe", "-f", "tsan", "--seed", "7")[0] == 0
    report = reported(house)
    assert [(case["name"], case["verdict"], case["exposure"]["programs"]) for case in report["cases"]] == [
        ("fuzz/engine.probe", "PASS", 9), ("fuzz/engine.tsan", "PASS", 9)]
    page = (report["folder"] / "report.md").read_text()
    assert page.startswith("# Clean: 0 findings in 2 cases (18 programs)") and "0 findings in 9 programs" in page
    assert "./tenter fuzz engine --flavour tsan --seconds 60 --seed 7 --max-ops 24" in page and "--power" not in page
    assert {key for key in cases_of(report["folder"])} == {
        ("tenter.probe.fuzz", "engine.probe"), ("tenter.tsan.fuzz", "engine.tsan")}


@pytest.mark.parametrize(("kind", "check"), [("out of order", "engine_model"), ("data race", "data_race"), ("crash: Aborted", "crash"),
                                             ("hang", "liveness"), ("leaked memory", "leak")])
def test_a_finding_of_the_fuzzer_is_in_every_format(fuzzer, house, tenter, kind, check):
    assert fuzzer("--seed", "7", behaviour=kind)[0] in (1, 66)
    report = reported(house)
    [finding] = report["cases"][0]["findings"]
    assert finding["check"] == check and finding["contracts"] == ["ENG-1"] and "t0: push op1 writes(a)" in finding["detail"]
    line = f"./tenter fuzz engine --flavour probe --replay out/{report['run_id']}/finding.probe.fuzz"
    for name in ("report.md", "report.html", "report.sarif", "report.codequality.json", "junit.xml"):
        assert line in (report["folder"] / name).read_text(), name
    [result] = checked((report["folder"] / "report.sarif").read_text())["results"]
    assert result["ruleId"] == check and result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "fuzz/README.md"
    [test] = cases_of(report["folder"]).values()
    assert test.find("failure").get("message") == f"{check}: ENG-1 is broken: {kind}"
    code, _, err = tenter("replay", finding["signature"][:8])
    assert code == 2 and err.endswith(f"is a program of the fuzzer: {line}\n")


def test_a_planted_bug_and_a_defect_are_reported_too(fuzzer, house):
    for arguments, behaviour, verdict in ((("--mutant", "lost_push"), "out of order", "FOUND"),
                                          (("--mutant", "lost_push"), "clean", "MISSED"), ((), "defect", "ERROR"),
                                          (("--replay", "7:8"), "clean", "PASS"), (("--replay", "7:8"), "hang", "FAIL")):
        fuzzer(*arguments, behaviour=behaviour)
        report = reported(house)
        assert [case["verdict"] for case in report["cases"]] == [verdict]
        checked((report["folder"] / "report.sarif").read_text())
        cases_of(report["folder"])
        shutil.rmtree(report["folder"])


def test_a_defect_has_one_id_whatever_contract_its_program_broke():
    """The same planted bug is seen with priorities, with duplicate vars and without."""
    raw = {"kind": "conflicting ops out of order", "program": "p", "detail": "d"}
    first, second = (search._finding({**raw, "contract": contract}, "engine_model", "again") for contract in ("ENG-4", "ENG-10"))
    assert first.signature == second.signature and first.contracts != second.contracts
    assert search._finding({**raw, "contract": "ENG-4", "kind": "hang"}, "engine_model", "again").signature != first.signature


def test_the_line_of_the_original_is_a_whole_command(fuzzer, tenter, house):
    _, out, _ = fuzzer("--max-ops", "30", "--property", "ENG-2", "--mutant", "lost_push", behaviour="found")
    line = next(line.removeprefix("the original: ") for line in out.splitlines() if line.startswith("the original: "))
    assert line == ("./tenter fuzz engine --flavour probe --replay 1:8 --times 200 --max-ops 30 --property ENG-2 --mutant lost_push")
    assert tenter(*shlex.split(line)[1:])[0] == 1


def test_a_search_is_the_latest_unless_it_was_refused(fuzzer, tenter, write, house):
    tenter("run", write("smoke/one"))
    run = (house.out / "latest").resolve()
    assert fuzzer(behaviour="usage")[0] == 2 and (house.out / "latest").resolve() == run
    assert fuzzer()[0] == 0 and (house.out / "latest").resolve().name.endswith("fuzz-engine")
    assert tenter("report", "out/latest")[0] == 0
    code, _, err = tenter("run", "--resume", "out/latest")
    assert code == 2 and "is a search of the fuzzer" in err


def test_one_defect_of_one_search_is_one_finding():
    told = [{"kind": kind, "contract": "ENG-1", "detail": "", "program": "p"} for kind in "abb"]
    one = search.Search(Hunt("engine"), "probe", dataclasses.replace(NOT_BEGUN, findings=told), 1, "", "", "line")
    case, = search.run_of([one], run_id="r", command="", started="", environment={}).cases
    assert [finding.evidence["kind"] for finding in case.findings] == ["a", "b"] and case.findings[1].evidence["times_written"] == 2


def test_an_iterator_is_a_library_with_a_bug_or_without(fuzzer, house, tmp_path):
    code, out, _ = fuzzer("--seed", "7", what="iterator")
    assert code == 0 and "0 findings in 9 programs, 80 calls" in out
    assert fuzzer.built == [("probe", ("iterator_fuzz", "tenter_target_reference"))]
    told = lambda: json.loads(next((house.out / "latest").glob("events.probe*")).read_text().splitlines()[0])["target"]  # noqa: E731
    assert told() == str(house.target("probe", "reference"))
    assert fuzzer("--mutant", "rows_lost", what="iterator", behaviour="rows lost")[0] == 0
    assert fuzzer.built[-1] == ("probe", ("iterator_fuzz", "tenter_target_mutant_rows_lost")) and told().endswith("mutant_rows_lost.so")
    library = tmp_path / "libmine.so"
    library.write_bytes(b"\x7fELF library")
    code, out, _ = fuzzer("--target", str(library), what="iterator", behaviour="rows lost")
    assert code == 1 and told() == str(library) and f"--target {library}" in out, "the replay line names it"


def test_an_engine_of_a_target_has_a_program_of_its_own(fuzzer, house, tmp_path):
    told = lambda: json.loads(next((house.out / "latest").glob("events.probe*")).read_text().splitlines()[0])["target"]  # noqa: E731
    code, out, _ = fuzzer("--target", "reference", "--workers", "2")
    assert code == 0 and "0 findings in 9 programs, 70 ops" in out and told() == str(house.target("probe", "reference"))
    assert fuzzer.built == [("probe", ("target_engine_fuzz", "tenter_target_reference"))]
    library = tmp_path / "libmine.so"
    library.write_bytes(b"\x7fELF library")
    code, out, _ = fuzzer("--target", str(library), behaviour="out of order")
    assert code == 1 and told() == str(library) and f"--target {library}" in out, "the replay line names it"
    stored = next((house.out / "latest").glob("finding.probe.fuzz"))
    assert fuzzer("--target", str(library), "--replay", str(stored), behaviour="out of order")[0] == 1


def test_a_planted_bug_of_an_engine_is_linked_or_a_target(fuzzer):
    assert fuzzer("--mutant", "lost_push", behaviour="crash")[0] == 0
    code, out, _ = fuzzer("--mutant", "root_lost", "--target", "reference", behaviour="crash")
    assert code == 0 and "--mutant root_lost --target reference" in out, "the replay line names both"
    assert fuzzer.built == [("probe", ("engine_fuzz_lost_push",)), ("probe", ("target_engine_fuzz", "tenter_target_mutant_root_lost"))]


def test_a_planted_bug_of_the_api_is_linked(fuzzer):
    assert fuzzer("--mutant", "api_lost", what="api", behaviour="crash")[0] == 0
    assert fuzzer.built == [("probe", ("api_fuzz_api_lost",))]


@pytest.mark.parametrize(("what", "arguments", "expected"), [
    ("iterators", (), "cannot fuzz 'iterators'; did you mean 'iterator'?"),
    ("iterator", ("--mutant", "lost_push"), "no planted bug 'lost_push' for 'fuzz iterator'"),
    ("iterator", ("--mutant", "arena_shared"), "no planted bug 'arena_shared' for 'fuzz iterator'"),
    ("api", ("--mutant", "lost_push"), "no planted bug 'lost_push' for 'fuzz api'"),
    ("engine", ("--mutant", "api_lost"), "no planted bug 'api_lost' for 'fuzz engine'"),
    ("iterator", ("--property", "ENG-1"), "unknown property 'ENG-1'; known: all, ITR-1, ITR-2, ITR-3, ITR-4, ITR-5, ITR-6"),
    ("iterator", ("--workers", "2"), "--workers goes with 'fuzz engine'"),
    ("api", ("--target", "reference"), "--target goes with 'fuzz engine', 'fuzz iterator' and 'fuzz model'"),
    ("engine", ("--mutant", "root_lost"), "no planted bug 'root_lost' for 'fuzz engine'"),
    ("engine", ("--target", "reference", "--mutant", "lost_push"), "no planted bug 'lost_push' for 'fuzz engine --target reference'"),
    ("engine", ("--target", sys.executable, "--mutant", "root_lost"), "--mutant plants a bug in a runtime of ours: with --target reference"),
    ("iterator", ("--target", "./no.so"), "--target: no such target library './no.so'"),
    ("model", ("--target", __file__), f"--target: '{__file__}' is no shared library"),
    ("iterator", ("--target", "mine"), "--target: no target 'mine'; name a library with its folder, such as ./mine"),
    ("iterator", ("--target", "reference", "--mutant", "rows_lost"), "--target says nothing beside --mutant")])
def test_what_a_subject_does_not_know_is_refused(fuzzer, house, what, arguments, expected):
    code, _, err = fuzzer(*arguments, what=what)
    assert code == 2 and expected in err and not list(house.out.glob("*"))


def test_the_properties_are_those_of_the_sources():
    """A property that only one side knows could not be searched for."""
    root = this_house().root
    for subject, source in ((ITERATOR, "iterator/iterator_subject.cc"), (API, "api/api_subject.cc")):
        assert tuple(re.findall(r'Property\{"([A-Z]+-\d+)"', (root / "fuzz" / source).read_text())) == subject.contracts


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_the_fuzzer_counts_what_is_told_of_a_search(subject):
    """The names stand in the C++ of each subject; one that is missing there would end a search of ten minutes."""
    source = "".join(path.read_text() for path in (this_house().root / "fuzz" / subject.name).rglob("*.cc"))
    for name in ("cases", f"{subject.unit}s", *subject.coverage):
        assert f'"{name}"' in source, name
