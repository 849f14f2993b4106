"""A child that prints what it likes: it is read to its end, and what could not be kept is said."""

from __future__ import annotations

import errno
import os
import signal
import sys

import pytest
from rich.console import Console

from tenter.cases import campaign
from tenter.machine import process
from tenter.machine.interrupts import Stop
from tenter.plan.hunt import Hunt
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
    assert told.value.errno == errno.ENOSPC


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
