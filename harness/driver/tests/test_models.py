"""The prepared models, and our kernels against an independent runtime on them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest

from tenter.errors import UsageError
from tenter.house import this_house
from tenter.machine import efficientnet, light_models, models

onnxruntime = pytest.importorskip("onnxruntime", reason="the numeric oracle is not installed")

SQUEEZENET_SHAPE = (1, 3, 224, 224)
# name of the model, shape of the input, seed of the input
CASES = [("ocr_cls", (1, 3, 48, 192), 1), ("ocr_cls", (2, 3, 48, 100), 2), ("ocr_cls", (3, 3, 64, 33), 3)]
CASES += [("squeezenet_he", SQUEEZENET_SHAPE, seed) for seed in (1, 2, 3)]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return models.prepare(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def graph_run() -> Path:
    folder = Path(os.environ.get("TENTER_BIN_DIR", this_house().root / "build" / "probe"))
    for path in (folder / "tenter-graph-run", folder / "runtime" / "graph" / "tenter-graph-run"):
        if path.exists():
            return path
    pytest.skip(f"tenter-graph-run is not built in {folder}")


def draw(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.Generator(np.random.Philox(seed)).standard_normal(shape).astype(np.float32)


def run(program: Path, model: Path, values: np.ndarray, kernels: str, folder: Path) -> np.ndarray:
    values.tofile(folder / "input.bin")
    dims = ",".join(str(size) for size in values.shape)
    done = subprocess.run([program, model, "--input", f"f32:{dims}:{folder / 'input.bin'}", "--kernels", kernels,
                           "--out", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return np.fromfile(folder / "output0.bin", dtype=np.float32)


def oracle(model: Path | bytes, values: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(str(model) if isinstance(model, Path) else model)
    return session.run(None, {session.get_inputs()[0].name: values})


@pytest.mark.parametrize("kernels", ["reference", "onednn"])
@pytest.mark.parametrize(("name", "shape", "seed"), CASES)
def test_outputs_are_those_of_onnxruntime(prepared: dict[str, Path], graph_run: Path, tmp_path: Path, name: str,
                                          shape: tuple[int, ...], seed: int, kernels: str) -> None:
    values = draw(shape, seed)
    expected = oracle(prepared[name], values)[0]
    found = run(graph_run, prepared[name], values, kernels, tmp_path).reshape(expected.shape)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_every_run_gives_the_same_bits(prepared: dict[str, Path], graph_run: Path, tmp_path: Path) -> None:
    values = draw(SQUEEZENET_SHAPE, 1)
    runs = [run(graph_run, prepared["squeezenet_he"], values, "onednn", tmp_path).tobytes() for _ in range(3)]
    assert len(set(runs)) == 1


@pytest.mark.parametrize(("name", "shape"), [("ocr_cls", (1, 3, 48, 192)), ("squeezenet_he", SQUEEZENET_SHAPE)])
def test_outputs_depend_on_the_input(prepared: dict[str, Path], name: str, shape: tuple[int, ...]) -> None:
    """Without this, a runtime that answers with another request's output would go unnoticed."""
    one, other = (oracle(prepared[name], draw(shape, seed))[0] for seed in (1, 2))
    assert np.isfinite(one).all()
    assert np.abs(one - other).max() > 1e-4


def test_the_logits_of_squeezenet_are_neither_flat_nor_saturated(prepared: dict[str, Path]) -> None:
    model = onnx.load(prepared["squeezenet_he"])
    softmax = next(node for node in model.graph.node if node.op_type == "Softmax")
    model.graph.output.append(onnx.helper.make_tensor_value_info(softmax.input[0], onnx.TensorProto.FLOAT, None))
    deviations = [oracle(model.SerializeToString(), draw(SQUEEZENET_SHAPE, seed))[1].std() for seed in range(3)]
    assert all(1.8 < deviation < 2.2 for deviation in deviations), deviations


