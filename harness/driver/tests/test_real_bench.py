"""The real benchmark programs on a few ops: every goal finds the row that it is about, and every op ran."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tenter.bench import engine as bench, goals, metg, policy_sheets, process as bench_process
from tenter.bench.measurement import Book
from tenter.house import this_house


@pytest.fixture(scope="session")
def programs() -> Path:
    folder = Path(os.environ.get("TENTER_BIN_DIR", this_house().root / "build" / "probe")) / "bench"
    if not (folder / "engine_bench").exists() or not (folder / "policy_bench").exists():
        pytest.skip(f"the benchmark programs are not built in {folder}")
    return folder


def test_every_goal_is_measured_and_every_op_ran(programs, tmp_path):
    book = Book()
    for part in bench.PARTS:
        book.add(bench_process.run(programs / "engine_bench", [
            "--part", part, "--ops", "200", "--repeats", "2", "--live", "2000", "--task-ms", "1", "--most-task-us", "1"],
            tmp_path / f"{part}.json", lambda line: None))
    missing = [verdict.title for verdict in goals.judge(book) if verdict.spread is None]
    assert not missing
    for row in book:
        repetitions = 1 if row.part == "memory" else 2
        assert row.executed == repetitions * row.ops and {len(values) for values in row.series.values()} == {repetitions}
    assert {one.contender for one in metg.all_metg(book, bench.WORKERS)} >= {"tenter", "mutex_pool"}


def test_both_policies_are_compared_on_every_program(programs, tmp_path):
    book = Book()
    book.add(bench_process.run(programs / "policy_bench", ["--ops", "80", "--repeats", "2"], tmp_path / "policies.json",
                               lambda line: None))
    comparison = policy_sheets.compare(book)
    assert len(comparison.clean) == 12 and len(comparison.faulty) == 36
    for pair in (*comparison.clean, *comparison.faulty):
        assert pair.run.series["ran"] == [pair.run.ops] * 2, "under this policy every op runs"
        assert sum(pair.skip.series["wasted"]) == 0
