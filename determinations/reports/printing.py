"""Text as the fonts of the PDF can show it."""

import re
import unicodedata
from functools import cache


def printable(text: str) -> str:
    """The text with ``?`` in place of each character that the fonts lack: PDF/UA allows no other sign for it.

    Accents are joined with their letters; controls, such as those that turn text round, are dropped. Very long words
    may be hyphenated, so that they stay in their column.
    """
    return _LONG_WORD.sub("\\g<0>\u00ad", shown(text))


def shown(text: str) -> str:
    """The same without hyphens, for drawings."""
    return "".join(map(_shown, unicodedata.normalize("NFC", text)))


_LONG_WORD = re.compile(r"\S{20}(?=\S{4})")
#: Latin, Greek, Cyrillic, and signs of print: what a test holds the fonts to.
_HELD = re.compile("[ -~\u00a0-\u02ff\u0370-\u04ff\u1e00-\u1fff\u2010-\u2040\u20a0-\u20bf™←-↓−≈≠≤≥]")


@cache
def _shown(character: str) -> str:
    if character.isspace():
        return " "
    if unicodedata.category(character)[0] in "CM":
        return ""
    return character if _HELD.match(character) else "?"
