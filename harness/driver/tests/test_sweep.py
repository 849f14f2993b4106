"""The verb `sweep`, against a stand-in: what trials mean, what a set has to show, and what is left out."""

from __future__ import annotations

import json
import re
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from tenter import cli_sweep
from tenter.plan import sweepable
from tenter.plan.scenario import Expected
from tenter.plan.sweeping import LEFT
from tenter.record.archive import read_run
from tenter.record.results import Verdict
from tenter.report.steps import what_now
from tenter.verbs import canary

FAKE = Path(__file__).with_name("fake_sweeper.py")
WAIVED = '[[waiver]]\nsite = "engine.worker.start"\nwhat = "beside"\nreason = "nobody can call yet"\n'


@pytest.fixture
def sweep(house, tenter, monkeypatch, write):
    monkeypatch.setattr(cli_sweep, "this_house", lambda: house)
    runner = house.runner("probe")
    runner.write_text(f"#!{sys.executable} -IS\n" + FAKE.read_text())

    def call(*arguments: str):
        return tenter("sweep", *arguments)

    def scenario(behaviour: str = "", name: str = "smoke/swept", body: str = "") -> None:
        write(name, body, behaviour)

    call.scenario, call.tenter = scenario, tenter
    house.waivers.write_text(WAIVED)
    return call


def reported(house) -> tuple[dict, Path]:
    [path] = house.out.glob("*-sweep-*/report.json")
    return json.loads(path.read_text()), path.parent


def trials(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]


def rows(out: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split()[1:] for line in out.splitlines() if re.match(r"(engine|io)\.\S+ +\d", line)}


def test_a_clean_sweep_strikes_every_site_and_leaves_one_line_per_trial(sweep, house):
    sweep.scenario()
    sweep.scenario(name="smoke/twin")
    code, out, err = sweep("--cap", "3")
    assert code == 0, out + err
    report, folder = reported(house)
    done = trials(folder)
    assert {(row["faults"], row["verdict"]) for row in done if row["sites"] == ["io.source.open"]} == {
        (f"io.source.open=nth({hit})error(data_loss)", "PASS") for hit in (1, 2, 3)}
    assert rows(out)["engine.op.body"][:4] == ["10", "7", "7", "5"], "three hits by two actions, and a pair"
    assert rows(out)["engine.worker.start"][3:] == ["0", "beside:", "nobody", "can", "call", "yet"]
    assert "now: Sweep deeper, more hits of each site: " in out and " --cap 16 --seconds 1920" in out and "--power" not in out and "--repeat" not in out
    assert "Clean: 0 findings in a sweep of 1 case\n" in out
    assert "pairs of adjacent sites that fired together: 1 of 1" in out and "11 trials in 1 case: 0 with a finding" in out
    skipped = (folder / "skipped.txt").read_text()
    assert "smoke/twin.probe: the same workload as smoke/swept.probe" in skipped and "engine.op.body: 7 of 10 hits by throw" in skipped
    assert not list(folder.glob("cases/**/t0001")), "what passed leaves no folder"
    assert [(one["name"], one["verdict"]) for one in report["cases"]] == [("smoke/swept.probe", "PASS"), ("sweep/coverage.probe", "PASS")]
    assert report["cases"][0]["facts"]["sweep"].startswith("11 trials, 0 with a finding")


def test_a_cell_that_stays_empty_is_a_finding_of_a_set_and_not_of_a_scenario(sweep, house):
    house.waivers.unlink()
    sweep.scenario("never opens")
    code, out, _ = sweep("smoke/swept")
    assert code == 0 and "io.source.open" not in rows(out) and "engine.op.body" in rows(out), "a scenario is told of what it hits"
    code, out, _ = sweep("smoke", "--out", "second")
    assert code == 1
    report = json.loads(next(Path("second").glob("*/report.json")).read_text())
    found = [finding["title"] for finding in report["cases"][-1]["findings"]]
    assert found == ["no case of the set hits io.source.open", "no fault fired at engine.worker.start with two other calls in flight"]
    assert rows(out)["io.source.open"][-2:] == ["missed:", "hit"]
    run = report["run_id"]
    code, _, err = sweep.tenter("replay", f"{run}/sweep/coverage.probe", "--out", "second")
    assert code == 2 and "is a finding of a whole sweep: ./tenter" in err


def test_a_waiver_that_nothing_needs_is_a_finding(sweep, house):
    house.waivers.write_text(WAIVED + WAIVED.replace("engine.worker.start", "io.source.open"))
    sweep.scenario()
    code, out, _ = sweep()
    assert code == 1 and "the waiver of 'beside' of io.source.open is not needed" in out
    assert "beside: not needed, it was shown" in re.sub(r"\s+", " ", out)


def test_one_waiver_is_enough_for_a_site_that_nothing_hits(sweep, house):
    house.waivers.write_text(WAIVED + WAIVED.replace("engine.worker.start", "io.source.open").replace('"beside"', '"hit"'))
    sweep.scenario("never opens")
    assert sweep("smoke")[0] == 0


