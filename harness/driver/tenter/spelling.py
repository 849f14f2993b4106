"""What an output cannot show, spelled in signs that it can: on a terminal of ASCII two marks stay two marks, and a name stays that
name when its line is pasted into a shell.
"""

from __future__ import annotations

import codecs
import re

HANDLER = "tenter.spelled"
_SIGNS = {**dict(zip("▁▂▃▄▅▆▇█", "_.:-=+*#", strict=True)), "·": "o", "≤": "<=", "µ": "u", "\N{NO-BREAK SPACE}": " ", "…": "...", "–": "-", "—": "-"}
_PICTURES = 0x2400  # of what a terminal obeys (plain.py)
_QUOTED = re.compile(r"'([^'\n]*)'")


def spelled(error: UnicodeError) -> tuple[str, int]:
    """For an encoding that lacks some signs; a letter that has no other form is a `?`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_sign(one) for one in error.object[error.start:error.end]), error.end


codecs.register_error(HANDLER, spelled)


def for_a_shell(text: str, encoding: str | None) -> str:
    """Words that are quoted for a shell, and that the encoding cannot show, in the form $'sp\\xc3\\xa4ce'."""
    if encoding is None or _shows(text, encoding):  # a stream of text has none
        return text
    return _QUOTED.sub(lambda found: found[0] if _shows(found[0], encoding) else f"$'{_escaped(found[1], encoding)}'", text)


def _escaped(word: str, encoding: str) -> str:
    return "".join(one if _shows(one, encoding) else "".join(f"\\x{byte:02x}" for byte in one.encode("utf-8", "surrogateescape"))
                   for one in word.replace("\\", "\\\\"))


def _shows(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
        return True
    except (UnicodeEncodeError, LookupError):
        return False


def _sign(one: str) -> str:
    if 0 <= ord(one) - _PICTURES < 0x20:
        return f"^{chr(ord(one) - _PICTURES + 0x40)}"
    return _SIGNS.get(one, "?")
