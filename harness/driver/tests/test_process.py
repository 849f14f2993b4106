"""A child that prints what it likes: it is read to its end, and what could not be kept is said."""

from __future__ import annotations

import errno
import os
import signal
import sys
from pathlib import Path

import pytest
from rich.console import Console

from tenter.cases import campaign, runner
from tenter.machine import process
from tenter.machine.interrupts import Stop
from tenter.machine.process import Ended
from tenter.plan.hunt import Hunt
from tenter.plan.planner import Case
from tenter.record import whole
from tenter.verbs import hunting

MUCH = "\nfor _ in range(2000): print('{\"event\":\"progress\",\"done\":1,\"total\":2,\"what\":\"' + 'x' * 100 + '\"}')\n"


@pytest.fixture
def run(tmp_path):
    def execute(program: str, stdout="stdout") -> process.Ended:
        command = process.Command([sys.executable, "-c", program], {}, tmp_path / stdout, tmp_path / "stderr", timeout_s=20)
        return process.execute(command, Stop(), lambda progress: None)
    return execute


@pytest.mark.parametrize("line", (
    "'{\"event\":\"progress\",\"done\":Infinity,\"total\":1,\"what\":\"\"}'", "'[' * 200_000", "'{\"event\":\"progress\"}'", "'\\udcff'",
    "'null'", "'\"event\"'", "'\\0'", "''"))
def test_a_line_that_is_no_event_does_not_end_the_reading(run, line):
    """More than a pipe holds comes after it: a child that nobody reads blocks, and was judged as hanging."""
    ended = run(f"import sys\nsys.stdout.reconfigure(errors='surrogateescape')\nprint({line})" + MUCH)
    assert ended.exit_code == 0 and not ended.timed_out and ended.unreadable


def test_a_full_disk_is_told_when_the_child_has_ended(run):
    with pytest.raises(OSError) as told:
        run("import sys" + MUCH, stdout="/dev/full")
    assert told.value.errno == errno.ENOSPC and told.value.filename == "/dev/full"


def test_a_full_disk_ends_the_run_and_is_no_defect_of_the_driver(tenter, write, house, monkeypatch):
    for i in range(3):
        write(f"smoke/c{i}")
    tried = []

    def full(runner, case, on_progress):
        tried.append(case.name)
        raise OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(campaign.CaseRunner, "run", full)
    code, _, err = tenter("run", "smoke")
    assert code == 3 and "no space is left" in err and "defect" not in err and tried == ["smoke/c0.probe"]


def test_an_interrupt_behind_the_last_look_at_a_search_is_not_lost(house, tmp_path, monkeypatch):
    """The child had ended when it came; the next flavour began, and SIGTERM was ignored from there on."""
    def ends_just_before(command, stop, *_):
        os.kill(os.getpid(), signal.SIGTERM)
        return process.Ended(0, "", False, False, 1.0, "")
    monkeypatch.setattr(hunting, "execute", ends_just_before)
    before = signal.signal(signal.SIGTERM, lambda *_: pytest.fail("it was to be a flag"))
    try:
        assert not hunting.hunt_in(Hunt("engine"), "probe", tmp_path, house, Console(file=open(os.devnull, "w")), lambda finding: None)
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("number", (errno.ENOSPC, errno.EDQUOT))
def test_a_full_disk_before_a_case_begins_is_no_mistake_and_the_folder_stays(tenter, write, house, monkeypatch, number):
    def full(*_):
        raise OSError(number, os.strerror(number))
    write("smoke/one")
    monkeypatch.setattr(runner.files, "note", full)
    code, _, err = tenter("run", "smoke")
    folder = (house.out / "latest").resolve()
    assert code == 3 and f"no space is left for {folder}" in err and "None" not in err and (folder / "run.json").is_file()
    monkeypatch.undo()


def test_what_is_full_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "write_text", lambda *_, **__: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(OSError) as told:
        whole.write(tmp_path / "report.json", "{}")
    assert told.value.filename == str(tmp_path / "report.json") and not list(tmp_path.iterdir())


@pytest.mark.parametrize("end", ("stopped", "raises"))
def test_no_record_is_left_of_a_case_without_a_result(house, tmp_path, monkeypatch, end):
    def ends(command, stop, *_):
        (tmp_path / "cases" / "c" / "run" / "flight.bin").write_bytes(b"much")
        if end == "raises":
            raise OSError(errno.ENOSPC, "No space left on device")
        return Ended(None, "SIGKILL", False, True, 0.1, "")
    monkeypatch.setattr(runner, "execute", ends)
    case = Case("c", "c", "probe", "", "", (), {"workload": {"kind": "k"}, "target": {"library": str(house.target("probe", "reference"))}}, 9)
    try:
        assert runner.CaseRunner(house, tmp_path, Stop()).run(case, lambda _: None) is None
    except OSError:
        assert end == "raises"
    assert (tmp_path / "cases" / "c" / "run").is_dir() and not list(tmp_path.rglob("flight.bin"))
