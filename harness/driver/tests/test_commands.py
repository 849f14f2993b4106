"""A command line once more, with other values."""

from __future__ import annotations

import pytest

from tenter.plan.commands import changed, given


@pytest.mark.parametrize(("command", "line"), [
    ("./tenter sweep smoke", "./tenter sweep smoke --cap 16 --seconds 60"),
    ("./tenter sweep smoke --cap=4 -s30", "./tenter sweep smoke --cap 16 -s 60"),
    ("./tenter sweep smoke --cap 4 -s 30", "./tenter sweep smoke --cap 16 -s 60"),
    ("./tenter sweep 'a b' --seconds 5 --cap 1 -j 2", "./tenter sweep 'a b' --seconds 60 --cap 16 -j 2")])
def test_values_are_replaced_where_they_stand_and_added_where_they_do_not(command, line):
    assert changed(command, cap=16, seconds=60.0) == line


def test_a_number_is_read_by_either_name_of_its_option():
    assert given("./tenter fuzz engine -s 30", "--seconds", 60.0) == 30 and given("./tenter fuzz engine", "--seconds", 60.0) == 60
