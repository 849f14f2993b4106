"""The verb `bench engine`: build release, measure in several processes, judge, write JSON and Markdown."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from tenter.bench import engine_sheets, goals, measurement, metg, process
from tenter.bench.goals import Verdict
from tenter.bench.measurement import Book
from tenter.report.sheet import Sheet
from tenter.console import build_shown, path_shown, say
from tenter.errors import UsageError
from tenter.house import House
from tenter.machine import environment, peers
from tenter.record import archive, destination

PARTS = ("threads", "one_worker", "naive", "c_api", "memory")
WORKERS = 2
FLAVOUR = "release"
REPORT = "bench.md"
_REPEATS, _QUICK_REPEATS = 9, 3
# One engine can stay fast or slow for the life of its threads: repetitions are shared by so many processes.
_PROCESSES = 3
_QUICK = ["--ops", "2000", "--live", "20000", "--task-ms", "2", "--most-task-us", "16"]
_BUSY = 0.5  # load per core from which figures are called noisy


@dataclass(frozen=True)
class Request:
    """What a person asked for on the command line."""

    quick: bool = False
    repeats: int | None = None
    filter: str = ""
    peers: bool | None = None  # None: those that are there; True: they have been fetched; False: none
    json: Path | None = None
    out: Path | None = None
    command: str = ""


@dataclass(frozen=True)
class Session:
    """A folder of one call of the verb, and the facts about the machine around it."""

    house: House
    console: Console
    folder: Path
    facts: dict[str, str]

    def measure(self, program: Path, options: list[str], name: str) -> dict[str, Any]:
        with self.console.status(f"{name} ...") as status:
            return process.run(program, options, self.folder / f"{name}.json",
                                     lambda line: status.update(f"{name}: {line} ..."))

    def finish(self, book: Book, parts: Sequence[str] = PARTS) -> dict[str, str]:
        """Facts with the load after the run, what the binary says about its build, and who was measured."""
        return {**self.facts, "load average after": load(), **{f"build: {name}": text for name, text in book.facts.items()},
                **{f"engine: {one.title}": f"absent: {one.absent}" if one.absent else "measured"
                   for part in parts for one in book.contenders(part)}}


def open_session(label: str, house: House, console: Console, out: Path | None) -> Session:
    facts = {**environment.facts(house), "load average before": load()}
    folder = archive.create_run_folder((out or house.out).resolve(), label, datetime.now().astimezone())
    if os.getloadavg()[0] > _BUSY * (os.cpu_count() or 1):
        say(f"the machine is busy (load average {load()}): figures will be noisy")
    return Session(house, console, folder, facts)


def load() -> str:
    return ", ".join(f"{value:.2f}" for value in os.getloadavg())


def processes(repeats: int) -> list[int]:
    """How many repetitions each process makes."""
    count = min(_PROCESSES, repeats)
    return [repeats // count + (i < repeats % count) for i in range(count)]


def run(request: Request, house: House, console: Console) -> Path:
    """Measures what was asked for and returns the folder with the results."""
    destination.refuse_unwritable((request.out or house.out).resolve())
    build_shown(house, FLAVOUR, console, ("engine_bench",))
    session = open_session("bench", house, console, request.out)
    book = _measure(request, session)
    if not list(book):
        raise UsageError(f"--filter: no workload has '{request.filter}' in its name")
    verdicts, metgs = goals.judge(book), metg.all_metg(book, WORKERS)
    if request.filter:
        verdicts = [verdict for verdict in verdicts if verdict.spread]
    shown = engine_sheets.sheets(book, verdicts, metgs)
    facts = session.finish(book)
    document = as_json(request, facts, book, verdicts, metgs)
    publish(session, document, request.json, markdown("The engine beside its peers", request.command, facts, shown))
    show(session, facts, shown)
    return session.folder


def _measure(request: Request, session: Session) -> Book:
    book = Book()
    repeats = request.repeats or (_QUICK_REPEATS if request.quick else _REPEATS)
    library = None if request.peers is False else peers.mxnet_library()
    options = [*(_QUICK if request.quick else []), *(["--filter", request.filter] if request.filter else []),
               *(["--mxnet", str(library)] if library else []), "--peers", "no" if request.peers is False else "yes"]
    program = session.house.bench(FLAVOUR, "engine_bench")
    for part in PARTS:
        # Bytes do not vary from one process to the next.
        for number, share in enumerate(processes(repeats) if part != "memory" else [1], start=1):
            book.add(session.measure(program, ["--part", part, "--workers", str(WORKERS), "--repeats", str(share),
                                               *options], f"{part}-{number}"))
    return book


def as_json(request: Request, facts: dict[str, str], book: Book, verdicts: list[Verdict],
            metgs: list[metg.Metg]) -> dict[str, Any]:
    return {"version": measurement.VERSION, "command": request.command, "environment": facts,
            "contenders": [{"part": part, **asdict(contender)} for part in PARTS for contender in book.contenders(part)],
            "verdicts": [{**asdict(verdict), "state": verdict.state, "ratio_state": verdict.ratio_state}
                         for verdict in verdicts],
            "metg": [{"shape": one.shape, "contender": one.contender, "ns": one.ns,
                      "points": [asdict(point) for point in one.points]} for one in metgs],
            "rows": [{**asdict(row), "parameters": dict(row.parameters)} for row in book]}


def markdown(title: str, command: str, facts: dict[str, str], shown: list[Sheet]) -> str:
    where = "\n".join(f"| {name} | {text} |" for name, text in facts.items())
    return "\n".join([f"# {title}", "", f"`{command}`", "", *(sheet.markdown() for sheet in shown), "## Where", "",
                      "| what | |", "| --- | --- |", where, ""])


def publish(session: Session, document: dict[str, Any], also: Path | None, report: str) -> None:
    """The figures and the report, into the folder of the session; the figures to `also`, too."""
    for path in filter(None, (session.folder / "bench.json", also)):
        destination.write(path, json.dumps(document, indent=1) + "\n")
    destination.write(session.folder / REPORT, report)


def show(session: Session, facts: dict[str, str], shown: list[Sheet]) -> None:
    for sheet in shown:
        sheet.print(session.console)
    session.console.print(f"\nload average {facts['load average before']} before, {facts['load average after']} after; "
                          f"{facts.get('cores', '?')} cores")
    print(path_shown(session.folder / REPORT))
