"""How many processors there are to use."""

from __future__ import annotations

import os

import pytest

from tenter.machine.processors import processors


@pytest.mark.parametrize(("text", "number"), [("100000 100000\n", 1), ("50000 100000\n", 1), ("max 100000\n", None), ("", None), (None, None)])
def test_a_container_has_no_more_than_its_time(tmp_path, text, number):
    quota = tmp_path / "cpu.max"
    if text is not None:
        quota.write_text(text)
    assert processors(quota) == (number or len(os.sched_getaffinity(0)))
