"""The history: written by whoever ends a run, whatever is killed, damaged, locked or full; and made again from folders."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tenter import house as houses
from tenter.errors import UsageError
from tenter.history import database, ledger, past
from tenter.history.defects import defects
from tenter.record.findings import Finding
from tenter.record.results import CaseResult, RunResult, Verdict

SEED = int(os.environ.get("TENTER_SEED", random.randrange(10**6)))
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(houses.__file__).parents[1])}
WRITER = textwrap.dedent("""
    import sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[3])
    import test_history as t
    for i in range(int(sys.argv[2])):
        name = f"20261122-101500-w{sys.argv[4]}-{i}"
        assert t.ledger.note(t.make_run(name), Path(sys.argv[1]) / name)
        print(name, flush=True)
    """)


def make_run(name: str = "20261122-101500-smoke", **changes) -> RunResult:
    case = CaseResult(name="smoke/x.probe", scenario="smoke/x", flavour="probe", title="t", purpose="", kind="k", parameters={},
                      target="reference", seed=1, contracts=(), verdict=Verdict.FAIL, reason="", duration_s=1, timeout_s=9,
                      findings=(Finding("order", "aabbccdd", "one\ntwo", contracts=("ENG-1", "ENG-2")),))
    cases = tuple(dataclasses.replace(case, name=f"smoke/x.probe.r{i}", seed=i) for i in range(1, 21))
    return dataclasses.replace(RunResult(name, "./tenter run", "2026-11-22T10:15:00+00:00", 1.0, {}, {"probe": "abc"}, cases), **changes)


@pytest.fixture
def out(tmp_path):
    """Keeps runs by the verdicts of their cases: `x` shows the finding, `.` is clean, `?` concludes nothing."""
    def keep(number: int, cases: str, build: str = "abc", flavour: str = "probe", kind: str = ledger.RUN, planted: str = "",
             target: str = "reference") -> str:
        words = {"x": Verdict.FAIL, ".": Verdict.PASS, "?": Verdict.GREY}
        run = make_run(f"20261122-1015{number:02}-smoke", started=f"2026-11-22T10:15:{number:02}+00:00", builds={flavour: build})
        run = dataclasses.replace(run, cases=tuple(
            dataclasses.replace(case, verdict=words[word], flavour=flavour, planted=planted, target=target,
                                findings=case.findings if word == "x" else ())
            for case, word in zip(run.cases, cases)))
        assert ledger.note(run, tmp_path / run.run_id, kind)
        return run.run_id
    keep.folder = tmp_path
    return keep


def only(out):
    return ledger.use(out.folder, lambda database: defects(past.read(database)))


def rows(out: Path, question: str = "SELECT id FROM runs ORDER BY id") -> list[tuple]:
    with database.opened(out / database.NAME) as history:
        return history.execute(question).fetchall()


def test_every_verb_that_runs_cases_writes_its_run_once(tenter, write, house):
    tenter("run", write("smoke/one", behaviour="finding"), write("canary/two", "[expect]\nfound_by = 'determinism'",
                                                                 behaviour="finding"), "--repeat", "2")
    for words in (("replay", "c9318f5c", "-n", "3"), ("report", "out/latest"), ("run", "--resume", "out/latest")):
        assert "history" not in tenter(*words)[2]
    assert rows(house.out, "SELECT kind, exit_code, interrupted FROM runs ORDER BY kind DESC") == [("run", 1, 0), ("replay", 1, 0)]
    assert rows(house.out, "SELECT scenario, flavour, seed, verdict, planted FROM cases JOIN runs ON run = id WHERE kind = 'run' "
                           "ORDER BY name") == [
        ("canary/two", "probe", 1, "FOUND", "shared_arena"), ("canary/two", "probe", 2, "FOUND", "shared_arena"),
        ("smoke/one", "probe", 1, "FAIL", ""), ("smoke/one", "probe", 2, "FAIL", "")]
    assert rows(house.out, "SELECT count(*), count(DISTINCT signature), min(contracts) FROM findings JOIN runs ON run = id WHERE "
                           "kind = 'run'") == [(4, 2, "COP-1")]
    (files, builds), *_ = rows(house.out, "SELECT files, builds FROM runs WHERE kind = 'run'")
    assert "probe" in json.loads(builds) and isinstance(json.loads(files), dict)


def test_a_run_that_is_written_again_replaces_its_rows(tmp_path):
    whole, folder = make_run(), tmp_path / "20261122-101500-smoke"
    for run in (dataclasses.replace(whole, cases=whole.cases[:3], interrupted=True), whole, dataclasses.replace(whole, cases=whole.cases[7:9])):
        assert ledger.note(run, folder)
        assert rows(tmp_path, "SELECT name FROM cases ORDER BY seed") == [(case.name,) for case in run.cases]
        assert len(rows(tmp_path, "SELECT name FROM findings")) == len(run.cases)
    assert rows(tmp_path, "SELECT id, interrupted FROM runs") == [("20261122-101500-smoke", 0)]


def test_the_digests_of_models_are_kept(tenter, write, house):
    tenter("run", write("smoke/one", "model = 'models/ocr_cls.onnx'"))
    (files,), = rows(house.out, "SELECT files FROM runs")
    assert json.loads(files) == {"models/ocr_cls.onnx": "9372c470eeadd5ecd9c3c74c2b3cb633f8e2f2fad799250a0f70d652b6b825e4"}


def test_eight_writers_and_some_are_killed(tmp_path):
    print(f"TENTER_SEED={SEED}")
    chance = random.Random(SEED)

    def write(number: int) -> list[str]:
        """The runs that the child said are written; every second child is killed in the middle of one of them."""
        child = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), "12", str(Path(__file__).parent), str(number)],
                                 stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
        doomed = number % 2 and chance.randrange(1, 11)
        told = []
        for line in child.stdout:
            told.append(line.strip())
            if len(told) == doomed:
                signal.sigtimedwait([], chance.uniform(0, 0.01))
                child.kill()
        assert child.wait(timeout=60) == (-signal.SIGKILL if doomed else 0)
        return told

    with ThreadPoolExecutor(8) as pool:
        told = [name for names in pool.map(write, range(8)) for name in names]
    assert len(told) >= 4 * 12 + 4 and rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]
    assert rows(tmp_path, "PRAGMA foreign_key_check") == []
    there = rows(tmp_path, "SELECT run, count(*) FROM cases GROUP BY run")
    assert set(told) <= {name for name, _ in there} and {count for _, count in there} == {20}, "each run is whole"
    assert len(there) == len(rows(tmp_path)) <= len(told) + 4
    assert {count for _, count in rows(tmp_path, "SELECT run, count(*) FROM findings GROUP BY run")} == {20}


@pytest.mark.parametrize("damage", ["noise", "torn", "foreign"])
def test_a_damaged_history_is_set_aside_and_made_again(tenter, write, house, damage):
    for behaviour in ("clean", "finding"):
        tenter("run", write("smoke/one", behaviour=behaviour), "--repeat", "30")
    path = house.out / database.NAME
    whole = path.read_bytes()
    assert len(whole) > 3 * 4096
    if damage == "foreign":
        path.unlink()
        with sqlite3.connect(path) as other:
            other.execute("CREATE TABLE shopping (item)")
    else:
        path.write_bytes(b"noise" * 5000 if damage == "noise" else whole[:4096] + b"\xff" * (len(whole) - 4096))
    (house.out / f"{database.NAME}-journal").write_bytes(b"of the damaged one")
    code, _, err = tenter("run", write("smoke/one"))
    assert code == 0 and err.count("is set aside as history-damaged-") == 1 and err.count("\n") == 1, err
    assert len(rows(house.out)) == 3 and rows(house.out, "PRAGMA integrity_check") == [("ok",)]
    aside, = house.out.glob("history-damaged-*.sqlite")
    assert aside.stat().st_size and not (house.out / f"{database.NAME}-journal").exists()


def test_a_whole_history_is_not_set_aside(tmp_path):
    ledger.note(make_run(), tmp_path / "20261122-101500-smoke")
    assert database.set_aside(tmp_path / database.NAME) is None and len(rows(tmp_path)) == 1


def test_nobody_has_a_history_open_that_is_set_aside(tmp_path):
    path = tmp_path / database.NAME
    ledger.note(make_run(), tmp_path / "20261122-101500-smoke")
    with ThreadPoolExecutor(1) as pool:
        with database.opened(path):
            path.write_bytes(b"noise" * 1000)
            aside = pool.submit(database.set_aside, path)
            with pytest.raises(TimeoutError):
                aside.result(timeout=0.2)
        assert aside.result(timeout=30).read_bytes() == b"noise" * 1000 and not path.exists()


def test_a_history_that_another_process_begins_meanwhile_is_no_damage(tmp_path, monkeypatch):
    """What is in the file is asked in several questions, between which it must not change."""
    path, pragma = tmp_path / database.NAME, database._pragma

    def after_another(connection, name):
        monkeypatch.setattr(database, "_pragma", pragma)
        with suppress(sqlite3.OperationalError), database.opened(path, wait_s=0):  # it is locked, and the other would wait
            pass
        return pragma(connection, name)

    monkeypatch.setattr(database, "_pragma", after_another)
    with database.opened(path):
        pass
    with database.opened(path) as whole:
        assert whole.execute("SELECT count(*) FROM runs").fetchone() == (0,)


def test_processes_that_meet_one_damaged_history_set_it_aside_once(tmp_path):
    (tmp_path / database.NAME).write_bytes(b"noise" * 1000)
    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(lambda i: ledger.note(make_run(f"20261122-101500-w{i}"), tmp_path / f"w{i}"), range(6)))
    assert len(rows(tmp_path)) == 6 and len(list(tmp_path.glob("history-damaged-*.sqlite"))) == 1


def test_a_history_of_a_newer_driver_is_refused_and_kept(tenter, write, house):
    tenter("run", write("smoke/one"))
    with sqlite3.connect(house.out / database.NAME) as newer:
        newer.execute("PRAGMA user_version = 99")
    before = (house.out / database.NAME).read_bytes()
    code, _, err = tenter("run", "smoke/one")
    assert code == 0 and err.count("\n") == 1 and "was written by a newer driver (schema 99, and this one knows 1)" in err
    assert (house.out / database.NAME).read_bytes() == before
    with pytest.raises(UsageError, match="newer driver"):
        ledger.use(house.out, lambda history: None)


def test_an_older_schema_is_brought_up_to_date(tmp_path):
    ledger.note(make_run(), tmp_path / "20261122-101500-smoke")
    steps = (*database.STEPS, ("ALTER TABLE runs ADD COLUMN place TEXT NOT NULL DEFAULT 'here'",), ("DROP INDEX cases_by_place",))
    with database.opened(tmp_path / database.NAME, steps=steps) as history:
        assert history.execute("SELECT id, place FROM runs").fetchall() == [("20261122-101500-smoke", "here")]
        assert history.execute("PRAGMA user_version").fetchone() == (3,)


def test_a_step_that_fails_leaves_the_schema_as_it_was(tmp_path):
    ledger.note(make_run(), tmp_path / "20261122-101500-smoke")
    steps = (*database.STEPS, ("DROP INDEX cases_by_place", "ALTER TABLE nothing ADD COLUMN place"))
    with pytest.raises(sqlite3.OperationalError), database.opened(tmp_path / database.NAME, steps=steps):
        pass
    assert rows(tmp_path, "SELECT name FROM sqlite_master WHERE name = 'cases_by_place'") == [("cases_by_place",)]


def test_a_history_that_cannot_be_written_fails_no_run(tenter, write, house):
    (house.out / database.NAME).mkdir(parents=True)
    code, _, err = tenter("run", write("smoke/one", behaviour="finding"))
    assert code == 1 and err.count("\n") == 1 and "the history is not written, and the run is kept: " in err
    assert (house.out / "latest" / "report.html").is_file()


def test_a_history_that_stays_locked_fails_no_run(tmp_path, capfd):
    ledger.note(make_run(), tmp_path / "20261122-101500-smoke")
    with database.opened(tmp_path / database.NAME) as other, database.transaction(other):
        assert not ledger.note(make_run("20261122-101501-smoke"), tmp_path / "20261122-101501-smoke", wait_s=0.05)
    assert "history.sqlite: database is locked" in capfd.readouterr().err and len(rows(tmp_path)) == 1


def test_a_full_disk_fails_no_run(tmp_path):
    ledger.note(make_run(), tmp_path / "20261122-101500-smoke")
    size = (tmp_path / database.NAME).stat().st_size
    child = subprocess.run(
        [sys.executable, "-c", WRITER, str(tmp_path), "9", str(Path(__file__).parent), "full"], capture_output=True, text=True,
        env=ENVIRONMENT, check=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
    assert "tenter: the history is not written, and the run is kept: " in child.stderr
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)] and ("20261122-101500-smoke",) in rows(tmp_path)


def test_whoever_upgrades_finds_the_earlier_runs(tenter, write, house):
    for _ in range(3):
        tenter("run", write("smoke/one", behaviour="finding"))
    tenter("replay", "c9318f5c")
    before = rows(house.out, "SELECT * FROM runs ORDER BY id"), rows(house.out, "SELECT * FROM findings")
    (house.out / database.NAME).unlink()
    twice = json.loads(next(house.out.glob("*-one/report.json")).read_text())
    twice |= {"run_id": "20261126-000003-bad", "cases": twice["cases"] * 2}
    for number, text in enumerate(("[]", "{", '{"version": 1}', json.dumps(twice))):
        (house.out / f"20261126-00000{number}-bad").mkdir()
        (house.out / f"20261126-00000{number}-bad" / "report.json").write_text(text)
    taken = ledger.use(house.out, lambda history: ledger.take_in(history, house.out))
    assert taken.runs == 4 and len(taken.unread) == 4 and "20261126-000002-bad: a report of version 1" in " ".join(taken.unread)
    assert (rows(house.out, "SELECT * FROM runs ORDER BY id"), rows(house.out, "SELECT * FROM findings")) == before
