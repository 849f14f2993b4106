"""A target that hangs, in its own calls, in its set-up, in what closes it, and when the process ends: each finding says where."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tenter.cases.runner import CaseRunner
from tenter.house import this_house
from tenter.machine.interrupts import Stop
from tenter.plan.planner import Case
from test_real_runner import binaries  # noqa: F401: a fixture

HERE = Path(__file__).parent


@pytest.fixture
def hanging(tmp_path: Path):
    def build(place: str) -> Path:
        compiler = shutil.which("clang-19") or shutil.which("cc")
        if compiler is None:
            pytest.skip("no C compiler")
        library = tmp_path / "libhanging.so"
        subprocess.run([compiler, "-std=c11", "-g", "-O1", "-fno-optimize-sibling-calls", "-shared", "-fPIC", f'-DHANGS_IN="{place}"',
                        f"-I{this_house().root}", HERE / "hanging_target.c", "-o", library, "-pthread"], check=True)
        return library

    return build


PHASES = {"create": ("nothing moved", "ITR-1"), "next": ("nothing moved", "ITR-1"), "iterator_close": ("closing the iterator", "ITR-5"),
          "free": ("freeing the iterator", "ITR-5"), "close": ("closing the target", ""), "open": ("opening the target", ""),
          "load": ("opening the target", "")}


def run(library: Path, binaries: Path, folder: Path, timeout_s: float, watchdog_ms: int):  # noqa: F811
    house = this_house()
    plan = {"version": 1, "scenario": "test", "flavour": "probe", "target": {"name": "hanging", "library": str(library), "saboteur": ""},
            "workload": {"kind": "iterator_epochs", "rows": 4, "columns": 1, "batch_size": 4, "epochs": 2, "close_after": 1},
            "faults": "", "checks": ["liveness"], "seed": 1, "watchdog_ms": watchdog_ms}
    case = Case(name="test.probe", scenario="test", flavour="probe", title="", purpose="", contracts=(), plan=plan, timeout_s=timeout_s)
    return CaseRunner(house, folder / "run", Stop()).run(case, lambda _: None)


@pytest.mark.parametrize("place", PHASES)
def test_a_hang_says_where(hanging, binaries, tmp_path, place):  # noqa: F811
    watchdog_ms = 50 if place in ("open", "load") else 500  # a set-up may take ten times as long
    result = run(hanging(place), binaries, tmp_path, 20, watchdog_ms)
    [finding] = result.findings
    words, contract = PHASES[place]
    assert finding.check == "liveness" and words in finding.title, finding.title
    assert finding.contracts == ((contract,) if contract else ())
    assert "HangHere" in finding.detail and "hanging_target.c:" in finding.detail, finding.detail
    assert "SleepForEver" in finding.detail, "the thread that is waited for"
    assert result.duration_s < 10, "the watchdog saw it"


@pytest.mark.parametrize(("place", "says"), [("exit", "a destructor or an exit handler hangs"), ("close", "was closing the target"),
                                             ("load", "was opening the target"), ("create", "0 of 2 batches")])
def test_a_hang_that_the_driver_ends_has_its_stacks(hanging, binaries, tmp_path, place, says):  # noqa: F811
    result = run(hanging(place), binaries, tmp_path, 2, 60_000)
    [finding] = result.findings
    assert finding.check == "liveness" and says in finding.title, finding.title
    assert "HangHere" in finding.detail and "SleepForEver" in finding.detail, finding.detail
    assert "HangHere" in finding.evidence["frame_0"]
