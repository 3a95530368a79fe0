"""Recognized words in reading order: rows from top to bottom, words from left to right.

The engine's own order takes the cells of a table one column after the other. Blank lines are derived from the
gaps between rows, because the parser finds paragraphs by them.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from determinations.extraction.scanning.engine import Word

#: Characters that the lines of a table are read as.
_RULES = frozenset("|¦[]_—–-")
#: Those of them that are also printed, no higher than letters.
_LOW_MARKS = frozenset("|¦[]-–—")
#: A one is read as these, some as high as a line of a table; the widest space between words, in pixels.
_LIKE_ONE, _SPACE = frozenset("|¦"), 30
#: Characters that specks are read as; none of these is printed alone.
_SPECKS = frozenset(
    (".", ",", ":", ";", "'", '"', "`", "´", "‘", "’", "“", "”", "·", "..", "°", "^", "~", "¢", "«", "»")
)
#: A table's line is higher than adjacent print, and a mark that is not a letter is lower.
_HIGHER = 1.3
#: Rows further apart than this, in usual distances, have a blank line between them.
_BLANK = 1.45
#: Words of one row overlap at least this much, as a fraction of the lower one's height.
_SAME_ROW = 0.5


@dataclass(slots=True)
class Row:
    """Words in one row. ``gap`` is the number of line ends before the row."""

    words: list[Word]
    gap: int = 1
    top: float = field(init=False)
    bottom: float = field(init=False)

    def __post_init__(self) -> None:
        self.top = statistics.median(word.top for word in self.words)
        self.bottom = statistics.median(word.bottom for word in self.words)


def rows_of(words: list[Word]) -> list[Row]:
    """The words of a level page as rows, without the lines of tables."""
    rows: list[Row] = []
    for word in sorted(_printed(words), key=lambda word: (word.top + word.bottom) / 2):
        for row in reversed(rows[-3:]):
            if _overlap(row, word) >= _SAME_ROW * min(row.bottom - row.top, word.bottom - word.top):
                row.words.append(word)
                row.__post_init__()
                break
        else:
            rows.append(Row([word]))
    for row in rows:
        row.words = without_rules(sorted(row.words, key=lambda word: word.left))
    rows = sorted((row for row in rows if row.words), key=lambda row: row.top)
    _set_gaps(rows)
    return rows


def _printed(words: list[Word]) -> list[Word]:
    return [word for word in words if word.bottom > word.top and word.right > word.left]


def _overlap(row: Row, word: Word) -> float:
    return min(row.bottom, word.bottom) - max(row.top, word.top)


def without_rules(words: list[Word]) -> list[Word]:
    """A row's words without the lines of tables, and without specks."""
    usual = statistics.median(word.bottom - word.top for word in words)
    return [
        word
        for at, word in enumerate(words)
        if word.text not in _SPECKS
        if not _RULES.issuperset(word.text)
        or (word.text in _LOW_MARKS and word.bottom - word.top <= usual * _HIGHER)
        or (word.text in _LIKE_ONE and _is_in_prose(words, at))
    ]


def _is_in_prose(words: Sequence[Word], at: int) -> bool:
    """Whether small words are close on both sides of a word: no line of a table is there."""
    if not 0 < at < len(words) - 1:
        return False
    before, word, after = words[at - 1 : at + 2]
    is_close = word.left - before.right <= _SPACE and after.left - word.right <= _SPACE
    return is_close and before.text.islower() and after.text[:1].islower()


def _set_gaps(rows: list[Row]) -> None:
    distances = [below.bottom - above.bottom for above, below in pairwise(rows)]
    if not distances:
        return
    usual = statistics.median(distances)
    for row, distance in zip(rows[1:], distances, strict=True):
        row.gap = 2 if distance > usual * _BLANK else 1
    rows[0].gap = 0
