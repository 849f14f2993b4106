"""The verb `history`: defects over all runs, the runs of one scenario, or every time that one finding was seen."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tenter.console import advise, line, shown
from tenter.errors import CLEAN, UsageError, nearest
from tenter.history import past, sightings
from tenter.history.access import with_current
from tenter.history.defects import Defect, Flaky, defects, failing, place_name
from tenter.plain import one_line
from tenter.record.results import Verdict
from tenter.report.sparkline import LEGEND, sparkline
from tenter.report.terminal import STYLES
from tenter.report.wording import plural

_STAMP = len("20261122-101500")  # enough of a run's name to find it, and short enough for a column


def show(word: str, out: Path, as_json: bool, console: Console) -> int:
    def answer(database: sqlite3.Connection) -> int:
        if re.fullmatch(r"[0-9a-f]{4,64}", word):
            return _show_finding(sightings.of(database, word, out), as_json, console)
        if word:
            return _show_scenario(database, word, out, as_json, console)
        return _show_defects(past.read(database), out, as_json, console)
    return with_current(out, answer)


def _show_defects(known: past.Past, out: Path, as_json: bool, console: Console) -> int:
    found = defects(known)
    if as_json:
        return _print_json({"runs": len(known.started), "defects": [{"id": defect.id, **asdict(defect)} for defect in found]})
    table = _table("id", "finding", "where", "seen", "first seen", "last seen", "now")
    for defect in found:
        more = f" and {plural(defect.elsewhere, 'place')} more" if defect.elsewhere else ""
        table.add_row(defect.id, _told(f"{defect.check}: {defect.title}"), _told(defect.place + more), f"{defect.seen} of {defect.ran}",
                      defect.first[:_STAMP], defect.last[:_STAMP], Text(_state(defect), "green" if defect.fixed_in else "yellow"))
    if found:
        console.print(table)
        console.print()
    there = sum(not defect.fixed_in for defect in found)
    console.print(Text(f"{plural(len(found), 'finding')} in {plural(len(known.started), 'run')} under {out.name}/"
                       + (f": {there} not fixed, {len(found) - there} fixed" if found else "") + "; planted bugs and replays are left out", style="bold"))
    return CLEAN


def _state(defect: Defect) -> str:
    if defect.fixed_in:
        state = f"fixed in {defect.fixed_in}"
    elif defect.clean:
        state = f"clean in {plural(defect.clean, 'case')} since; {defect.needed} would show that it is fixed"
    else:
        state = "not run since" if defect.last != defect.first else "seen in one run"
    return state + (f"; {_flaky(defect.flaky)}" if defect.flaky and not defect.fixed_in else "")


def _flaky(flaky: Flaky) -> str:
    return (f"flaky: {flaky.seen} of {flaky.ran} cases of one build ({flaky.share.low * 100:.1f} to "
            f"{flaky.share.high * 100:.1f} % at 95 %)")


def _show_scenario(database: sqlite3.Connection, word: str, out: Path, as_json: bool, console: Console) -> int:
    rows = database.execute(
        "SELECT flavour, target, run, started, build, verdict FROM cases JOIN runs ON run = id WHERE scenario = ? AND kind = 'run' "
        f"ORDER BY {past.ORDER}, flavour", (word,)).fetchall()
    if not rows:
        known = [name for (name,) in database.execute("SELECT DISTINCT scenario FROM cases")]
        raise UsageError(f"no scenario '{word}' in the history of {out}{nearest(word, known)}")
    runs: dict[tuple[str, ...], Counter[str]] = {}
    for *key, verdict in rows:
        runs.setdefault(tuple(key), Counter())[verdict] += 1
    known = past.read(database, scenario=word)
    places = sorted({(word, flavour, target) for flavour, target, *_ in runs})
    if as_json:
        return _print_json({
            "scenario": word, "flaky": [{"flavour": place[1], "target": place[2], **asdict(flaky)} for place in places
                                        if (flaky := failing(known, place))],
            "runs": [{"run": run, "started": started, "flavour": flavour, "target": target, "build": build,
                      "verdicts": dict(verdicts)}
                     for (flavour, target, run, started, build), verdicts in reversed(runs.items())]})
    for place in places:
        bars = sparkline(_share(verdicts) for key, verdicts in runs.items() if key[:2] == place[1:])
        flaky = failing(known, place)
        comes_and_goes = f"; {_flaky(flaky)}" if flaky else ""
        console.print(Text.assemble((one_line(place_name(place)) + "  ", "bold"), bars[-60:], (comes_and_goes, "yellow")), soft_wrap=True)
    console.print(Text(f"oldest first; {LEGEND}", style="dim"), soft_wrap=True)
    table = _table("run", "flavour", "target", "build", "verdicts")
    for (flavour, target, run, _, build), verdicts in reversed(runs.items()):
        counts = [(f"{count} {name}  ", STYLES[Verdict[name]]) for name, count in sorted(verdicts.items())]
        table.add_row(run, flavour, _told(target), build[:12] + build[16:], Text.assemble(*counts))
    console.print(table)
    return CLEAN


def _share(verdicts: Counter[str]) -> float | None:
    concluded = sum(count for word, count in verdicts.items() if word not in ("ERROR", "GREY", "SKIP"))
    return (verdicts["FAIL"] + verdicts["MISSED"]) / concluded if concluded else None


def _show_finding(seen: tuple[sightings.Sighting, ...], as_json: bool, console: Console) -> int:
    if as_json:
        return _print_json({"sightings": [asdict(one) for one in seen]})
    first = seen[0]
    line(console, one_line(f"{first.check} {first.signature[:8]}: {first.title}"), "bold")
    for one in seen:
        tries = f", failed in {one.failed} of {one.attempts} attempts" if one.attempts > 1 else ""
        planted = f", planted: {one.planted}" if one.planted else ""
        line(console, f"{one.run}  {one_line(one.case)}, seed {one.seed}{tries}{one_line(planted)}"
                      f"{', a replay' if one.kind == 'replay' else ''}")
        advise(console, f"    {one.again or 'its folder is gone'}", "" if one.again else "dim")
    runs = {one.run for one in seen}
    console.print(Text(f"seen in {plural(len(seen), 'case')} of {plural(len(runs), 'run')}", style="bold"))
    return CLEAN


def _print_json(content: dict[str, Any]) -> int:
    print(json.dumps(content, indent=1, ensure_ascii=False))
    return CLEAN


def _told(text: str) -> Text:
    """What a target or a file name says, in a cell: no markup, and nothing that the terminal would obey."""
    return shown(one_line(text))


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
