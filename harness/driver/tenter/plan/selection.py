"""Which scenarios the words on a command line mean: a name, a folder, a file or a glob; NAME+VALUE where one runs with each of several."""

from __future__ import annotations

import glob
import shlex
from pathlib import Path

from tenter.errors import UsageError, nearest
from tenter.house import House
from tenter.plan.each import expanded, split
from tenter.plan.scenario import Scenario, name_of, read


def scenario_files(house: House) -> list[Path]:
    return _scenarios_in(house.scenarios, house)


def _scenarios_in(folder: Path, house: House) -> list[Path]:
    return sorted(path.resolve() for path in folder.rglob("*.toml") if path.resolve() != house.waivers.resolve())


def select(house: House, words: list[str]) -> list[Scenario]:
    """The scenarios that the words name, each once, in the order of the words."""
    chosen: dict[str, Scenario] = {}
    for given in words:
        word, only = split(given)
        found = _files(house, word)
        if word.endswith(".onnx") and not glob.has_magic(word):
            raise UsageError(f"'{word}' is a model, and no scenario: ./tenter run --model {shlex.quote(word)}" if found else
                             f"no such file '{word}'")
        if not found:
            if word.endswith(".toml") and not glob.has_magic(word):
                raise UsageError(f"no such scenario file '{word}'")
            known = [name_of(path, house) for path in scenario_files(house)]
            folders = sorted({name.split("/")[0] for name in known})
            raise UsageError(f"no scenario, folder or file '{word}'{nearest(word, [*folders, *known])}")
        for path in found:
            chosen.update((scenario.source + scenario.name, scenario) for scenario in expanded(read(path, house), only))
    return list(chosen.values())


def _files(house: House, word: str) -> list[Path]:
    for base in (Path(word), house.root / word, house.scenarios / word):
        with_suffix = base.with_name(base.name + ".toml") if base.name else base
        for path in (base, with_suffix):
            if path.is_dir() and (found := _scenarios_in(path, house)):
                return found
            if path.is_file():
                return [path.resolve()]
    if not glob.has_magic(word):
        return []
    for base in (Path(), house.root, house.scenarios):
        for pattern in (word, word + ".toml"):
            matches = sorted(Path(path).resolve() for path in glob.glob(str(base / pattern), recursive=True) if path.endswith(".toml"))
            if matches:
                return matches
    return []
