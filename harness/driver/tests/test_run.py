"""What a run concludes from each way in which a child can end."""

from __future__ import annotations

import hashlib
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


def test_a_refused_plan_among_others_is_a_row_like_theirs(tenter, write):
    code, out, _ = tenter("run", write("smoke/a", behaviour="refuse"), write("smoke/b"))
    assert code == 2 and [line.split()[0] for line in out.splitlines()[:4]] == ["testing", "verdict", "ERROR", "PASS"]


def test_a_crash_names_signal_and_frame_and_keeps_stderr(tenter, write, house):
    tenter("run", write("smoke/one", behaviour="crash"))
    result = case(house, "smoke/one.probe")
    finding = result["findings"][0]
    assert result["exit_code"] is None
    assert finding["title"] == "the process died of SIGSEGV in tenter::Engine::Push"
    assert "engine.cc:12:3" in finding["detail"] and finding["evidence"]["signal"] == "SIGSEGV"


def test_a_hang_is_dumped_killed_with_its_children_and_reported(tenter, write, house, monkeypatch):
    monkeypatch.setattr("tenter.machine.process.DUMP_GRACE_S", 0.5)
    started = time.monotonic()
    code, _, _ = tenter("run", write("smoke/one", "[budget]\ntimeout_s = 1", behaviour="hang"))
    assert code == 1 and time.monotonic() - started < 5
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


@pytest.mark.parametrize(("body", "reason"), [
    ("[faults]\nplan = 'engine.op.body=error(internal); engine.op.body=nth(5000000)error(internal) # never'",
     "the fault engine.op.body=nth(5000000)error(internal) # never never fired in 4,000 hits of its site"),
    ("[faults]\nplan = 'engine.op.body@op:never=error(internal)'",
     "the fault engine.op.body@op:never=error(internal) never fired: nothing passed its site and filters"),
    ("[checks]\nmain = 'hidden_write'\nmain_at_least = 2001",
     "its main check hidden_write examined 2,000, and says something from 2,001 on"),
    ("[expect]\nat_least = {refused_requests = 3}", "refused requests 0, and the scenario asks for 3"),
    ("[expect]\nat_least = {threads = 33}", "threads 32, and the scenario asks for 33"),
])
def test_what_was_asked_for_and_did_not_happen_is_no_pass(tenter, write, house, body, reason):
    code, out, _ = tenter("run", write("smoke/one", body))
    one = case(house, "smoke/one.probe")
    assert (code, one["verdict"], one["reason"]) == (3, "GREY", reason)
    assert "GREY" in out and reason[:40] in out


def test_what_was_asked_for_and_happened_is_a_pass(tenter, write):
    body = ("[faults]\nplan = 'engine.op.body=error(internal)'\n[checks]\nmain = 'determinism'\nmain_at_least = 2000\n"
            "[expect]\nat_least = {threads = 32}")
    assert tenter("run", write("smoke/one", body))[0] == 0


def test_a_finding_outweighs_a_fault_that_did_not_fire(tenter, write, house):
    code, _, _ = tenter("run", write("smoke/one", "[faults]\nplan = 'engine.op.body=error(internal) # never'",
                                     behaviour="finding"))
    assert (code, case(house, "smoke/one.probe")["verdict"]) == (1, "FAIL")


def test_a_case_that_still_moves_at_its_time_out_is_not_concluded(tenter, write, house):
    code, out, _ = tenter("run", write("smoke/one", "[budget]\ntimeout_s = 1", behaviour="slow"))
    one = case(house, "smoke/one.probe")
    assert (code, one["verdict"], one["findings"]) == (3, "GREY", [])
    assert one["reason"].startswith("its time of 1 s was over while it moved, at ") and "of 500,000 inferences" in out


def test_a_sanitizer_without_a_report_is_no_finding(tenter, write, house):
    code, _, _ = tenter("run", write("smoke/one", behaviour="no_headline"))
    one = case(house, "smoke/one.probe")
    assert (code, one["verdict"], one["findings"]) == (70, "ERROR", [])
    assert "its report has no headline; see smoke/one.probe/stderr.txt" in one["reason"]


def test_two_subjects_never_share_a_finding(tenter, write, house):
    for name, body in (("a", "model = 'ocr_cls'"), ("b", "inferences = 100"), ("c", "model = 'ocr_cls'\nthreads = 3")):
        write(f"smoke/{name}", body, behaviour="finding")
    tenter("run", "smoke")
    ids = {name: case(house, f"smoke/{name}.probe")["findings"][0]["signature"] for name in "abc"}
    assert ids["a"] == ids["c"] != ids["b"]


@pytest.mark.parametrize(("behaviour", "found_by", "verdict", "code"), [
    ("finding", "determinism", "FOUND", 0), ("clean", "determinism", "MISSED", 1),
    ("finding", "hidden_write", "MISSED", 1), ("crash", "crash", "FOUND", 0), ("defect", "crash", "ERROR", 70),
    ("sanitizer", "data_race", "FOUND", 0), ("no_power", "determinism", "MISSED", 1)])
