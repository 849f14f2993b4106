"""The verb `bench policies`: measures both error policies and writes the comparison as Markdown."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jinja2
from rich.console import Console

from tenter.bench import engine, measurement, policy_sheets
from tenter.bench.measurement import Book
from tenter.console import build_shown, path_shown
from tenter.errors import UsageError
from tenter.house import House
from tenter.record import destination

CURATED = "error-policies.md"
_REPEATS, _QUICK_REPEATS = 15, 3
_OPS, _QUICK_OPS = "4000", "400"


@dataclass(frozen=True)
class Request:
    quick: bool = False
    repeats: int | None = None
    filter: str = ""
    json: Path | None = None
    out: Path | None = None
    curate: bool = False
    command: str = ""


def run(request: Request, house: House, console: Console) -> Path:
    """Returns the report."""
    if request.curate and request.filter:
        raise UsageError("--curate: the curated report shows every shape; leave --filter out")
    curated = house.reports / "curated" / CURATED
    if request.curate:
        curated.parent.mkdir(exist_ok=True)
        destination.looked_at("--curate")(curated)
    destination.refuse_unwritable((request.out or house.out).resolve())
    build_shown(house, engine.FLAVOUR, console, ("policy_bench",))
    session = engine.open_session("bench-policies", house, console, request.out)
    book = _measure(request, session)
    if not list(book):
        raise UsageError(f"--filter: no shape has '{request.filter}' in its name")
    facts = session.finish(book)
    comparison = policy_sheets.compare(book)
    text = render(house, request.command, facts, book, comparison)
    report = session.folder / CURATED
    destination.write(report, text)
    document = {"version": measurement.VERSION, "command": request.command, "environment": facts,
                "rows": [{**asdict(row), "parameters": dict(row.parameters)} for row in book]}
    for path in (session.folder / "policies.json", request.json):
        if path:
            destination.write(path, json.dumps(document, indent=1) + "\n")
    if request.curate:
        destination.write(curated, text)
    for sheet in policy_sheets.sheets(book):
        sheet.print(console)
    for sentence in policy_sheets.conclusions(comparison):
        console.print(sentence, soft_wrap=True)
    print(path_shown(report))
    return report


def _measure(request: Request, session: engine.Session) -> Book:
    repeats = request.repeats or (_QUICK_REPEATS if request.quick else _REPEATS)
    options = ["--ops", _QUICK_OPS if request.quick else _OPS, "--workers", str(engine.WORKERS), "--repeats", str(repeats),
               *(["--filter", request.filter] if request.filter else [])]
    book = Book()
    book.add(session.measure(session.house.bench(engine.FLAVOUR, "policy_bench"), options, "policies"))
    return book


def render(house: House, command: str, facts: dict[str, str], book: Book, comparison: policy_sheets.Comparison) -> str:
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(house.reports / "templates"), trim_blocks=True,
                                     lstrip_blocks=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True,
                                     autoescape=False)
    first: Any = next(iter(book))
    return environment.get_template(f"{CURATED}.j2").render(
        command=command, facts=facts, sheets=policy_sheets.sheets(book), comparison=comparison,
        conclusions=policy_sheets.conclusions(comparison), ops=first.ops, repeats=len(first.series["push_ns"]))