def test_a_file_whose_first_row_is_bad_is_not_calm():
    def swept(**values):
        work = {"kind": "iterator_epochs", "bad_row": -1, "csv_file": "", **values}
        return sweepable.why_not(SimpleNamespace(plan={"workload": work, "target": {"name": "x", "saboteur": ""}}, refused="",
                                                  expect=Expected()))
    assert swept() == "" and swept(refuse_when_full=False, free_after=0) == ""
    assert swept(bad_row=0) == swept(bad_row=3) == "its file is bad, and so is its aftermath"
    assert swept(csv_file="x.csv").startswith("the rows of its file") and swept(free_after=1).startswith("it frees its op")


def test_a_finding_is_replayed_and_is_a_scenario_of_its_own(sweep, house):
    sweep.scenario("leaks")
    code, out, _ = sweep("--cap", "3")
    assert code == 1 and "io.source.open=nth(3)error(data_loss): leak: an arena was not given back" in out
    report, folder = reported(house)
    [failed] = [one for one in report["cases"] if one["verdict"] == "FAIL"]
    line = next(line.strip() for line in out.splitlines() if line.strip().startswith("./tenter replay"))
    code, out, _ = sweep.tenter(*shlex.split(line)[1:])
    assert code == 1 and "reproduced 1 of 1: leak" in out
    assert failed["again"].endswith("scenario.toml --flavour probe --seed 1")
    code, out, _ = sweep.tenter(*shlex.split(failed["again"])[1:])
    assert code == 1 and "an arena was not given back" in out


def test_an_aftermath_that_comes_to_another_end_is_a_finding(sweep, house):
    sweep.scenario("another end")
    assert sweep("smoke/swept", "--cap", "2")[0] == 1
    report, _ = reported(house)
    found = [(one["effective_faults"], one["findings"][0]["check"]) for one in report["cases"] if one["findings"]]
    assert found == [('engine.op.body=nth(10)throw(runtime_error,"swept")', "aftermath"), ("engine.op.body=nth(10)delay(2000)", "aftermath")]


def test_a_death_names_its_trial_and_the_others_go_on(sweep, house):
    sweep.scenario("dies")
    code, out, _ = sweep("--cap", "1")
    report, folder = reported(house)
    dead = [row for row in trials(folder) if row["verdict"] == "FAIL"]
    assert code == 1 and {row["why"] for row in dead} == {"one", "pair"} and all("engine.worker.start" in row["sites"] for row in dead)
    assert len(trials(folder)) >= 5 and "crash" in {finding["check"] for one in report["cases"] for finding in one["findings"]}


def test_a_clean_run_with_a_finding_is_told_and_not_swept(sweep, house):
    sweep.scenario("dirty")
    sweep.scenario("", "smoke/whole")
    assert sweep("--cap", "1")[0] == 1
    report, folder = reported(house)
    assert report["cases"][0]["verdict"] == "FAIL" and {row["trial"].rpartition("/")[0] for row in trials(folder)} == {"smoke/whole.probe"}


def test_an_interruption_reports_what_there_is(sweep, house):
    sweep.scenario("interrupts")
    code, out, _ = sweep("-j", "1", "--cap", "1")
    assert code == 3 and "interrupted after" in out
    report, folder = reported(house)
    assert report["interrupted"] and report["cases"][-1]["verdict"] == "GREY" and "the sweep was interrupted" in (folder / "skipped.txt").read_text()
    assert re.search(r"[1-9]\d* trials\s+not\s+begun\s+when\s+it\s+was\s+interrupted", out) and "in a sweep of 1 case" in out and "not shown of every site" in out
    assert "now: Sweep again, from the first trial on: interrupted after" in out


def test_time_that_is_over_is_said_and_concludes_nothing_of_what_was_not_struck(sweep, house):
    sweep.scenario("slow")
    code, out, _ = sweep("-j", "1", "--cap", "9", "-s", "1")
    report, folder = reported(house)
    assert code in (0, 3) and re.search(r"[1-9]\d* trials\s+not\s+begun\s+for\s+want\s+of\s+time", out) and "no time was left" in (folder / "skipped.txt").read_text()
    assert not any(one["findings"] for one in report["cases"])
    assert re.search(r"now: Sweep again for longer, from the first trial on: .*: \./tenter .*--seconds \d+", out)


def test_a_sweep_of_which_no_trial_ran_takes_them_to_last_as_long_as_clean_runs(sweep, house):
    sweep.scenario()
    assert sweep("--cap", "3")[0] == 0
    run = read_run(reported(house)[1])
    clean, shown = run.cases
    none = replace(run, command="./tenter sweep smoke --seconds 15", cases=(
        replace(clean, duration_s=0.5, facts={LEFT: "1,000"}), replace(shown, verdict=Verdict.GREY, reason="not shown of x")))
    assert what_now(none, True) == ["Sweep again for longer, from the first trial on: 1,000 trials of 1,000 had no time, "
                                    "not shown of x: ./tenter sweep smoke --seconds 618"]


