"""A run folder belongs to one process at a time: whoever else would change it is told which one, and a dead one holds nothing."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from test_fuzz import fuzzer  # noqa: F401  (a fixture)
from test_resume import driver, folder_of  # noqa: F401  (a fixture)

from tenter import house as houses
from tenter.errors import UsageError
from tenter.record import tenure
from tenter.record.destination import Unwritable


@contextmanager
def another(folder: Path):
    """A process that holds the folder until it is killed."""
    child = subprocess.Popen([sys.executable, "-c", "import sys\nfrom pathlib import Path\nfrom tenter.record import tenure\n"
                              "with tenure.held(Path(sys.argv[1])):\n    print(flush=True)\n    sys.stdin.read()", str(folder)],
                             env=os.environ | {"PYTHONPATH": str(Path(houses.__file__).parents[1])}, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "\n"
    yield child
    child.kill()
    child.communicate()


def test_who_holds_a_folder_is_told_and_who_is_killed_holds_nothing(tmp_path):
    with another(tmp_path) as child:
        assert tenure.is_running(tmp_path)
        with pytest.raises(UsageError, match=rf"{tmp_path.name} is still running \(pid {child.pid}\)"), tenure.held(tmp_path):
            pass
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert not tenure.is_running(tmp_path)
        with tenure.held(tmp_path):
            assert (tmp_path / tenure.NAME).read_text() == f"{os.getpid()}\n"
    assert not list(tmp_path.iterdir()), "what was given back leaves nothing"


def test_a_lock_that_was_taken_under_a_name_that_is_gone_is_taken_again(tmp_path, monkeypatch):
    """Between the opening and the lock another one gives the folder back, with its file, and a third one takes it."""
    import fcntl
    flock, name = fcntl.flock, tmp_path / tenure.NAME

    def late(file, how):
        monkeypatch.setattr(fcntl, "flock", flock)
        name.unlink()
        name.touch()
        return flock(file, how)
    monkeypatch.setattr(fcntl, "flock", late)
    with tenure.held(tmp_path):
        assert name.read_text().strip() == str(os.getpid())


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_folder_that_may_not_be_written_is_no_mistake_of_the_command(tmp_path, monkeypatch, number):
    def refused(*_):
        raise OSError(number, os.strerror(number))
    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(Unwritable, match=f"^cannot write under {tmp_path}: {os.strerror(number)}$") as raised, tenure.held(tmp_path):
        pass
    assert raised.value.exit_code == 3


@pytest.fixture
def stored(tenter, write, house, fuzzer):  # noqa: F811
    """A run that was cut, a search and a replay."""
    write("smoke/bad", behaviour="finding")
    write("smoke/good")
    assert tenter("run", "smoke", "--budget", "0s")[0] == 3
    run = (house.out / "latest").resolve()
    assert tenter("run", "--resume", str(run))[0] == 1
    assert tenter("replay", "c931")[0] == 1
    fuzzer()
    return {"run": run, "replay": next(house.out.glob("*-replay-*")), "fuzz": next(house.out.glob("*-fuzz-engine"))}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != tenure.NAME}


@pytest.mark.parametrize(("kind", "verb"), [("run", "run --resume"), ("run", "report"), ("fuzz", "report"), ("replay", "report")])
def test_nobody_changes_a_folder_in_which_another_one_works(tenter, stored, kind, verb):
    folder = stored[kind]
    before = contents(folder)
    with another(folder) as child:
        code, _, err = tenter(*verb.split(), str(folder))
        assert (code, err) == (2, f"tenter: {folder.name} is still running (pid {child.pid})\n")
        assert contents(folder) == before
    assert tenter(*verb.split(), str(folder))[0] in (0, 1) and not (folder / tenure.NAME).exists()


def test_prune_spares_a_folder_in_which_another_one_works(tenter, stored):
    with another(stored["replay"]) as child:
        for dry in (("--dry-run",), ()):
            code, out, _ = tenter("history", "prune", "--keep", "0", "--all", *dry)
            assert code == 0 and f"kept {stored['replay'].name}: {stored['replay'].name} is still running" in out
            assert f"removed {stored['replay'].name}" not in out and (dry or f"(pid {child.pid})" in out)
    assert stored["replay"].is_dir()
    assert f"removed {stored['replay'].name}" in tenter("history", "prune", "--keep", "0", "--all")[1] and not stored["replay"].exists()


def test_of_two_that_resume_one_run_one_goes_on(driver, house):  # noqa: F811
    child = driver("run", "smoke")
    while not (folder_of(house) and list(folder_of(house).glob("cases/*/*/result.json"))):
        time.sleep(0.01)
    child.send_signal(signal.SIGSTOP)  # else it may have ended before the other one looks
    refused = driver("run", "--resume", str(folder_of(house)))
    _, err = refused.communicate(timeout=30)
    assert refused.returncode == 2 and re.fullmatch(rf"tenter: \S+-smoke is still running \(pid {child.pid}\)\n", err)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    two = [driver("run", "--resume", str(folder_of(house))) for _ in range(2)]
    ends = sorted((one.communicate(timeout=60)[1], one.returncode) for one in two)
    assert [code for _, code in ends].count(0) >= 1
    assert all(code == 0 or "is still running (pid" in err for err, code in ends), ends
    report = json.loads((folder_of(house) / "report.json").read_text())
    assert len(report["cases"]) == 6 and {case["verdict"] for case in report["cases"]} == {"PASS"}
