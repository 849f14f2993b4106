"""What is said of a file that is to be a model, before anything is built for it."""

from __future__ import annotations

import json

import onnx
import pytest
from onnx import TensorProto, helper

from tenter.machine import model_file, models
from tenter.verbs import run

WHOLE = helper.make_model(helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "relu", [], [helper.make_tensor_value_info(
    "y", TensorProto.FLOAT, [2])]), producer_name="p" * 200).SerializeToString()


@pytest.mark.parametrize(("content", "why"), [
    (WHOLE, ""), (WHOLE[:-1], "it is cut off, within what begins at byte "), (b"", "it is empty"),
    (b"# Title\n\nText\n", "what stands at byte 0 is no part of one"), (WHOLE + b"\n", f"it is cut off, within what begins at byte {len(WHOLE)}"),
    (WHOLE + b"text", f"what stands at byte {len(WHOLE)} is no part of one"),
    (b"\xff" * 40, "what stands at byte 0 is no part of one"), (b"\x3a" + b"\xff" * 9 + b"\x7f", "what stands at byte 0 is no part of one"),
    (b"\x3a\xff\xff\xff\x7f", "it is cut off, within what begins at byte 0")])
def test_outermost_fields_tell_a_model_from_other_files(tmp_path, content, why):
    path = tmp_path / "net.onnx"
    path.write_bytes(content)
    told = model_file.no_model(path)
    assert told.startswith(f"'{path}' is no ONNX model: {why}") if why else not told


def test_external_data_and_unknown_fields_are_a_model_as_well(tmp_path):
    path = tmp_path / "net.onnx"
    onnx.save(onnx.load_model_from_string(WHOLE), path)
    path.write_bytes(path.read_bytes() + b"\xf8\x07\x01\xfd\x07abcd\xf9\x07abcdefgh")
    assert not model_file.no_model(path)


def test_nothing_is_built_for_what_is_no_model(tenter, house, monkeypatch):
    monkeypatch.setattr(run, "build_shown", lambda *_: pytest.fail("work began"))
    (house.root / "notes.md").write_text("# Notes")
    code, _, err = tenter("run", "--model", "notes.md")
    assert code == 2 and err == f"tenter: --model: '{house.root}/notes.md' is no ONNX model: what stands at byte 0 is no part of one\n"


@pytest.fixture
def recipes(house, monkeypatch):
    """One model by its name, which is made when somebody asks for it."""
    monkeypatch.setattr(models, "RECIPES", {"small_net": models.Recipe(1, lambda: WHOLE)})
    monkeypatch.setattr(models, "BY_NAME", {})
    return house.models / "small_net.onnx"


def test_a_name_means_a_model_for_run_and_list(tenter, house, recipes):
    code, out, err = tenter("list", "--model", "small_net")
    assert (code, err) == (0, "") and out.startswith("small_net.onnx: opset") and recipes.read_bytes() == WHOLE
    recipes.unlink()
    assert tenter("run", "--model", "small_net", "-f", "probe")[0] == 0 and recipes.is_file()
    case, = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
    assert case["name"] == "model/small_net.probe" and "--model models/small_net.onnx" in case["again"]


@pytest.mark.parametrize("verb", ["run", "list"])
def test_a_name_that_no_model_has_is_told_with_the_nearest(tenter, house, recipes, verb):
    assert tenter(verb, "--model", "smal_net") == (
        2, "", "tenter: --model: no file and no model is called 'smal_net'; did you mean 'small_net'?\n")


def test_a_file_or_folder_of_that_name_comes_first(tenter, house, recipes):
    (house.root / "small_net").mkdir()
    code, _, err = tenter("run", "--model", "small_net")
    assert code == 2 and err == "tenter: --model: the folder 'small_net' holds no file *.onnx\n" and not recipes.exists()
