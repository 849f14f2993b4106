"""A search of the fuzzer, or a replay, that is interrupted or killed: what was found is there, and is reported."""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tenter import house as houses
from tenter.history import database
from test_fuzz import fuzzer  # noqa: F401  (a fixture)


SEED = int(os.environ.get("TENTER_SEED", random.randrange(10**6)))


def _heeds_interrupts() -> None:
    """A shell starts its background jobs with SIGINT ignored, and their children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def start(house, fuzzer):  # noqa: F811
    """Starts the driver on the small repository as a process of its own."""
    program = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from tenter import cli, cli_fuzz, standpoint
        from tenter.house import House
        from tenter.verbs import fuzz
        cli.this_house = cli_fuzz.this_house = standpoint.this_house = lambda: House(Path({str(house.root)!r}))
        fuzz.build_shown = lambda *_: False
        sys.exit(cli.main(sys.argv[1:]))
        """)
    environment = os.environ | {"PYTHONPATH": str(Path(houses.__file__).parents[1])}

    return lambda *arguments, behaviour: subprocess.Popen(
        [sys.executable, "-c", program, "fuzz", "engine", *arguments], preexec_fn=_heeds_interrupts, cwd=house.root, text=True,
        env=environment | {"BEHAVIOUR": behaviour}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.fixture
def driver(start):
    """Ends it when a line is printed."""
    def run(*arguments: str, behaviour: str, until: str, number: int) -> tuple[int, str]:
        child = start(*arguments, behaviour=behaviour)
        seen = ""
        for line in child.stdout:
            seen += line
            if until in line:
                break
        child.send_signal(number)
        rest, err = child.communicate(timeout=60)
        assert "Traceback" not in err and "defect" not in err, err
        return child.returncode, seen + rest
    return run


def report(house) -> dict:
    [path] = house.out.glob("*-fuzz-*/report.json")
    return json.loads(path.read_text())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_search_says_how_far_it_came(driver, house, number):
    code, out = driver("-f", "probe", "-f", "tsan", behaviour="endless", until="  9 programs", number=number)
    assert code == 3 and re.search(r"probe: interrupted after \d s of 60 s", out) and "report: out/" in out
    told = report(house)
    assert told["interrupted"] and [case["verdict"] for case in told["cases"]] == ["GREY", "GREY"]
    assert "interrupted after" in told["cases"][0]["reason"] and "not begun" in told["cases"][1]["reason"]


@pytest.mark.parametrize("killed", [False, True])
def test_an_interrupted_search_says_how_to_do_it_again(driver, house, fuzzer, tenter, killed):  # noqa: F811
    """The line does the same search: same seed, same options, in each flavour that is not through."""
    words = ("-f", "probe", "-f", "tsan", "--seed", "77", "-s", "5", "--workers", "2,8", "--property", "ENG-2", "--max-ops", "7")
    _, out = driver(*words, behaviour="endless", until="  9 programs", number=signal.SIGKILL if killed else signal.SIGINT)
    folder, = house.out.glob("*-fuzz-*")
    if killed:
        assert tenter("report", str(folder))[0] == 0
    page = (folder / "report.md").read_text()
    html = (folder / "report.html").read_text()
    assert "Give power" not in page + out + html and "without power" not in page + html
    assert page.startswith("# Not concluded: 0 findings in 2 cases (9 programs); 2 cases not searched to the end\n")
    lines = re.findall(r"Search again in (\w+), the same programs from the first on: `?(\./tenter fuzz engine .*?)(?:`|$)", page if killed else out, re.M)
    assert [flavour for flavour, _ in lines] == ["probe", "tsan"]
    for flavour, line in lines:
        assert line == (f"./tenter fuzz engine --flavour {flavour} --seconds 5 --seed 77 --max-ops 7 --property ENG-2 --workers 2,8")
        assert fuzzer(*shlex.split(line)[3:], behaviour="clean")[0] == 0


def finding_of(house) -> Path:
    [path] = house.out.glob("*-fuzz-*/finding.probe.fuzz")
    return path


def test_a_finding_is_there_before_it_is_shrunk(driver, house, fuzzer):  # noqa: F811
    code, out = driver(behaviour="endless shrinking", until="  shrinking: 1 op so far, 30 s left", number=signal.SIGINT)
    assert code == 1 and out.index("found after 0.5 s in a program of 1 op, which is shrunk now") < out.index("shrinking: 1 op so far")
    assert "interrupted while shrinking: the program is as it was found" in out and "not shrunk" in out
    assert [case["verdict"] for case in report(house)["cases"]] == ["FAIL"]
    line = shlex.split(re.search(r"replay: \./tenter fuzz engine (.*)", out)[1])
    assert fuzzer(*line, behaviour="hang")[0] == 1


def test_a_killed_search_leaves_what_was_found(driver, house, tenter):
    code, _ = driver(behaviour="endless shrinking", until="  shrinking: 1 op ", number=signal.SIGKILL)
    assert code == -signal.SIGKILL and finding_of(house).read_text().startswith("# a program of fuzz engine\nengine workers 1")
    assert tenter("report", str(finding_of(house).parent))[0] == 0
    [case] = report(house)["cases"]
    assert case["verdict"] == "FAIL" and case["findings"][0]["evidence"]["replay"].startswith("./tenter fuzz engine --flavour probe")


def test_a_replay_that_takes_long_shows_how_far_it_is_and_may_be_interrupted(driver):
    code, out = driver("--replay", "7:8", behaviour="endless", until="  came back 3 of 3", number=signal.SIGINT)
    assert code == 3 and "interrupted: came back 3 of the 3 times that ran, of 200" in out
    assert "now: Run the program again in probe: ./tenter fuzz engine --flavour probe --replay 7:8 --times 200\n" in out


def test_a_shrunk_program_takes_the_place_of_the_found_one(fuzzer, house):  # noqa: F811
    code, out, _ = fuzzer(behaviour="found and shrunk")
    assert code == 1 and out.count("ENG-1 is broken") == 2
    assert json.loads(finding_of(house).with_suffix(".json").read_text())["shrunk_after_s"] == 1.5


def test_a_program_without_ops_is_a_finding(fuzzer, house):  # noqa: F811
    code, out, _ = fuzzer(behaviour="no ops")
    assert code == 1 and "0 ops of 2" in out


def test_a_program_knows_the_planted_bug_that_it_was_found_with(fuzzer, house):  # noqa: F811
    assert fuzzer("--mutant", "lost_push", behaviour="out of order")[0] == 0
    stored = str(finding_of(house))
    _, _, err = fuzzer("--replay", stored)
    assert "was found with the planted bug lost_push, and runs on what has no such bug; for that bug: --mutant lost_push" in err
    assert fuzzer("--replay", stored, "--mutant", "lost_push", behaviour="out of order")[2] == ""


@pytest.mark.parametrize(("number", "attempt"), [(number, attempt) for number in (signal.SIGKILL, signal.SIGINT)
                                                 for attempt in range(5)])
def test_a_search_may_end_at_any_moment(start, house, tenter, number, attempt):
    moment = random.Random(SEED * 100 + number * 10 + attempt).uniform(0, 1.2)
    print(f"TENTER_SEED={SEED}: {signal.Signals(number).name} {moment:.2f} s after the search began")
    child = start(behaviour="endless shrinking")
    while child.poll() is None and not list(house.out.glob("*-fuzz-*")):
        time.sleep(0.01)
    time.sleep(moment)
    child.send_signal(number)
    _, err = child.communicate(timeout=60)
    assert "Traceback" not in err and child.returncode in ((-signal.SIGKILL,) if number == signal.SIGKILL else (1, 3))
    [folder] = list(house.out.glob("*-fuzz-*")) or [None]
    if folder is None:  # it ended before it began, and took its folder with it
        assert number == signal.SIGINT and child.returncode == 3
        return
    found = (folder / "finding.probe.fuzz").is_file()
    if number == signal.SIGINT and (folder / "report.json").is_file():
        assert child.returncode == (1 if found else 3)
    code, _, err = tenter("report", str(folder))
    if code == 2:
        assert "no run" in err and not found  # it ended before it began
        return
    [case] = report(house)["cases"]
    assert code == 0 and case["verdict"] == ("FAIL" if found else "GREY")
    assert not list(folder.rglob("*.tmp*")) and not list(folder.rglob(".*"))
    assert tenter("history", "rebuild")[0] == 0  # which takes in what it does not know
    with database.opened(house.out / database.NAME) as history:
        assert history.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert history.execute("SELECT id FROM runs").fetchall() == [(folder.name,)]
