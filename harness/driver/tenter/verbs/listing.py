"""The verb `list`: everything that a scenario may name."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from tenter.console import line, say, shown
from tenter.errors import TenterError, UsageError, nearest
from tenter.house import FLAVOURS, House
from tenter.plain import one_line
from tenter.plan import catalogue
from tenter.plan.catalogue import Catalogue
from tenter.plan.scenario import read
from tenter.plan.selection import scenario_files

def print_all(house: House, flavour: str, console: Console) -> None:
    if flavour not in FLAVOURS:
        raise UsageError(f"--flavour: unknown flavour '{flavour}'{nearest(flavour, FLAVOURS)}")
    _print_scenarios(house, console)
    try:
        offered = catalogue.load(house.runner(flavour))
    except UsageError as error:
        say(f"workloads, checks and sites are known once a runner is built: {error}")
        return
    _print_catalogue(offered, console)
    _table(console, f"mutants built in {flavour}", ("name",), [(name,) for name in house.mutants(flavour)])
    _table(console, f"targets built in {flavour}", ("name",), [(name,) for name in house.targets(flavour)])


def _print_scenarios(house: House, console: Console) -> None:
    rows = []
    for path in scenario_files(house):
        try:
            scenario = read(path, house)
            rows.append((scenario.name, ", ".join([*scenario.flavours, *(f"({flavour})" for flavour in scenario.on_request)]), scenario.title))
        except TenterError as error:
            rows.append((house.relative(path), "broken", str(error)))
    _table(console, "scenarios", ("name", "flavours", "title"), rows)


def _print_catalogue(offered: Catalogue, console: Console) -> None:
    for workload in offered.workloads.values():
        rows = [(p.name, p.type, _as_toml(p.default), p.meaning) for p in workload.parameters.values()]
        _table(console, f"workload {workload.kind}: {workload.meaning}", ("parameter", "type", "default", "meaning"), rows)
        line(console, f"checks: {', '.join(workload.checks)}")
        line(console, f"counts, for at_least: {', '.join(workload.exposes)}")
    _table(console, "checks", ("name", "contracts", "meaning"),
           [(c.name, ", ".join(c.contracts), c.meaning) for c in offered.checks.values()])
    _table(console, "fault sites", ("name", "actions", "meaning"),
           [(s.name, ", ".join(s.actions), s.meaning) for s in offered.sites.values()])
    _table(console, "saboteurs", ("name", "acts in", "meaning"),
           [(s.name, ", ".join(s.workloads), s.meaning) for s in offered.saboteurs.values()])
    _table(console, "actions of a fault plan", ("syntax", "meaning"), [(a.written, a.meaning) for a in offered.actions.values()])


def _as_toml(default: Any) -> str:
    """As one would write it in a scenario, but without quotes."""
    return str(default).lower() if isinstance(default, bool) else "" if default is None else str(default)


def _table(console: Console, title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(shown(one_line(cell)) for cell in row))
    console.print()
    line(console, f"{title} ({len(rows)})", "bold")
    console.print(table)
