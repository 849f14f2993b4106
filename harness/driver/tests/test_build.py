"""Building: nothing to do is quick and silent, progress is read from ninja, and a failure shows its first error."""

from __future__ import annotations

import fcntl
import re
import shutil

import pytest

import tenter.console
from tenter.errors import UsageError
from tenter.machine.build import BuildFailed, build

PRESETS = """{"version": 6, "configurePresets": [{"name": "probe", "generator": "Ninja",
 "binaryDir": "${sourceDir}/build/probe"}], "buildPresets": [{"name": "probe", "configurePreset": "probe"}]}"""
needs_cmake = pytest.mark.skipif(not (shutil.which("cmake") and shutil.which("ninja")), reason="needs cmake and ninja")


@pytest.fixture
def project(house):
    (house.root / "CMakePresets.json").write_text(PRESETS)
    (house.root / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.25)\nproject(x LANGUAGES C)\n"
                                               "add_library(x STATIC a.c b.c)\n")
    for name in "ab":
        (house.root / f"{name}.c").write_text(f"int {name}(void) {{ return 1; }}\n")
    return house


@needs_cmake
def test_builds_once_with_progress_then_has_nothing_to_do(project):
    said, steps = [], []
    assert build(project, "probe", said.append, lambda done, total: steps.append((done, total)))
    assert steps[-1] == (3, 3) and said[-1].startswith("building probe: done in")
    said.clear()
    assert not build(project, "probe", said.append) and said == []


@needs_cmake
def test_a_changed_source_is_built_again(project):
    build(project, "probe", lambda _: None)
    (project.root / "a.c").write_text("int a(void) { return 2; }\n")
    assert build(project, "probe", lambda _: None)


@needs_cmake
def test_a_failure_shows_the_first_error_and_names_the_log(project, capsys):
    (project.root / "b.c").write_text("int b(void) { return nonsense; }\n")
    with pytest.raises(BuildFailed, match="building probe failed; the whole log is build/probe/tenter-build.log"):
        build(project, "probe", lambda _: None)
    assert "nonsense" in capsys.readouterr().out


@needs_cmake
def test_a_failing_configuration_is_told_apart(project):
    (project.root / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.25)\nproject(x LANGUAGES C)\n"
                                                 'message(FATAL_ERROR "no")\n')
    with pytest.raises(BuildFailed, match="configuring probe failed"):
        build(project, "probe", lambda _: None)


def test_an_unknown_flavour_names_the_nearest(house):
    with pytest.raises(UsageError, match="unknown flavour 'reelase'; did you mean 'release'?"):
        build(house, "reelase", lambda _: None)


def test_without_cmake_the_error_says_what_to_do(project, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="cmake is not installed: ./tenter doctor"):
        build(project, "probe", lambda _: None)


@needs_cmake
def test_in_a_log_a_long_build_says_how_far_it_is(project, console, monkeypatch, capsys):
    monkeypatch.setattr(tenter.console, "_LOG_EVERY_S", 0)
    assert tenter.console.build_shown(project, "probe", console)
    assert re.search(r"building probe: [123] of 3\n", capsys.readouterr().err)


@needs_cmake
def test_a_build_by_somebody_else_is_waited_for_with_a_word(project):
    folder = project.build("probe")
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "tenter-build.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)

    def say(text: str) -> None:
        said.append(text)
        if text.startswith("another process"):
            lock.close()  # it has ended
    said: list[str] = []
    assert build(project, "probe", say)
    assert said[0] == "another process builds probe, and is waited for ..."


@pytest.mark.parametrize(("words", "message"), [
    (("--target", "./libnone.so"), "--target: no such target library './libnone.so'"),
    (("--target", __file__), f"--target: '{__file__}' is no shared library")])
def test_a_mistake_is_told_before_anything_is_built(tenter, write, monkeypatch, words, message):
    def built(*_):
        raise AssertionError("built")
    monkeypatch.setattr("tenter.verbs.run.build_shown", built)
    code, _, err = tenter("run", write("smoke/one"), *words)
    assert code == 2 and message in err
