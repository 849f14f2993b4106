"""Models that `--model` names: one that cannot be run is a row of its own among several, and a mistake by itself."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tenter.plan import given_models
from tenter.verbs import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two models, one file that is none, and a link to one that is gone."""
    made = tmp_path / "models"
    made.mkdir()
    for name, content in (("good.onnx", b"model"), ("broken.onnx", b"no ONNX"), ("other.onnx", b"model")):
        (made / name).write_bytes(content)
    (made / "gone.onnx").symlink_to("nowhere.onnx")
    (made / "folder.onnx").mkdir()
    return made


def verdicts(house) -> dict[str, tuple[str, str]]:
    cases = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
    return {case["name"]: (case["verdict"], case["reason"]) for case in cases}


def test_one_of_several_models_that_cannot_be_run_is_a_row_and_the_others_run(tenter, house, folder):
    code, out, err = tenter("run", "--model", str(folder), "-f", "probe", "-f", "tsan", "--inferences", "100")
    assert code == 3 and err == "" and out.count("\nERROR ") == 4 and out.count("\nPASS ") == 4
    told = verdicts(house)
    assert {name: verdict for name, (verdict, _) in told.items() if ".probe" in name} == {
        "model/broken.probe": "ERROR", "model/gone.probe": "ERROR", "model/good.probe": "PASS", "model/other.probe": "PASS"}
    assert told["model/broken.tsan"][1].endswith("broken.onnx': truncated or not an ONNX file (7 bytes)")
    assert told["model/gone.probe"][1] == "--model: no such file 'nowhere.onnx', to which the link gone.onnx leads"
    assert "Not concluded: 0 findings in 8 cases (232 inferences); 4 cases not concluded because of an error" in out
    assert ("now: See why 2 models cannot be run, or leave them out: model/broken: truncated or not an ONNX file (7 bytes); model/gone: --model: no such "
            "file 'nowhere.onnx', to which the link gone.onnx leads\n") in out
    assert (house.out / "latest" / "junit.xml").read_text().count("<error ") == 4


def test_what_the_others_find_counts_more(tenter, house, folder, write, monkeypatch):
    monkeypatch.setattr("tenter.plan.given_models.Scenario", lambda **words: run.Scenario(**{
        **words, "parameters": {**words["parameters"], "behaviour": "odd_seed_finding"}}))
    assert tenter("run", "--model", str(folder), "-f", "probe", "--seed", "7")[0] == 1
    assert tenter("run", "--model", str(folder), "-f", "probe", "--seed", "8")[0] == 3
    assert tenter("report", str(house.out / "latest"))[0] == 0


def test_several_of_which_none_can_be_run_are_rows_too(tenter, house, folder):
    for name in ("good.onnx", "other.onnx"):
        (folder / name).unlink()
    code, out, err = tenter("run", "--model", str(folder), "-f", "probe")
    assert code == 3 and err == "" and [verdict for verdict, _ in verdicts(house).values()] == ["ERROR", "ERROR"]


@pytest.mark.parametrize("words", [["broken.onnx"], ["gone.onnx"], ["."], ["good.onnx", "none.onnx"]])
def test_a_model_by_itself_has_to_be_right(tenter, house, folder, words, monkeypatch):
    """Also the only one of a folder; and a word that means nothing is a mistake among others too."""
    monkeypatch.chdir(folder)
    if words == ["."]:
        for name in ("good.onnx", "other.onnx", "gone.onnx"):
            (folder / name).unlink()
    code, out, err = tenter("run", *[part for word in words for part in ("--model", word)], "-f", "probe")
    assert code == 2 and err.startswith("tenter: --model: ") and err.count("\n") == 1 and not list(house.out.glob("2*"))


def test_a_resumed_and_a_sharded_run_end_alike(tenter, house, folder, monkeypatch):
    assert tenter("run", "--model", str(folder), "-f", "probe", "--shard", "1/4")[0] == 3
    assert list(verdicts(house)) == ["model/broken.probe"]
    assert tenter("run", "--model", str(folder), "-f", "probe", "--budget", "0s")[0] == 3
    assert tenter("run", "--resume", str(house.out / "latest"))[0] == 3
    assert len(verdicts(house)) == 4


def test_power_is_measured_for_the_models_that_can_be_run(tenter, house, folder, write):
    write("canary/one", "[expect]\nfound_by = 'determinism'", behaviour="finding")
    code, out, _ = tenter("run", "--model", str(folder), "-f", "probe", "--power")
    assert code == 3 and "None of" not in out and "1 of 1 planted bugs found, in 2 of 3 trials" in out
    assert not any("gone/one" in name for name in verdicts(house)), "nothing to measure in"


def test_models_of_one_name_are_told_apart_by_their_folders(tenter, house, tmp_path, monkeypatch):
    for place in ("zoo/resnet/1/model.onnx", "zoo/bert/1/model.onnx", "zoo/bert/2/model.onnx", "net.onnx", "zoo/net.onnx"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(b"model")
    (tmp_path / "zoo" / "net.bin").write_bytes(b"model")
    monkeypatch.chdir(tmp_path / "zoo")
    words = ["--model", ".", "--model", "../net.onnx", "--model", "../zoo/net.onnx", "--model", "net.bin"]
    assert tenter("run", *words, "-f", "probe")[0] == 0
    assert set(verdicts(house)) == {f"model/{name}.probe" for name in (
        "2/model", "bert/1/model", "net", "net.bin", "net.onnx", "resnet/1/model")}


def test_one_path_may_be_the_end_of_another(tmp_path):
    from tenter.plan.given_models import _names
    assert _names([Path("/models/net.onnx"), Path("/srv/models/net.onnx")]) == ["models/net", "srv/models/net"]
    assert _names([Path("/net.onnx"), Path("/a/net.onnx"), Path("/b/a/net.onnx")]) == ["net", "a/net", "b/a/net"]


def test_a_search_for_models_that_takes_long_shows_that_it_lives(folder, house, monkeypatch, capsys):
    monkeypatch.setattr(given_models, "_EVERY_S", -1.0)
    found = given_models._files(folder, house)
    assert found == sorted(path for path in folder.rglob("*.onnx") if path.is_file() or not path.exists())
    assert f"--model: searching {folder} for *.onnx, at {folder}" in capsys.readouterr().err


def test_threads_of_a_kernel_batches_and_faults_are_asked_for(tenter, house, folder):
    fault, other = 'engine.op.body=nth(3)throw(runtime_error,"a; b")', "cached_op.arena.allocate=1%bad_alloc"
    words = ["--intra-op", "2", "--batch", "8", "--fault", fault, "--fault", other]
    assert tenter("run", "--model", str(folder / "good.onnx"), "-f", "probe", *words)[0] == 0
    case, = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
    assert (case["parameters"]["intra_op"], case["parameters"]["batch"]) == (2, 8)
    assert [one["item"] for one in case["faults"]][-1] == other and "COP-5" in case["contracts"]
    assert shlex.split(case["again"])[shlex.split(case["again"]).index("--intra-op"):][:8] == words
    assert tenter(*shlex.split(case["again"])[1:])[0] == 0, "the line that runs it again means the same"
    again, = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
    assert (again["parameters"], again["effective_faults"], again["again"]) == (case["parameters"], case["effective_faults"], case["again"])


def test_a_fault_that_never_fires_concludes_nothing(tenter, folder):
    code, out, _ = tenter("run", "--model", str(folder / "good.onnx"), "-f", "probe", "--fault", "engine.op.body=nth(3)error(never)")
    assert code == 3 and "the fault engine.op.body=nth(3)error(never) never fired" in out
