"""Replays: found again by id, by the printed line and by path; counted by signature."""

from __future__ import annotations

import hashlib
import json
import subprocess

import pytest

from tenter.record import archive
from tenter.record.results import RunResult, replay_line


def test_the_printed_line_replays_the_finding(tenter, write, house):
    _, out, _ = tenter("run", write("smoke/one", behaviour="finding"))
    line = next(line.split() for line in out.splitlines() if "./tenter replay" in line)
    code, out, err = tenter(*line[line.index("replay"):], "-n", "3")
    assert code == 1 and "reproduced 3 of 3" in out and "thread 7 got the answer of thread 3" in err


@pytest.mark.parametrize("form", ["c9318f5c", "{run}/smoke/one.probe#c931", "out/{run}/smoke/one.probe#c9318f5c",
                                  "out/latest/cases/smoke/one.probe", "{run}/smoke/one.probe"])
def test_a_finding_has_many_names(tenter, write, house, form):
    tenter("run", write("smoke/one", behaviour="finding"))
    run = (house.out / "latest").resolve().name
    code, out, _ = tenter("replay", form.format(run=run))
    assert code == 1 and "reproduced 1 of 1" in out


def test_what_does_not_come_back_is_counted_too(tenter, write, house):
    tenter("run", write("smoke/one", behaviour="finding"))
    plan = house.out / "latest" / "cases" / "smoke" / "one.probe" / "plan.json"
    raw = json.loads(plan.read_text())
    raw["workload"]["behaviour"] = "clean"
    plan.write_text(json.dumps(raw))
    code, out, _ = tenter("replay", "c9318f5c", "-n", "2")
    assert code == 0 and "reproduced 0 of 2" in out


def test_the_faults_that_fired_are_replayed_and_not_drawn_again(tenter, write, house):
    tenter("run", write("smoke/one", "[faults]\nplan = 'engine.op.body=P10%error(internal)'", behaviour="finding"))
    report = house.out / "latest" / "report.json"
    raw = json.loads(report.read_text())
    raw["cases"][0]["effective_faults"] = "engine.op.body=nth(3)error(internal)"
    report.write_text(json.dumps(raw))
    tenter("replay", "c9318f5c")
    plan = next(house.out.glob("*replay*")) / "cases" / "smoke" / "one.probe" / "plan.json"
    assert json.loads(plan.read_text())["faults"] == "engine.op.body=nth(3)error(internal)"


def test_a_crash_told_of_no_faults_so_the_plan_stays_as_it_was(tenter, write, house):
    tenter("run", write("smoke/one", "[faults]\nplan = 'engine.op.body=nth(2)error(internal)'", behaviour="crash"))
    run = (house.out / "latest").resolve().name
    assert "reproduced 2 of 2: crash" in tenter("replay", f"{run}/smoke/one.probe", "-n", "2")[1]
    plan = next(house.out.glob("*replay*")) / "cases" / "smoke" / "one.probe.n1" / "plan.json"
    assert json.loads(plan.read_text())["faults"] == "engine.op.body=nth(2)error(internal)"


def test_other_findings_of_the_same_runs_are_named_with_their_rate(tenter, write, house):
    name = write("smoke/one", "[checks]\nuse = ['determinism', 'data_race']", behaviour="two_findings")
    tenter("run", name)
    code, out, _ = tenter("replay", "c9318f5c", "-n", "2")
    assert code == 1 and "reproduced 2 of 2: determinism c9318f5c" in out
    assert "also seen 2 of 2: data_race 77aa77aa: data race in tenter::PlanCache::Find" in out


def test_a_canary_without_an_id_means_the_finding_that_it_is_there_for(tenter, write, house):
    tenter("run", write("canary/one", "[expect]\nfound_by = 'data_race'", behaviour="two_findings",
                        head="mutant = 'shared_arena'"))
    run = (house.out / "latest").resolve().name
    assert "reproduced 1 of 1: data_race 77aa77aa" in tenter("replay", f"{run}/canary/one.probe")[1]


def test_a_replay_that_concludes_nothing_says_why(tenter, write, house):
    tenter("run", write("smoke/one", behaviour="finding"))
    plan = house.out / "latest" / "cases" / "smoke" / "one.probe" / "plan.json"
    plan.write_text(json.dumps(json.loads(plan.read_text()) | {"workload": {
        "kind": "concurrent_inference", "behaviour": "refuse"}}))
    code, out, err = tenter("replay", "c9318f5c")
    assert code == 70 and "reproduced 0 of 1" in out and "(1 not concluded)" in out and "unknown action 'trow'" in err


def test_another_finding_is_not_the_same_finding(tenter, write, house):
    tenter("run", write("smoke/one", behaviour="finding"))
    plan = house.out / "latest" / "cases" / "smoke" / "one.probe" / "plan.json"
    raw = json.loads(plan.read_text())
    raw["workload"]["behaviour"] = "crash"
    plan.write_text(json.dumps(raw))
    assert "reproduced 0 of 1" in tenter("replay", "c9318f5c")[1]


