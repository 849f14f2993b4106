"""The verb `bench sharing`: build release, measure each way in which callers share a model in processes of their own, judge, write
JSON and Markdown."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from tenter.bench import asked_models, measurement, sharing_goals, sharing_sheets, sharing_ways
from tenter.bench.asked_models import Asked
from tenter.bench.engine import FLAVOUR, Session, markdown, open_session, publish, show
from tenter.bench.measurement import Book
from tenter.bench.process import WrongAnswer
from tenter.bench.sharing_goals import Verdict
from tenter.bench.sharing_sheets import LeftOut
from tenter.bench.sharing_ways import SHARED, WAYS, Way
from tenter.console import build_shown, path_shown
from tenter.errors import HarnessDefect, UsageError
from tenter.house import House
from tenter.machine import peers
from tenter.record import destination

_PROGRAM = "sharing_bench"
COUNTS, _QUICK_COUNTS = (1, 2, 8, 64, 256, 1000), (1, 8, 1000)
_BLOCK_MS, _QUICK_BLOCK_MS = 300, 20
_REPEATS, _QUICK_REPEATS = 5, 1
_MOST_S, _QUICK_MOST_S = 120, 20  # that one process may be expected to take


@dataclass(frozen=True)
class Request:
    """What a person asked for on the command line."""

    files: tuple[Path, ...] = ()
    quick: bool = False
    repeats: int | None = None
    in_flight: tuple[int, ...] = ()
    input_shape: str = ""
    seed: int = 1
    peers: bool | None = None  # None: those that are there; True: they have been fetched; False: none
    json: Path | None = None
    out: Path | None = None
    command: str = ""

    @property
    def counts(self) -> list[int]:
        """One request in flight is what the others are compared with."""
        return sorted({1, *(self.in_flight or (_QUICK_COUNTS if self.quick else COUNTS))})

    @property
    def rounds(self) -> int:
        return self.repeats or (_QUICK_REPEATS if self.quick else _REPEATS)


def run(request: Request, house: House, console: Console) -> Path:
    """Measures what was asked for and returns the folder with the results. Answers that differ end it, after the figures."""
    destination.refuse_unwritable((request.out or house.out).resolve())
    models = asked_models.find(request.files, request.input_shape, house)
    build_shown(house, FLAVOUR, console, (_PROGRAM,))
    session = open_session("bench-sharing", house, console, request.out)
    book, left_out = Book(), LeftOut()
    for model in models:
        Measuring(request, session, model, book, left_out).all()
    names = [model.name for model in models]
    _refuse_unmeasured(book, names)
    verdicts = sharing_goals.judge(book, names)
    facts = {**session.finish(book, names), **{f"model: {one.name}": one.facts for one in models}, "seed": str(request.seed)}
    shown = sharing_sheets.sheets(book, names, verdicts, left_out)
    document = as_json(request, facts, book, names, verdicts, left_out)
    publish(session, document, request.json, markdown("Ways in which callers share a model", request.command, facts, shown))
    show(session, facts, shown)
    _tell_mismatches(book, session)
    return session.folder


def _refuse_unmeasured(book: Book, models: Sequence[str]) -> None:
    """One model that our runtime does not know is told beside the others; when it knows none, there is nothing to tell."""
    reasons = [one.absent for model in models for one in book.contenders(model) if one.name == SHARED]
    if all(reasons):
        raise UsageError(f"no model could be measured: {reasons[0]}")


def _tell_mismatches(book: Book, session: Session) -> None:
    wrong = [row for row in book if sharing_goals.mismatches(row)]
    if wrong:
        count = sum(map(sharing_goals.mismatches, wrong))
        raise WrongAnswer(f"{count:,} answers differ from the first ones, of {wrong[0].part} and {sharing_ways.TITLES[wrong[0].contender]} "
                          f"at first: {path_shown(session.folder / 'bench.md')}")


@dataclass(frozen=True)
class Measuring:
    """The processes that measure one model."""

    request: Request
    session: Session
    model: Asked
    book: Book
    left_out: LeftOut
    measured: list[tuple[Way, int]] = field(default_factory=list)

    def all(self) -> None:
        """At first from few to many, since few say whether there is room for many; then in any order."""
        order = random.Random(self.request.seed)
        here = [way for way in WAYS if not way.peer or self.request.peers is not False]
        for count in self.request.counts:
            for way in order.sample(here, len(here)):
                self._try(way, count)
        for number in range(2, self.request.rounds + 1):
            for way, count in order.sample(self.measured, len(self.measured)):
                self._measure(way, count, number)

    def _try(self, way: Way, count: int) -> None:
        if any(one.absent for one in self.book.contenders(self.model.name) if one.name == way.name):
            return
        rows = sharing_ways.of(self.book, self.model.name, way.name)
        most_s = _QUICK_MOST_S if self.request.quick else _MOST_S
        why = sharing_ways.left_out(way, count, rows, free_bytes(), most_s) or self._measure(way, count, 1)
        if why:
            self.left_out[self.model.name, way.name, count] = why
        else:
            self.measured.append((way, count))

    def _measure(self, way: Way, count: int, number: int) -> str:
        """Returns why there is no figure, of which the other numbers in flight of this way know nothing."""
        words = ["--part", way.name, "--clients", str(count), "--seed", str(self.request.seed),
                 "--block-ms", str(_QUICK_BLOCK_MS if self.request.quick else _BLOCK_MS), *self.model.words()]
        library = {"onnxruntime": peers.onnxruntime_library, "openvino": peers.openvino_library}.get(way.peer, lambda: None)()
        document = self.session.measure(self.session.house.bench(FLAVOUR, _PROGRAM), [*words, *([f"--{way.peer}", str(library)] if library else [])],
                                        f"{self.model.name}-{way.name}-{count}-{number}")
        why = document["contenders"][0]["absent"]
        if why and count > 1:
            document["contenders"] = []
        self.book.add(document)
        return "" if count == 1 and why else why


def free_bytes() -> float:
    """What the system would give to a new process."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return float(line.split()[1]) * 1024
    raise HarnessDefect("/proc/meminfo does not say what is available")


def as_json(request: Request, facts: dict[str, str], book: Book, models: Sequence[str], verdicts: Sequence[Verdict],
            left_out: LeftOut) -> dict[str, Any]:
    return {"version": measurement.VERSION, "command": request.command, "environment": facts,
            "contenders": [{"part": part, **asdict(contender)} for part in models for contender in book.contenders(part)],
            "verdicts": [{**asdict(verdict), "state": verdict.state} for verdict in verdicts],
            "left_out": [{"model": model, "way": way, "in_flight": count, "reason": why} for (model, way, count), why in left_out.items()],
            "rows": [{"model": row.part, "way": row.contender, **dict(row.parameters), "executed": row.executed, "series": row.series}
                     for row in book]}
