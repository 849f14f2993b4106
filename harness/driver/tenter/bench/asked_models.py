"""The models that `bench model` is asked for, with the shapes that they are asked with."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tenter.errors import UsageError
from tenter.house import House
from tenter.machine import environment, model_file, model_outline, models
from tenter.machine.model_outline import ModelOutline, Port
from tenter.plan import input_shapes

_TYPES = ("float32", "float64", "int32", "int64", "uint8", "bool")


@dataclass(frozen=True)
class Asked:
    """A model, and what `model_bench` has to know of it."""

    name: str
    path: Path
    inputs: tuple[str, ...]   # NAME=TYPE:1,3,224,224
    outputs: tuple[str, ...]
    facts: str

    def words(self) -> list[str]:
        return ["--name", self.name, "--model", str(self.path),
                *(word for text in self.inputs for word in ("--input", text)),
                *(word for name in self.outputs for word in ("--output", name))]


def find(files: Sequence[Path], shapes: str, house: House) -> list[Asked]:
    """Those files or models by name, or every model that is made for scenarios. What cannot be asked is refused before anything runs."""
    files = tuple(_made(file, house) for file in files) or tuple(models.prepare(house.models).values())
    paths = list(dict.fromkeys(Path(os.path.abspath(file)) for file in files))
    outlines = [_outline(path) for path in paths]
    shared = input_shapes.shared_out(shapes, [outline.inputs for outline in outlines]) if shapes else [""] * len(paths)
    stems = Counter(path.stem for path in paths)
    return [_asked(path, path.stem if stems[path.stem] == 1 else f"{path.stem}-{number}", outline,
                   own or model_file.shape_of_recipe(house.models, path))
            for number, (path, outline, own) in enumerate(zip(paths, outlines, shared, strict=True), start=1)]


def _made(file: Path, house: House) -> Path:
    """The model of a name, and the file of a scenario, made if it has to be; any other file as it is."""
    if model_file.is_name(file):
        return model_file.named(house.models, file)
    of_scenarios = Path(os.path.abspath(file)).parent in (house.models, house.models.resolve()) and file.suffix == ".onnx"
    return models.named(house.models, file.stem) if of_scenarios and file.stem in models.RECIPES else file


def _outline(path: Path) -> ModelOutline:
    if refused := model_file.no_file(path):
        raise UsageError(refused)
    try:
        return model_outline.read(path)
    except ValueError as error:
        raise UsageError(f"{path} is no model: {error}") from error


def _asked(path: Path, name: str, outline: ModelOutline, shapes: str) -> Asked:
    refused = input_shapes.misfit(path, outline.inputs, shapes) if shapes else ""
    if refused:
        raise UsageError(refused)
    inputs = tuple(_input(path, port, input_shapes.sizes_of(shapes, port)) for port in outline.inputs)
    return Asked(name, path, inputs, tuple(port.name for port in outline.outputs), f"{'; '.join(inputs)}; sha256 {environment.digest(path)[:12]}")


def _input(path: Path, port: Port, sizes: tuple[int, ...]) -> str:
    if port.dtype not in _TYPES:
        raise UsageError(f"{path.name}: the input '{port.name}' is of type {port.dtype}; known: {', '.join(_TYPES)}")
    if port.axes is None and not sizes:
        raise UsageError(f"{path.name}: not even the rank of the input '{port.name}' is known; say --input-shape '{port.name}=1,3,224,224'")
    return f"{port.name}={port.dtype}:{','.join(map(str, sizes if port.axes is None else port.sized(sizes)))}"
