"""What a run counted, with names and units for people."""

from __future__ import annotations

import pytest

from tenter.report import quantity, sheet


@pytest.mark.parametrize(("exposure", "expected"), [
    ({"zebras": 3, "resident_growth_kb": 8648, "close_us_max": 1234, "rows": 20020, "in_flight_max": 16},
     ["most calls at once 16", "rows 20,020", "longest close 1.2 ms", "resident growth 8.4 MiB", "zebras 3"]),
    ({"resident_growth_kb": -2048, "close_us_max": 72}, ["longest close 72 µs", "resident growth -2.0 MiB"]),
    ({"wait_ms_max": 2500, "arena_bytes": 640, "pool_kb": 200 * 1024, "share": 0.25},
     ["arena 640 B", "pool 200 MiB", "share 0.25", "wait max 2.5 s"]),
])
def test_quantities_have_names_with_spaces_units_that_fit_and_one_order(exposure, expected):
    assert quantity.described(exposure) == expected


@pytest.mark.parametrize(("seconds", "expected"), [
    (0.0000716, "72 µs"), (0.0012, "1.2 ms"), (0.0525, "52 ms"), (0.9999, "1.0 s"), (85.84, "85.8 s"), (600, "10.0 min")])
def test_durations(seconds, expected):
    assert quantity.duration(seconds) == expected


@pytest.mark.parametrize(("value", "expected"), [
    (0, "0.00"), (0.00003127, "3.13e-05"), (0.03127, "0.0313"), (0.5, "0.500"), (-0.0421, "-0.0421"), (0.9999, "1.00"), (1.234, "1.23"),
    (12.34, "12.3"), (1234.5, "1,234"), (None, "")])
def test_a_figure_of_a_sheet_has_three_digits(value, expected):
    assert sheet.number(value) == expected
