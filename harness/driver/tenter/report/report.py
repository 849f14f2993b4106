"""Writes a run in every format: JSON for machines, HTML and Markdown for people; JUnit, SARIF and code quality for CI."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import jsonschema
from markupsafe import Markup

from tenter.cases.verdict import counts, exit_code
from tenter.errors import HarnessDefect
from tenter.house import House
from tenter.plain import code_block, code_span, markdown, printable
from tenter.record import archive, whole
from tenter.record.group import groups
from tenter.record.results import CaseResult, RunResult, SiteCount, Verdict, run_to_json
from tenter.report import codequality, injected, junit, quantity, sarif, wording
from tenter.report.anchors import anchors
from tenter.report.examined import examined
from tenter.report.matrix import matrix, rank
from tenter.report.power import PowerTable, is_measured, power_for
from tenter.report.sections import folded, sections
from tenter.report.since import Since
from tenter.report.sparkline import LEGEND
from tenter.report.steps import what_now

SCHEMA = "schema/report.schema.json"


def tied(text: str) -> str:
    """A number and its sign stay on one line: "20 %" and "≤ 3" are never broken in the middle."""
    return re.sub(r"(?<=\d) (?=%)|(?<=≤) (?=\d)", "\N{NO-BREAK SPACE}", text)


def write(run: RunResult, power: PowerTable, folder: Path, house: House, since: Since | None = None) -> None:
    """Every file is written before the check against the schema, so that a defect there loses no result."""
    raw = json.dumps(run_to_json(run), indent=1, ensure_ascii=False)
    whole.write(folder / archive.REPORT, raw + "\n")
    for page in ("report.html", "report.md"):
        whole.write(folder / page, render(f"{page}.j2", run, power, house, since))
    junit.write(run, power, folder / "junit.xml", house)
    whole.write(folder / "report.sarif", sarif.write(run, house))
    whole.write(folder / "report.codequality.json", codequality.write(run, house))
    _validate(json.loads(raw), house)


def _validate(raw: object, house: House) -> None:
    schema = json.loads((house.reports / SCHEMA).read_text())
    try:
        jsonschema.validate(raw, schema)
    except jsonschema.ValidationError as error:
        raise HarnessDefect(f"the report does not match {SCHEMA} at {error.json_path}: {error.message[:200]}") from error


def render(template: str, run: RunResult, power: PowerTable, house: House, since: Since | None = None) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(house.reports / "templates"), trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined, finalize=_harmless, keep_trailing_newline=True,
        autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",)))
    environment.filters |= {"number": quantity.number, "seconds": quantity.duration, "line": markdown, "code": code_span,
                            "block": code_block, "printable": printable, "tied": tied}
    normal = [case for case in run.cases if not case.planted]
    canaries = sorted((case for case in run.cases if case.planted), key=rank)
    named, history, made = anchors(run.cases), since or Since(), sections(normal)
    return environment.get_template(template).render(
        run=run, normal=normal, canaries=canaries, defects=groups(normal), since=history.line, history=history, legend=LEGEND,
        anchors=named, matrix=matrix(run, named.of), sections=made, folded=folded(made, canaries), examined=examined(run.cases),
        injected=injected, started=datetime.fromisoformat(run.started), sites=site_table(run.cases),
        word=wording.verdict_word(run), headline=wording.headline(run), exit_code=exit_code(run),
        steps=what_now(run, is_measured(run, power)), tally=counts(run.cases), wording=wording, Verdict=Verdict,
        power=lambda case: power_for(case, power), meanings=house.meanings())


def site_table(cases: tuple[CaseResult, ...]) -> list[SiteCount]:
    """Hits and faults of every site, summed over the cases; sites that were never reached are kept."""
    sums: dict[str, tuple[int, int, int]] = {}
    for case in cases:
        for site in case.sites:
            hit, fired, beside = sums.get(site.name, (0, 0, 0))
            sums[site.name] = (hit + site.hit, fired + site.fired, max(beside, site.beside))
    return [SiteCount(name, *sums[name]) for name in sorted(sums)]


def _harmless(value: Any) -> Any:
    """What a template puts into a page; what a macro made has gone through it already."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
