"""`generated:7`: the word for the model of a seed, and its file in the models folder, written once."""

from __future__ import annotations

import re
from pathlib import Path

from tenter.errors import UsageError
from tenter.house import House

PREFIX = "generated:"
MOST_SEED = 2**62
_FILE = re.compile(r"generated-(\d+)\.onnx")


def means_seed(word: str) -> bool:
    return word.startswith(PREFIX)


def file_of(word: str, house: House, where: str) -> Path:
    """Draws the model if it is not there in this version. Packages are loaded only then, since that takes a second."""
    digits = word.removeprefix(PREFIX)
    if not re.fullmatch(r"[0-9]{1,19}", digits) or int(digits) > MOST_SEED:
        raise UsageError(f"{where}: '{word}' has no seed from 0 to {MOST_SEED} behind '{PREFIX}', such as {PREFIX}7")
    try:
        from tenter.graphs import generated
        from tenter.machine import models
    except ImportError as error:
        raise UsageError(f"{where}: the model cannot be drawn: {error}") from error
    seed = int(digits)
    house.models.mkdir(parents=True, exist_ok=True)
    recipe = models.Recipe(generated.VERSION, lambda: generated.model(seed).SerializeToString(deterministic=True))
    return models.made(house.models, f"generated-{seed}", recipe)


def word_of(path: Path, house: House) -> str:
    """The word that means this file; nothing for a file that was not drawn."""
    match = _FILE.fullmatch(path.name)
    return f"{PREFIX}{match[1]}" if match and path.resolve().parent == house.models.resolve() else ""
