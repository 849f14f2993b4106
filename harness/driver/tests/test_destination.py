"""What a user wants written, a file or the folder of a run: looked at before any work, and exit code 3 with one line where it cannot be."""

from __future__ import annotations

import errno
import os
import re

import pytest

from tenter import cli_bench, cli_plan, cli_sweep
from tenter.bench import compiled, engine, model, policies, profile, sharing
from tenter.record import destination
from tenter.verbs import replay, run

RUNNING = [("run", "smoke"), ("run", "--model", "models/ocr_cls.onnx"), ("sweep", "smoke"), ("canary",), ("fuzz", "engine"), ("bench", "engine"), ("bench", "model"),
           ("bench", "model", "--profile"), ("bench", "sharing"), ("bench", "policies")]
VERBS = [("plan", "net.onnx", "--json"), ("bench", "engine", "--json"), ("bench", "model", "--json"), ("bench", "model", "--profile", "--json"),
         ("bench", "sharing", "--json"), ("bench", "policies", "--json"), ("canary", "--write")]


@pytest.fixture
def idle(house, tenter, monkeypatch):
    """The command line, in which whatever would build or measure fails the test."""
    def work(*_: object) -> None:
        pytest.fail("work began")
    for module in (compiled, engine, model, policies, profile, sharing, run, replay):
        monkeypatch.setattr(module, "build_shown", work)
    monkeypatch.setattr("tenter.verbs.canary.planted", work)
    monkeypatch.setattr("tenter.bench.asked_models.find", work)
    for module in (cli_bench, cli_plan, cli_sweep):
        monkeypatch.setattr(module, "this_house", lambda: house)
    return tenter


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
@pytest.mark.parametrize(("path", "why"), [
    ("none/x.json", "no such folder 'none'"), ("folder", "it is a folder"), ("file/x.json", "Not a directory"), (f"{'a' * 300}", "File name too long"),
    ("/proc/x.json", "no such folder '/proc'")])
def test_what_cannot_be_written_is_told_before_any_work(idle, house, words, path, why):
    (house.root / "folder").mkdir()
    (house.root / "file").write_text("")
    assert idle(*words, path) == (3, "", f"tenter: {words[-1]}: cannot write '{path}': {why}\n")


@pytest.mark.parametrize("words", RUNNING, ids=" ".join)
@pytest.mark.parametrize(("path", "why"), [("file/x", "Not a directory"), ("file", "Not a directory"), (f"{'a' * 300}", "File name too long"), ("/proc/x", ".*")])
def test_so_is_a_folder_of_runs_that_cannot_be(idle, house, write, words, path, why):
    write("smoke/one")
    (house.root / "file").write_text("")
    code, out, err = idle(*words, "--out", path)
    assert (code, out) == (3, "") and re.fullmatch(f"tenter: cannot write under {house.root / path}: {why}\n", err), err


@pytest.mark.parametrize("words", RUNNING, ids=" ".join)
def test_and_the_folder_that_is_meant_where_nobody_names_one(idle, house, write, words):
    write("smoke/one")
    house.out.write_text("")
    assert idle(*words) == (3, "", f"tenter: cannot write under {house.out}: Not a directory\n")


def test_a_replay_looks_before_it_builds(tenter, house, write, monkeypatch):
    write("smoke/bad", behaviour="finding")
    assert tenter("run", "smoke")[0] == 1

    def work(*_: object) -> None:
        pytest.fail("work began")

    def full(**_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))
    monkeypatch.setattr(replay, "build_shown", work)
    monkeypatch.setattr(destination, "TemporaryDirectory", full)
    assert tenter("replay", "c931") == (3, "", f"tenter: cannot write under {house.out}: Read-only file system\n")


def test_a_folder_may_be_made_for_it_and_is_not_made_by_looking(tmp_path):
    destination.refuse_unwritable(tmp_path / "new" / "deeper")
    assert not list(tmp_path.iterdir())


def test_looking_leaves_no_trace(tmp_path):
    look = destination.looked_at("--json")
    old, new, pipe = tmp_path / "old", tmp_path / "new", tmp_path / "pipe"
    old.write_text("kept")
    os.mkfifo(pipe)
    assert [look(path) for path in (old, new, pipe, None)] == [old, new, pipe, None]
    assert old.read_text() == "kept" and not new.exists()


def test_a_disk_that_is_full_in_the_end_is_told_in_the_same_way():
    with pytest.raises(destination.Unwritable, match=r"^cannot write '/dev/full': No space left on device$") as raised:
        destination.write(destination.looked_at("--json")(destination.Path("/dev/full")), "x" * 100_000)
    assert raised.value.exit_code == 3
