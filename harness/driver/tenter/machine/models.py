"""The models that scenarios run: real files out of installed packages, prepared once into a folder.

`ocr_cls` is a trained classifier of text direction with dynamic shapes. `squeezenet_he` has the published topology
and seeded random weights, because the package ships it with constant ones, with which every output is the same.
`two_heads` is made here: few nodes with seeded random weights, of which two are outputs and run at the same time.
Others are made only when somebody asks for one by name: `resnet50_he` and the like as squeezenet_he is, of 6 to 575 MB each,
`efficientnet_lite0_he` from a topology that is written down here, and `ocr_rec`, which reads text that ocr_cls has turned.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tenter.errors import UsageError, nearest
from tenter.machine import efficientnet, light_models
from tenter.machine.light_models import SEED

# What the last layer is multiplied with, so that the logits of probe inputs drawn from N(0, 1) have a deviation of 2. With He weights
# alone it is 1.44 in squeezenet, and thousands where residuals add up. Much more, and the softmax is one-hot; much less, and it is
# flat: in both cases the outputs hardly depend on the input, and checks that compare outputs lose their power.
_SQUEEZENET_SCALE = 1.39
_LAST_SCALES = {"bvlc_alexnet": 0.358, "densenet121": 0.550, "inception_v1": 0.394, "inception_v2": 0.388, "resnet50": 5.76e-4,
                "shufflenet": 3.37e-5, "vgg19": 0.451, "zfnet512": 1.20}
_EFFICIENTNET_SCALE = 0.634


@dataclass(frozen=True)
class Recipe:
    """How one model file is made. A change of what `make` returns needs a new version."""

    version: int
    make: Callable[[], bytes]
    shape: str = ""  # what it is asked with, where the file leaves sizes open: "1,3,48,192"


def prepare(models_dir: Path) -> dict[str, Path]:
    """Makes what is missing, damaged or of another version, and returns every model by its name."""
    models_dir.mkdir(parents=True, exist_ok=True)
    return {name: made(models_dir, name, recipe) for name, recipe in RECIPES.items()}


def named(models_dir: Path, name: str) -> Path:
    """The file of the model of that name, made if it has to be."""
    recipes = {**BY_NAME, **RECIPES}
    if name not in recipes:
        raise UsageError(f"no file and no model is called '{name}'{nearest(name, recipes)}")
    models_dir.mkdir(parents=True, exist_ok=True)
    return made(models_dir, name, recipes[name])


def made(models_dir: Path, name: str, recipe: Recipe) -> Path:
    """The file of one model, made if it has to be."""
    path = models_dir / f"{name}.onnx"
    note = models_dir / f"{name}.recipe.json"
    if not _is_current(path, note, recipe):
        content = recipe.make()
        _replace(path, content)
        _replace(note, json.dumps({"version": recipe.version, "sha256": _digest(content)}).encode())
    return path


def _is_current(path: Path, note: Path, recipe: Recipe) -> bool:
    try:
        return json.loads(note.read_text()) == {"version": recipe.version, "sha256": _digest(path.read_bytes())}
    except (OSError, ValueError):
        return False


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _replace(path: Path, content: bytes) -> None:
    """Readers see the old file or the whole new one, also when several processes prepare at once."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        file.write(content)
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def _ocr(name: str, wanted: str) -> bytes:
    """The file as it is packaged. The package is not imported: what it would import is not installed."""
    package = "rapidocr-onnxruntime"
    try:
        files = metadata.files(package) or []
    except metadata.PackageNotFoundError as error:
        raise UsageError(f"the model {name} needs the package {package}: pip install --no-deps {package}") from error
    for file in files:
        if file.name == wanted:
            return Path(str(file.locate())).read_bytes()
    raise UsageError(f"the package {package} {metadata.version(package)} has no file {wanted}")


def _efficientnet_lite0() -> bytes:
    return light_models.seeded(efficientnet.lite0(), _EFFICIENTNET_SCALE)


def _two_heads() -> bytes:
    """A trunk and two heads that have nothing else in common. The wide one takes longer, and the narrow one stands behind it.
    The wide one is an output twice: a runtime that makes it once has to copy it, and not before it is whole."""
    generator = np.random.Generator(np.random.Philox(SEED))
    rows, inner, wide, narrow = 16, 64, 2048, 8
    shapes = {"trunk_weight": (inner, inner), "wide_weight": (inner, wide), "narrow_weight": (inner, narrow)}
    weights = [numpy_helper.from_array(_draw(generator, shape), name) for name, shape in shapes.items()]
    nodes = [helper.make_node("MatMul", ["x", "trunk_weight"], ["product"], "trunk"),
             helper.make_node("Relu", ["product"], ["features"], "features"),
             helper.make_node("MatMul", ["features", "wide_weight"], ["wide"], "wide"),
             helper.make_node("MatMul", ["features", "narrow_weight"], ["narrow"], "narrow")]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [rows, width])
              for name, width in (("x", inner), ("wide", wide), ("narrow", narrow), ("wide", wide))]
    graph = helper.make_graph(nodes, "two_heads", values[:1], values[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def _draw(generator: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return (generator.standard_normal(shape) * np.sqrt(2.0 / shape[1])).astype(np.float32)


RECIPES = {
    "ocr_cls": Recipe(1, partial(_ocr, "ocr_cls", "ch_ppocr_mobile_v2.0_cls_infer.onnx"), "1,3,48,192"),
    "squeezenet_he": Recipe(1, partial(light_models.light, "squeezenet", _SQUEEZENET_SCALE)),
    "two_heads": Recipe(1, _two_heads),
}
# Those that nobody makes but by name.
BY_NAME = {
    "efficientnet_lite0_he": Recipe(1, _efficientnet_lite0),
    "ocr_rec": Recipe(1, partial(_ocr, "ocr_rec", "ch_PP-OCRv4_rec_infer.onnx"), "1,3,48,320"),
    **{f"{name}_he": Recipe(1, partial(light_models.light, name, scale)) for name, scale in _LAST_SCALES.items()},
}


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python -m tenter.models DIR", file=sys.stderr)
        return UsageError.exit_code
    try:
        for name, path in prepare(Path(sys.argv[1])).items():
            print(f"{name}: {path}")
    except UsageError as error:
        print(f"tenter: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
