"""Where the caller stands. Everything in files is written as from the root of the checkout, so that it means the same wherever a
report is read; what goes to a terminal is written as from the caller's folder, so that it can be pasted there.

One rule: a path below the caller's folder is relative to it, every other one is absolute. `./tenter` is such a path too. Who
stands at the root sees no difference.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tenter.house import House, this_house

# A command goes on to the next one, or to the end of its line.
_LAUNCHER = re.compile(r"(?<![^\s`'\"(:])\./tenter(?![\w.-])(?:(?!\./tenter(?![\w.-]))[^\n])*")
_WORD = re.compile(r"'[^'\n]*'|[^\s`;,()'\"]+")
# What may stand behind a path: a line, the end of a sentence, a finding.
_PATH = re.compile(r"([^#]*?)((?::\d+)*[:.]?)((?:#.*)?)")
# Options whose value is a path, whatever it is called. That of --out need not be there yet.
_PATHS = ("--model", "--out", "--baseline", "--resume", "--replay", "--target")
_FILES = (".toml", ".onnx", ".so", ".fuzz", ".json")  # what is a file without a slash in its name, and not a value


@dataclass(frozen=True)
class Standpoint:
    root: Path
    caller: Path

    @property
    def at_root(self) -> bool:
        return self.root == self.caller

    def path(self, path: Path) -> str:
        """For the caller."""
        whole = Path(os.path.abspath(self.root / path))
        return str(whole.relative_to(self.caller)) if whole.is_relative_to(self.caller) else str(whole)

    def launcher(self) -> str:
        return "./tenter" if self.at_root else shlex.quote(self.path(self.root / "tenter"))

    def told(self, text: str) -> str:
        """The commands in a text, which are written as from the root, for the caller."""
        return text if self.at_root else _LAUNCHER.sub(lambda found: self._command(found[0]), text)

    def told_with_paths(self, message: str) -> str:
        """As well, and every word that is a path below the root: a message of one line says which file it is about."""
        if self.at_root:
            return message
        return self.told(_WORD.sub(lambda found: self._seen(found[0], ""), message))

    def from_root(self, typed: Sequence[str]) -> str:
        """What the caller typed behind `./tenter`, as it can be typed at the root."""
        if self.at_root:
            return shlex.join(["./tenter", *typed])
        house = House(self.root)

        def moved(word: str, before: str) -> str:
            option, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
            name, mark, rest = value.partition("#")
            path = self.caller / name
            if name and (name.startswith(("./", "../")) or self._is_path(name, path, before if not equals else option)):
                return f"{option}{equals}{house.relative(path)}{mark}{rest}"
            return word
        return shlex.join(["./tenter", *map(moved, typed, ["", *typed])])

    def _is_path(self, name: str, path: Path, option: str) -> bool:
        if option in _PATHS:
            return option == "--out" or _is_there(path)
        return ("/" in name or name.endswith(_FILES)) and _is_there(path)

    def _command(self, text: str) -> str:
        """From the launcher to the end of its line."""
        before = ""

        def seen(found: re.Match[str]) -> str:
            nonlocal before
            word, before = self._seen(found[0], before), found[0]
            return word
        return self.launcher() + _WORD.sub(seen, text.removeprefix("./tenter"))

    def _seen(self, word: str, before: str) -> str:
        """A word of a text as from the root, for the caller; what is no path stays as it is."""
        bare = word.strip("'")
        option, equals, value = bare.partition("=") if bare.startswith("--") else ("", "", bare)
        name, behind, finding = _PATH.fullmatch(value).groups()
        if not name or name.startswith(("/", "-", ".")) or not self._is_path(name, self.root / name, option or before):
            return word
        return option + equals + shlex.quote(self.path(self.root / name)) + finding + behind


def _is_there(path: Path) -> bool:
    """False for what can be no path, and for what this user may not see."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def this_standpoint() -> Standpoint:
    """A folder that was removed meanwhile is as good as any other place outside of it."""
    root = this_house().root.resolve()
    try:
        return Standpoint(root, Path.cwd())
    except FileNotFoundError:
        return Standpoint(root, Path("/"))
