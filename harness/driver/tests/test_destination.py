"""A file that a user wants written: looked at before any work, and exit code 3 with one line where it cannot be."""

from __future__ import annotations

import os

import pytest

from tenter import cli_bench, cli_plan
from tenter.bench import compiled, engine, model, policies, profile, sharing
from tenter.record import destination

VERBS = [("plan", "net.onnx", "--json"), ("bench", "engine", "--json"), ("bench", "model", "--json"), ("bench", "model", "--profile", "--json"),
         ("bench", "sharing", "--json"), ("bench", "policies", "--json"), ("canary", "--write")]


@pytest.fixture
def idle(house, tenter, monkeypatch):
    """The command line, in which whatever would build or measure fails the test."""
    def work(*_: object) -> None:
        pytest.fail("work began")
    for module in (compiled, engine, model, policies, profile, sharing):
        monkeypatch.setattr(module, "build_shown", work)
    monkeypatch.setattr("tenter.verbs.canary.planted", work)
    monkeypatch.setattr("tenter.bench.asked_models.find", work)
    for module in (cli_bench, cli_plan):
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
