"""What a verdict may say: nothing that did not happen, nothing that was not measured, and about which runtime."""

from __future__ import annotations

import hashlib
import json

import pytest

from tenter.machine import environment


def case(house, name: str) -> dict:
    cases = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
    return next(item for item in cases if item["name"] == name)


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
    path = house.scenarios / f"{write('smoke/one', behaviour='no_headline')}.toml"
    path.write_text(path.read_text().replace("probe", "tsan"))
    code, _, _ = tenter("run", "smoke/one")
    one = case(house, "smoke/one.tsan")
    assert (code, one["verdict"], one["findings"]) == (70, "ERROR", [])
    assert "its report has no headline; see smoke/one.tsan/stderr.txt" in one["reason"]


def test_two_subjects_never_share_a_finding(tenter, write, house):
    for name, body in (("a", "model = 'ocr_cls'"), ("b", "inferences = 100"), ("c", "model = 'ocr_cls'\nthreads = 3")):
        write(f"smoke/{name}", body, behaviour="finding")
    tenter("run", "smoke")
    ids = {name: case(house, f"smoke/{name}.probe")["findings"][0]["signature"] for name in "abc"}
    assert ids["a"] == ids["c"] != ids["b"]


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
    assert "1 of 2 planted bugs found" in out and "lost its power" not in out
    assert "1/2 planted bugs found" in (house.out / "latest" / "report.md").read_text()


def test_no_bug_found_in_a_setting_is_no_clean_run(tenter, write):
    write("canary/unseen", "[expect]\nfound_by = 'hidden_write'")
    code, out, _ = tenter("run", write("smoke/one"), "--power")
    assert code == 3 and "None of 1 planted bug was found in this setting" in out and "Nothing to repair" not in out


def test_the_first_line_says_which_runtime_is_tested(tenter, write, house, tmp_path):
    other = tmp_path / "libmine.so"
    other.write_bytes(b"\x7fELF library")
    name = write("smoke/one")
    _, out, _ = tenter("run", name)
    build = hashlib.sha256(b"\x7fELF library").hexdigest()[:8]
    assert out.splitlines()[0] == f"testing Tenter's reference runtime 7.1, build {build} (probe)"
    _, out, _ = tenter("run", name, "--target", str(other))
    assert out.splitlines()[0] == f"testing a stand-in 7.1, libmine.so, build {build} (probe)"
    for report in ("report.md", "report.html", "report.json", "junit.xml"):
        assert f"a stand-in 7.1, libmine.so, build {build} (probe)" in (house.out / "latest" / report).read_text()
    page, whole = (house.out / "latest" / "report.html").read_text(), environment.fingerprint(house, "probe")
    assert f"<dt>harness and all targets, probe</dt><dd><code>{whole}</code></dd>" in page and "<dt>probe build</dt>" not in page
    other.write_bytes(b"\x7fELF something else")
    code, out, err = tenter("run", name, "--target", str(other))
    assert code == 2 and out == "" and "libmine.so cannot be used: " in err


def test_a_model_that_is_not_supported_is_skipped_and_fails_nobody(tenter, write, house):
    write("smoke/a", behaviour="unsupported")
    code, out, _ = tenter("run", "smoke/a")
    assert code == 3 and "SKIP" in out and "  unsupported: op Erf (node 'n')" in out
    write("smoke/b")
    code, out, _ = tenter("run", "smoke")
    assert code == 0 and case(house, "smoke/a.probe")["verdict"] == "SKIP" and "1 case not supported" in out
    assert "Leave out what the target does not support, or bring what is missing: smoke/a: op Erf (node 'n')\n" in out


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


@pytest.mark.parametrize(("part", "names"), [("1/2", ["c0", "c2", "c4"]), ("2/2", ["c1", "c3"]), ("3/4", ["c2"])])
def test_a_shard_is_a_part_of_the_cases(tenter, write, house, part, names):
    for i in range(5):
        write(f"smoke/c{i}")
    assert tenter("run", "smoke", "--shard", part)[0] == 0
    cases = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
    assert [item["name"] for item in cases] == [f"smoke/{name}.probe" for name in names]


def test_what_is_added_to_a_part_is_of_the_same_scenarios(tenter, write, house):
    """The advice below a run adds --repeat and --power to its command."""
    for i in range(4):
        write(f"smoke/c{i}")
    for name in ("one", "two", "three"):
        write(f"canary/{name}", "[expect]\nfound_by = 'determinism'", behaviour="finding")
    for words in ((), ("--repeat", "3"), ("--power",), ("--repeat", "2", "--power")):
        seen = []
        for part in ("1/3", "2/3", "3/3"):
            tenter("run", "smoke", "--shard", part, *words)
            raw = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
            seen.append({case["scenario"].removeprefix("power/").rpartition("/")[0] if case["scenario"].startswith("power/")
                         else case["scenario"] for case in raw})
            repeat, planted = 2 if "2" in words else 3 if "3" in words else 1, 4 if "--power" in words else 1
            assert len(raw) == len(seen[-1]) * repeat * planted
        assert seen == [{"smoke/c0", "smoke/c3"}, {"smoke/c1"}, {"smoke/c2"}], words


def test_what_the_budget_left_out_is_said_and_can_be_done_later(tenter, write, house):
    for i in range(4):
        write(f"smoke/c{i}", behaviour="brief")
    code, out, _ = tenter("run", "smoke", "--budget", "0.3s")
    raw = json.loads((house.out / "latest" / "report.json").read_text())
    assert code == 3 and len(raw["not_run"]) == 4 - len(raw["cases"]) > 0
    line = f"./tenter run --resume out/{raw['run_id']}"
    assert f"{len(raw['not_run'])} cases not run: the budget of 0.3 s was over" in out and line in out
    for name in ("report.md", "report.html", "junit.xml", "report.sarif"):
        assert "the budget of 0.3 s was over" in (house.out / "latest" / name).read_text(), name
    assert tenter(*line.split()[1:])[0] == 0


def test_quiet_prints_what_did_not_pass(tenter, write):
    write("smoke/good")
    write("smoke/bad", behaviour="finding")
    code, out, _ = tenter("run", "smoke", "--quiet")
    assert code == 1 and "smoke/bad.probe" in out and "smoke/good.probe" not in out and "Findings: 1 finding" in out


@pytest.mark.parametrize(("arguments", "expected"), [
    (("--shard", "5/4"), "--shard: '5/4' is no part such as 2/4, the second of four"),
    (("--shard", "half"), "--shard: 'half' is no part"), (("--shard", "2/2"), "part 2 of 2 is empty; there is 1 scenario in 1 flavour, and the seeds of one stay together"),
    (("--budget", "5"), "--budget: '5' is no time such as 90s, 5m or 1h"), (("--budget", "soon"), "--budget: 'soon'")])
def test_a_wrong_part_or_budget(tenter, write, arguments, expected):
    code, _, err = tenter("run", write("smoke/one"), *arguments)
    assert code == 2 and expected in err and err.count("\n") == 1
