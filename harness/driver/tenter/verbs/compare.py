"""The verb `compare`: what changed from one run to another."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from tenter.console import line, shown
from tenter.errors import CLEAN, FINDINGS, INCONCLUSIVE
from tenter.plain import one_line
from tenter.record import archive
from tenter.record.comparison import Comparison, Defect, compare
from tenter.report.wording import plural


def compare_runs(before: Path, after: Path, console: Console) -> int:
    """Prints the comparison. 1 when something is new, wherever it was found; 3 when nothing is, and something was not run again
    or no case is in both."""
    first, second = archive.read_report(before), archive.read_report(after)
    found = compare(first, second)
    for name, run in (("before", first), ("after", second)):
        line(console, f"{name}: {run.run_id}, {run.tested or 'a runtime that the report does not name'}")
    print_comparison(found, console)
    if not found.common:
        line(console, "the runs have no case in common that concluded anything (planted bugs aside)"
                      + (": what is new was not looked for before" if found.new else ", so that nothing is compared"), "bold")
    return FINDINGS if found.new else INCONCLUSIVE if found.not_run or not found.common else CLEAN


def print_comparison(found: Comparison, console: Console) -> None:
    for word, style, defects in (("new", "bold red", found.new), ("still", "yellow", found.still),
                                 ("fixed", "green", found.fixed), ("not run", "bright_black", found.not_run)):
        for defect in defects:
            console.print(Text.assemble((f"{word:8}", style), shown(row(defect))), soft_wrap=True)
    counts = [f"{len(found.new)} new", f"{len(found.still)} still there", f"{len(found.fixed)} fixed"]
    if found.not_run:
        counts.append(f"{plural(len(found.not_run), 'finding')} not run again")
    line(console, ", ".join(counts), "bold")


def row(defect: Defect) -> str:
    finding = defect.finding
    return (f"{finding.check} {finding.id}  {one_line(finding.title)}  ({defect.place}, "
            f"{defect.seen} of {plural(defect.ran, 'case')})")
