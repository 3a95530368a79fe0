"""Tells full stops from commas, and colons from semicolons, by their shape.

On a coarse fax the engine mistakes them for each other. A comma or semicolon reaches below the line that letters stand
on, a full stop or colon does not; where the shape is unclear, the next word tells.
"""

import re
import statistics
from collections.abc import Callable, Sequence

from PIL import Image

from determinations.extraction.scanning.engine import Word
from determinations.extraction.scanning.rows import Row
from determinations.extraction.scanning.second_reading import SureWord
from determinations.parsing.scanned import SENTENCE_STARTS, starts_section

#: Characters that reach below the line, or stand above it.
_OFF_THE_LINE = frozenset("gjpqy,;()[]{}|/Q$@_\"'“”‘’*-–—°^")
_YEAR = re.compile(r"(?:19|20)\d\d")
_MARKS = frozenset(".,:;")
_DARK = 150
#: In pixels at 200 dots per inch: the widest mark, how deep a comma reaches, how close words without a space are.
_WIDEST, _DEPTH, _CLOSE = 14, 1, 7
#: So much is looked at above and below the line.
_ABOVE, _BELOW = 26, 9
#: A line of a coarse fax is two pixels high: a comma that reaches half a line below is not told from a full stop.
_HALF_DEEP = (0, 5)
#: A full stop ends on the line and is so high; what is not, before a small letter, is a speck.
_ON_THE_LINE, _LOWEST_STOP = range(-1, 7), 3
_FEWEST, _NEAREST = 2, 5
#: The last row of a page that is so much shorter than others ends a paragraph.
_SHORT_ROW = 0.85


def marks_by_shape(picture: Image.Image, rows: Sequence[Row], read: Sequence[list[SureWord]]) -> list[list[SureWord]]:
    """The rows' words with the marks at their ends as their shape shows; ``read`` has the words of each row.

    For coarse pages only: on others the engine knows the marks better than this does.
    """
    return _marked(picture, rows, read, _mark_of)


def without_specks(picture: Image.Image, rows: Sequence[Row], read: Sequence[list[SureWord]]) -> list[list[SureWord]]:
    """The rows' words without specks that were read as full stops."""
    return _marked(picture, rows, read, _stop_or_speck)


#: From a word, the mark at its end, the mark's shape and the next word: the mark, and whether it is sure.
_MarkReader = Callable[[str, str, tuple[int, int] | None, str | None], tuple[str, bool]]


def _marked(
    picture: Image.Image, rows: Sequence[Row], read: Sequence[list[SureWord]], mark_of: _MarkReader
) -> list[list[SureWord]]:
    return [
        [
            _checked(picture, words, at, _follows(read, number, at, rows), mark_of)
            if word.word.text[-1] in _MARKS
            else word
            for at, word in enumerate(words)
        ]
        for number, words in enumerate(read)
    ]


def _follows(read: Sequence[list[SureWord]], number: int, at: int, rows: Sequence[Row]) -> str | None:
    """The word after a word; empty where its paragraph ends, None where only the page does."""
    if at + 1 < len(read[number]):
        return read[number][at + 1].word.text
    if number + 1 == len(rows):
        widest = max(row.words[-1].right for row in rows)
        return "" if rows[number].words[-1].right < widest * _SHORT_ROW else None
    following = [word.word.text for word in read[number + 1]]
    return "" if rows[number + 1].gap > 1 or starts_section(following) else following[0]


def _checked(
    picture: Image.Image, words: list[SureWord], at: int, following: str | None, mark_of: _MarkReader
) -> SureWord:
    sure = words[at]
    before, printed = sure.word.text[:-1], sure.word.text[-1]
    follows_closely = at + 1 < len(words) and words[at + 1].word.left - sure.word.right < _CLOSE
    shape = None if follows_closely or not before else _lowest_run(picture, [other.word for other in words], at)
    mark, is_sure = mark_of(before, printed, shape, following)
    if mark == printed and is_sure:
        return sure
    return SureWord(sure.word._replace(text=before + mark), sure.doubtful or not is_sure)


