"""Sheets of figures, written once and shown twice: as a table on the terminal and as Markdown."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

_STYLES = (("met", "green"), ("missed", "red"), ("not measured", "bright_black"))


@dataclass(frozen=True)
class Sheet:
    title: str
    columns: tuple[str, ...]  # the first is text, and so is one that starts with a space; the others are numbers
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def markdown(self) -> str:
        lines = [f"## {self.title}", "", _line([column.strip() for column in self.columns]),
                 _line(["---" if self._is_text(i) else "---:" for i in range(len(self.columns))]),
                 *(_line([cell.replace("|", "\\|") for cell in row]) for row in self.rows), ""]
        return "\n".join([*lines, *(f"{note}\n" for note in self.notes)])

    def print(self, console: Console) -> None:
        table = Table(title=self.title, title_justify="left", title_style="bold", box=None, header_style="dim",
                      padding=(0, 2, 0, 0))
        for i, column in enumerate(self.columns):
            table.add_column(column.strip(), justify="left" if self._is_text(i) else "right", overflow="fold")
        for row in self.rows:
            table.add_row(*(_coloured(cell) for cell in row))
        console.print()
        console.print(table)
        for note in self.notes:
            console.print(Text(note, style="dim"))

    def _is_text(self, column: int) -> bool:
        return column == 0 or self.columns[column].startswith(" ")


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _coloured(cell: str) -> Text:
    style = next((style for start, style in _STYLES if cell.startswith(start)), "")
    return Text(cell, style="yellow" if cell.endswith("min met") else style)


def number(value: float | None) -> str:
    """Three digits are what such a measurement has."""
    if value is None:
        return ""
    if value and abs(value) < 1:
        return f"{value:#.3g}"  # 0.0312 ms as well
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
