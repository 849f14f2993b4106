"""The parts of a sweep that are plain data: which faults strike, what is swept, what is waived and what is missing."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

from tenter.cases import coverage
from tenter.errors import UsageError
from tenter.plan import sweepable, sweeping, waivers
from tenter.plan.planner import Case
from tenter.plan.sweeping import Base, Pair
from tenter.plan.waivers import Waiver
from tenter.record.results import SiteCount, Verdict

ACTIONS = {"a.one": {"throw": 'throw(runtime_error,"swept")', "delay": "delay(2000)"}, "b.two": {"error": "error(data_loss)"}}


def case(name: str = "smoke/one.probe", kind: str = "concurrent_inference", mutant: str = "", **work) -> Case:
    plan = {"version": 1, "flavour": "probe", "target": {"name": f"mutant {mutant}" if mutant else "reference", "library": "/x.so", "saboteur": ""},
            "workload": {"kind": kind, "threads": 32, "inferences": 2000, "free_after": 0, **work}, "faults": "io.x=nth(3)error(data_loss)",
            "checks": ["determinism", "answer"], "seed": 1, "watchdog_ms": 30_000}
    return Case(name=name, scenario=name.rpartition(".")[0], flavour="probe", title="one", purpose="", contracts=("COP-1",), plan=plan,
                timeout_s=120.0)


def base(name: str, seconds: float, *pairs: Pair, **hits: int) -> Base:
    return Base(case(name), {site.replace("_", "."): count for site, count in hits.items()}, pairs, "aa", seconds)


# ---- which trials there are

@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("hits", "cap"), [(1, 4), (2, 4), (3, 1), (3, 9), (1000, 4), (50_000, 7)])
def test_the_first_the_last_and_some_from_between_are_struck(hits, cap, seed):
    chosen = sweeping.strata(hits, cap, random.Random(seed))
    assert len(chosen) == min(hits, cap) == len(set(chosen)) and all(1 <= hit <= hits for hit in chosen)
    assert chosen[:3] == [1, hits, 2][:min(3, cap)] if hits > 2 else chosen[0] == 1
    assert chosen == sweeping.strata(hits, cap, random.Random(seed))


def test_every_site_and_action_is_struck_before_any_of_them_twice():
    plan = sweeping.planned([base("slow.probe", 9, a_one=50, b_two=1), base("fast.probe", 1, a_one=50)], ACTIONS, cap=4, seed=1)
    first = [(strike.sites, strike.action) for strike in plan.strikes[:3]]
    assert sorted(first) == [(("a.one",), "delay"), (("a.one",), "throw"), (("b.two",), "error")]
    assert plan.strikes[0].base.case.name == "fast.probe" and plan.strikes[0].faults == 'a.one=nth(1)throw(runtime_error,"swept")'
    assert len(plan.strikes) == 4 * 2 * 2 + 1
    assert plan.skipped == [f"{name}: a.one: 46 of 50 hits by {action}" for name in ("fast.probe", "slow.probe") for action in ("throw", "delay")]


def test_of_two_adjacent_sites_both_are_struck_once_per_kind_of_work():
    pair = Pair("b.two", "a.one", 3, 7)
    plan = sweeping.planned([base("x.probe", 1, pair, a_one=9, b_two=9), base("y.probe", 2, pair, a_one=9, b_two=9)], ACTIONS, cap=1, seed=1)
    [both] = [strike for strike in plan.strikes if strike.why == sweeping.PAIR]
    assert both.faults == 'b.two=nth(3)error(data_loss); a.one=nth(7)throw(runtime_error,"swept")' and both.sites == ("b.two", "a.one")
    assert "y.probe: the pair b.two and a.one, which a case of its kind has" in plan.skipped


def test_a_lonely_site_is_struck_again_in_the_middle_of_its_hits():
    strikes = sweeping.beside([base("few.probe", 1, a_one=4), base("many.probe", 2, a_one=400)], "a.one", ACTIONS["a.one"], 4, seed=3)
    assert [strike.base.case.name for strike in strikes] == ["many.probe", "few.probe"] * 2
    assert all(100 < int(re.search(r"nth\((\d+)\)", strike.faults)[1]) <= 300 for strike in strikes[::2])
    assert sweeping.beside([base("none.probe", 1, b_two=4)], "a.one", ACTIONS["a.one"], 4, seed=3) == []


# ---- what is swept

def test_scenarios_that_differ_by_faults_alone_are_swept_once_and_small():
    plain = case("smoke/a.probe", inferences=5000)
    [kept], [left] = sweepable.bases([plain, replace(plain, name="smoke/b.probe", plan={**plain.plan, "faults": "", "seed": 7})])
    work = kept.plan["workload"]
    assert (work["threads"], work["inferences"], work["aftermath"]) == (8, 24, 8) and kept.plan["faults"] == ""
    assert kept.plan["checks"] == ["determinism"], "another runtime says what is right once, and not for each fault"
    assert left == sweepable.LeftOut("smoke/b.probe", "the same workload as smoke/a.probe")


@pytest.mark.parametrize(("work", "why"), [
    ({"free_after": 4}, "frees its op"), ({"bad_requests": 1}, "wrong requests"), ({"refuse_when_full": True}, "refuses calls"),
    ({"batch": 4}, "each alone"), ({"thread_safe": False}, "may not be shared"), ({"kind": "iterator_epochs", "bad_row": 3}, "is bad"),
    ({"kind": "iterator_epochs", "csv_file": "x.csv"}, "not known"), ({"kind": "skipped_rows"}, "no aftermath"), ({"mutant": "m"}, "plants a bug")])
def test_what_has_no_aftermath_is_left_out_with_its_reason(work, why):
    kept, [left] = sweepable.bases([case(**work)])
    assert not kept and why in left.why
    assert not sweepable.why_not(case(bad_row=-1, batch=1, csv_file="", refuse_when_full=False))
    assert not sweepable.why_not(case(mutant="m"), planted="m")


# ---- what has to be shown

@pytest.mark.parametrize(("text", "said"), [
    ("[[waivers]]", "unknown key 'waivers'"), ("[[waiver]]\nsit = 'x'", "unknown key 'sit'; did you mean 'site'?"),
    ("[[waiver]]\nsite = 'a.one'\nwhat = 'hit'", "'reason' is missing"), ("[[waiver]]\nsite = 'a.one'\nwhat = 'hit'\nreason = ' '", "'reason' is missing"),
    ("[[waiver]]\nsite = 'a.onn'\nwhat = 'hit'\nreason = 'x'", "unknown site 'a.onn'; did you mean 'a.one'?"),
    ("[[waiver]]\nsite = 'a.one'\nwhat = 'hits'\nreason = 'x'", "'what' is 'hits'"), ("[[waiver]", "cannot be read"),
    ("[[waiver]]\nsite = 'a.one'\nwhat = 'hit'\nreason = 'x'\n" * 2, "'hit' of a.one is waived twice")])
def test_a_wrong_waiver_is_refused_in_one_line(house, text, said):
    house.waivers.write_text(text)
    with pytest.raises(UsageError, match=re.escape(said)):
        waivers.read(house, ACTIONS)


def test_what_is_missing_is_told_once_and_a_needless_waiver_too():
    made = coverage.rows(["a", "b", "c", "d"], [[SiteCount("a", 9, 0), SiteCount("b", 1, 0), SiteCount("c", 1, 0)]],
                         [(("a",), [SiteCount("a", 9, 1, 5), SiteCount("c", 1, 1, 1)])],
                         [Waiver("a", "beside", "x"), Waiver("c", "beside", "y")])
    assert [row.missing for row in made] == [(), ("fired",), (), ("hit",)]
    result = coverage.result(made, {"d"}, "", "probe", "./tenter sweep x", "reference", 1)
    assert [finding.title for finding in result.findings] == [
        "no fault fired at b", "the waiver of 'beside' of a is not needed: scenarios/waivers.toml"]
    assert result.verdict is Verdict.FAIL
    alone = coverage.result(made[3:], {"d"}, "", "probe", "", "reference", 1)
    assert alone.verdict is Verdict.GREY and alone.reason == "not shown of d", "its trials were planned, and not run"
