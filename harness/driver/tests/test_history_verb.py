"""The verb `history`: defects over many runs, scenarios and sightings; and the figures that it prints."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import shutil

import pytest
from test_history import make_run, only, out, rows  # noqa: F401  (out is a fixture)

from tenter.history import chance, database, ledger, past
from tenter.history.trend import trend
from tenter.record.results import Verdict
from tenter.report.sparkline import sparkline

SEED = int(os.environ.get("TENTER_SEED", random.randrange(10**6)))


# R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I,
# method 3: Wilson's score interval.
@pytest.mark.parametrize(("seen", "ran", "low", "high"), [
    (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)])
def test_wilson_is_as_published(seen, ran, low, high):
    interval, other = chance.wilson(seen, ran), chance.wilson(ran - seen, ran)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)
    assert (other.low, other.high) == pytest.approx((1 - interval.high, 1 - interval.low))


def test_the_tea_of_fisher_and_the_fewest_clean_cases():
    assert chance.chance_of_none(4, 4, 4) == pytest.approx(1 / 70)  # all four cups of eight
    assert [chance.clean_needed(*counts) for counts in ((1, 1), (5, 5), (1, 20), (20, 20))] == [19, 2, 380, 1]
    for ran in range(1, 12):
        for seen in range(1, ran + 1):
            needed = chance.clean_needed(seen, ran)
            assert chance.chance_of_none(seen, ran, needed) <= 0.05
            assert needed == 1 or chance.chance_of_none(seen, ran, needed - 1) > 0.05


def test_a_sparkline_shows_the_smallest_share_and_only_the_whole_as_whole():
    assert sparkline([0, 1, None, 0.001, 0.999, 0.5]) == "▁█·▂▇▅" and sparkline([]) == ""


def test_seen_counts_from_the_first_run_that_showed_it_to_the_last(out):
    runs = [out(i, cases) for i, cases in enumerate(("....", "x..", "...?", ".x"))]
    defect, = only(out)
    assert (defect.seen, defect.ran, defect.first, defect.last, defect.clean, defect.fixed_in) == (2, 8, runs[1], runs[3], 0, "")


def test_fixed_when_enough_clean_cases_came_after_it_and_not_before(out):
    out(0, "xxxxx")
    first_clean = out(1, "?.")
    defect, = only(out)
    assert (defect.clean, defect.needed, defect.fixed_in) == (1, 2, "")
    out(2, "...", flavour="tsan")
    out(6, "...", target="another runtime")
    assert not only(out)[0].fixed_in, "another flavour and another target say nothing"
    out(3, "...", kind=ledger.REPLAY)
    out(4, "...", planted="a bug")
    assert not only(out)[0].fixed_in, "a replay and a planted bug say nothing"
    out(5, ".")
    assert only(out)[0].fixed_in == first_clean
    out(7, "x")
    defect, = only(out)
    assert not defect.fixed_in and (defect.seen, defect.ran) == (6, 8), "it came back"


def test_what_another_place_showed_since_is_not_fixed(out):
    out(0, "xxxxx")
    out(1, ".....")
    last = out(2, "x", flavour="tsan")
    defect, = only(out)
    assert (defect.place, defect.elsewhere, defect.last, defect.fixed_in) == ("smoke/x.probe", 1, last, "")


def test_flaky_is_told_of_one_build_only(out):
    out(0, "x...", build="old")
    out(1, "xx", build="new")
    assert only(out)[0].flaky is None, "a build that always shows it is not flaky"
    out(2, "x...", build="new")
    flaky = only(out)[0].flaky
    assert (flaky.build, flaky.seen, flaky.ran, flaky.share) == ("new", 3, 6, chance.wilson(3, 6))


def test_a_library_of_the_user_that_changed_is_another_build(out):
    for number, library in enumerate(("mine 1.0, build aa", "mine 1.0, build bb")):
        run = make_run(f"2026112{number}-101500-smoke", tested=library)
        verdict = (Verdict.FAIL, Verdict.PASS)[number]
        ledger.note(dataclasses.replace(run, cases=tuple(dataclasses.replace(
            case, target="mine", verdict=verdict, findings=case.findings[number:]) for case in run.cases)), out.folder / run.run_id)
    assert only(out)[0].flaky is None and len(set(rows(out.folder, "SELECT build FROM cases"))) == 2
    assert only(out)[0].place == "smoke/x.probe with mine"


def test_a_planted_bug_is_no_defect(out):
    out(0, "xx", planted="a bug")
    assert only(out) == ()


def test_the_trend_is_as_of_the_run_that_is_asked_about(out):
    runs = [out(i, cases) for i, cases in enumerate((".", "x.", "?", ".", "x"))]
    read = lambda **how: ledger.use(out.folder, lambda database: trend(database, "smoke/x", "probe", **how))  # noqa: E731
    assert read().words == ("PASS", "FAIL", "PASS", "FAIL") and read().runs == (runs[0], runs[1], runs[3], runs[4])
    assert read(last=2).words == ("PASS", "FAIL") and read(last=2).seen["aabbccdd"].runs == 1
    seen = read(until=runs[3]).seen["aabbccdd"]
    assert (seen.first, seen.first_started, seen.last, seen.runs) == (runs[1], "2026-11-22T10:15:01+00:00", runs[1], 1)
    assert read(until=runs[0]).seen == {}


@pytest.fixture
def three(tenter, write, house):
    """A bug that is there in some cases, in all, and gone; returns the names of the runs."""
    names = []
    for behaviour in ("odd_seed_finding", "finding", "clean"):
        tenter("run", write("smoke/one", behaviour=behaviour), "--repeat", "6")
        names.append((house.out / "latest").resolve().name)
    return names


def test_history_alone_says_since_when_how_often_and_whether_it_is_fixed(tenter, three):
    code, text, err = tenter("history")
    assert code == 0 and not err and "1 finding in 3 runs under out/: 0 not fixed, 1 fixed" in text
    defect, = json.loads(tenter("history", "--json")[1])["defects"]
    assert (defect["id"], defect["seen"], defect["ran"]) == ("c9318f5c", 9, 12)
    assert (defect["first"], defect["last"], defect["fixed_in"]) == tuple(three)
    for word in ("c9318f5c", "determinism: thread 7", "smoke/one.probe", "9 of 12", three[0][:15], "fixed in"):
        assert word in text, word


def test_too_few_clean_cases_say_how_many_are_needed(tenter, write):
    tenter("run", write("smoke/one", behaviour="finding"))
    assert "seen in one run" in " ".join(tenter("history")[1].split())
    tenter("run", write("smoke/one"))
    text = " ".join(tenter("history")[1].split())
    assert "clean in 1 case since" in text and "19 would" in text and "1 not fixed, 0 fixed" in text


def test_the_runs_of_a_scenario(tenter, three, write):
    code, text, _ = tenter("history", "smoke/one")
    assert code == 0 and "smoke/one.probe  ▅█▁" in text and "flaky: 9 of 18 cases of one build (29.0 to 71.0 % at 95 %)" in text
    lines = [line for line in text.splitlines() if line.startswith("2026")]
    assert [line.split()[0] for line in lines] == three[::-1] and "3 FAIL  3 PASS" in lines[2]
    raw = json.loads(tenter("history", "smoke/one", "--json")[1])
    assert raw["runs"][0]["verdicts"] == {"PASS": 6} and raw["flaky"][0]["seen"] == 9


def test_the_sightings_of_a_finding(tenter, write, house):
    tenter("run", write("smoke/one", behaviour="finding"), "--repeat", "2")
    run = (house.out / "latest").resolve().name
    tenter("replay", "c9318f5c")
    code, text, _ = tenter("history", "c931")
    assert code == 0 and "determinism c9318f5c: thread 7" in text and "seen in 3 cases of 2 runs" in text and "a replay" in text
    line = next(line.split() for line in text.splitlines() if f"{run}/smoke/one.probe.r2#c9318f5c" in line)
    assert tenter(*line[1:])[0] == 1
    shutil.rmtree(house.out / run)
    assert "its folder is gone" in tenter("history", "c931")[1]


@pytest.mark.parametrize(("words", "expected"), [
    (("smoke/on",), "no scenario 'smoke/on' in the history"), (("smoke/on",), "did you mean 'smoke/one'?"), (("0000",), "no finding '0000'"),
    (("prune",), "give --keep N or --older-than DAYS"), (("prune", "--keep", "1", "--older-than", "2"), "and not both"),
    (("show", "a", "b"), "unexpected extra argument"), (("--out", "nowhere"), "no such folder")])
def test_a_wrong_word_is_one_line(tenter, write, words, expected):
    tenter("run", write("smoke/one", behaviour="finding"))
    code, _, err = tenter("history", *words)
    assert code == 2 and expected in err and err.count("\n") == 1


def test_a_history_that_cannot_be_used_is_one_line(tenter, write, house):
    (house.out / "history.sqlite").mkdir(parents=True)
    code, _, err = tenter("history")
    assert code == 2 and err.count("\n") == 1 and "history.sqlite cannot be used" in err


def test_a_folder_that_may_not_be_written_is_read_as_it_is(tenter, three, house):
    lock = house.out / ".history.sqlite.lock"
    lock.unlink()
    lock.mkdir()
    before = (house.out / "history.sqlite").read_bytes()
    code, text, err = tenter("history")
    assert code == 0 and "1 finding in 3 runs" in text and err.count("\n") == 1 and "the history cannot be written" in err
    code, _, err = tenter("history", "prune", "--keep", "0", "--all")
    assert code == 2 and "cannot be used" in err and (house.out / "history.sqlite").read_bytes() == before
    assert len(list(house.out.glob("*-one*/report.json"))) == 3


def test_rebuild_reads_the_folders_again_and_keeps_what_has_none(tenter, three, house):
    shutil.rmtree(house.out / three[0])
    (house.out / three[1] / "report.json").write_text((house.out / three[1] / "report.json").read_text().replace('"FAIL"', '"PASS"'))
    code, text, _ = tenter("history", "rebuild")
    assert code == 0 and "out/history.sqlite: 2 runs read again; 1 run without a folder kept as they were" in text
    assert rows(house.out, "SELECT run, count(*) FROM cases WHERE verdict = 'FAIL' GROUP BY run") == [(three[0], 3)]


def test_the_order_of_many_runs_is_the_order_of_their_beginning(out):
    print(f"TENTER_SEED={SEED}")
    numbers = list(range(30))
    random.Random(SEED).shuffle(numbers)
    for number in numbers:
        out(number, "x" if number == 7 else "." * 4)
    defect, = only(out)
    assert defect.first == defect.last == "20261122-101507-smoke" and defect.clean == 22 * 4


def test_the_hour_that_comes_twice_and_ten_runs_in_one_second(out):
    started = {"20261025-023000-smoke": "2026-10-25T02:30:00+02:00", "20261025-021500-smoke": "2026-10-25T02:15:00+01:00"}
    started |= {f"20261026-000000-smoke{number}": "2026-10-26T00:00:00+01:00" for number in ("", "-2", "-10")}
    for name in reversed(started):
        ledger.note(make_run(name, started=started[name]), out.folder / name)
    assert list(ledger.use(out.folder, past.read).started) == list(started)


def test_reading_creates_nothing(tenter, write, house, tmp_path):
    (tmp_path / "empty").mkdir()
    code, out, _ = tenter("history", "show", "--out", str(tmp_path / "empty"))
    assert code == 0 and "0 findings in 0 runs" in out and "planted bugs and replays are left out" in out and not list((tmp_path / "empty").iterdir())
    tenter("run", write("smoke/one", behaviour="finding"))
    for left in house.out.glob("*history.sqlite*"):
        left.unlink()
    before = sorted(house.out.iterdir())
    assert "1 finding in 1 run" in tenter("history")[1] and sorted(house.out.iterdir()) == before
