"""Shapes that do not fit a model are refused with its inputs and with what would do, before anything runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from tenter.machine import models


def save(path: Path, inputs: dict[str, list | None]) -> Path:
    """A model that adds its inputs up, or hands one on."""
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, axes) for name, axes in inputs.items()]
    out = helper.make_tensor_value_info("sum", TensorProto.FLOAT, None)
    path.parent.mkdir(exist_ok=True)
    onnx.save(helper.make_model(helper.make_graph([helper.make_node("Sum", list(inputs), ["sum"])], "g", ports, [out])), str(path))
    return path


MODELS = {"fixed": {"x": [1, 3, 8, 8]}, "open": {"x": ["n", 3]}, "two": {"left": [1, 4], "right": ["n", 4]}, "odd": {"my input": [None, 2]},
          "old": {"x": [-1, 0, 3]}, "unknown": {"x": None}}
FIXED = "fixed.onnx has x[1,3,8,8] float32; its shapes are fixed, so leave --input-shape out"
OPEN = "open.onnx has x[n,3] float32; what would do is --input-shape x="
TWO = "two.onnx has the inputs left[1,4] float32, right[n,4] float32; "
REFUSED = [
    ("fixed", ["x=1,3,8"], f"'x' is of rank 4, and not 3; {FIXED}"),
    ("fixed", ["x=1,3,8,9"], f"dimension 4 of 'x' is fixed at 8, and not 9; {FIXED}"),
    ("fixed", ["2,3,8,8"], f"dimension 1 of 'x' is fixed at 1, and not 2; {FIXED}"),
    ("fixed", ["y=1,3,8,8"], f"no input is called 'y'; known: x; {FIXED}"),
    ("open", ["x=5,4"], f"dimension 2 of 'x' is fixed at 3, and not 4; {OPEN}5,3"),
    ("open", ["x=5"], f"'x' is of rank 2, and not 1; {OPEN}1,3"),
    ("open", ["n=5,3"], f"no input is called 'n'; known: x; {OPEN}5,3"),
    ("two", ["rigth=5,4"], f"no input is called 'rigth'; did you mean 'right'?; {TWO}what would do is --input-shape right=5,4"),
    ("two", ["lefd=1,4"], f"no input is called 'lefd'; did you mean 'left'?; {TWO}the shape of 'left' is fixed, so leave it out"),
    ("two", ["left=2,4"], f"dimension 1 of 'left' is fixed at 1, and not 2; {TWO}the shape of 'left' is fixed, so leave it out"),
    ("two", ["left=1,4", "right=7"], f"'right' is of rank 2, and not 1; {TWO}what would do is --input-shape right=1,4"),
    ("two", ["7,4", "left=1,4"], f"says not which input it is for; {TWO}what would do is --input-shape right=7,4"),
    ("two", ["7,4"], f"dimension 1 of 'left' is fixed at 1, and not 7; {TWO}what would do is --input-shape right=7,4"),
    ("odd", ["my input=1,3"], "dimension 2 of 'my input' is fixed at 2, and not 3; odd.onnx has my input[?,2] float32; what would do is "
                              "--input-shape 'my input=1,2'"),
    ("unknown", ["y=1,2"], "no input is called 'y'; known: x; unknown.onnx has x[...] float32; not even the rank of 'x' is known, so that "
                           "no shape can be named"),
    ("old", ["x=5,6,7"], "dimension 3 of 'x' is fixed at 3, and not 7; old.onnx has x[?,?,3] float32; what would do is --input-shape x=5,6,3"),
]
ACCEPTED = [("fixed", ["x=1,3,8,8"]), ("fixed", ["1,3,8,8"]), ("open", ["x=5,3"]), ("two", ["right=9,4"]), ("two", ["left=1,4", "right=9,4"]),
            ("two", ["1,4"]), ("odd", ["my input=6,2"]), ("old", ["x=5,6,3"]), ("unknown", ["x=1,2,3,4,5"])]


@pytest.fixture
def ask(tenter, tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path / "models")

    def run(model: str, shapes: list[str]) -> tuple[int, str, str]:
        return tenter("run", "--model", str(save(tmp_path / "models" / f"{model}.onnx", MODELS[model])), "-f", "probe",
                      *[word for shape in shapes for word in ("--input-shape", shape)])
    return run


@pytest.mark.parametrize(("model", "shapes", "line"), REFUSED)
def test_a_shape_that_does_not_fit_is_one_line_that_says_what_would_do(ask, house, model, shapes, line):
    code, out, err = ask(model, shapes)
    assert (code, out) == (2, "") and err.startswith("tenter: --input-shape ") and err.count("\n") == 1
    assert err.partition(": ")[2].partition(": ")[2] == f"{line}\n"
    assert not house.out.exists()


@pytest.mark.parametrize(("model", "shapes", "line"), [row for row in REFUSED if "what would do" in row[2] and row[1][0][-3:] != "7,4"])
def test_what_would_do_does(ask, model, shapes, line):
    words = line.rpartition("--input-shape ")[2].strip("'")
    assert ask(model, [words])[0] == 0


@pytest.mark.parametrize(("model", "shapes"), ACCEPTED)
def test_a_shape_that_fits_is_taken(ask, house, model, shapes):
    assert ask(model, shapes)[0] == 0
    case, = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
    assert case["parameters"]["input_shape"] == ";".join(shapes)


@pytest.fixture
def several(tenter, house, tmp_path):
    """Runs three models, with inputs x, x, and left and right; returns the line on stderr, or code, verdict, shapes and reason of each."""
    for name in ("fixed", "open", "two"):
        save(tmp_path / "models" / f"{name}.onnx", MODELS[name])
    (tmp_path / "models" / "zero.onnx").write_bytes(b"no ONNX")

    def run(*shapes: str) -> tuple[int, object]:
        words = [word for shape in shapes for word in ("--input-shape", shape)]
        code, _, err = tenter("run", "--model", str(tmp_path / "models"), "-f", "probe", *words)
        if code == 2:
            return code, err
        cases = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
        assert err == "" and [case["verdict"] for case in cases[3:]] == ["ERROR"], "it is no model"
        return code, [(case["verdict"], case["parameters"]["input_shape"], case["reason"], case["again"]) for case in cases[:3]]
    return run


def test_of_several_models_a_shape_counts_for_those_that_have_its_input(several):
    code, (fixed, open_, two) = several("x=1,3,8,8", "right=9,4")
    assert code == 3 and [row[:2] for row in (fixed, two)] == [("PASS", "x=1,3,8,8"), ("PASS", "right=9,4")]
    assert open_[:2] == ("ERROR", "x=1,3,8,8") and open_[2].startswith("--input-shape x=1,3,8,8: 'x' is of rank 2, and not 4; ")
    assert "--input-shape right=9,4 --flavour" in two[3] and "x=1" not in two[3], "what is run again is of this model"
    code, (fixed, open_, two) = several("x=5,3")
    assert fixed[2] == f"--input-shape x=5,3: 'x' is of rank 4, and not 2; {FIXED}"
    assert open_[0] == "PASS" and two[:2] == ("PASS", "") and "--input-shape" not in two[3]
    code, (fixed, open_, two) = several("1,4")
    assert [row[0] for row in (fixed, open_, two)] == ["ERROR", "ERROR", "PASS"], "without a name it is for every input"


@pytest.mark.parametrize(("shapes", "line"), [
    (["x=5,3", "rigth=5,4"], "rigth=5,4: no model has an input called 'rigth'; did you mean 'right'?"),
    (["x=5,3", "1,4"], "1,4: says not which input it is for")])
def test_a_shape_that_is_for_no_model_is_refused(several, house, shapes, line):
    assert several(*shapes) == (2, f"tenter: --input-shape {line}\n") and not house.out.exists()


def test_of_files_that_are_no_models_the_rows_tell(tenter, tmp_path):
    (tmp_path / "models").mkdir()
    for name in ("one", "other"):
        (tmp_path / "models" / f"{name}.onnx").write_bytes(b"no ONNX")
    assert tenter("run", "--model", str(tmp_path / "models"), "-f", "probe", "--input-shape", "x=1")[0] == 3


@pytest.fixture
def recipe(house, tmp_path, monkeypatch):
    """A model of a recipe in models/, with two open sizes."""
    content = save(tmp_path / "open.onnx", {"x": ["n", "side"]}).read_bytes()
    monkeypatch.setattr(models, "RECIPES", {"mine": models.Recipe(1, lambda: content, "2,5")})
    return models.named(house.models, "mine")


@pytest.mark.parametrize("words", [("mine",), ("models/mine.onnx",), ("elsewhere/copy.onnx",), ("link.onnx",)])
def test_a_model_of_a_recipe_is_called_with_its_shape(tenter, house, recipe, words):
    (house.root / "elsewhere").mkdir()
    shutil.copy(recipe, house.root / "elsewhere" / "copy.onnx")
    (house.root / "link.onnx").symlink_to(recipe)
    code, _, err = tenter("run", "--model", *words, "-f", "probe")
    name = {"mine": recipe.name}.get(words[0], Path(words[0]).name)
    assert code == 0 and err == f"tenter: --model: {name} is called with the shape of its recipe: --input-shape 2,5\n"
    case, = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
    assert case["parameters"]["input_shape"] == "2,5" and " --input-shape 2,5 " in case["again"]
    assert "  x[n,side] float32   open; by default --input-shape x=2,5\n" in tenter("list", "--model", *words)[1]


def test_a_shape_that_is_given_counts_more_and_other_bytes_have_no_recipe(tenter, house, recipe):
    assert tenter("run", "--model", "mine", "-f", "probe", "--input-shape", "x=7,7")[2] == ""
    assert json.loads((house.out / "latest" / "report.json").read_text())["cases"][0]["parameters"]["input_shape"] == "x=7,7"
    recipe.write_bytes(save(house.root / "other.onnx", {"y": ["n", "side"]}).read_bytes())
    assert tenter("run", "--model", "models/mine.onnx", "-f", "probe")[2] == ""
    assert json.loads((house.out / "latest" / "report.json").read_text())["cases"][0]["parameters"]["input_shape"] == ""
    for note in ("no JSON", "[]", "{}"):
        recipe.with_suffix(".recipe.json").write_text(note)
        assert tenter("run", "--model", "models/mine.onnx", "-f", "probe")[::2] == (0, "")


def test_of_several_models_each_has_the_shape_of_its_own_recipe(tenter, house, recipe, tmp_path):
    shutil.copy(recipe, save(tmp_path / "models" / "two.onnx", MODELS["two"]).with_name("copy.onnx"))
    code, _, err = tenter("run", "--model", str(tmp_path / "models"), "-f", "probe", "--input-shape", "right=9,4")
    assert code == 0 and err == "tenter: --model: copy.onnx is called with the shape of its recipe: --input-shape 2,5\n"
    cases = json.loads((house.out / "latest" / "report.json").read_text())["cases"]
    assert [case["parameters"]["input_shape"] for case in cases] == ["2,5", "right=9,4"]
