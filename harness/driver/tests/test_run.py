"""What a run concludes from each way in which a child can end."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from tenter.cases.verdict import conclude
from tenter.plan.scenario import Expected
from tenter.record.findings import Finding
from tenter.record.results import Verdict


def case(house, name: str) -> dict:
    cases = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
    return next(item for item in cases if item["name"] == name)


def alive(pid: str) -> bool:
    """A zombie is dead: whether somebody buries it is up to the machine's first process."""
    stat = Path("/proc") / pid / "stat"
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize(("behaviour", "code", "verdict", "text"), [
    ("clean", 0, "PASS", "no finding"),
    ("finding", 1, "FAIL", "determinism"),
    ("crash", 1, "FAIL", "crash"),
    ("no_power", 3, "GREY", "no check had power"),
    ("weak", 0, "PASS", "no finding"),
    ("sanitizer", 66, "FAIL", "data_race"),
    ("asan", 66, "FAIL", "sanitizer"),
    ("defect", 70, "ERROR", "the harness is defective: the checks lost count"),
    ("garbage", 70, "ERROR", "a line that is no event: Segmentation fault, says the target"),
    ("silent", 70, "ERROR", "wrote no summary.json"),
    ("liar", 70, "ERROR", "ended with 1 and reported no finding"),
    ("contradiction", 70, "ERROR", "ended with 0 and reported 1 findings"),
    ("odd_code", 70, "ERROR", "unknown exit code 42: odd"),
    ("bad_findings", 70, "ERROR", "finding of version 7"),
    ("bad_summary", 70, "ERROR", "unknown state 'splendid'"),
])
def test_endings(tenter, write, house, behaviour, code, verdict, text):
    assert tenter("run", write("smoke/one", behaviour=behaviour))[0] == code
    result = case(house, "smoke/one.probe")
    assert result["verdict"] == verdict and text in result["reason"]


def test_a_refused_plan_is_a_usage_error_and_leaves_nothing(tenter, write, house):
    tenter("run", write("smoke/good"))
    before = sorted(p.name for p in house.out.iterdir())
    code, out, err = tenter("run", write("smoke/bad", behaviour="refuse"))
    assert code == 2 and out == "", "one line on stderr is all"
    assert err == ("tenter: smoke/bad.probe: the runner refused the plan: model: plan.json: unknown action 'trow'; "
                   "did you mean 'throw'?\n")
    assert sorted(p.name for p in house.out.iterdir()) == before


def test_a_plan_that_is_refused_after_some_progress_is_told_once(tenter, write):
    code, out, err = tenter("run", write("smoke/bad", behaviour="refuse_late"))
    assert code == 2 and "no node is called 'x'" in err and "no node is called" not in out and "ERROR" not in out
    code, out, _ = tenter("run", "-q", "-j", "1", write("smoke/bad", behaviour="refuse_late"), write("smoke/good"))
    assert code == 2 and "no node is called 'x'" in out, "among others it is a row, of a quiet run too"


def test_a_refused_plan_among_others_is_a_row_like_theirs(tenter, write):
    code, out, _ = tenter("run", "-j", "1", write("smoke/a", behaviour="refuse"), write("smoke/b"))
    assert code == 2 and [line.split()[0] for line in out.splitlines()[:4]] == ["testing", "verdict", "ERROR", "PASS"]


def test_a_crash_names_signal_and_frame_and_keeps_stderr(tenter, write, house):
    tenter("run", write("smoke/one", behaviour="crash"))
    result = case(house, "smoke/one.probe")
    finding = result["findings"][0]
    assert result["exit_code"] is None
    assert finding["title"] == "the process died of SIGSEGV in tenter::Engine::Push"
    assert "engine.cc:12:3" in finding["detail"] and finding["evidence"]["signal"] == "SIGSEGV"


@pytest.mark.parametrize(("behaviour", "title"), [
    ("exits", "the target ended the process with exit code 0 in mine::Configure"),
    ("exits_like_usage", "the target ended the process with exit code 2"),
    ("exits_like_a_sanitizer", "the target ended the process with exit code 66"),
    ("exits_late", "the target ended the process with exit code 5 when everything was done, in a destructor or an exit handler")])
