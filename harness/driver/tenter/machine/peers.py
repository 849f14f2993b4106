"""The peers of the benchmark that come as packages: where they are, or how to get them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

# The group of pyproject.toml that `./tenter bench ... --peers` installs, without dependencies.
MXNET_LIBRARY = "libmxnet.so"


def mxnet_library() -> Path | None:
    """The library out of the wheel. The package is not imported: it does not work with a current numpy."""
    spec = importlib.util.find_spec("mxnet")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        library = Path(folder) / MXNET_LIBRARY
        if library.is_file():
            return library
    return None
