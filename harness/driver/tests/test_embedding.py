"""A project with this one in a subfolder gets the library, and none of our warnings, include folders and tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tenter.house import this_house

PROJECT = """cmake_minimum_required(VERSION 3.25)
project(embedding LANGUAGES C CXX)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
add_subdirectory({root} tenter)
add_executable(program program.c)
target_link_libraries(program PRIVATE Tenter::tenter)
"""


@pytest.mark.skipif(not (shutil.which("cmake") and shutil.which("ninja") and shutil.which("clang++-19")), reason="needs what a build needs")
def test_an_embedding_project_gets_the_library_and_nothing_else(tmp_path):
    root = this_house().root
    (tmp_path / "CMakeLists.txt").write_text(PROJECT.format(root=root))
    (tmp_path / "program.c").write_text("#include <tenter/tenter.h>\nint main(void) { return 0; }\n")
    done = subprocess.run(["cmake", "-G", "Ninja", "-S", tmp_path, "-B", tmp_path / "build", "-DCMAKE_C_COMPILER=clang-19",
                           "-DCMAKE_CXX_COMPILER=clang++-19", f"-DCMAKE_PREFIX_PATH={root / '.venv'}"],
                          capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 0, done.stderr
    commands = {Path(entry["file"]): entry for entry in json.loads((tmp_path / "build" / "compile_commands.json").read_text())}
    theirs = commands.pop(tmp_path / "program.c")
    assert f"-I{root} " not in theirs["command"] and "-W" not in theirs["command"]
    assert subprocess.run(f"{theirs['command']} -fsyntax-only", shell=True, cwd=theirs["directory"], check=False).returncode == 0
    assert commands and all(f"-I{root} " in entry["command"] and "-Wall" in entry["command"] for entry in commands.values())
    assert not [file for file, entry in commands.items() if "-Werror" in entry["command"] or file.stem.endswith("_test")]