def test_a_sweep_does_not_go_on_but_begins_again(sweep, house):
    sweep.scenario("interrupts")
    sweep("-j", "1", "--cap", "1")
    code, _, err = sweep.tenter("run", "--resume", str(reported(house)[1]))
    assert code == 2 and "is a sweep, which does not go on but begins again: ./tenter" in err


def test_parts_are_apart_and_whole(sweep):
    sweep.scenario()
    seen = []
    for part in ("1/2", "2/2"):
        code, out, _ = sweep("--shard", part, "--cap", "2", "--out", part.replace("/", "-"))
        assert code in (0, 3), out
        seen.append({row["faults"] for row in trials(next(Path(part.replace("/", "-")).glob("*-sweep-*"))) if row["why"] != "beside"})
    assert not seen[0] & seen[1] and len(seen[0] | seen[1]) == 2 * 2 + 2 + 1 + 1


def test_a_planted_bug_must_be_found(sweep, house):
    sweep.scenario()
    code, out, _ = sweep("smoke/swept", "--mutant", "shared_arena")
    assert code == 0 and "1 of 1 planted bugs found" in out and "with io.source.open=nth(3)error(data_loss)" in out.replace("\n", " ").replace("  ", "")
    assert next(house.out.glob("2*")).name.endswith("-sweep-shared_arena"), "its folder does not look like one of run"
    assert re.search(r"^  again: \./tenter sweep .*--mutant shared_arena", out, re.MULTILINE)
    sweep.scenario("blind")
    code, out, _ = sweep("smoke/swept", "--mutant", "shared_arena")
    assert code == 1 and "trials found nothing" in out


def test_canary_sweeps_for_a_bug(sweep, house, monkeypatch):
    monkeypatch.setattr(canary, "build_shown", lambda *_: None)
    patch = house.planted.parent / "shared_arena.patch"
    patch.parent.mkdir(parents=True, exist_ok=True)
    patch.write_text("--- a/runtime/cached_op/x.cc\n")
    house.planted.write_text('[shared_arena]\nplanted = "x"\nfloor = "cached_op"\ncontracts = ["COP-2"]\nfound_by = ["sweep smoke/swept"]\n')
    sweep.scenario()
    code, out, err = sweep.tenter("canary")
    assert code == 0 and "1 of 1 planted bugs found, in 1 of 1 trials; 1 with the right diagnosis" in out, out + err
    assert re.search(r"^floor +sweep ", out, re.MULTILINE)
    house.planted.write_text(house.planted.read_text().replace("smoke/swept", "smoke/swetp"))
    code, _, err = sweep.tenter("canary")
    assert code == 70 and "there is no scenario or set 'smoke/swetp' to sweep" in err


def test_the_list_runs_nothing(sweep, house):
    sweep.scenario()
    sweep.scenario("", "smoke/freed", "free_after = 3")
    code, out, _ = sweep("--list")
    assert code == 0 and not house.out.exists()
    assert "smoke/swept.probe  concurrent_inference: threads 8, aftermath 8" in out and "smoke/freed.probe  not swept: it frees its op" in out
    assert "site io.source.open: error" in out


@pytest.mark.parametrize(("words", "said"), [
    (("--shard", "3/2"), "'3/2' is no part such as 2/4"), (("-f", "release"), "a sweep needs fault sites, and 'release' has none"),
    (("smoke/swetp",), "did you mean"), (("smoke/freed",), "nothing to sweep: smoke/freed.probe: it frees its op"),
    (("--list", "--cap", "3"), "says nothing beside --list"), (("--mutant", "x", "--shard", "1/2"), "says nothing beside --mutant"),
    (("smoke/swept", "--mutant", "shared_arenas"), "tenter: --mutant: unknown mutant 'shared_arenas'; did you mean 'shared_arena'? (./tenter canary --list)")])
def test_a_mistake_is_one_line(sweep, house, words, said):
    sweep.scenario()
    sweep.scenario("", "smoke/freed", "free_after = 3")
    code, _, err = sweep(*words)
    assert code == 2 and said in err and err.count("\n") == 1 and not house.out.exists()


def test_the_file_of_waivers_is_no_scenario(sweep):
    sweep.scenario()
    code, out, err = sweep.tenter("list")
    assert code == 0 and "waivers" not in out + err


def test_a_sweep_that_had_no_time_for_all_is_to_last_longer(sweep, house):
    sweep.scenario()
    assert sweep("--cap", "3")[0] == 0
    run = read_run(reported(house)[1])
    hurried = replace(run, command="./tenter sweep smoke --seconds 60", cases=tuple(
        replace(case, facts={**case.facts, LEFT: "1,451"}) if "sweep" in case.facts else case for case in run.cases))
    assert what_now(hurried, True)[-1] == (
        "Sweep again for longer, from the first trial on: 1,451 trials of 1,462 had no time: ./tenter sweep smoke --seconds 9570")
