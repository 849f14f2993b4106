"""A run that was killed or interrupted at any moment is reported as far as it came, and goes on from there; the history has
it once."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tenter import house as houses
from tenter.history import database

SEED = int(os.environ.get("TENTER_SEED", random.randrange(10**6)))
CASES = 6


def report(folder: Path) -> dict:
    return json.loads((folder / "report.json").read_text())


def _heeds_interrupts() -> None:
    """A shell starts its background jobs with SIGINT ignored, and their children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def driver(house, write):
    """Starts the driver on the small repository as a process of its own."""
    for i in range(CASES):
        write(f"smoke/c{i}", behaviour="brief")
    program = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from tenter import cli, standpoint
        from tenter.house import House
        from tenter.verbs import replay, run
        cli.this_house = standpoint.this_house = lambda: House(Path({str(house.root)!r}))
        run.build_shown = replay.build_shown = lambda *_: False
        sys.exit(cli.main(sys.argv[1:]))
        """)
    environment = os.environ | {"PYTHONPATH": str(Path(houses.__file__).parents[1])}

    def start(*arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, "-c", program, *arguments], preexec_fn=_heeds_interrupts, cwd=house.root, text=True, env=environment,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return start


def folder_of(house) -> Path | None:
    return next(iter(house.out.glob("*-smoke")), None)


@pytest.mark.parametrize(("number", "attempt"), [(number, attempt) for number in (signal.SIGKILL, signal.SIGINT)
                                                 for attempt in range(5)])
def test_what_has_ended_is_not_run_again(driver, house, tenter, number, attempt):
    moment = random.Random(SEED * 100 + number * 10 + attempt).uniform(0, 1.6)
    print(f"TENTER_SEED={SEED}: {signal.Signals(number).name} {moment:.2f} s after the run began")
    child = driver("run", "smoke")
    while child.poll() is None and not (folder_of(house) and (folder_of(house) / "run.json").is_file()):
        time.sleep(0.01)
    time.sleep(moment)
    child.send_signal(number)
    child.communicate(timeout=30)
    folder = folder_of(house)
    ended = {path: path.stat().st_mtime_ns for path in folder.glob("cases/**/result.json")}
    assert tenter("report", str(folder))[0] == 0
    before = report(folder)
    assert len(before["cases"]) == len(ended) and len(before["cases"]) + len(before["not_run"]) == CASES
    code, _, _ = tenter("run", "--resume", str(folder))
    after = report(folder)
    assert code == 0 and after["not_run"] == [] and not after["interrupted"]
    assert [case["name"] for case in after["cases"]] == [f"smoke/c{i}.probe" for i in range(CASES)]
    assert {path: path.stat().st_mtime_ns for path in ended} == ended, "nothing is run twice"
    assert after["run_id"] == folder.name and after["command"] == before["command"]
    with database.opened(house.out / database.NAME) as history:
        assert history.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert history.execute("SELECT id, exit_code, interrupted FROM runs").fetchall() == [(folder.name, 0, 0)]
        assert history.execute("SELECT name, verdict FROM cases ORDER BY name").fetchall() == [
            (f"smoke/c{i}.probe", "PASS") for i in range(CASES)]


def test_a_whole_run_has_nothing_left(tenter, write, house):
    tenter("run", write("smoke/one", behaviour="finding"))
    code, _, err = tenter("run", "--resume", "out/latest")
    assert code == 1 and "nothing is left of" in err and len(report(house.out / "latest")["cases"]) == 1


@pytest.mark.parametrize(("arguments", "expected"), [
    (("nowhere",), "nowhere holds no run.json"), (("out/latest", "--seed", "3"), "--seed says nothing beside --resume"),
    (("out/latest", "smoke"), "leave the scenario names out")])
def test_a_wrong_resume(tenter, write, arguments, expected):
    tenter("run", write("smoke/one"))
    code, _, err = tenter("run", "--resume", *arguments)
    assert code == 2 and expected in err and err.count("\n") == 1


def test_an_interrupted_replay_counts_what_ran(driver, tenter, write, house):
    tenter("run", write("smoke/one", behaviour="finding"))
    plan = house.out / "latest" / "cases" / "smoke" / "one.probe" / "plan.json"
    plan.write_text(plan.read_text().replace('"finding"', '"brief_finding"'))
    child = driver("replay", "c9318f5c", "-n", "200")
    for line in child.stdout:
        if "one.probe.n2" in line:
            break
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 3 and "Traceback" not in err
    found = re.search(r"reproduced (\d+) of the (\d+) that ran, of 200: interrupted: determinism c9318f5c", out)
    assert found and found[1] == found[2] and 2 <= int(found[1]) < 200


def test_a_log_says_at_once_that_something_runs(driver, write):
    child = driver("run", write("smoke/endless", behaviour="slow"))
    assert child.stdout.readline().startswith("testing ") and child.poll() is None
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=60)
    assert child.returncode == 3


@pytest.mark.parametrize(("number", "attempt"), [(number, attempt) for number in (signal.SIGKILL, signal.SIGINT)
                                                 for attempt in range(5)])
def test_a_replay_may_end_at_any_moment(driver, tenter, write, house, number, attempt):
    moment = random.Random(SEED * 100 + number * 10 + attempt).uniform(0, 1.6)
    print(f"TENTER_SEED={SEED}: {signal.Signals(number).name} {moment:.2f} s after the replay began")
    tenter("run", write("smoke/one", behaviour="finding"))
    plan = house.out / "latest" / "cases" / "smoke" / "one.probe" / "plan.json"
    plan.write_text(plan.read_text().replace('"finding"', '"brief_finding"'))
    child = driver("replay", "c9318f5c", "-n", "6")
    while child.poll() is None and not list(house.out.glob("*-replay-*")):
        time.sleep(0.01)
    time.sleep(moment)
    child.send_signal(number)
    out, err = child.communicate(timeout=30)
    assert child.returncode in ((-signal.SIGKILL, 1) if number == signal.SIGKILL else (1, 3)) and "Traceback" not in err
    [folder] = list(house.out.glob("*-replay-*")) or [None]
    if folder is None:  # it ended before it began, and took its folder with it
        assert number == signal.SIGINT and child.returncode == 3
        return
    ended = len(list(folder.glob("cases/**/result.json")))
    code, out, err = tenter("report", str(folder))
    if not (folder / "replaying.json").is_file():
        assert code == 2 and not ended and "no run" in err  # it ended before it began
        return
    of = "6" if ended == 6 else f"the {ended} that ran, of 6: interrupted"
    assert code == 0 and out.startswith(f"reproduced {ended} of {of}: determinism c9318f5c")
    told = json.loads((folder / "replay.json").read_text())
    assert len(told["cases"]) == ended and len(told["not_run"]) == 6 - ended
    with database.opened(house.out / database.NAME) as history:
        assert history.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert history.execute("SELECT id, interrupted FROM runs WHERE kind = 'replay'").fetchall() == [(folder.name, int(ended < 6))]


def test_a_replay_is_no_run_to_go_on_with(driver, tenter, write, house):
    tenter("run", write("smoke/one", behaviour="finding"))
    tenter("replay", "c9318f5c", "-n", "2")
    [folder] = house.out.glob("*-replay-*")
    code, _, err = tenter("run", "--resume", str(folder))
    assert code == 2 and "is a replay, which does not go on but begins again" in err
    duration = json.loads((folder / "replay.json").read_text())["duration_s"]
    assert tenter("report", str(folder))[1].startswith("reproduced 2 of 2: determinism c9318f5c")
    assert json.loads((folder / "replay.json").read_text())["duration_s"] == duration > 0
