"""The files of the repository as the checks of the sources see them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

# What .gitignore names, and folders of tools (in a worktree .git is a file); nothing in them is ours to judge.
_IGNORED = {".git", "build", ".venv", "out", "models", "__pycache__", ".pytest_cache", ".hypothesis", ".cache", ".vscode",
            ".idea", "shared"}
_COMMENT_OR_STRING = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'',
    re.DOTALL)


@dataclass(frozen=True)
class Violation:
    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class Source:
    """One text file, with its path from the root."""

    def __init__(self, root: Path, path: str) -> None:
        self.path = path
        self.suffix = Path(path).suffix
        self._file = root / path

    @cached_property
    def text(self) -> str:
        """Empty for what is no text: such a file has no lines to judge."""
        data = self._file.read_bytes()
        return "" if b"\0" in data[:4096] else data.decode(errors="replace")

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def code(self) -> str:
        """C++ without comments and literals, each blanked out so that lines and columns stay where they are."""
        return _COMMENT_OR_STRING.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), self.text)

    @property
    def is_cpp(self) -> bool:
        return self.suffix in (".cc", ".h")


def read_sources(root: Path) -> list[Source]:
    """Every file that is ours, sorted by path."""
    paths = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in _IGNORED and not name.endswith(".egg-info")]
        inside = Path(folder).relative_to(root)
        paths += [str(inside / name) for name in files
                  if name not in _IGNORED and not (Path(folder) / name).is_symlink()]
    return [Source(root, path) for path in sorted(paths)]
