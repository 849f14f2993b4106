"""The file of a model that a user names: by its name, or by a path that may lead to no such file.

What can be said before anything is built is said here, and takes no time: whether the bytes can be a model at all, and whether
they are those of a recipe. Whether they can run is for the target to say.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import BinaryIO

from tenter.errors import UsageError

_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5  # how a field of Protocol Buffers is stored; ONNX has no other kind


def is_name(word: Path) -> bool:
    """One word without a suffix that is no file: `resnet50_he`."""
    return str(word) == word.name and not word.suffix and not word.is_symlink() and not word.exists()


def named(models_dir: Path, word: Path, before: str = "") -> Path:
    """The file of the model of that name, made if it has to be; `before` begins an error. The package onnx is loaded only here, since
    that takes a second."""
    try:
        from tenter.machine import models
        return models.named(models_dir, word.name)
    except ImportError as error:
        raise UsageError(f"{before}the model '{word}' cannot be made: {error}") from error
    except UsageError as error:
        raise UsageError(f"{before}{error}") from error


def shape_of_recipe(models_dir: Path, path: Path) -> str:
    """What a model is asked with whose file leaves sizes open, if a recipe made it, wherever a copy of it lies; else nothing."""
    name = _recipe_of(models_dir, path)
    if not name:
        return ""
    try:
        from tenter.machine import models
    except ImportError:  # then nobody can make one, either
        return ""
    recipe = {**models.BY_NAME, **models.RECIPES}.get(name)
    return recipe.shape if recipe else ""


def _recipe_of(models_dir: Path, path: Path) -> str:
    """By its bytes, as the notes beside the models have them; only a file of the size of a model is read."""
    try:
        size = path.stat().st_size
        notes = {made.stem: made.with_suffix(".recipe.json") for made in models_dir.glob("*.onnx") if made.stat().st_size == size}
        # Of two recipes with the same bytes, the one that the file is called after.
        digests = {json.loads(notes[name].read_text())["sha256"]: name for name in sorted(notes, key=path.stem.__eq__) if notes[name].is_file()}
        return digests.get(hashlib.sha256(path.read_bytes()).hexdigest(), "") if digests else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""


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


def no_model(path: Path) -> str:
    """Why the bytes are no model, or nothing: its outermost fields have to follow one another, up to the end of the file."""
    with path.open("rb") as file:
        size, at = os.fstat(file.fileno()).st_size, 0
        while at < size:
            if not _pass(file):
                return f"'{path}' is no ONNX model: what stands at byte {at:,} is no part of one"
            if file.tell() > size:
                return f"'{path}' is no ONNX model: it is cut off, within what begins at byte {at:,}"
            at = file.tell()
    return "" if size else f"'{path}' is no ONNX model: it is empty"


def _pass(file: BinaryIO) -> bool:
    """Over one field, perhaps beyond the end of the file; no for what is none."""
    tag = _varint(file)
    kind = tag & 7
    if tag >> 3 == 0 or kind not in (_VARINT, _FIXED_64, _BYTES, _FIXED_32):
        return False
    length = _varint(file) if kind in (_VARINT, _BYTES) else 0
    if length >> 62:
        return False  # no file is so long
    file.seek({_VARINT: 0, _BYTES: length, _FIXED_64: 8, _FIXED_32: 4}[kind], os.SEEK_CUR)
    return True


def _varint(file: BinaryIO) -> int:
    """Seven bits of each byte, the least ones first, until one without the eighth. A byte that is not there
    counts as passed, so that whoever called finds itself beyond the end."""
    value = 0
    for shift in range(0, 70, 7):
        read = file.read(1)
        if not read:
            file.seek(1, os.SEEK_CUR)
            break
        byte = read[0]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return value
