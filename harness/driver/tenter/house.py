"""Where things are: the one place that knows the layout of the repository and of a build folder."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

FLAVOURS = ("release", "probe", "tsan", "asan", "gcc")
FUZZED_FLAVOURS = ("probe", "tsan", "asan")  # those with fault sites
# What is fuzzed through a target, and where the planted bugs of such targets are that it may find.
_SOURCES_OF_TARGETS = {"iterator": ("io/", "capi/model/iterator"),
                       "model": ("cached_op/", "graph/", "ops/", "tensor/", "device/", "capi/model/model", "capi/model/tensor")}
# A planted bug of the engine that is a target, in harness/mutants/CMakeLists.txt.
_ENGINE_OF_TARGET = re.compile(r"^tenter_mutant\((\w+) runtime/engine/", re.MULTILINE)


@dataclass(frozen=True)
class House:
    """A checkout of the repository. Tests make one in a temporary folder."""

    root: Path

    @property
    def scenarios(self) -> Path:
        return self.root / "scenarios"

    @property
    def out(self) -> Path:
        return self.root / "out"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    def build(self, flavour: str) -> Path:
        return self.root / "build" / flavour

    def runner(self, flavour: str) -> Path:
        return self.build(flavour) / "harness" / "run" / "tenter-runner"

    def bench(self, flavour: str, program: str) -> Path:
        return self.build(flavour) / "bench" / program

    def target(self, flavour: str, name: str) -> Path:
        return self.build(flavour) / "harness" / "targets" / f"libtenter_target_{name}.so"

    def mutant(self, flavour: str, name: str) -> Path:
        return self.build(flavour) / "mutants" / f"libtenter_target_mutant_{name}.so"

    def fuzzer(self, flavour: str, program: str) -> Path:
        return self.build(flavour) / "fuzz" / program

    @property
    def planted(self) -> Path:
        return self.root / "harness" / "mutants" / "planted.toml"

    @property
    def waivers(self) -> Path:
        """What a sweep need not show; no scenario."""
        return self.scenarios / "waivers.toml"

    def patches(self) -> dict[str, Path]:
        """The planted bugs that are patches of a source, by name."""
        folders = (self.root / "harness" / "mutants", self.root / "fuzz" / "mutants")
        return {path.stem: path for folder in folders for path in sorted(folder.glob("*.patch"))}

    def fuzz_mutants(self, what: str, target: str = "") -> list[str]:
        """Planted bugs for a fuzzer, by their patches: they are built on demand. `target`: what --target says."""
        if what == "engine" and target:
            return sorted(_ENGINE_OF_TARGET.findall((self.root / "harness" / "mutants" / "CMakeLists.txt").read_text()))
        if what in _SOURCES_OF_TARGETS:
            patches = [path for path in (self.root / "harness" / "mutants").glob("*.patch")
                       if any(f"--- a/runtime/{source}" in path.read_text() for source in _SOURCES_OF_TARGETS[what])]
        else:
            patches = [path for path in (self.root / "fuzz" / "mutants").glob("*.patch")
                       if path.stem.startswith("api_") == (what == "api")]
        return sorted(path.stem for path in patches)

    def targets(self, flavour: str) -> list[str]:
        return _names(self.target(flavour, "*"), "libtenter_target_")

    def mutants(self, flavour: str) -> list[str]:
        return _names(self.mutant(flavour, "*"), "libtenter_target_mutant_")

    def meanings(self) -> dict[str, str]:
        """What each contract means, in one line."""
        return {name: row["meaning"] for name, row in tomllib.loads((self.reports / "contracts.toml").read_text()).items()}

    def relative(self, path: Path) -> str:
        """The path as a user would type it from the root of the repository; absolute when it lies outside."""
        try:
            return str(path.resolve().relative_to(self.root.resolve()))
        except ValueError:
            return os.path.abspath(path)


def _names(pattern: Path, prefix: str) -> list[str]:
    return sorted(path.name.removeprefix(prefix).removesuffix(".so") for path in pattern.parent.glob(pattern.name))


def this_house() -> House:
    """The checkout that this very file belongs to."""
    return House(Path(__file__).resolve().parents[3])
