"""Where output goes nowhere: it is said, and a lost file is no success."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tenter import house as houses
from tenter.record import journal, searched


def run(*arguments: str, **more) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "tenter", *arguments], stderr=subprocess.PIPE, text=True, check=False, timeout=60,
                          env=os.environ | {"PYTHONPATH": str(Path(houses.__file__).parents[1])}, **more)


def test_output_that_cannot_be_written_is_no_success():
    with open("/dev/full", "w") as full:
        ended = run("--version", stdout=full)
    assert ended.returncode == 3 and ended.stderr == "tenter: the output could not be written: No space left on device\n"


def test_a_closed_output_is_told():
    ended = run("--version", preexec_fn=lambda: os.close(1))
    assert ended.returncode == 3 and ended.stderr == "tenter: the output could not be written: it is closed\n"
    assert run("--version", preexec_fn=lambda: (os.close(1), os.close(2))).returncode == 3


def test_a_reader_that_has_enough_is_no_failure():
    read, write = os.pipe()
    os.close(read)
    assert run("contracts", stdout=write).returncode == 0
    os.close(write)


@pytest.mark.parametrize("error", (KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")))
@pytest.mark.parametrize("verb", (("run", "smoke"), ("replay", "c9318f5c"), ("fuzz", "engine", "-s", "1")))
def test_what_ends_before_its_plan_is_written_leaves_no_folder(tenter, write, house, monkeypatch, verb, error):
    tenter("run", write("smoke/one", behaviour="finding"))
    (house.build("probe") / "fuzz").mkdir(exist_ok=True)

    def fails(*_):
        raise error
    monkeypatch.setattr(journal, "begin", fails)
    monkeypatch.setattr(searched, "begin", fails)
    before = sorted(house.out.iterdir())
    code, _, err = tenter(*verb)
    assert code == 3 and sorted(house.out.iterdir()) == before
    assert "interrupted" in err or "no space is left" in err
