"""Reads rows with an uncertain word again from a smaller picture, and once more from a larger one if they differ.

What reads the same twice is sure, unless it looks like a digit among letters, which all readings mistake alike. What
two of three readings show is taken, else the reading with the highest confidence; either way it stays doubtful.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image

from determinations.extraction.scanning.engine import Engine, Word
from determinations.extraction.scanning.numbers import as_number
from determinations.extraction.scanning.passages import Passage, passages, text_of
from determinations.extraction.scanning.preparing import DPI
from determinations.extraction.scanning.rows import Row, without_rules

#: A row is read again for a word with less confidence.
SURE = 95
#: Below this confidence, two equal readings are still doubtful; those of a single digit below the second.
_TOO_UNSURE, _UNSURE_DIGIT = 60, 90
_SMALLER, _LARGER = 0.8, 2.0
#: So many rows of a page are read again, those with the least confidence first, and so many a third time.
_MOST_SECOND_READINGS, _MOST_THIRD_READINGS = 20, 6
#: In the other rows of a poor page, words with less confidence are doubtful.
_DOUBTFUL_UNREAD = 80
_MARGIN = 10
#: Adjacent digits and letters, other than in ``10mg``, ``C5-C6``, ``L4-5``, ``2nd``, ``H2``.
_MIXED = re.compile(r"\d[A-Za-z]|[a-z]\d|\b[Il|][a-z]*\d|\b[lI|](?=[a-z]?c{2}|percent|mg|ml)")
#: What a blurred one or parenthesis is read as.
_STROKES = frozenset("|[]{}\\~")
_USUAL = re.compile(
    r"[\W_]*(?:\d+(?:\.\d+)?(?:mg|mcg|ml|cc|g|x|st|nd|rd|th|s|hr|hrs|percent|year|month|week|day)?|[CTLS]\d{1,2}(?:[-/][CTLS]?\d{1,2})*"
    r"|[A-Z]{1,4}\d{1,4})(?:[-/](?:\d+|[a-z]+))*[\W_]*"
)


class SureWord(NamedTuple):
    """A word and whether it may be wrong."""

    word: Word
    doubtful: bool


def read_twice(picture: Image.Image, rows: list[Row], engine: Engine) -> list[list[SureWord]]:
    """The rows' words; uncertain rows are read again."""
    reader = _RowReader(picture, engine)
    unsure = [number for number, row in enumerate(rows) if _least_confidence(row.words) < SURE]
    to_read = sorted(unsure, key=lambda number: _least_confidence(rows[number].words))[:_MOST_SECOND_READINGS]
    read = {number: _row(reader, rows[number]) for number in to_read}
    return [
        read.get(number) or [SureWord(word, word.confidence < _DOUBTFUL_UNREAD) for word in row.words]
        for number, row in enumerate(rows)
    ]


class _RowReader:
    """Reads rows of a page's picture from pictures of other sizes."""

    def __init__(self, picture: Image.Image, engine: Engine) -> None:
        self.picture, self.engine = picture, engine
        self._third_readings = _MOST_THIRD_READINGS

    def second(self, row: Row) -> list[Word]:
        return self._read(row, _SMALLER)

    def third(self, row: Row) -> list[Word] | None:
        """None once enough rows were read a third time."""
        self._third_readings -= 1
        return self._read(row, _LARGER) if self._third_readings >= 0 else None

    def _read(self, row: Row, scale: float) -> list[Word]:
        left, right = min(word.left for word in row.words), max(word.right for word in row.words)
        top, bottom = min(word.top for word in row.words), max(word.bottom for word in row.words)
        box = (
            max(0, left - _MARGIN), max(0, top - _MARGIN // 2),
            min(self.picture.width, right + _MARGIN), min(self.picture.height, bottom + _MARGIN // 2),
        )  # fmt: skip
        size = (round((box[2] - box[0]) * scale), round((box[3] - box[1]) * scale))
        line = self.picture.resize(size, Image.Resampling.BICUBIC, box)
        words = [
            Word(
                word.text,
                word.confidence,
                *(
                    round(edge / scale) + box[number % 2]
                    for number, edge in enumerate((word.left, word.top, word.right, word.bottom))
                ),
            )
            for word in self.engine.read_line(line, round(DPI * scale))
        ]
        return without_rules(words) if words else []


def _row(reader: _RowReader, row: Row) -> list[SureWord]:
    second = reader.second(row)
    compared = list(passages(row.words, second))
    if any(text_of(one) != text_of(other) for one, other in compared) and (third := reader.third(row)) is not None:
        compared = list(passages(row.words, second, third))
    return [_as_number(reader, sure, passage) for passage in compared for sure in _decided(passage)]


def _as_number(reader: _RowReader, sure: SureWord, passage: Passage) -> SureWord:
    readings = [text_of(words) for words in passage if words]
    number = as_number(reader.picture, sure.word, readings, reader.engine)
    return SureWord(*number) if number else sure


def _decided(passage: Passage) -> list[SureWord]:
    first, second, *_third = passage
    if text_of(first) == text_of(second):
        return _agreed(first, second)
    readings = [reading for reading in passage if reading]
    texts = [text_of(reading) for reading in readings]
    best = max(readings, key=lambda words: (texts.count(text_of(words)), _least_confidence(words)))
    return [SureWord(word, True) for word in best]


def _agreed(first: Sequence[Word], second: Sequence[Word]) -> list[SureWord]:
    """The words of two equal readings, which may still differ in where words end."""
    if len(first) != len(second):
        least = _least_confidence(first)
        return [SureWord(word, least < _TOO_UNSURE or _is_odd(word.text)) for word in first]
    words = [
        word._replace(confidence=max(word.confidence, again.confidence))
        for word, again in zip(first, second, strict=True)
    ]
    return [SureWord(word, _is_too_unsure(word) or _is_odd(word.text)) for word in words]


def _is_too_unsure(word: Word) -> bool:
    is_digit = len(word.text) == 1 and word.text.isdigit()
    return word.confidence < (_UNSURE_DIGIT if is_digit else _TOO_UNSURE)


def _least_confidence(words: Sequence[Word]) -> float:
    return min(word.confidence for word in words)


def _is_odd(text: str) -> bool:
    if not _STROKES.isdisjoint(text):
        return True
    return bool(_MIXED.search(text)) and not _USUAL.fullmatch(text)
