"""Text that others wrote, made harmless: for a terminal, a page, a table of Markdown, a file for CI.

`printable` is the one rule of the whole driver, and everything that is shown or written goes through it: what could move a
cursor, turn a line around or break a file is shown as a sign in its place. Colours alone are dropped.
"""

from __future__ import annotations

import re

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
# What a terminal obeys, what XML forbids, what turns a line around (Unicode's bidirectional controls), and the line ends
# that only some programs know. A newline and a tab may stay.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
                     "\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ud800-\udfff]|[\ufffe\uffff\U0001fffe\U0001ffff]")
_PICTURES = 0x2400  # ␀ stands for the byte 0, and so on
_MARKDOWN = re.compile(r"([\\|`*\[\]])")
_ENTITY = re.compile(r"&(?=#?\w+;)")


def printable(text: str) -> str:
    """The text with a visible sign for every character that is obeyed instead of shown: ESC is ␛, and so on."""
    return _UNSAFE.sub(_sign, _COLOUR.sub("", text).replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """Printable, and without a line end: for a row, a title, an attribute."""
    return " ".join(printable(text).split())


def shortened(text: str, most: int) -> str:
    """The beginning, and how much was left out: nothing is cut without a word. report.json has all of it."""
    if len(text) <= most:
        return text
    return f"{text[:most]} ... ({len(text) - most:,} more characters, in report.json)"


def markdown(text: str) -> str:
    """For a line or a cell of Markdown: nothing in it is markup, and it stays in its cell."""
    escaped = _MARKDOWN.sub(r"\\\1", _ENTITY.sub("&amp;", one_line(text)))
    return escaped.replace("<", "&lt;").replace(">", "&gt;")


def code_span(text: str) -> str:
    """A command or a name for a line or a cell of Markdown; nothing for nothing."""
    text = one_line(text)
    if not text:
        return ""
    fence = "`" * (_longest_run(text) + 1)
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}".replace("|", "\\|")


def code_block(text: str) -> str:
    """Several lines of Markdown that no line of theirs can end."""
    text = printable(text).strip("\n")
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}text\n{text}\n{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _sign(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(_PICTURES + code)
    if code == 0x7F:
        return "\N{SYMBOL FOR DELETE}"
    return f"<U+{code:04X}>"
