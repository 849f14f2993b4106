"""Where the caller stands. Everything in files is written as from the root of the checkout, so that it means the same wherever a
report is read; what goes to a terminal is written as from the caller's folder, so that it can be pasted there.

One rule: a path below the caller's folder is relative to it, every other one is absolute. `./tenter` is such a path too. Who
stands at the root sees no difference.
"""

from __future__ import annotations

import glob
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
# Of a command: quoted and bare parts in any order, as a shell takes them.
_SHELL_WORD = re.compile(r"(?:'[^'\n]*'|\"[^\"\n]*\"|[^\s`;,()'\"])+")
# What may stand behind a path in a message: a line and a column, and the end of a sentence.
_BEHIND = re.compile(r"(?::\d{1,9}){0,2}[:.]?")
# Options whose value is a path, whatever it is called. That of --out need not be there yet.
_PATHS = ("--model", "--out", "--baseline", "--resume", "--replay")
_MOST_BEHIND = 24
_FLAGS = ("-q", "--quiet", "--power", "--github", "--no-github")  # of `run`: what comes behind them is no value of theirs
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
        """As well, and every word that is a path below the root: a message of one line says which file it is about. What is
        quoted is what the caller typed, and stays."""
        if self.at_root:
            return message
        begin = _LAUNCHER.search(message)
        own, commands = (message[:begin.start()], message[begin.start():]) if begin else (message, "")
        return _WORD.sub(lambda found: found[0] if found[0].startswith("'") else self._seen(found[0], ""), own) + self.told(commands)

    def from_root(self, typed: Sequence[str]) -> str:
        """What the caller typed behind `./tenter`, as it can be typed at the root."""
        if self.at_root:
            return shlex.join(["./tenter", *typed])
        house = House(self.root)

        def moved(word: str, before: str) -> str:
            option, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
            name, mark, rest = value.partition("#")
            path = self.caller / name
            named = typed[0] == "run" and not equals and (not before.startswith("-") or before in _FLAGS) and before and _means_files(path)
            if name and (name.startswith(("./", "../")) or named or self._is_path(name, path, before if not equals else option)):
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
        return self.launcher() + _SHELL_WORD.sub(seen, text.removeprefix("./tenter"))

    def _seen(self, word: str, before: str) -> str:
        """A word of a text as from the root, for the caller; what is no path stays as it is."""
        bare = _bare(word)
        option, equals, value = bare.partition("=") if bare.startswith("--") else ("", "", bare)
        path, mark, finding = value.partition("#")
        behind = ""
        for end in range(max(0, len(path) - _MOST_BEHIND), len(path)):
            if _BEHIND.fullmatch(path, end):
                path, behind = path[:end], path[end:]
                break
        if mark and finding[-1:] in (".", ":"):
            finding, behind = finding[:-1], finding[-1:]
        if not path or path.startswith(("/", "-", ".")) or not self._is_path(path, self.root / path, option or before):
            return word
        return option + equals + shlex.quote(self.path(self.root / path)) + mark + finding + behind


def _bare(word: str) -> str:
    """Without the quotes of a shell; a word that is none of a shell stays as it is."""
    try:
        return "".join(shlex.split(word)) if "'" in word or '"' in word else word
    except ValueError:
        return word


def _means_files(path: Path) -> bool:
    """Whether `run` takes the word as scenarios of the caller: a folder, a file without its ending, or a pattern (plan/selection.py)."""
    try:
        if glob.has_magic(str(path)):
            return any(name.endswith(".toml") for pattern in (str(path), f"{path}.toml") for name in glob.iglob(pattern, recursive=True))
        return path.with_name(path.name + ".toml").is_file() or (path.is_dir() and any(path.rglob("*.toml")))
    except (OSError, ValueError):
        return False


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
