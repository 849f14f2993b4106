"""The verb `bench model --profile`: in which nodes of a model the time goes, ours beside the profiles of the peers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from tenter.bench import asked_models, measurement, model_nodes, profile_rows, profile_sheets
from tenter.bench.asked_models import Asked
from tenter.bench.engine import FLAVOUR, Session, markdown, open_session, publish, show
from tenter.bench.measurement import Book
from tenter.bench.model import BLOCK_MS, PROGRAM, QUICK_BLOCK_MS, Request, as_row, libraries, refuse_unmeasured
from tenter.bench.profile_rows import Profile, Row
from tenter.console import build_shown
from tenter.house import House
from tenter.record import destination
from tenter.report.sheet import Sheet


def run(request: Request, house: House, console: Console) -> Path:
    """Profiles what was asked for and returns the folder with the results."""
    destination.refuse_unwritable((request.out or house.out).resolve())
    models = asked_models.find(request.files, request.input_shape, house)
    nodes = {model.name: model_nodes.read(model.path) for model in models}
    build_shown(house, FLAVOUR, console, (PROGRAM,))
    session = open_session("bench-profile", house, console, request.out)
    book = Book()
    profiles = {model.name: _profiles(request, session, model, book, nodes[model.name]) for model in models}
    refuse_unmeasured(book, list(profiles))
    kinds = {name: profile_rows.by_kind(of, nodes[name]) for name, of in profiles.items()}
    steps = {name: profile_rows.by_step(of) for name, of in profiles.items()}
    facts = {**session.finish(book, list(profiles)), **{f"model: {one.name}": one.facts for one in models}, "seed": str(request.seed)}
    shown = _sheets(book, profiles, kinds, steps)
    document = {"version": measurement.VERSION, "command": request.command, "threads": request.threads, "environment": facts,
                "contenders": [{"part": part, **asdict(contender)} for part in profiles for contender in book.contenders(part)],
                "profiles": [_told(name, one) for name, of in profiles.items() for one in of],
                "kinds": [_as_json(name, row) for name, of in kinds.items() for row in of],
                "steps": [_as_json(name, row) for name, of in steps.items() for row in of],
                "rows": [as_row(row) for row in book]}
    publish(session, document, request.json, markdown("Where the time of an answer goes", request.command, facts, shown))
    show(session, facts, shown)
    return session.folder


def _profiles(request: Request, session: Session, model: Asked, book: Book, nodes: Sequence[model_nodes.Node]) -> list[Profile]:
    words = ["--part", "profile", "--repeats", str(request.rounds), "--first-round", "0", "--seed", str(request.seed),
             "--block-ms", str(QUICK_BLOCK_MS if request.quick else BLOCK_MS), *model.words(), *libraries(request.peers)]
    document = session.measure(session.house.bench(FLAVOUR, PROGRAM), words, f"{model.name}-profile")
    book.add(document)
    return profile_rows.read(document.get("profiles", []), nodes)


def _sheets(book: Book, profiles: dict[str, list[Profile]], kinds: dict[str, list[Row]], steps: dict[str, list[Row]]) -> list[Sheet]:
    of_models = [sheet for name, of in profiles.items()
                 for sheet in (profile_sheets.kinds(name, kinds[name], of), profile_sheets.slowest(name, steps[name], of)) if sheet.rows]
    return [profile_sheets.totals(book, profiles), *of_models]


def _told(model: str, profile: Profile) -> dict[str, Any]:
    return {"model": model, "contender": profile.contender, "absent": profile.absent, "answer_ns": profile.answer_ns, "sum_ns": profile.ns,
            "nodes": [{**asdict(share.told), "ns": share.told.ns, "kind": share.kind, "of_the_model": [node.name for node in share.nodes]} for share in profile.shares]}


def _as_json(model: str, row: Row) -> dict[str, Any]:
    ratio = row.within_rounds
    interval = {"low": ratio.low, "high": ratio.high} if ratio and ratio.told else {}
    return {"model": model, **asdict(row), "better_peer": row.better, "over_better_peer": row.ratio,
            "within_rounds": {"median": ratio.median, **interval} if ratio else None}
