"""How many processors there are to use."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from tenter.bench import compiled
from tenter.machine.processors import crowded, processors


@pytest.mark.parametrize(("text", "number"), [("100000 100000\n", 1), ("50000 100000\n", 1), ("max 100000\n", None), ("", None), (None, None)])
def test_a_container_has_no_more_than_its_time(tmp_path, text, number):
    quota = tmp_path / "cpu.max"
    if text is not None:
        quota.write_text(text)
    assert processors(quota) == (number or len(os.sched_getaffinity(0)))


@pytest.fixture
def two(monkeypatch):
    monkeypatch.setattr("tenter.machine.processors.processors", lambda: 2)


def test_more_threads_than_processors_are_a_note(two, monkeypatch):
    assert crowded(2, "--threads") == ""
    assert crowded(8, "--threads") == ("--threads: 8 threads are to compute at once, and 2 processors are there: they take turns, and times say more of that")
    monkeypatch.setattr("tenter.machine.processors.processors", lambda: 1)
    assert " 1 processor is there" in crowded(2, "--threads")


def test_scenarios_whose_kernels_ask_for_more_are_named_in_one_line(two, tenter, write):
    for name, helpers in (("one", 1), ("two", 2), ("four", 4), ("eight", 8)):
        write(f"smoke/{name}", f"intra_op = {helpers}")
    code, _, err = tenter("run", "smoke", "--no-canary", "-f", "probe")
    assert code == 0 and err == f"tenter: {crowded(8, 'smoke/eight, smoke/four')}\n"
    assert tenter("run", "smoke/one", "smoke/two")[::2] == (0, "")


@pytest.mark.parametrize(("rounds", "threads", "said"), [(5, 8, True), (5, 2, False), (0, 8, False)])
def test_a_plan_says_so_where_it_measures(two, monkeypatch, capsys, rounds, threads, said):
    monkeypatch.setattr(compiled.asked_models, "find", lambda *_: (SimpleNamespace(name="m", path="m.onnx", inputs=()),))

    def build(*_: object) -> None:
        raise InterruptedError
    monkeypatch.setattr(compiled, "build_shown", build)
    with pytest.raises(InterruptedError):
        compiled.run("m.onnx", "", rounds, 1, threads, False, None, None, None)
    assert capsys.readouterr().err == (f"tenter: {crowded(8, '--threads')}\n" if said else "")