def test_the_weights_of_squeezenet_are_parameters_and_all_used(prepared: dict[str, Path]) -> None:
    graph = onnx.load(prepared["squeezenet_he"]).graph
    read = {name for node in graph.node for name in node.input}
    assert [value.name for value in graph.input] == ["data_0"]
    assert {tensor.name for tensor in graph.initializer} <= read
    assert not any(node.op_type == "ConstantOfShape" for node in graph.node)


def test_preparing_again_changes_nothing_and_repairs_damage(tmp_path: Path) -> None:
    first = models.prepare(tmp_path)
    stamps = {name: (path.stat().st_mtime_ns, path.read_bytes()) for name, path in first.items()}
    assert models.prepare(tmp_path) == first
    assert all(path.stat().st_mtime_ns == stamps[name][0] for name, path in first.items())
    first["squeezenet_he"].write_bytes(b"half a file")
    models.prepare(tmp_path)
    assert first["squeezenet_he"].read_bytes() == stamps["squeezenet_he"][1]
    assert not list(tmp_path.glob(".*"))


def test_a_new_version_of_the_recipe_makes_the_file_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "RECIPES", {"tiny": models.Recipe(1, lambda: b"one")})
    models.prepare(tmp_path)
    monkeypatch.setattr(models, "RECIPES", {"tiny": models.Recipe(2, lambda: b"two")})
    assert models.prepare(tmp_path)["tiny"].read_bytes() == b"two"


def trapped() -> onnx.ModelProto:
    """A topology as the package has them, with everything that a recipe has to see through."""
    shapes = {"kernel": (4, 3, 1, 1), "gamma": (4,), "beta": (4,), "mean": (4,), "variance": (4,), "factor": (4,), "shift": (4,),
              "wide": (1, 1, 5, 16), "offset": (5,), "unused": (7,)}
    make = onnx.helper.make_node
    nodes = [make("ConstantOfShape", [f"{name}_shape"], [name]) for name in shapes]
    nodes += [make("Conv", ["x", "kernel"], ["c"]), make("BatchNormalization", ["c", "gamma", "beta", "mean", "variance"], ["n"]),
              make("Unsqueeze", ["factor"], ["factor_2"], axes=[1, 2]), make("Mul", ["n", "factor_2"], ["m"]),
              make("Unsqueeze", ["shift"], ["shift_2"], axes=[1, 2]), make("Add", ["m", "shift_2"], ["a"]), make("Relu", ["a"], ["r"]),
              make("Reshape", ["r", "flat"], ["f"]), make("Reshape", ["wide", "two"], ["wide_2"]),
              make("Gemm", ["f", "wide_2", "offset"], ["y"], transB=1)]
    numbers = {**{f"{name}_shape": shape for name, shape in shapes.items()}, "flat": (1, 16), "two": (5, 16), "left": (1,)}
    tensors = [onnx.numpy_helper.from_array(np.array(values, np.int64), name) for name, values in numbers.items()]
    inputs = [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 3, 2, 2]),
              *(onnx.helper.make_tensor_value_info(tensor.name, onnx.TensorProto.INT64, tensor.dims) for tensor in tensors)]
    outputs = [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 5])]
    graph = onnx.helper.make_graph(nodes, "trapped", inputs, outputs, tensors)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 9)], ir_version=3)


def test_the_parameters_of_any_topology_are_drawn_by_what_reads_them() -> None:
    content = light_models.seeded(trapped(), 1.0)
    graph = onnx.load_model_from_string(content).graph
    values = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    assert [value.name for value in graph.input] == ["x"], "nothing else is asked of a caller"
    assert set(values) == {name for node in graph.node for name in node.input if name in values}, "and nothing is left over"
    for name in ("gamma", "variance", "factor"):
        assert ((values[name] >= 0.75) & (values[name] < 1.25)).all() and len(set(values[name])) == 4
    for name in ("beta", "mean", "shift", "offset"):
        assert 0 < np.abs(values[name]).max() < 0.25
    assert 0.2 < values["wide"].std() < 0.5, "sqrt(2 / 16), though its shape before the Reshape says otherwise"
    assert values["two"].tolist() == [5, 16], "a shape is no weight"
    answers = [oracle(content, draw((1, 3, 2, 2), seed))[0] for seed in (1, 2)]
    assert np.isfinite(answers).all() and np.abs(answers[0] - answers[1]).max() > 1e-2