def test_a_plan_of_another_version_is_refused(tenter, write, house):
    tenter("run", write("smoke/one", behaviour="finding"))
    plan = house.out / "latest" / "cases" / "smoke" / "one.probe" / "plan.json"
    plan.write_text(json.dumps(json.loads(plan.read_text()) | {"version": 2}))
    code, _, err = tenter("replay", "c9318f5c")
    assert code == 2 and "run plan of version 2" in err and err.count("\n") == 1


@pytest.mark.parametrize(("word", "expected"), [
    ("{run}/smoke/on.probe#c931", "no case 'smoke/on.probe'; did you mean 'smoke/one.probe'?"),
    ("{run}/smoke/one.probe#1234", "no finding '1234'; known: c9318f5c"),
    ("nowhere/smoke/one.probe", "no run 'nowhere'"),
    ("9f3c21ab", "no finding '9f3c21ab' in any run"),
])
def test_a_wrong_name_gets_the_nearest(tenter, write, house, word, expected):
    tenter("run", write("smoke/one", behaviour="finding"))
    code, _, err = tenter("replay", word.format(run=(house.out / "latest").resolve().name))
    assert code == 2 and expected in err and err.count("\n") == 1


def test_the_newest_run_with_an_id_is_replayed(tenter, write, house):
    tenter("run", write("smoke/one", behaviour="finding"))
    tenter("run", write("smoke/two", behaviour="finding"))
    assert archive.locate(house.out, "c9318f5c")[1].name == "smoke/two.probe"


def test_a_run_elsewhere_prints_a_line_that_finds_it(tenter, write, tmp_path):
    _, out, _ = tenter("run", write("smoke/one", behaviour="finding"), "--out", str(tmp_path / "elsewhere"))
    line = next(line.split() for line in out.splitlines() if "./tenter replay" in line)
    code, out, _ = tenter(*line[line.index("replay"):])
    assert code == 1 and "reproduced 1 of 1" in out


def test_a_library_that_was_built_anew_is_told(tenter, write, house, tmp_path):
    library = tmp_path / "libmine.so"
    library.write_bytes(b"\x7fELF library")
    assert tenter("run", write("smoke/one", behaviour="finding"), "--target", str(library))[0] == 1
    finding = json.loads((house.out / "latest" / "report.json").read_text())["cases"][0]["findings"][0]["signature"][:8]
    then = hashlib.sha256(b"\x7fELF library").hexdigest()[:8]
    code, _, err = tenter("replay", finding)
    assert code == 1 and "libmine.so is build" not in err
    library.write_bytes(b"\x7fELF library, mended")
    code, _, err = tenter("replay", finding)
    now = hashlib.sha256(b"\x7fELF library, mended").hexdigest()[:8]
    assert f"tenter: libmine.so is build {now} here, and the finding was made with build {then}\n" in err


@pytest.mark.parametrize("name", ["net(1).onnx", "o'b.onnx", "a&b.onnx", "two words.onnx", "$HOME.onnx", "n\u00e4.onnx", "#1.onnx"])
def test_every_line_is_a_line_of_a_shell(tenter, house, tmp_path, name):
    model = tmp_path / name
    model.write_bytes(b"model")
    run = RunResult(run_id="r", command="", started="", duration_s=0, environment={}, builds={}, cases=())
    line = replay_line(f"{run.run_id}/model/{name}.probe#c9318f5c", "")
    asked = subprocess.run(["bash", "-c", f"set -- {line}; printf '%s\\n' \"$@\""], capture_output=True, text=True, check=True).stdout.splitlines()
    assert asked == ["./tenter", "replay", f"r/model/{name}.probe#c9318f5c"]
    assert tenter("run", "--model", str(model), "-f", "probe")[0] == 0
    again = json.loads((house.out / "latest" / "report.json").read_text())["cases"][0]["again"]
    asked = subprocess.run(["bash", "-c", f"set -- {again}; printf '%s\\n' \"$@\""], capture_output=True, text=True, check=True).stdout.splitlines()
    assert asked[:4] == ["./tenter", "run", "--model", str(model)]


def test_a_scenario_may_have_any_name(tenter, write, house):
    assert tenter("run", write("smoke/a&b", behaviour="finding"))[0] == 1
    case, = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
    assert "'smoke/a&b'" in case["again"]


@pytest.mark.parametrize("form", ["smoke/one.probe", "smoke/one.probe#c931"])
def test_the_name_of_a_row_means_the_newest_run_with_it(tenter, write, house, form):
    tenter("run", write("smoke/one", behaviour="finding"))
    run = (house.out / "latest").resolve()
    tenter("run", write("smoke/two"))
    code, out, _ = tenter("replay", form)
    folder, = house.out.glob("*-replay-*")
    assert code == 1 and "reproduced 1 of 1" in out and f"  in out/{folder.name}\n" in out and run.name != (house.out / "latest").resolve().name
    assert f"  in out/{folder.name}\n" in tenter("report", f"out/{folder.name}")[1]
