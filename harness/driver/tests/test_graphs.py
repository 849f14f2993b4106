"""Drawn models: a function of the seed, valid, of every op type that the runtime has, and with answers that depend on the inputs."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import onnx
import pytest

from tenter.errors import UsageError
from tenter.graphs import generated, seeds
from tenter.house import this_house
from tenter.plan import given_models

SEEDS = range(300)


@pytest.fixture(scope="module")
def drawn() -> dict[int, onnx.ModelProto]:
    return {seed: generated.model(seed) for seed in SEEDS}


def test_a_seed_gives_the_same_model_every_time(drawn):
    for seed in (0, 7, 299):
        assert generated.model(seed).SerializeToString(deterministic=True) == drawn[seed].SerializeToString(deterministic=True)
    assert len({model.SerializeToString(deterministic=True) for model in drawn.values()}) == len(SEEDS)


def test_each_is_valid_with_full_shape_inference(drawn):
    for seed, model in drawn.items():
        print("seed", seed)  # of the one that fails
        onnx.checker.check_model(model, full_check=True)


def test_every_op_type_of_the_runtime_is_drawn(drawn):
    ops = Counter(node.op_type for model in drawn.values() for node in model.graph.node)
    said = {line.split('"')[1] for path in (this_house().root / "runtime" / "ops").glob("*.cc") if "test" not in path.name
            for line in path.read_text().splitlines() if any(row in line for row in ('OpType{"', 'Unary("', 'Variadic("'))}
    assert len(said) > 40 and said <= set(ops) and min(ops[op] for op in said) >= 3


def test_what_is_drawn(drawn):
    models = drawn.values()
    outputs = [[value.name for value in model.graph.output] for model in models]
    inputs = [value.type.tensor_type for model in models for value in model.graph.input]
    assert {model.opset_import[0].version for model in models} == set(range(7, 18))
    assert sum(len(set(names)) < len(names) for names in outputs) >= 5, "the same value as two outputs"
    assert sum(any(name in node.input for node in model.graph.node for name in names)
               for model, names in zip(models, outputs, strict=True)) >= 50, "outputs that are read inside"
    assert sum(bool(tensor.shape.dim[0].dim_param) for tensor in inputs) >= 50, "open dimensions"
    assert sum(tensor.elem_type == onnx.TensorProto.INT64 for tensor in inputs) >= 20, "integers"
    assert sum(len(model.graph.node) >= 12 for model in models) >= 30 and max(map(len, outputs)) >= 5


def test_a_model_is_written_once_and_again_when_it_is_damaged(house, monkeypatch):
    path = seeds.file_of("generated:7", house, "here")
    assert path == house.models / "generated-7.onnx" and onnx.load_model(path).graph.name == "generated_7"
    path.write_bytes(b"damaged")
    assert onnx.load_model(seeds.file_of("generated:7", house, "here")).graph.name == "generated_7"
    monkeypatch.setattr(generated, "model", lambda seed: pytest.fail("drawn again"))
    seeds.file_of("generated:7", house, "here")


@pytest.mark.parametrize("word", ("generated:", "generated:x", "generated:-1", "generated:1.5", "generated:" + "9" * 20, "generated:9223372036854775807"))
def test_a_bad_seed_is_one_line(house, word):
    with pytest.raises(UsageError, match=r"^--model: 'generated:.*' has no seed from 0 to \d+ behind 'generated:', such as generated:7$"):
        seeds.file_of(word, house, "--model")


def test_a_scenario_names_a_seed(tenter, write, house):
    write("smoke/drawn", "model = 'generated:7'")
    assert tenter("run", "smoke/drawn")[0] == 0
    plan = json.loads((house.out / "latest" / "cases" / "smoke" / "drawn.probe" / "plan.json").read_text())
    assert plan["workload"]["model"] == str(house.models / "generated-7.onnx")
    write("smoke/wrong", "model = 'generated:seven'")
    code, _, err = tenter("run", "smoke/wrong")
    assert code == 2 and "smoke/wrong.toml: 'model': 'generated:seven' has no seed" in err


def test_the_command_line_names_a_seed_and_is_told_with_it(house):
    (scenario,) = given_models.scenarios([Path("generated:7")], {"threads": 4, "inferences": 8}, house)
    assert scenario.name == "model/generated-7" and scenario.selector.startswith("--model generated:7 ")


def test_list_shows_what_is_in_it(tenter, house):
    code, out, _ = tenter("list", "--model", "generated:7")
    assert code == 0 and "generated-7.onnx: opset" in out and "inputs (" in out
    code, _, err = tenter("list", "--model", "generated:seven")
    assert code == 2 and "such as generated:7" in err
