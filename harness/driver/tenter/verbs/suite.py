"""The verb `test`: everything that CI runs, stage by stage, and the closing line that CI reads."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console

from tenter.console import build_shown, path_shown
from tenter.errors import CLEAN, FINDINGS, TenterError
from tenter.house import House
from tenter.machine import sanitizer
from tenter.machine.processors import cases_at_once, processors
from tenter.record import archive
from tenter.record.tally import Tally, of_ctest, of_junit, of_run, one
from tenter.sources import contracts, layers, tidy
from tenter.sources.source import read_sources
from tenter.verbs import canary, run, sweep

SELFTEST_LABEL = "selftest"
SEARCH_LABEL = "planted"
_PARTS = 3  # of the planted bugs
_MOST_WORKERS = 4  # of pytest: tests wait for children of their own, some against the clock
_SHOWN_FAILURES = 40
_LOG_TAIL = 60
_SWEEP_S = 50


@dataclass(frozen=True)
class Stage:
    name: str
    work: Callable[[], Tally]


@dataclass(frozen=True)
class Suite:
    house: House
    console: Console
    folder: Path  # logs and JUnit files of this very run of the suite

    def stages(self, quick: bool) -> list[Stage]:
        first = [Stage("sources", self.sources), Stage("unit tests, probe", lambda: self.ctest("probe", "-LE", SEARCH_LABEL)),
                 Stage("driver tests", self.pytest)]
        if quick:
            return [*first, Stage("smoke, probe", lambda: self.campaign(smoke_words(self.house), ("probe",))), Stage("sweep, probe", self.swept)]
        # Another third of the planted bugs each day, and another one of the searches that also demand a small program: all of them
        # take minutes.
        return [*first,
                Stage("unit tests, tsan", lambda: self.ctest("tsan", "-LE", f"{SELFTEST_LABEL}|{SEARCH_LABEL}")),
                Stage("self-tests, tsan", lambda: self.ctest("tsan", "-L", SELFTEST_LABEL)),
                Stage("unit tests, asan", lambda: self.ctest("asan", "-LE", f"{SELFTEST_LABEL}|{SEARCH_LABEL}")),
                Stage("self-tests, asan", lambda: self.ctest("asan", "-L", SELFTEST_LABEL)),
                # Without probes, and by the other compiler.
                Stage("unit tests, gcc", lambda: self.ctest("gcc")),
                Stage(f"searches, part {self.next_part} of {_PARTS}",
                      lambda: self.ctest("probe", "-L", SEARCH_LABEL, "-I", f"{self.next_part},,{_PARTS}")),
                Stage(f"planted bugs, part {self.part} of {_PARTS}", self.planted),
                Stage("smoke", lambda: self.campaign(smoke_words(self.house), ())),
                Stage("smoke, asan", lambda: self.campaign(smoke_words(self.house), ("asan",))),
                Stage("sweep, probe", self.swept)]

    @property
    def part(self) -> int:
        return datetime.now().toordinal() % _PARTS + 1

    @property
    def next_part(self) -> int:
        return self.part % _PARTS + 1

    def planted(self) -> Tally:
        request = canary.Request(shard=(self.part, _PARTS), quiet=True, command=f"./tenter canary --shard {self.part}/{_PARTS}")
        return of_run(canary.measure(request, self.house, self.console)[0])

    def sources(self) -> Tally:
        files = read_sources(self.house.root)
        return (one("tidy", map(str, tidy.check(files))) + one("layers", map(str, layers.check(files)))
                + one("contracts", contracts.collect(self.house).problems()))

    def ctest(self, flavour: str, *labels: str) -> Tally:
        build_shown(self.house, flavour, self.console)
        here = self.folder / "-".join(["ctest", flavour, *labels[1:2], labels[0].strip("-") if labels else "all"]).replace("|", "+")
        here.mkdir()
        command = [*sanitizer.prefix(flavour), "ctest", "--preset", flavour, "--output-junit", str(here / "ctest.xml"),
                   "--no-tests=error", *labels]
        self._logged(command, here / "log.txt", {"GTEST_OUTPUT": f"xml:{here}/"})
        return _with_log(of_ctest(here / "ctest.xml", here), here / "log.txt")

    def pytest(self) -> Tally:
        report, log = self.folder / "pytest.xml", self.folder / "pytest.txt"
        self._logged([sys.executable, "-m", "pytest", "-n", str(min(processors(), _MOST_WORKERS)), "--dist", "worksteal", f"--junitxml={report}"], log, {})
        return _with_log(of_junit(report), log)

    def campaign(self, words: tuple[str, ...], flavours: tuple[str, ...]) -> Tally:
        asked = "".join(f" -f {flavour}" for flavour in flavours)
        request = run.Request(words=words, flavours=flavours, jobs=cases_at_once(), command=f"./tenter run {' '.join(words)}{asked}")
        return of_run(run.run(request, self.house, self.console)[0])

    def swept(self) -> Tally:
        """One hit of every site by each action, as far as the time goes: all are struck before any is struck in a second case."""
        request = sweep.Request(words=("smoke",), cap=1, seconds=_SWEEP_S, jobs=processors(), quiet=True,
                                command=f"./tenter sweep smoke --seconds {_SWEEP_S} --cap 1")
        return of_run(sweep.sweep(request, self.house, self.console)[0])

    def _logged(self, command: list[str], log: Path, environment: dict[str, str]) -> int:
        with log.open("w") as file:
            return subprocess.run(command, cwd=self.house.root, stdout=file, stderr=subprocess.STDOUT,
                                  env={**os.environ, **environment}, check=False).returncode


def smoke_words(house: House) -> tuple[str, ...]:
    """Smoke, and the folders of single bugs and published examples where they hold anything."""
    return ("smoke", *(word for word in ("mxnet", "regress") if any((house.scenarios / word).glob("*.toml"))))


def _with_log(tally: Tally, log: Path) -> Tally:
    """Adds the end of the log, when anything failed."""
    if not tally.failed:
        return tally
    tail = log.read_text(errors="replace").splitlines()[-_LOG_TAIL:]
    return tally + Tally(log=tuple(f"| {line}" for line in tail))


def run_all(house: House, console: Console, quick: bool) -> int:
    folder = archive.create_run_folder(house.out, "test", datetime.now().astimezone())
    print(f"logs and JUnit files: {path_shown(folder)}/")
    return run_stages(Suite(house, console, folder).stages(quick))


def run_stages(stages: list[Stage]) -> int:
    """Runs every stage, whatever the one before did; prints what failed, a line for each stage, and the sum as the last line.

    Of a long output often the end alone is kept, so that what failed stands there, too.
    """
    total = Tally()
    lines, failed = [], []
    for stage in stages:
        print(f"== {stage.name}", flush=True)
        started = time.monotonic()
        tally = _run(stage)
        total += tally
        state = "FAILED" if tally.failed else "ok"
        skipped = f" ({tally.skipped} skipped)" if tally.skipped else ""
        lines.append(f"{state:7} {stage.name:24} {tally.passed} of {tally.total}{skipped} "
                     f"in {time.monotonic() - started:.1f} s")
        failures = _shown(tally)
        print("\n".join([*(f"  {line}" for line in tally.log), *failures, lines[-1]]), flush=True)
        if failures:
            failed += [f"{stage.name}:", *failures]
    print("\n" + "\n".join([*failed, *lines]))
    print(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped", flush=True)
    return FINDINGS if total.failed else CLEAN


def _shown(tally: Tally) -> list[str]:
    shown = [f"  {line}" for line in tally.failures[:_SHOWN_FAILURES]]
    more = len(tally.failures) - len(shown)
    return [*shown, f"  and {more} lines more"] if more else shown


def _run(stage: Stage) -> Tally:
    try:
        tally = stage.work()
    except TenterError as error:
        return Tally(failed=1, failures=(str(error),))
    if tally.total == 0:
        return Tally(failed=1, failures=(f"{stage.name} found no test",))
    return tally