def test_a_target_that_ends_the_process_is_found(tenter, write, house, behaviour, title):
    """Whatever the code means to the runner: what ended without the runner's word was ended by the target."""
    assert tenter("run", write("smoke/one", behaviour=behaviour))[0] == 1
    result = case(house, "smoke/one.probe")
    assert result["verdict"] == "FAIL" and result["findings"][0]["title"] == title


def test_a_recorder_without_its_file_is_no_finding(tenter, write, house):
    """The disk failed, or somebody made flight.bin shorter: the target has nothing to do with it."""
    tenter("run", write("smoke/one", behaviour="recorder_dies"))
    result = case(house, "smoke/one.probe")
    assert result["verdict"] == "ERROR" and not result["findings"]
    assert "flight.bin" in result["reason"]


def test_a_hang_is_dumped_killed_with_its_children_and_reported(tenter, write, house, monkeypatch):
    monkeypatch.setattr("tenter.machine.process.DUMP_GRACE_S", 0.5)
    started = time.monotonic()
    code, _, _ = tenter("run", write("smoke/one", "[budget]\ntimeout_s = 1", behaviour="hang"))
    assert code == 1 and time.monotonic() - started < 20
    finding = case(house, "smoke/one.probe")["findings"][0]
    assert finding["check"] == "liveness" and "2,000 of 2,000 inferences" in finding["title"]
    assert "waits for var 17" in finding["detail"], "the dump that SIGQUIT asked for"
    marks = list((house.out / "latest" / "cases" / "smoke" / "one.probe" / "run").glob("pid-*"))
    assert len(marks) == 2, "the child and the one that it forked"
    for mark in marks:
        assert not alive(mark.name.removeprefix("pid-"))


def test_one_bad_case_does_not_end_the_campaign(tenter, write, house):
    for name, behaviour in (("a", "crash"), ("b", "defect"), ("c", "garbage"), ("d", "clean")):
        write(f"smoke/{name}", behaviour=behaviour)
    assert tenter("run", "smoke", "--jobs", "3")[0] == 70
    cases = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
    assert [c["verdict"] for c in cases] == ["FAIL", "ERROR", "ERROR", "PASS"]


def test_a_defect_of_the_driver_in_one_case_is_an_error_of_that_case(tenter, write, house, monkeypatch):
    monkeypatch.setattr("tenter.cases.runner.judge", lambda *_: 1 / 0)
    assert tenter("run", write("smoke/one"))[0] == 70
    assert "ZeroDivisionError" in case(house, "smoke/one.probe")["reason"]


@pytest.mark.parametrize(("behaviour", "found_by", "verdict", "code"), [
    ("finding", "determinism", "FOUND", 0), ("clean", "determinism", "MISSED", 1),
    ("finding", "hidden_write", "MISSED", 1), ("crash", "crash", "FOUND", 0), ("defect", "crash", "ERROR", 70),
    ("sanitizer", "data_race", "FOUND", 0), ("no_power", "determinism", "MISSED", 1)])
def test_canaries(tenter, write, house, behaviour, found_by, verdict, code):
    name = write("canary/one", f"[expect]\nfound_by = '{found_by}'", behaviour=behaviour, head="mutant = 'shared_arena'")
    assert tenter("run", name)[0] == code
    result = case(house, "canary/one.probe")
    assert result["verdict"] == verdict and result["planted"] == "shared_arena"


@pytest.mark.parametrize(("found_by", "verdict", "said"), [
    (["crash", "determinism"], "FOUND", "determinism"), (["determinism", "crash"], "FOUND", "determinism"),
    (["crash", "hidden_write"], "MISSED", "crash")])
def test_one_of_several_checks_may_find_a_planted_bug(tenter, write, house, found_by, verdict, said):
    tenter("run", write("canary/one", f"[expect]\nfound_by = {found_by}", behaviour="finding"))
    result = case(house, "canary/one.probe")
    assert (result["verdict"], result["found_by"]) == (verdict, said)
    assert verdict == "FOUND" or "crash or hidden_write had to find it; determinism reported something else" in result["reason"]


@pytest.mark.parametrize(("count", "behaviour", "verdict"), [
    (1, "finding", "PASS"), (2, "finding", "FAIL"), (1, "clean", "FAIL"), (1, "crash", "FAIL")])
