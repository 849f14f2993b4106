"""The models that `--model` names: one scenario each, of concurrent inference.

A word that means one model has to be right, or nothing runs. Of several models, in a folder or in several words, each is for
itself: one that cannot be run says why in a row of its own, and the others run. A word that names no file at all is a mistake
in both cases. A shape counts for the models that have its input. Where none is given, that of its recipe counts, if it has one.
"""

from __future__ import annotations

import fnmatch
import os
import shlex
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tenter.console import say
from tenter.errors import UsageError
from tenter.graphs import seeds
from tenter.house import House
from tenter.machine import model_file
from tenter.plain import one_line
from tenter.plan.input_shapes import inputs_of, misfit, shared_out
from tenter.plan.scenario import Expected, Scenario

_EVERY_S = 2.0  # between lines of a search that takes long


def scenarios(words: Sequence[Path], parameters: dict[str, Any], house: House, faults: Sequence[str] = ()) -> list[Scenario]:
    """One per file, and per model in the folders; a file that is named twice is run once."""
    files: dict[Path, None] = {}
    for word in words:
        files.update(dict.fromkeys(Path(os.path.abspath(path)) for path in _files(word, house)))
    names = _names(list(files))
    several = len(files) > 1
    shapes = parameters.get("input_shape", "")
    read = [inputs_of(path) if shapes else None for path in files]
    shared = shared_out(shapes, read) if several and shapes else [shapes] * len(files)
    made = []
    for path, name, inputs, own in zip(files, names, read, shared, strict=True):
        own = own or _by_recipe(path, house)
        refused = _unreadable(path) or (misfit(path, inputs, own) if own else "")
        if not several and (refused := refused or _no_model(path)):
            raise UsageError(refused)
        others = {key: value for key, value in parameters.items() if key != "input_shape"}
        made.append(_scenario(path, name, {**others, "input_shape": own} if own else others, faults, refused, house))
    return made


def _files(word: Path, house: House) -> list[Path]:
    if seeds.means_seed(str(word)) and not word.exists():
        return [seeds.file_of(str(word), house, "--model")]
    if model_file.is_name(word):
        return [model_file.named(house.models, word, "--model: ")]
    if not word.is_dir():
        if refused := model_file.no_file(word):
            raise UsageError(f"--model: {refused}")
        return [word]
    # A link that leads nowhere is a model that is gone, and is said to be.
    found = sorted(path for path in _beneath(word) if path.is_file() or not path.exists())
    if not found:
        raise UsageError(f"--model: the folder '{word}' holds no file *.onnx")
    return found


def _beneath(folder: Path) -> Iterator[Path]:
    """Every *.onnx below a folder. A home or a whole disk takes minutes, and then it says how far it is."""
    seen = found = 0
    told = time.monotonic()
    for here, _, names in os.walk(folder):
        seen += len(names)
        for name in fnmatch.filter(names, "*.onnx"):
            found += 1
            yield Path(here, name)
        if time.monotonic() - told > _EVERY_S:
            told = time.monotonic()
            say(f"--model: searching {folder} for *.onnx, at {one_line(here)}: {found:,} of {seen:,} files so far")


def _names(paths: Sequence[Path]) -> list[str]:
    """The name of the file, and as many folders before it as tell it from the others: resnet/1/model, bert/1/model."""
    twins = Counter(path.with_suffix("") for path in paths)
    parts = [(*path.parts[1:-1], path.stem if twins[path.with_suffix("")] == 1 else path.name) for path in paths]
    names = []
    for one in parts:
        # All of a path may be the end of another one: /models/net beside /srv/models/net.
        length = next((count for count in range(1, len(one) + 1)
                       if sum(other[-count:] == one[-count:] for other in parts) == 1), len(one))
        names.append("/".join(one[-length:]))
    return names


def _by_recipe(path: Path, house: House) -> str:
    """The shape that its recipe says, as `bench model` and `plan` take it."""
    shape = model_file.shape_of_recipe(house.models, path)
    if shape:
        say(f"--model: {path.name} is called with the shape of its recipe: --input-shape {shape}")
    return shape


def _unreadable(path: Path) -> str:
    """Why the file cannot be read at all, or nothing; whether it is a model that can run is for the target to say."""
    if not path.exists():
        return f"--model: no such file '{os.readlink(path)}', to which the link {path.name} leads"
    return "" if os.access(path, os.R_OK) else f"--model: the file {path.name} may not be read"


def _no_model(path: Path) -> str:
    """Of a file that is meant alone, before anything is built for it; among several the target tells it in a row."""
    refused = model_file.no_model(path)
    return f"--model: {refused}" if refused else ""


def _scenario(model: Path, name: str, parameters: dict[str, Any], faults: Sequence[str], refused: str, house: House) -> Scenario:
    """A tenth as much of it under ThreadSanitizer."""
    given = {"model": str(model.resolve()), **parameters}
    words = ["--model", seeds.word_of(model, house) or house.relative(model)]
    for key, value in parameters.items():
        for one in str(value).split(";"):
            words += [f"--{key.replace('_', '-')}", one]
    words += [word for fault in faults for word in ("--fault", fault)]
    scenario = Scenario(name=f"model/{name}", source="--model", selector=shlex.join(words), kind="concurrent_inference", parameters=given,
                        title=f"{model.name}: concurrent inference", contracts=("COP-1", "COP-5") if faults else ("COP-1",), refused=refused, faults="; ".join(faults),
                        purpose="Every output is compared bit by bit with the one-thread run of the same plan.",
                        expect=Expected(main="determinism"))
    slow = {"inferences": max(parameters.get("threads", 1), parameters["inferences"] // 10)}
    return replace(scenario, overrides={"tsan": slow, "asan": slow})