def test_canaries(tenter, write, house, behaviour, found_by, verdict, code):
    name = write("canary/one", f"[expect]\nfound_by = '{found_by}'", behaviour=behaviour, head="mutant = 'shared_arena'")
    assert tenter("run", name)[0] == code
    result = case(house, "canary/one.probe")
    assert result["verdict"] == verdict and result["planted"] == "shared_arena"


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
    tenter("run", write("smoke/one", behaviour="finding", head="saboteur = 'swap_outputs'"))
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
    assert len([p for p in house.out.iterdir() if not p.is_symlink()]) == 3
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
    code, _, _ = tenter("run", "smoke")
    thread.join()
    raw = json.loads((house.out / "latest" / "report.json").read_text())
    assert code == 3 and raw["interrupted"]
    assert [c["name"] for c in raw["cases"]] == ["smoke/a.probe"]
    assert raw["not_run"] == ["smoke/b.probe", "smoke/c.probe"]


def test_tsan_cases_run_with_the_options_that_the_checks_rely_on(house, monkeypatch):
    from tenter.machine import sanitizer
    options = sanitizer.environment(house, "tsan")["TSAN_OPTIONS"]
    for word in ("suppressions=", "halt_on_error=0", "exitcode=66", "suppress_equal_stacks=0", "second_deadlock_stack=1"):
        assert word in options
    monkeypatch.setattr(sanitizer, "aslr_bits", lambda: 32)
    assert sanitizer.prefix("tsan") == ["setarch", "-R"] and sanitizer.prefix("probe") == []


def test_power_is_measured_in_the_setting_that_was_asked_for(tenter, write, house):
    write("canary/seen", "[expect]\nfound_by = 'determinism'", head="saboteur = 'swap_outputs'")
    write("canary/unseen", "[expect]\nfound_by = 'hidden_write'")
    write("canary/other", "[expect]\nfound_by = 'epoch'", kind="iterator")
    name = write("smoke/one", "threads = 7")
    code, out, _ = tenter("run", name)
    assert code == 0 and "Measure what the checks can find in these settings: ./tenter" in out and " --power" in out
    code, out, _ = tenter("run", name, "--power")
    cases = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
    assert [(item["name"], item["verdict"], item["parameters"]["threads"]) for item in cases] == [
        ("smoke/one.probe", "PASS", 7), ("power/smoke/one/seen.probe", "FOUND", 7),
        ("power/smoke/one/unseen.probe", "MISSED", 7)]
    assert code == 0  # a bug that this setting cannot show is a figure, and no failure
    assert "1/2 planted bugs found" in out and "lost its power" not in out
    assert "1/2 planted bugs found" in (house.out / "latest" / "report.md").read_text()


def test_the_first_line_says_which_runtime_is_tested(tenter, write, house, tmp_path):
    other = tmp_path / "libmine.so"
    other.write_bytes(b"library")
    name = write("smoke/one")
    _, out, _ = tenter("run", name)
    build = hashlib.sha256(b"library").hexdigest()[:8]
    assert out.splitlines()[0] == f"testing Tenter's reference runtime 7.1, build {build} (probe)"
    _, out, _ = tenter("run", name, "--target", str(other))
    assert out.splitlines()[0] == f"testing a stand-in 7.1, libmine.so, build {build} (probe)"
    for report in ("report.md", "report.html", "report.json", "junit.xml"):
        assert f"a stand-in 7.1, libmine.so, build {build} (probe)" in (house.out / "latest" / report).read_text()
    other.write_bytes(b"something else")
    code, out, err = tenter("run", name, "--target", str(other))
    assert code == 2 and out == "" and "libmine.so cannot be used: " in err


def test_a_model_that_is_not_supported_is_skipped_and_fails_nobody(tenter, write, house):
    write("smoke/a", behaviour="unsupported")
    code, out, _ = tenter("run", "smoke/a")
    assert code == 3 and "SKIP" in out and "  unsupported: op Erf (node 'n')" in out
    write("smoke/b")
    code, out, _ = tenter("run", "smoke")
    assert code == 0 and case(house, "smoke/a.probe")["verdict"] == "SKIP" and "1 case not supported" in out
    assert "Not supported, and so not run: smoke/a.probe" in out


def test_the_last_refused_case_has_its_row(tenter, write):
    code, out, _ = tenter("run", write("smoke/a"), write("smoke/b", behaviour="refuse"))
    assert code == 2 and [line.split()[0] for line in out.splitlines()[:4]] == ["testing", "verdict", "PASS", "ERROR"]


def test_models_and_folders_of_models(tenter, house, tmp_path, monkeypatch):
    monkeypatch.setattr("tenter.plan.scenario.DEFAULT_FLAVOURS", ("probe",))
    for name in ("one/net", "two/net", "two/deep/other"):
        path = tmp_path / f"{name}.onnx"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"model")
    assert tenter("run", "--model", str(tmp_path / "one" / "net.onnx"), "--model", str(tmp_path / "two"), "-f", "probe",
                  "--input-shape", "a=1,2", "--input-shape", "b=3")[0] == 0
    cases = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
    assert [item["name"] for item in cases] == [
        "model/one/net.probe", "model/other.probe", "model/two/net.probe"]
    assert all(item["parameters"]["input_shape"] == "a=1,2;b=3" for item in cases)
    assert "--input-shape a=1,2 --input-shape b=3" in cases[0]["again"]
    (tmp_path / "none").mkdir()
    code, _, err = tenter("run", "--model", str(tmp_path / "none"))
    assert code == 2 and "none' holds no file *.onnx" in err