def test_expected_findings_must_match_exactly(tenter, write, house, count, behaviour, verdict):
    tenter("run", write("smoke/one", f"[expect]\nfindings = [{{check = 'determinism', count = {count}}}]",
                        behaviour=behaviour))
    assert case(house, "smoke/one.probe")["verdict"] == verdict


@pytest.mark.parametrize(("reported", "expected"), [
    (["epoch"], Verdict.PASS), (["epoch", "epoch"], Verdict.FAIL), (["epoch", "crash"], Verdict.FAIL),
    ([], Verdict.FAIL)])
def test_a_finding_too_many_is_as_wrong_as_one_too_few(reported, expected):
    findings = [Finding(check, f"{i:016}", "t") for i, check in enumerate(reported)]
    assert conclude(1, findings, Expected(findings=(("epoch", 1),)))[0] is expected


def test_a_check_with_a_finding_is_never_shown_as_passed(tenter, write, house):
    name = write("smoke/one", "[checks]\nuse = ['determinism', 'data_race']", behaviour="sanitizer")
    tenter("run", name)
    states = {check["name"]: check["state"] for check in case(house, "smoke/one.probe")["checks"]}
    assert states == {"determinism": "passed", "data_race": "failed"}


def test_several_reports_of_one_signature_are_one_finding(tenter, write, house):
    tenter("run", write("smoke/one", "[expect]\nfindings = [{check = 'determinism'}]", behaviour="finding",
                        head="saboteur = 'swap_outputs'"))
    findings = case(house, "smoke/one.probe")["findings"]
    assert len(findings) == 1 and findings[0]["evidence"]["times_written"] == 2
    assert findings[0]["title"] == "thread 7 got the answer of thread 3", "the first one is kept"


def test_repetitions_count_the_seed_up(tenter, write, house):
    assert tenter("run", write("smoke/one", behaviour="odd_seed_finding"), "--repeat", "4", "--seed", "10")[0] == 1
    cases = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
    assert [(c["name"], c["seed"], c["verdict"]) for c in cases] == [
        ("smoke/one.probe.r1", 10, "PASS"), ("smoke/one.probe.r2", 11, "FAIL"),
        ("smoke/one.probe.r3", 12, "PASS"), ("smoke/one.probe.r4", 13, "FAIL")]


def test_runs_in_the_same_second_do_not_meet(tenter, write, house):
    name = write("smoke/one")
    for _ in range(3):
        assert tenter("run", name)[0] == 0
    assert len([p for p in house.out.iterdir() if p.is_dir() and not p.is_symlink()]) == 3
    assert (house.out / "latest").resolve() in list(house.out.iterdir())


@pytest.fixture
def restored_signals():
    """A shell starts its background jobs with SIGINT ignored; the test needs Python's own handler."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_the_children_and_reports_what_ran(tenter, write, house, number, restored_signals):
    """The signal arrives while the second case hangs; the first one's result must survive."""
    write("smoke/a")
    write("smoke/b", behaviour="hang")
    write("smoke/c")

    def interrupt():
        while not list(house.out.rglob("pid-*")):
            time.sleep(0.02)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=interrupt)
    thread.start()
    code, _, _ = tenter("run", "smoke", "-j", "1")
    thread.join()
    raw = json.loads((house.out / "latest" / "report.json").read_text())
    assert code == 3 and raw["interrupted"]
    assert [c["name"] for c in raw["cases"]] == ["smoke/a.probe"]
    assert raw["not_run"] == ["smoke/b.probe", "smoke/c.probe"]


def test_tsan_cases_run_with_the_options_that_the_checks_rely_on(house, monkeypatch):
    from tenter.machine import sanitizer
    options = sanitizer.environment(house, "tsan")["TSAN_OPTIONS"]
    for word in ("suppressions=", "halt_on_error=0", "exitcode=66", "suppress_equal_stacks=0", "second_deadlock_stack=1", "history_size=7"):
        assert word in options
    monkeypatch.setattr(sanitizer, "aslr_bits", lambda: 32)
    assert sanitizer.prefix("tsan") == ["setarch", "-R"] and sanitizer.prefix("probe") == []


def test_the_last_refused_case_has_its_row(tenter, write):
    code, out, _ = tenter("run", write("smoke/a"), write("smoke/b", behaviour="refuse"), "-j", "1")
    assert code == 2 and [line.split()[0] for line in out.splitlines()[:4]] == ["testing", "verdict", "PASS", "ERROR"]
