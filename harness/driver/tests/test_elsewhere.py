"""A finding of one checkout in another one: with the library that is there, the model that it was made with."""

from __future__ import annotations

import json
import shutil

import pytest

from tenter import cli, standpoint
from tenter.house import House


@pytest.fixture
def elsewhere(tenter, write, house, tmp_path, monkeypatch):
    """A finding, and another checkout with another build, to which the run folder was moved; the first one is gone."""
    tenter("run", write("smoke/one", "model = 'ocr_cls'", behaviour="finding"))
    run = (house.out / "latest").resolve()
    other = House(tmp_path / "other checkout")
    shutil.copytree(house.root, other.root, ignore=shutil.ignore_patterns("out"))
    other.target("probe", "reference").write_bytes(b"mended library")
    shutil.move(run, other.out / run.name)
    shutil.rmtree(house.root)
    for module in (cli, standpoint):
        monkeypatch.setattr(module, "this_house", lambda: other)
    monkeypatch.chdir(other.root)
    return other


def replayed_plan(house: House) -> dict:
    return json.loads(next(house.out.glob("*replay*/cases/smoke/one.probe/plan.json")).read_text())


def test_the_library_of_this_checkout_is_used_and_another_build_is_said(elsewhere, tenter):
    run = next(elsewhere.out.iterdir()).name
    code, _, err = tenter("replay", f"{run}/smoke/one.probe")
    assert code == 1 and "of this checkout; the finding was made with build" in err
    assert replayed_plan(elsewhere)["target"]["library"] == str(elsewhere.target("probe", "reference"))


def test_a_run_folder_may_lie_anywhere(elsewhere, tenter, tmp_path):
    run = next(elsewhere.out.iterdir())
    moved = shutil.move(run, tmp_path / "artifact")
    assert tenter("replay", f"{moved}/smoke/one.probe")[0] == 1
    assert tenter("replay", f"{moved}/cases/smoke/one.probe")[0] == 1


def test_the_model_travels_with_the_finding(elsewhere, tenter):
    run = next(elsewhere.out.iterdir())
    (elsewhere.models / "ocr_cls.onnx").write_bytes(b"another model")
    assert tenter("replay", f"{run.name}/smoke/one.probe")[0] == 1
    assert replayed_plan(elsewhere)["workload"]["model"] == str(run / "cases/smoke/one.probe/files/model/ocr_cls.onnx")
    (run / "cases/smoke/one.probe/files/model/ocr_cls.onnx").unlink()
    code, _, err = tenter("replay", f"{run.name}/smoke/one.probe")
    assert code == 2 and "the model of the case has changed: " in err and err.count("\n") == 1
    (elsewhere.models / "ocr_cls.onnx").write_bytes(b"model")
    assert tenter("replay", f"{run.name}/smoke/one.probe")[0] == 1


def test_a_target_that_is_not_here(elsewhere, tenter):
    elsewhere.target("probe", "reference").unlink()
    code, _, err = tenter("replay", f"{next(elsewhere.out.iterdir()).name}/smoke/one.probe")
    assert code == 2 and "the target reference is not here: build/probe/" in err
