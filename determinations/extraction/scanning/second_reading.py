"""Reads rows with an uncertain word again from an enlarged picture.

A word that reads the same twice is sure, unless it looks like a digit among letters, which both readings mistake
alike. If the readings differ, the one with higher confidence is used, and it stays doubtful. A doubtful date with a
parenthesis for a one is read a third time, as digits only.
"""

import re
from typing import NamedTuple

from PIL import Image

from determinations.extraction.scanning.engine import Engine, Word
from determinations.extraction.scanning.preparing import DPI
from determinations.extraction.scanning.rows import Row

#: The engine is rarely wrong about a word with this confidence.
SURE = 90
#: Below this confidence, two equal readings are still doubtful.
_TOO_UNSURE = 60
_ENLARGED = 1.3
_MARGIN = 10
#: Two readings of a word begin and end within so many pixels of each other, half a letter.
_EDGE = 7
#: Adjacent digits and letters, other than in ``10mg``, ``C5-C6``, ``L4-5``, ``2nd``, ``H2``.
_MIXED = re.compile(r"\d[A-Za-z]|[a-z]\d|\b[Il|][a-z]*\d|\b[lI|](?=[a-z]?c{2}|percent|mg|ml)")
#: What a blurred one or parenthesis is read as.
_STROKES = frozenset("|[]{}\\~")
#: ``12-(9-2016``, ``(0-20-2016.``: a parenthesis for a one, with no other to close it.
_LIKE_DATE = re.compile(r"(?=[^(]*\()(?P<date>[\d(]{1,2}([-/])[\d(]{1,2}\2\d{2,4})(?P<marks>[.,;:]?)")
_DATE = re.compile(r"(?:0?[1-9]|1[0-2])([-/])(?:0?[1-9]|[12]\d|3[01])\1(?:\d\d|(?:19|20)\d\d)")
_DATE_MARGIN, _DATE_ENLARGED = 6, 2
_USUAL = re.compile(
    r"[\W_]*(?:\d+(?:\.\d+)?(?:mg|mcg|ml|cc|g|x|st|nd|rd|th|s|hr|hrs|percent|year|month|week|day)?|[CTLS]\d{1,2}(?:[-/][CTLS]?\d{1,2})*"
    r"|[A-Z]{1,4}\d{1,4})(?:[-/](?:\d+|[a-z]+))*[\W_]*"
)


class SureWord(NamedTuple):
    """A word and whether it may be wrong."""

    word: Word
    doubtful: bool


def read_twice(picture: Image.Image, rows: list[Row], engine: Engine) -> list[list[SureWord]]:
    """The rows' words; uncertain ones are read again."""
    return [
        _row(picture, row, engine) if _is_unsure(row) else [SureWord(word, False) for word in row.words]
        for row in rows
    ]


def _is_unsure(row: Row) -> bool:
    return any(word.confidence < SURE for word in row.words)


def _row(picture: Image.Image, row: Row, engine: Engine) -> list[SureWord]:
    again = _read_again(picture, row, engine)
    return [
        SureWord(word, False)
        if word.confidence >= SURE
        else _with_date(picture, _decided(word, _same_place(word, again)), engine)
        for word in row.words
    ]


def _with_date(picture: Image.Image, sure: SureWord, engine: Engine) -> SureWord:
    """The word, as the date that it shows when only digits are considered if it looks like one; still doubtful."""
    word = sure.word
    like = _LIKE_DATE.fullmatch(word.text)
    if like is None or not sure.doubtful:
        return sure
    box = (
        max(0, word.left - _DATE_MARGIN), max(0, word.top - _DATE_MARGIN),
        min(picture.width, word.right + _DATE_MARGIN), min(picture.height, word.bottom + _DATE_MARGIN),
    )  # fmt: skip
    size = ((box[2] - box[0]) * _DATE_ENLARGED, (box[3] - box[1]) * _DATE_ENLARGED)
    date = engine.read_date(picture.resize(size, Image.Resampling.BICUBIC, box), DPI * _DATE_ENLARGED)
    if not _DATE.fullmatch(date) or len(date) != len(like["date"]):
        return sure
    return SureWord(word._replace(text=date + like["marks"]), True)


def _read_again(picture: Image.Image, row: Row, engine: Engine) -> list[Word]:
    left, right = min(word.left for word in row.words), max(word.right for word in row.words)
    top, bottom = min(word.top for word in row.words), max(word.bottom for word in row.words)
    box = (
        max(0, left - _MARGIN), max(0, top - _MARGIN // 2),
        min(picture.width, right + _MARGIN), min(picture.height, bottom + _MARGIN // 2),
    )  # fmt: skip
    size = (round((box[2] - box[0]) * _ENLARGED), round((box[3] - box[1]) * _ENLARGED))
    line = picture.resize(size, Image.Resampling.BICUBIC, box)
    return [
        Word(
            word.text,
            word.confidence,
            *(
                round(edge / _ENLARGED) + box[number % 2]
                for number, edge in enumerate((word.left, word.top, word.right, word.bottom))
            ),
        )
        for word in engine.read_line(line, round(DPI * _ENLARGED))
    ]


def _same_place(word: Word, again: list[Word]) -> list[Word]:
    """The words of the second reading that together begin and end where this one does; empty if they do not."""
    inside = [other for other in again if other.left > word.left - _EDGE and other.right < word.right + _EDGE]
    if inside and inside[0].left < word.left + _EDGE and inside[-1].right > word.right - _EDGE:
        return inside
    return []


def _decided(word: Word, again: list[Word]) -> SureWord:
    if not again:
        return SureWord(word, True)
    confidence = min(other.confidence for other in again)
    if "".join(other.text for other in again) == word.text:
        least = SURE if len(word.text) == 1 and word.text.isdigit() else _TOO_UNSURE
        sure = max(word.confidence, confidence) >= least and not _is_odd(word.text)
        return SureWord(word._replace(confidence=max(word.confidence, confidence)), not sure)
    if len(again) == 1 and confidence > word.confidence:
        return SureWord(word._replace(text=again[0].text, confidence=confidence), True)
    return SureWord(word, True)


def _is_odd(text: str) -> bool:
    if not _STROKES.isdisjoint(text):
        return True
    return bool(_MIXED.search(text)) and not _USUAL.fullmatch(text)
