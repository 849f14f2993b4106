"""Pruning: what goes, what stays, and what a full disk or a kill in the middle leaves."""

from __future__ import annotations

import contextlib
import errno
import json
import shutil
import sqlite3

from test_fuzz import fuzzer  # noqa: F401  (a fixture)
from test_history import out, rows  # noqa: F401  (out is a fixture)

from tenter.history import database, ledger, pruning
from tenter.record import tenure


def fill_the_disk(monkeypatch, house):
    """No database grows any more, and no new file takes anything."""
    connected = database._connected

    @contextlib.contextmanager
    def full(path, *rest):
        with connected(path, *rest) as opened:
            opened.execute(f"PRAGMA max_page_count = {opened.execute('PRAGMA page_count').fetchone()[0]}")
            yield opened
    monkeypatch.setattr(database, "_connected", full)

    def no_room(*_):
        raise OSError(errno.ENOSPC, "No space left on device", "a file")
    monkeypatch.setattr(tenure, "_taken", no_room)


def test_prune_keeps_the_newest_the_latest_and_the_last_of_what_is_not_fixed(tenter, write, house):
    names = []
    for i, behaviour in enumerate(("clean", "finding", "finding", "clean", "clean")):
        tenter("run", write("smoke/one", behaviour=behaviour))
        names.append((house.out / "latest").resolve().name)
    before = sorted(house.out.iterdir())
    code, dry, _ = tenter("history", "prune", "--keep", "1", "--dry-run")
    assert code == 0 and sorted(house.out.iterdir()) == before and "would remove 3 runs, " in dry and "; 2 stay" in dry
    code, text, _ = tenter("history", "prune", "--keep", "1")
    assert f"kept {names[2]}: it is the last with finding c9318f5c, which is not fixed" in text and "removed 3 runs" in text
    assert {path.name for path in house.out.iterdir() if path.is_dir() and not path.is_symlink()} == {names[2], names[4]}
    assert rows(house.out) == [(names[2],), (names[4],)]
    assert "removed 1 run" in tenter("history", "prune", "--keep", "0", "--all")[1] and rows(house.out) == [(names[4],)]
    assert (house.out / "latest" / "report.json").is_file()


def test_prune_takes_a_search_as_any_run_and_names_what_has_no_report(tenter, write, house, fuzzer):  # noqa: F811
    fuzzer()
    search, = house.out.glob("*-fuzz-engine")
    tenter("run", write("smoke/one"))
    (house.out / "20261122-101500-bench").mkdir()
    code, text, _ = tenter("history", "prune", "--keep", "0", "--all")
    assert code == 0 and f"removed {search.name}: " in text and not search.exists() and "without a report" not in text
    for name, plan in (("20261122-101501-one", "run.json"), ("20261122-101502-fuzz", "search.json")):
        (house.out / name).mkdir()
        shutil.copy(house.out / "latest" / "run.json", house.out / name / plan)
        text = tenter("history", "prune", "--keep", "0", "--all")[1]
        newest = name if plan == "run.json" else f"{name} is the newest"
        assert f" without a report, killed or still running, not touched; {newest}: ./tenter report out/{name}\n" in text
        assert ("\n1 run without" if plan == "run.json" else "\n2 runs without") in text and (house.out / name / plan).exists()
    assert tenter("report", "out/20261122-101501-one")[0] == 0
    assert "\n1 run without" in tenter("history", "prune", "--keep", "9")[1]


def test_prune_by_age(out):
    runs = [out(i, ".") for i in range(4)]
    def chosen(**limits):
        return ledger.use(out.folder, lambda database: pruning.choose(
            database, pruning.Limits(**limits), runs[0], (), (), now=1795342503 + 86400 + 0.5)).remove
    (began,) = rows(out.folder, f"SELECT began FROM runs WHERE id = '{runs[2]}'")[0]
    day = (1795342503 + 86400 + 0.5 - began) / 86400
    assert chosen(older_than_days=day) == (runs[1],) and chosen(older_than_days=day - 1e-6) == (runs[1], runs[2])


def test_a_pruning_that_was_killed_is_finished_by_the_next(tenter, write, house):
    for _ in range(3):
        tenter("run", write("smoke/one"))
    first, second, _ = (run for (run,) in rows(house.out))
    (house.out / first).rename(house.out / f".removed-{first}")
    rows(house.out, f"DELETE FROM runs WHERE id = '{first}'")
    assert "2 runs" in tenter("history")[1], "what is half removed is not taken in again"
    shutil.rmtree(house.out / second)
    assert "its rows, the folder was gone" in tenter("history", "prune", "--keep", "1")[1]
    assert not list(house.out.glob(".removed-*")) and len(rows(house.out)) == 1


def test_prune_makes_room_on_a_full_disk(tenter, write, house, monkeypatch):
    """The history does not know some of the runs, and has no room for them."""
    for _ in range(4):
        tenter("run", write("smoke/one"))
    names = [run for (run,) in rows(house.out)]
    rows(house.out, "DELETE FROM runs WHERE id IN (SELECT id FROM runs ORDER BY id LIMIT 1 OFFSET 1)")
    rows(house.out, "VACUUM")
    report = house.out / names[1] / "report.json"
    raw = json.loads(report.read_text())
    raw["cases"] = [{**raw["cases"][0], "name": f"smoke/{i}{'x' * 100}.probe"} for i in range(500)]
    report.write_text(json.dumps(raw))
    fill_the_disk(monkeypatch, house)
    code, out, err = tenter("history", "prune", "--keep", "1")
    assert code == 0 and f"removed {names[0]}: 0." in out and "removed 2 runs" in out, (out, err)
    assert not (house.out / names[0]).exists() and not (house.out / names[2]).exists() and (house.out / names[3]).is_dir()
    assert (names[0],) not in rows(house.out)


def test_prune_says_nothing_is_removed_that_is_not(tenter, write, house, monkeypatch):
    """The rows cannot go, the folders can: the next pruning takes the rows."""
    for _ in range(3):
        tenter("run", write("smoke/one"))
    names = [run for (run,) in rows(house.out)]

    def full(*_):
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error
    with monkeypatch.context() as patch:
        patch.setattr(pruning, "forget", full)
        code, out, err = tenter("history", "prune", "--keep", "1")
    assert code == 3 and "no space is left for out/history.sqlite" in err.replace(str(house.root) + "/", "") and "removed 2 runs" in out
    assert not (house.out / names[0]).exists()
    code, out, _ = tenter("history", "prune", "--keep", "1")
    assert code == 0 and out.count("its rows, the folder was gone") == 2 and rows(house.out) == [(names[2],)]
