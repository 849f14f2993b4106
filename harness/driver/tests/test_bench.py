"""The verbs `bench engine` and `bench policies` with a stand-in for the programs: goals, ratios, files and errors."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tenter import cli_bench
from tenter.bench import engine as bench, goals, metg, policies, policy_sheets
from tenter.bench.measurement import Book, Spread
from tenter.machine import peers

FAKE = Path(__file__).with_name("fake_bench.py")


@pytest.fixture
def built(monkeypatch) -> list:
    """What was asked to be built; nothing is."""
    asked = []
    for module in (bench, policies):
        monkeypatch.setattr(module, "build_shown", lambda *arguments: asked.append((arguments[1], arguments[3])) or False)
    return asked


@pytest.fixture
def bench_house(house, tenter, built, monkeypatch):
    """The small repository with both programs, and the command line pointed at it."""
    for name in ("engine_bench", "policy_bench"):
        program = house.bench("release", name)
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!{sys.executable} -IS\n" + FAKE.read_text())
        program.chmod(0o755)
    monkeypatch.setattr(cli_bench, "this_house", lambda: house)
    monkeypatch.setattr(peers, "mxnet_library", lambda: None)
    return house


def folder_of(house, label: str) -> Path:
    found = sorted(path for path in house.out.glob(f"*-{label}*") if path.is_dir())
    assert len(found) == 1
    return found[0]


def verdicts_of(house) -> dict[str, dict]:
    document = json.loads((folder_of(house, "bench") / "bench.json").read_text())
    return {verdict["title"]: verdict for verdict in document["verdicts"]}


def test_every_goal_has_a_row_with_figures_ratios_and_a_verdict(bench_house, tenter):
    code, out, _ = tenter("bench", "engine")
    assert code == 0 and out.strip().endswith("bench.md")
    rows = verdicts_of(bench_house)
    assert len(rows) == 29
    line = rows["the machine: a cache line to another thread"]
    assert line["spread"] == {"least": 40, "median": 40} and line["state"] == ""
    assert rows["independent"]["spread"] == {"least": 200, "median": 200} and rows["independent"]["state"] == "met"
    assert (rows["independent"]["push"], rows["independent"]["complete"]) == (150, 50)
    assert rows["independent"]["ratios"] == {"mxnet": 4.0, "tbb_flow": 0.5}
    assert rows["independent"]["ratio_state"] == "met"
    assert rows["chain on one variable"]["state"] == "missed by 6.7%"
    assert rows["chain on one variable"]["ratio_state"] == "missed by 20%"
    assert rows["chain on one variable"]["note"].startswith("a cache line took 40 ns to another thread meanwhile, 40 at best; a")
    assert rows["independent"]["note"] == "", "met: nothing to explain"
    assert rows["2 pushers / 1 pusher"]["state"] == "met" and rows["8 pushers / 1 pusher"]["state"] == "missed by 6.7%"
    assert rows["most / fewest live variables"]["spread"]["median"] == pytest.approx(1.1)
    assert rows["1,000 / 10 reads per op, per read"]["spread"]["median"] == pytest.approx(2.0)
    assert rows["1,000 / 10 readers of a variable"]["state"] == "not measured"
    assert rows["bytes per idle variable"]["spread"]["median"] == 70, "the larger of the two measures"
    assert rows["naive: chain on one variable"]["state"] == "met"
    assert rows["naive: push + wait p50"]["note"] == "30 ns of it are the clock: what an empty measurement shows"
    assert rows["push + wait p50, 2 workers"]["note"] == "", "met"
    captured = rows["captured: chain on one variable"]
    assert (captured["goal"], captured["state"], captured["spread"]["median"]) == (120, "met", 100)
    assert captured["ratios"] == {"tbb_flow": 0.5} and captured["ratio_goal"] is None and captured["ratio_state"] == ""
    assert rows["captured: 2 reads + 1 write of 64"]["state"] == "missed by 8.3%"
    assert rows["naive, captured: chain on one variable"]["spread"]["median"] == 30, "a figure without a goal"
    assert rows["naive, captured: chain on one variable"]["state"] == ""
    assert rows["bytes per captured op"]["spread"]["median"] == 400 and rows["bytes per captured op"]["state"] == ""


def test_the_files_say_where_the_figures_come_from(bench_house, tenter, built):
    _, out, _ = tenter("bench", "engine", "--json", "copy.json")
    folder = folder_of(bench_house, "bench")
    text = (folder / "bench.md").read_text()
    assert "| engine: <mxnet> | measured |" in text and "| engine: <group> | absent: it was not found |" in text
    assert "<group> was not measured: it was not found." in text
    assert "| captured: chain on one variable | <= 120 ns | 100 | 100 | 75.0 | 25.0 | met |" in text
    assert "captured: a program of 1,000 ops" in text and "under TBB flow stands a graph that was built before" in text
    assert "| independent | <= 250 ns | 200 | 200 | 150 | 50.0 | met | 4.00x | >= 3.5x | met | 0.500x |" in text
    document = json.loads((bench_house.root / "copy.json").read_text())
    assert document == json.loads((folder / "bench.json").read_text())
    assert {"load average before", "load average after", "build: compiler", "cores", "processor"} <= set(document["environment"])
    assert "load average" in out and built == [("release", ("engine_bench",))]


def test_repetitions_are_shared_by_processes(bench_house, tenter):
    tenter("bench", "engine", "--repeats", "7")
    folder = folder_of(bench_house, "bench")
    assert len(list(folder.glob("threads-*.json"))) == 3 and len(list(folder.glob("memory-*.json"))) == 1
    document = json.loads((folder / "bench.json").read_text())
    chain = next(row for row in document["rows"] if row["workload"] == "chain" and row["part"] == "threads")
    assert len(chain["series"]["push_ns"]) == 7 and chain["executed"] == 7 * chain["ops"]
    assert bench.processes(2) == [1, 1] and bench.processes(9) == [3, 3, 3]


def test_without_peers_ratios_are_missing_and_said_to_be(bench_house, tenter):
    tenter("bench", "engine", "--no-peers", "--quick")
    row = verdicts_of(bench_house)["independent"]
    assert row["ratios"] == {} and row["ratio_state"] == "not measured"


def test_a_filter_leaves_other_rows_out(bench_house, tenter):
    tenter("bench", "engine", "--filter", "chain")
    assert set(verdicts_of(bench_house)) == {
        "the machine: a cache line to another thread", "chain on one variable", "naive: chain on one variable",
        "captured: chain on one variable", "naive, captured: chain on one variable"}


@pytest.mark.parametrize(("word", "code", "message"), [
    ("nonsense", 2, "no workload has 'nonsense' in its name"),
    ("crash", 70, "ended with 70: tenter ran 9 of 10 ops of chain"),
    ("version", 70, "the benchmark wrote version 2")])
def test_what_cannot_be_measured_is_one_line(bench_house, tenter, word, code, message):
    got, _, err = tenter("bench", "engine", "--filter", word)
    assert got == code and message in err and err.strip().count("\n") <= 1


def test_help_teaches(tenter):
    for verb, words in (("engine", ("--peers", "--quick", "--filter", "Examples", "push")), ("policies", ("ERR-3", "ERR-8"))):
        code, out, _ = tenter("bench", verb, "--help")
        assert code == 0 and all(word in out for word in words)


def test_a_goal_that_only_the_minimum_meets_says_so():
    verdict = goals.Verdict("x", " ns", 100, Spread(90, 120))
    assert verdict.state == "missed by 20%; min met"
    missed = goals.Verdict("bytes per idle variable", " B", 64, Spread(65, 65), note="malloc 65")
    assert goals._explained(missed).note.startswith("malloc 65; 64 for the variable")
    assert goals._explained(replace(missed, spread=Spread(64, 64))).note == "malloc 65", "met: nothing to explain"
    assert goals.Verdict("x", " ns", 100, Spread(90, 100.01)).state.startswith("missed by 0.1%"), "never by 0"


def test_metg_is_interpolated_between_sizes(bench_house, tenter):
    tenter("bench", "engine")
    document = json.loads((folder_of(bench_house, "bench") / "bench.json").read_text())
    one = next(one for one in document["metg"] if one["contender"] == "tenter")
    assert [point["efficiency"] for point in one["points"]] == [0.25, 0.4, 0.8]
    assert one["ns"] == pytest.approx(1000 * 2 ** 0.25)


@pytest.mark.parametrize(("efficiencies", "text"), [
    ((0.6, 0.9), "<= 1.00 us"), ((0.1, 0.4), "> 2.0 us"), ((0.6, 0.4), "> 2.0 us")])
def test_metg_outside_the_sweep_is_a_bound(efficiencies, text):
    points = tuple(metg.Point(1000.0 * (i + 1), value) for i, value in enumerate(efficiencies))
    assert metg.Metg("x", "tenter", points).text == text


def test_the_policies_report_holds_only_what_was_measured(bench_house, tenter):
    code, _, _ = tenter("bench", "policies", "--curate")
    assert code == 0
    text = (bench_house.reports / "curated" / "error-policies.md").read_text()
    assert text == (folder_of(bench_house, "bench-policies") / "error-policies.md").read_text()
    assert text.startswith("<!-- Written by `./tenter bench policies --curate`")
    assert "With 1 % failing ops, `run` wastes from 20.0% (64 pipelines) to 20.0% (64 pipelines) of all ops." in text
    assert "Of 2 programs with failures, `run` takes longer in 2 and less time in 0" in text
    assert "| 64 pipelines | 1 % | 3,200 | 800 | 40 | 40 | 800 | 20.0% | 5 |" in text
    assert "No difference was found" in text


def test_a_partial_report_is_not_curated(bench_house, tenter):
    code, _, err = tenter("bench", "policies", "--curate", "--filter", "pipelines")
    assert code == 2 and "leave --filter out" in err


def test_a_difference_is_told_only_outside_its_interval():
    assert policy_sheets.ratio_of([0.1, 0.11, 0.09, 0.1]).told
    assert not policy_sheets.ratio_of([0.1, -0.1, 0.2, -0.2]).told
    assert not policy_sheets.ratio_of([0.1]).told, "one repetition tells nothing"
    wide = policy_sheets.ratio_of([0.0, 1.0] * 4)
    # Student's t with 7 degrees of freedom is 2.365.
    assert wide.high / wide.mean == pytest.approx(2.718281828 ** (2.365 * 0.534522 / 8 ** 0.5), rel=0.01)


def test_processes_must_agree_on_the_number_of_ops():
    book = Book()
    document = {"version": 1, "part": "threads", "facts": {}, "contenders": [], "rows": [
        {"workload": "chain", "parameters": {}, "contender": "tenter", "ops": 10, "executed": 10, "series": {"push_ns": [1]}}]}
    book.add(document)
    document["rows"][0]["ops"] = 11
    with pytest.raises(Exception, match="with 10 and 11 ops"):
        book.add(document)
