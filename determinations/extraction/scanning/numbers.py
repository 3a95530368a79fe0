"""Reads dates and case numbers again, considering only the characters that they consist of.

``O1/12/20l7`` has letters for digits, ``12-(9-2016`` a parenthesis for a one. What reads as a date or a case number
then is taken; what does not remains as it was recognized. Both stay doubtful. A number in its form on which readings
differ is read once more too, and is sure if most then agree.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image

from determinations.extraction.scanning.engine import Engine, Word
from determinations.extraction.scanning.preparing import DPI


class _Form(NamedTuple):
    """A number that is printed in one form only: what looks like it, what it is, and its characters."""

    like: re.Pattern[str]
    exact: re.Pattern[str]
    characters: str


_ONE = r"[\dOoQDlI|i\[\]!ZzSsBg(]"
_MARKS = r"(?P<marks>[.,;:]?)"
_DATE = _Form(
    re.compile(rf"(?P<number>{_ONE}{{1,2}}([-/]){_ONE}{{1,2}}\2{_ONE}{{2,4}}){_MARKS}"),
    re.compile(r"(?:0?[1-9]|1[0-2])([-/])(?:0?[1-9]|[12]\d|3[01])\1(?:\d\d|(?:19|20)\d\d)"),
    "0123456789/-",
)
_CASE_NUMBER = _Form(
    re.compile(rf"(?=(?:.*\d){{5}})(?P<number>[CGO(][MN].{{2}}[-\u2013\u2014~.]?.{{7,8}}){_MARKS}"),
    re.compile(r"CM\d\d-\d{7,8}"),
    "CM0123456789-",
)
_MARGIN, _ENLARGED = 6, 2
#: So many of four readings must agree.
_SURE_OF = 3


def as_number(picture: Image.Image, word: Word, readings: Sequence[str], engine: Engine) -> tuple[Word, bool] | None:
    """A date or case number as it shows when read once more, and whether it is doubtful; None for other words.

    ``readings`` of the word so far decide whether a number in its form is read again, and what it can be changed to.
    """
    for form in (_DATE, _CASE_NUMBER):
        like = form.like.fullmatch(word.text)
        if like is None:
            continue
        is_exact = form.exact.fullmatch(like["number"]) is not None
        if is_exact and len(set(readings)) == 1:
            return None
        number = engine.read_only(form.characters, _enlarged(picture, word), DPI * _ENLARGED)
        text = number + like["marks"]
        fits = form.exact.fullmatch(number) and len(number) == len(like["number"])
        if not is_exact:
            return (word._replace(text=text) if fits else word), True
        word = word._replace(text=text) if fits and text in readings else word
        return word, (*readings, text).count(word.text) < _SURE_OF
    return None


def _enlarged(picture: Image.Image, word: Word) -> Image.Image:
    box = (
        max(0, word.left - _MARGIN), max(0, word.top - _MARGIN),
        min(picture.width, word.right + _MARGIN), min(picture.height, word.bottom + _MARGIN),
    )  # fmt: skip
    size = ((box[2] - box[0]) * _ENLARGED, (box[3] - box[1]) * _ENLARGED)
    return picture.resize(size, Image.Resampling.BICUBIC, box)
