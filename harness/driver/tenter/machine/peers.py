"""The peers of the benchmark that come as packages: where they are, or how to get them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

# Of the groups of pyproject.toml that `./tenter bench ... --peers` installs, without dependencies.
MXNET_LIBRARY = "libmxnet.so"


def mxnet_library() -> Path | None:
    """The library out of the wheel. The package is not imported: it does not work with a current numpy."""
    return _library("mxnet", MXNET_LIBRARY)


def onnxruntime_library() -> Path | None:
    """Of the package that every checkout has, which answers as an oracle elsewhere."""
    return _library("onnxruntime", "capi/libonnxruntime.so.*")


def openvino_library() -> Path | None:
    return _library("openvino", "libs/libopenvino_c.so*")


def _library(package: str, pattern: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for library in sorted(Path(folder).glob(pattern)):
            if library.is_file():
                return library
    return None