def _mark_of(before: str, printed: str, shape: tuple[int, int] | None, following: str | None) -> tuple[str, bool]:
    """The mark after ``before``, and whether that is sure; ``shape`` as ``_lowest_run`` gives it."""
    if printed in ".,":
        return _stop_or_comma(before, printed, shape, following)
    if shape is None or shape == _HALF_DEEP:
        return printed, True
    return (";" if shape[0] >= _DEPTH else ":"), True


def _stop_or_comma(
    before: str, printed: str, shape: tuple[int, int] | None, following: str | None
) -> tuple[str, bool]:
    if following == "":  # no paragraph ends with a comma
        is_text = before[-1].isalnum() or before[-1] in ')%"'
        return (".", shape is None or shape[0] < _DEPTH) if is_text else (printed, True)
    if following is None:
        is_stop = shape is not None and shape[0] < _DEPTH and shape != _HALF_DEEP
        return (".", printed == ".") if is_stop else (printed, True)
    following = following.lstrip("'\"`‘’“”(")
    is_running = _is_running(before, following)
    if shape is None:
        return printed, True
    if printed == "." and is_running and _is_speck(shape):
        return "", False
    if following in SENTENCE_STARTS and (shape[0] < _DEPTH or before[-1].islower()):
        return ".", printed == "." or shape[0] < _DEPTH
    if shape[0] >= _DEPTH:
        return (",", True) if is_running else (printed, True)
    if is_running:
        return (",", printed == ",") if shape == _HALF_DEEP else (printed, True)
    if printed == "." or not following[:1].isupper() or _YEAR.fullmatch(before):
        return printed, True
    is_name = before.lstrip('("')[:1].isupper()
    return (printed if is_name or shape == _HALF_DEEP else "."), False


def _stop_or_speck(
    before: str, printed: str, shape: tuple[int, int] | None, following: str | None
) -> tuple[str, bool]:
    if printed == "." and shape is not None and _is_running(before, following or "") and _is_speck(shape):
        return "", False
    return printed, True


def _is_running(before: str, following: str) -> bool:
    return before[-1:].islower() and following[:1].islower()


def _is_speck(shape: tuple[int, int]) -> bool:
    return shape[0] not in _ON_THE_LINE or shape[1] < _LOWEST_STOP


def _lowest_run(picture: Image.Image, words: list[Word], at: int) -> tuple[int, int] | None:
    """Where the lowest dark part of a word's last mark ends, in pixels below the line, and how high it is.

    None if the mark touches the letter before it, or is not there.
    """
    word, line = words[at], _line_near(words, at)
    if line is None:
        return None
    left, top = max(0, word.left, word.right - _WIDEST), max(0, line - _ABOVE)
    piece = picture.crop((left, top, min(picture.width, word.right + 5), min(picture.height, line + _BELOW)))
    if not (piece.width and piece.height):
        return None
    wide, pixels = piece.width, piece.tobytes()
    dark = [min(pixels[column::wide]) < _DARK for column in range(wide)]
    right = next((column for column in reversed(range(wide)) if dark[column]), 0)
    before = next((column for column in reversed(range(right)) if not dark[column]), None)
    if before is None:
        return None
    dark_rows = [min(pixels[row + before + 1 : row + right + 1]) < _DARK for row in range(0, len(pixels), wide)]
    bottom = next(row for row in reversed(range(len(dark_rows))) if dark_rows[row])
    above = next((row for row in reversed(range(bottom)) if not dark_rows[row]), -1)
    depth = top + bottom + 1 - line
    return (depth, bottom - above) if depth > -_WIDEST // 2 else None


def _line_near(words: list[Word], at: int) -> int | None:
    """The line that the words around a word stand on; None if too few show it."""
    level = [word for word in words if _OFF_THE_LINE.isdisjoint(word.text) and any(map(str.isalnum, word.text))]
    nearest = sorted(level, key=lambda word: abs(word.left - words[at].left))[:_NEAREST]
    return round(statistics.median(word.bottom for word in nearest)) if len(nearest) >= _FEWEST else None
