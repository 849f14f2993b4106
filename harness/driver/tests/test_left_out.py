"""Notes below a table say what there is, and are silent about what there is not."""

from __future__ import annotations

import pytest

from tenter.plan.bugs import Bug
from tenter.plan.trials import Trial
from tenter.report.detected import RIGHT, Detection
from tenter.report.power_sheets import power
from tenter.report.swept import left_out_note


@pytest.mark.parametrize(("counts", "note"), [
    ((22, (600, 4), 1555, True), "left out: 22 cases, each like another or not to be swept; hits or pairs beyond --cap 4 in 600 places; "
                                 "1,555 trials not begun when it was interrupted"),
    ((0, (1, 4), 0, False), "left out: hits or pairs beyond --cap 4 in 1 place"),
    ((0, (0, 4), 1, False), "left out: 1 trial not begun for want of time"), ((0, (0, 4), 0, False), "")])
def test_a_sweep_says_what_it_left_out(counts, note):
    assert left_out_note(*counts) == note


def test_a_canary_that_found_nothing_has_no_share_of_right_diagnoses():
    bug = Bug("lost", "x", "engine", ("ENG-1",), ("canary/one.probe",))
    notes = " ".join(power([Detection(Trial(bug, "canary/one.probe"), None)]).notes)
    assert "Diagnosis: right when" in notes and "right one" not in notes and "0 of 0" not in notes


def test_a_share_of_right_diagnoses_is_told_where_there_are_some(monkeypatch):
    bug = Bug("lost", "x", "engine", ("ENG-1",), ("canary/one.probe",))
    monkeypatch.setattr(Detection, "diagnosis", property(lambda self: RIGHT))
    monkeypatch.setattr(Detection, "exact", property(lambda self: True))
    assert "1 of 1 right ones name one contract alone, or the place." in " ".join(power([Detection(Trial(bug, "canary/one.probe"), None)]).notes)
