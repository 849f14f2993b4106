"""Text that others wrote is shown, never obeyed: the one rule, and what each format makes of it."""

from __future__ import annotations

import io
import re
import unicodedata

import pytest
from hypothesis import given, strategies
from rich.console import Console

from tenter import plain
from tenter.console import line, say

ANYTHING = strategies.text(strategies.characters(codec=None), max_size=60)  # half surrogates too


@pytest.mark.parametrize(("text", "expected"), [
    ("\x1b]0;evil\x07", "␛]0;evil␇"), ("a\x1b[31mred\x1b[0m", "ared"), ("[bold]x[/bold]", "[bold]x[/bold]"),
    ("a\r\nb\rc\td", "a\nb␍c\td"), ("\x00\x7f", "␀␡"), ("\x9b31m", "<U+009B>31m"), ("a\u202eb", "a<U+202E>b"),
    ("\ud800", "<U+D800>"), ("\ufffe\ufeff", "<U+FFFE><U+FEFF>"), ("héllo 漢字 😀 ␛", "héllo 漢字 😀 ␛")])
def test_what_would_be_obeyed_is_shown(text, expected):
    assert plain.printable(text) == expected


@given(ANYTHING)
def test_nothing_that_is_left_can_be_obeyed(text):
    shown = plain.printable(text)
    kinds = {unicodedata.category(char) for char in shown if char not in "\n\t"}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
    shown.encode()
    assert all(unicodedata.bidirectional(char) not in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
               for char in shown)
    assert plain.printable(shown) == shown and "\n" not in plain.one_line(text)


@given(ANYTHING)
def test_a_cell_stays_one_cell_and_a_fence_holds(text):
    cell = plain.markdown(text)
    assert "\n" not in cell and not re.search(r"(?<!\\)(\\\\)*\|", cell) and not re.search(r"[<>]", cell)
    assert not re.search(r"(?<!\\)(\\\\)*`", cell)
    block = plain.code_block(text).split("\n")
    assert re.fullmatch("`{3,}text", block[0]) and block[-1] == block[0].removesuffix("text")
    assert not any(line.strip().startswith(block[-1]) for line in block[1:-1])


@pytest.mark.parametrize(("text", "expected"), [("", ""), ("a b", "`a b`"), ("a`b", "`` a`b ``"), ("a|b", "`a\\|b`"),
                                                ("a\nb", "`a b`")])
def test_a_command_in_a_cell(text, expected):
    assert plain.code_span(text) == expected


def test_a_long_text_says_how_much_is_left_out():
    assert plain.shortened("abc", 3) == "abc"
    assert plain.shortened("a" * 4005, 5) == "aaaaa ... (4,000 more characters, in report.json)"


def test_the_terminal_shows_markup_and_sequences(capfd):
    console = Console(file=io.StringIO(), width=40, force_terminal=True)
    line(console, "[bold]x[/bold] \x1b]0;evil\x07 " + "y" * 90)
    text = console.file.getvalue()
    assert text == "[bold]x[/bold] ␛]0;evil␇ " + "y" * 90 + "\n"
    say("\x1b]0;evil\x07")
    assert capfd.readouterr().err == "tenter: ␛]0;evil␇\n"
