"""Help texts flow at the width of the terminal, and examples keep their lines."""

from __future__ import annotations

import pytest
import typer

from tenter.cli import app
from tenter.paragraphs import flowing

EXAMPLES = """Do it.

Two lines
of one paragraph.

[dim]Examples:[/dim]
  ./tenter run                       the smoke suite in its flavours
  ./tenter run --no-canary -f probe  one
"""


def verbs() -> list[tuple[str, ...]]:
    def below(command, words):
        yield words
        for name, child in getattr(command, "commands", {}).items():
            yield from below(child, (*words, name))
    return list(below(typer.main.get_command(app), ()))


@pytest.mark.parametrize("width", [80, 116])
def test_no_line_of_a_help_text_ends_before_the_next_word_would_have_fitted(tenter, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    stubs, shown = [], 0
    for words in verbs():
        code, out, _ = tenter(*words, "--help")
        assert code == 0
        lines = [line.rstrip() for line in out.partition("╭")[0].splitlines()]
        shown += len(lines)
        for line, after in zip(lines, lines[1:]):
            flows = line.strip() and after[1:2].strip() and line[1:2].strip() and not line.endswith("Examples:") and "./tenter" not in line[:10]
            if flows and len(line) + 1 + len(after.split()[0]) <= width - 1:
                stubs.append(f"{words}: {line!r} before {after!r}")
    assert shown > 100 and not stubs, "\n".join(stubs)


def test_a_comment_stays_in_its_column_or_all_stand_below():
    wide, narrow = flowing(EXAMPLES, 61), flowing(EXAMPLES, 50)
    assert "\n\nTwo lines of one paragraph.\n\n[dim]Examples:[/dim]\n" in wide
    assert wide.endswith("\n  ./tenter run                       the smoke suite in its\n                                     flavours\n"
                         "  ./tenter run --no-canary -f probe  one")
    assert narrow.endswith("\n  ./tenter run\n      the smoke suite in its flavours\n  ./tenter run --no-canary -f probe\n      one")
    assert flowing(EXAMPLES, 200).endswith(EXAMPLES.rstrip("\n").partition("[/dim]")[2])
