"""The file of a model that a user names: by its name, or by a path that may lead to no file."""

from __future__ import annotations

import os
from pathlib import Path


def is_name(word: Path) -> bool:
    """One word without a suffix that is no file: `resnet50_he`."""
    return str(word) == word.name and not word.suffix and not os.path.lexists(word)


def named(models_dir: Path, word: Path) -> Path:
    """The file of the model of that name, made if it has to be. The package onnx is loaded only then, since that takes a second."""
    from tenter.machine import models
    return models.named(models_dir, word.name)


def no_file(path: Path, shown: str = "") -> str:
    """Why there is no file that could be read, or nothing. `shown`: how the user wrote it."""
    shown = shown or str(path)
    if path.is_dir():
        return f"'{shown}' is a folder; name one file of it"
    if path.is_symlink() and not path.exists():
        return f"no such file '{os.readlink(path)}', to which the link {path.name} leads"
    if not path.exists():
        return f"no such file '{shown}'"
    return "" if path.is_file() else f"'{shown}' is no regular file"
