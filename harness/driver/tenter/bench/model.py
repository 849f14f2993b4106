"""The verb `bench model`: build release, measure each model in several processes, judge, write JSON and Markdown."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from tenter.bench import asked_models, measurement, model_goals, model_sheets
from tenter.bench.asked_models import Asked
from tenter.bench.engine import FLAVOUR, Session, markdown, open_session, processes, publish, show
from tenter.bench.measurement import Book, Measured
from tenter.bench.model_goals import OURS, PEERS, Verdict
from tenter.bench.quantiles import quantile
from tenter.console import build_shown, say
from tenter.errors import UsageError
from tenter.house import House
from tenter.machine import peers
from tenter.machine.processors import crowded
from tenter.record import destination

PROGRAM = "model_bench"
CLIENTS = (1, 2, 8)
BLOCK_MS, _CLIENTS_BLOCK_MS, QUICK_BLOCK_MS = 100, 300, 20
_REPEATS, _QUICK_REPEATS = 15, 3
_LOADS = 7  # processes per contender; fewer than six have no interval


@dataclass(frozen=True)
class Request:
    """What a person asked for on the command line."""

    files: tuple[Path, ...] = ()
    quick: bool = False
    repeats: int | None = None
    clients: tuple[int, ...] = CLIENTS
    rate: int | None = None
    input_shape: str = ""
    seed: int = 1
    peers: bool | None = None  # None: those that are there; True: they have been fetched; False: none
    json: Path | None = None
    out: Path | None = None
    command: str = ""
    threads: int = 1  # that one request may use; with several, one client asks unless told otherwise

    @property
    def rounds(self) -> int:
        return self.repeats or (_QUICK_REPEATS if self.quick else _REPEATS)

    @property
    def few_rounds(self) -> int:
        """For the longer blocks of several clients."""
        return min(self.rounds, max(_LOADS, self.rounds // 2))


def run(request: Request, house: House, console: Console) -> Path:
    """Measures what was asked for and returns the folder with the results."""
    destination.refuse_unwritable((request.out or house.out).resolve())
    models = asked_models.find(request.files, request.input_shape, house)
    if note := crowded(request.threads, "--threads"):
        say(note)
    build_shown(house, FLAVOUR, console, (PROGRAM,))
    session = open_session("bench-model", house, console, request.out)
    book = Book()
    for model in models:
        Measuring(request, session, model, book).all()
    names = [model.name for model in models]
    refuse_unmeasured(book, names)
    verdicts = model_goals.judge(book, names, request.threads)
    facts = {**session.finish(book, names), **{f"model: {one.name}": one.facts for one in models}, "seed": str(request.seed),
             **({"threads of one request": str(request.threads)} if request.threads > 1 else {})}
    shown = model_sheets.sheets(book, names, verdicts, request.threads)
    document = as_json(request, facts, book, names, verdicts)
    publish(session, document, request.json, markdown("Models beside their peers", request.command, facts, shown))
    show(session, facts, shown)
    return session.folder


def refuse_unmeasured(book: Book, models: Sequence[str]) -> None:
    """One model that our runtime does not know is told beside the others; when it knows none, there is nothing to tell."""
    reasons = [one.absent for model in models for one in book.contenders(model) if one.name == OURS]
    if all(reasons):
        raise UsageError(f"no model could be measured: {reasons[0]}")


@dataclass(frozen=True)
class Measuring:
    """The processes that measure one model."""

    request: Request
    session: Session
    model: Asked
    book: Book

    def all(self) -> None:
        first = 0
        for number, share in enumerate(processes(self.request.rounds), start=1):
            self._measure("latency", f"latency-{number}", share, first, block_ms=BLOCK_MS)
            first += share
        for clients in self.request.clients:
            self._measure("clients", f"clients-{clients}", self.request.few_rounds, 0, clients=clients, block_ms=_CLIENTS_BLOCK_MS)
        if self.request.rate:
            self._measure("open", "open", self.request.few_rounds, 0, rate=self.request.rate, clients=max(self.request.clients, default=1),
                          block_ms=_CLIENTS_BLOCK_MS)
        self._loads()

    def _loads(self) -> None:
        """One contender a process, in a new order each time."""
        absent = {one.name for one in self.book.contenders(self.model.name) if one.absent}
        names = [name for name in (OURS, *PEERS) if name not in absent and (name == OURS or self.request.peers is not False)]
        order = random.Random(self.request.seed)
        for number in range(1, (_QUICK_REPEATS if self.request.quick else _LOADS) + 1):
            for name in order.sample(names, len(names)):
                self._measure("load", f"load-{name}-{number}", 1, 0, contender=name)

    def _measure(self, part: str, label: str, rounds: int, first: int, **options: object) -> None:
        if self.request.quick and "block_ms" in options:
            options["block_ms"] = QUICK_BLOCK_MS
        words = ["--part", part, "--repeats", str(rounds), "--first-round", str(first), "--seed", str(self.request.seed),
                 "--threads", str(self.request.threads), *self.model.words(), *libraries(self.request.peers)]
        for name, value in options.items():
            words += [f"--{name.replace('_', '-')}", str(value)]
        program = self.session.house.bench(FLAVOUR, PROGRAM)
        self.book.add(self.session.measure(program, words, f"{self.model.name}-{label}"))


def libraries(wanted: bool | None) -> list[str]:
    if wanted is False:
        return ["--peers", "no"]
    found = (("--onnxruntime", peers.onnxruntime_library()), ("--openvino", peers.openvino_library()))
    return [word for option, library in found if library for word in (option, str(library))]


def as_json(request: Request, facts: dict[str, str], book: Book, models: Sequence[str], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Series of one value per answer are told by their quantiles; the files of the processes hold all of them."""
    return {"version": measurement.VERSION, "command": request.command, "threads": request.threads, "environment": facts,
            "contenders": [{"part": part, **asdict(contender)} for part in models for contender in book.contenders(part)],
            "verdicts": [_verdict(verdict) for verdict in verdicts],
            "rows": [as_row(row) for row in book]}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    ratio = asdict(verdict.ratio) if verdict.ratio and verdict.ratio.told else {"median": verdict.ratio.median} if verdict.ratio else None
    return {**asdict(verdict), "ratio": ratio, "state": verdict.state, "stability": verdict.stability}


def as_row(row: Measured) -> dict[str, Any]:
    told: dict[str, Any] = {"model": row.part, "workload": row.workload, "parameters": dict(row.parameters), "contender": row.contender,
                            "executed": row.executed}
    if "round" not in row.series:
        return {**told, "series": row.series}
    return {**told, "quantiles": {name: {"min": min(values), **{f"p{share}": quantile(values, share / 100) for share in (50, 90, 99)},
                                         "max": max(values), "mean": statistics.fmean(values)}
                                  for name, values in row.series.items() if name != "round"}}
