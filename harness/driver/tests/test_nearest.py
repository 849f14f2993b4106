"""An unknown name gets a guess only where a slip of the fingers would make one of it; a planted bug is sent to what finds it."""

from __future__ import annotations

import pytest

from tenter.errors import nearest
from test_fuzz import fuzzer  # noqa: F401  (a fixture)

PLANTED = """[lost_refusal]
planted = 'x'
floor = 'any target'
contracts = ['COP-5']
found_by = ['canary/memory_refusal_lost.probe', 'sweep smoke/chain']
"""


@pytest.mark.parametrize(("word", "known"), [
    ("lost_refusal", "slot_reused_early"), ("deadbeef", "dfaded1d"), ("nope", "crowd"), ("x", "all"), ("usage", "ERR-6")])
def test_what_is_near_to_nothing_gets_no_guess(word, known):
    assert nearest(word, [known]) == f"; known: {known}"


@pytest.mark.parametrize(("word", "known"), [
    ("lost_posh", "lost_push"), ("rigth", "right"), ("deadbeff", "deadbeef"), ("probe,tsan", "probe"), ("smoke/*x", "smoke"),
    ("timeout", "timeout_s"), ("asn", "asan"), ("canary/arena.tsan", "canary/arena.probe")])
def test_a_slip_is_put_right(word, known):
    assert nearest(word, ["zzzzzzzzzzzzzzzzzzzz", known]) == f"; did you mean '{known}'?"


def test_the_nearest_of_several_is_named():
    assert nearest("lost_pull", ["lost_push", "lost_pill", "lost_rule"]) == "; did you mean 'lost_pill'?"


def test_a_bug_that_no_fuzzer_finds_is_sent_to_what_does(fuzzer, house):  # noqa: F811
    house.planted.parent.mkdir(parents=True, exist_ok=True)
    house.planted.write_text(PLANTED)
    code, _, err = fuzzer("--mutant", "lost_refusal", what="model")
    assert code == 2 and err.endswith("no planted bug 'lost_refusal' for 'fuzz model': it is found by the scenario canary/memory_refusal_lost "
                                      "and 'sweep smoke/chain': ./tenter canary lost_refusal\n")
