"""One page: from its picture to rows of words."""

import math
from dataclasses import dataclass

from determinations.extraction.scanning.engine import Engine, Word
from determinations.extraction.scanning.marks import marks_by_shape, without_specks
from determinations.extraction.scanning.page_pictures import PagePicture
from determinations.extraction.scanning.preparing import DPI, Prepared, prepare
from determinations.extraction.scanning.rows import rows_of
from determinations.extraction.scanning.second_reading import SureWord, read_twice

#: A word as the child sends it: text, confidence, whether it is doubtful, its box in fractions of the upright page.
SentWord = tuple[str, int, bool, tuple[float, float, float, float]]
#: A row of words as the child sends it: the number of line ends before it, and its words.
SentRow = tuple[int, list[SentWord]]


@dataclass(frozen=True, slots=True)
class ReadPage:
    """The rows of a page, and the degrees clockwise by which its picture was turned."""

    rows: list[SentRow]
    turn: int


def read_page(page: PagePicture, engine: Engine) -> ReadPage:
    """The words of a page."""
    prepared = prepare(page.gray, engine)
    rows = rows_of(engine.read_page(prepared.picture, DPI))
    read_marks = marks_by_shape if page.is_coarse else without_specks
    sure_rows = read_marks(prepared.picture, rows, read_twice(prepared.picture, rows, engine))
    return ReadPage(
        [(row.gap, [_sent(word, prepared) for word in words]) for row, words in zip(rows, sure_rows, strict=True)],
        prepared.turn,
    )


def _sent(sure: SureWord, prepared: Prepared) -> SentWord:
    word, doubtful = sure
    return _plain(word.text), round(word.confidence), doubtful, _place(word, prepared)


def _plain(text: str) -> str:
    """The word with a mark that was read twice printed once."""
    return (
        text.replace('""', '"').replace("''", '"').replace("\u2018\u2018", "\u201c").replace("\u2019\u2019", "\u201d")
    )


def _place(word: Word, prepared: Prepared) -> tuple[float, float, float, float]:
    """The word's box on the page before its picture was straightened, in fractions of the page."""
    wide, high = prepared.picture.size
    x, y = (word.left + word.right) / 2 - wide / 2, (word.top + word.bottom) / 2 - high / 2
    angle = math.radians(prepared.skew)
    x, y = (
        x * math.cos(angle) - y * math.sin(angle) + wide / 2,
        x * math.sin(angle) + y * math.cos(angle) + high / 2,
    )
    width, height = word.right - word.left, word.bottom - word.top
    return (
        round(max(0.0, (x - width / 2) / wide), 5),
        round(max(0.0, (y - height / 2) / high), 5),
        round(width / wide, 5),
        round(height / high, 5),
    )