def test_the_last_layer_scales_the_logits() -> None:
    one, other = (oracle(light_models.seeded(trapped(), scale), draw((1, 3, 2, 2), 1))[0] for scale in (1.0, 0.5))
    np.testing.assert_allclose(other, one / 2, rtol=1e-5)
    assert light_models.seeded(trapped(), 1.0) == light_models.seeded(trapped(), 1.0)


@pytest.fixture(scope="session")
def by_name(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("by_name")
    return {name: models.named(folder, name) for name in ("efficientnet_lite0_he", "ocr_rec")}


@pytest.mark.parametrize(("name", "shape"), [("efficientnet_lite0_he", (1, 3, 224, 224)), ("ocr_rec", (1, 3, 48, 96)), ("ocr_rec", (2, 3, 48, 64))])
def test_models_by_name_answer_as_onnxruntime(by_name: dict[str, Path], graph_run: Path, tmp_path: Path, name: str, shape: tuple[int, ...]) -> None:
    values, other = draw(shape, 1), draw(shape, 2)
    expected = oracle(by_name[name], values)[0]
    found = run(graph_run, by_name[name], values, "onednn", tmp_path).reshape(expected.shape)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    assert np.isfinite(expected).all() and np.abs(expected - oracle(by_name[name], other)[0]).max() > 1e-3


def test_efficientnet_lite0_has_the_published_size(by_name: dict[str, Path]) -> None:
    """4,652,008 weights that are learnt, in 50 layers; the logits neither flat nor saturated."""
    graph = efficientnet.lite0().graph
    sizes = {tensor.name: int(np.prod(tensor.dims)) for tensor in graph.initializer}
    assert sum(size for name, size in sizes.items() if not name.endswith(("/mean", "/variance"))) == 4_652_008
    assert sum(node.op_type in ("Conv", "Gemm") for node in graph.node) == 50
    assert sum(node.op_type == "Add" for node in graph.node) == 9, "blocks that read what they add"
    deviations = [oracle(by_name["efficientnet_lite0_he"], draw((1, 3, 224, 224), seed))[0].std() for seed in range(3)]
    assert all(1.8 < deviation < 2.2 for deviation in deviations), deviations


def test_each_stage_of_efficientnet_lite0_has_the_published_resolution(by_name: dict[str, Path]) -> None:
    model = onnx.shape_inference.infer_shapes(onnx.load(by_name["efficientnet_lite0_he"]))
    made = {value.name: [axis.dim_value for axis in value.type.tensor_type.shape.dim] for value in model.graph.value_info}
    ends = [made[f"stage{at}/block{stage.blocks}/{'add' if stage.blocks > 1 else 'project/norm'}"] for at, stage in enumerate(efficientnet.STAGES, start=1)]
    assert [(shape[1], shape[2]) for shape in ends] == [(16, 112), (24, 56), (40, 28), (80, 14), (112, 14), (192, 7), (320, 7)]


def test_large_models_are_made_by_name_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "RECIPES", {"tiny": models.Recipe(1, lambda: b"one")})
    monkeypatch.setattr(models, "BY_NAME", {"large_he": models.Recipe(1, lambda: b"two")})
    models.prepare(tmp_path / "models")
    assert [path.name for path in (tmp_path / "models").glob("*.onnx")] == ["tiny.onnx"]
    assert models.named(tmp_path / "models", "large_he").read_bytes() == b"two"
    with pytest.raises(UsageError, match="no file and no model is called 'large_hi'; did you mean 'large_he'?"):
        models.named(tmp_path / "models", "large_hi")
