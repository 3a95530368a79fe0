"""The text of a file with some scanned pages: pages in order, each word with its place."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from determinations.extraction.results import Box, ExtractedText, NoText, PageMethod, ScannedWord
from determinations.extraction.scanning.page import ReadPage, SentRow, SentWord
from determinations.parsing.misread_words import misreadings, word_counts
from determinations.parsing.scanned import Correction, RecognizedRow, corrections

#: A page with fewer recognized characters than this has no text.
_LEAST_CHARACTERS = 2
_MARKS = frozenset(".,:;")


def joined(texts: Sequence[str], scanned: Mapping[int, ReadPage], hidden: Mapping[int, str]) -> ExtractedText:
    """The file's text from the texts of its pages and the words of its scanned pages.

    ``hidden`` are the invisible texts behind pictures, recognized by another program: words missing from them are
    doubtful. Raises ``NoText``.
    """
    rows = {number: [RecognizedRow(tuple(word[0] for word in row), gap) for gap, row in page.rows]
            for number, page in scanned.items()}  # fmt: skip
    of_letter: Counter[str] = sum((word_counts(page) for page in rows.values()), Counter())
    pages, words, offsets, methods = [], [], [], []
    at = 0
    for number, text in enumerate(texts):
        offsets.append(at)
        page_method: PageMethod = "text" if text.strip() else "none"
        if number in scanned:
            page = _page(
                scanned[number].rows, _reread(rows[number], of_letter), number, at, set(hidden.get(number, "").split())
            )
            text, page_method = page.text, "scan" if len(page.text) >= _LEAST_CHARACTERS else "none"
            words += page.words
        pages.append(text)
        methods.append(page_method)
        at += len(text) + 1
    if not any(page.strip() for page in pages):
        raise NoText("No text was recognized on the pages.")
    turns = tuple(scanned[number].turn if number in scanned else 0 for number in range(len(texts)))
    return ExtractedText("\f".join(pages), tuple(offsets), len(pages), "scan", (), tuple(methods), tuple(words), turns)


@dataclass(slots=True)
class _Page:
    text: str = ""
    words: list[ScannedWord] = field(default_factory=list)


@dataclass(slots=True)
class _Reread:
    """What words of a row are to be read as: phrases, and by their place the words that were misread or may be."""

    phrases: list[Correction] = field(default_factory=list)
    words: dict[int, str | None] = field(default_factory=dict)


def _reread(rows: Sequence[RecognizedRow], of_letter: Mapping[str, int]) -> list[_Reread]:
    reread = [_Reread() for _ in rows]
    for correction in corrections(rows):
        reread[correction.row].phrases.append(correction)
    for misreading in misreadings(rows, of_letter):
        reread[misreading.row].words[misreading.at] = misreading.word
    return reread


def _page(rows: Sequence[SentRow], reread: Sequence[_Reread], number: int, start: int, hidden: set[str]) -> _Page:
    page = _Page()
    for (gap, words), of_row in zip(rows, reread, strict=True):
        page.text += "\n" * (gap if page.text else 0)
        for word in _corrected(words, of_row):
            if page.text and page.text[-1] != "\n":
                page.text += " "
            begins = start + len(page.text)
            page.text += word.text
            doubtful = word.doubtful or word.read_as is not None or (bool(hidden) and word.text not in hidden)
            page.words.append(
                ScannedWord(
                    begins, start + len(page.text), number, Box(*word.box), word.confidence, doubtful,
                    word.read_as, word.of_phrase,
                )
            )  # fmt: skip
    return page


class _Word(NamedTuple):
    text: str
    confidence: int
    doubtful: bool
    box: tuple[float, float, float, float]
    read_as: str | None = None
    of_phrase: bool = False


def _corrected(words: Sequence[SentWord], reread: _Reread) -> list[_Word]:
    """The row's words; corrected ones with the original reading."""
    row: list[_Word] = []
    at = 0
    for correction in sorted(reread.phrases, key=lambda correction: correction.start):
        row += _words(words, at, correction.start, reread)
        read = words[correction.start : correction.end]
        if len(read) != len(correction.words):  # a gap was read wrongly, or missed
            whole = " ".join(word[0] for word in read), min(word[1] for word in read), True, _around(read)
            read = [whole] * len(correction.words)
        for text, (was, confidence, doubtful, box) in zip(correction.words, read, strict=True):
            changed = was != text and not (correction.is_phrase and _differ_in_mark(was, text))
            row.append(
                _Word(text, confidence, doubtful, box, was if changed else None, changed and correction.is_phrase)
            )
        at = correction.end
    return row + _words(words, at, len(words), reread)


def _differ_in_mark(one: str, other: str) -> bool:
    """Whether two words differ in the mark at their end only: a label ends in a colon, whatever it looks like."""
    return one[:-1] == other[:-1] and {one[-1], other[-1]} <= _MARKS


def _words(words: Sequence[SentWord], start: int, end: int, reread: _Reread) -> list[_Word]:
    row = []
    for at in range(start, end):
        text, confidence, doubtful, box = words[at]
        right = reread.words.get(at, text)
        if right == text:
            row.append(_Word(text, confidence, doubtful, box))
        else:
            row.append(_Word(right or text, confidence, True, box, text if right else None))
    return row


def _around(words: Sequence[SentWord]) -> tuple[float, float, float, float]:
    left, top = min(word[3][0] for word in words), min(word[3][1] for word in words)
    right = max(word[3][0] + word[3][2] for word in words)
    bottom = max(word[3][1] + word[3][3] for word in words)
    return left, top, right - left, bottom - top
