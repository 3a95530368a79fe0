"""Stored words of scanned pages, and what is derived from them: doubts, places, marks in the text."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import QuerySet

from determinations.extraction.results import ExtractedText, ScannedWord
from determinations.extraction.source import doubt_of
from determinations.models import Letter, LetterText, ScannedPage
from determinations.parsing.source import DoubtfulWord, PageMethod, SourceText
from determinations.parsing.spans import Span

_SURE, _UNSURE, _CORRECTED = 0, 1, 2


class StoredWord(NamedTuple):
    """A word of a scanned page (see ``models.ScannedPage``)."""

    start: int
    end: int
    left: float
    top: float
    width: float
    height: float
    confidence: int
    doubt: int
    read_as: str | None


def by_page(extracted: ExtractedText) -> Iterator[tuple[int, list[ScannedWord]]]:
    """The scanned pages (from 0) of a file with their words, including pages without a recognized word."""
    words = {number: list(group) for number, group in groupby(extracted.words, key=lambda word: word.page)}
    for number, method in enumerate(extracted.page_methods):
        if method == "scan" or number in words:
            yield number, words.get(number, [])


def stored(words: Iterable[ScannedWord]) -> list[list[Any]]:
    """The words as stored in a page's row."""
    return [
        list(
            StoredWord(
                word.start, word.end, word.box.left, word.box.top, word.box.width, word.box.height, word.confidence,
                (_CORRECTED if word.of_phrase else _UNSURE) if word.doubtful else _SURE, word.read_as,
            )
        )
        for word in words
    ]  # fmt: skip


def pages_of(letter: Letter, text: LetterText | None) -> QuerySet[ScannedPage]:
    """The scanned pages of a letter's file, whose text is ``text``."""
    if text is None or not letter.is_scan:
        return ScannedPage.objects.none()
    return ScannedPage.objects.filter(letter=text.pk).order_by("number")


def pages_by_text(texts: Iterable[LetterText]) -> dict[int, list[ScannedPage]]:
    """The scanned pages of these file texts, by the letter that stores each text."""
    pages: dict[int, list[ScannedPage]] = defaultdict(list)
    for page in ScannedPage.objects.filter(letter__in={text.pk for text in texts}).order_by("letter", "number"):
        pages[page.letter_id].append(page)
    return pages


def words_of(pages: Iterable[ScannedPage]) -> dict[int, list[StoredWord]]:
    """The words of each page, by page number."""
    return {page.number: [StoredWord(*word) for word in page.words] for page in pages}


def boxes_of_span(words: Sequence[StoredWord], start: int, end: int) -> list[list[float]]:
    """Where ``text[start:end]`` is on its page: a box ``[left, top, width, height]`` for each row of words."""
    rows: list[list[StoredWord]] = []
    for word in words:
        if word.start < end and start < word.end:
            if rows and word.left > rows[-1][-1].left and abs(word.top - rows[-1][-1].top) < rows[-1][-1].height:
                rows[-1].append(word)
            else:
                rows.append([word])
    return [_around(row) for row in rows]


def _around(row: Sequence[StoredWord]) -> list[float]:
    left, top = min(word.left for word in row), min(word.top for word in row)
    right, bottom = max(word.left + word.width for word in row), max(word.top + word.height for word in row)
    return [left, top, round(right - left, 5), round(bottom - top, 5)]


def doubts_in_text(pages: Iterable[ScannedPage]) -> list[tuple[int, int, str]]:
    """The words that may be wrong: their spans with a message for each."""
    return [
        (word.start, word.end, f"The scan reads “{word.read_as}”." if word.read_as else "Unclear in the scan.")
        for words in words_of(pages).values()
        for word in words
        if word.doubt
    ]


class PicturePage(NamedTuple):
    """A page (from 1) shown as a picture, and its words that may be wrong."""

    number: int
    unclear: tuple[StoredWord, ...]

    @property
    def underlines(self) -> str:
        """A line below each unclear word, as an SVG path; the page is 1 wide and 1 high."""
        return "".join(f"M{word.left:.5f} {word.top + word.height:.5f}h{word.width:.5f}" for word in self.unclear)


def picture_pages(numbers: Iterable[int], pages: Iterable[ScannedPage]) -> list[PicturePage]:
    """The pages of these numbers (from 1) with the unclear words of those that were scanned."""
    words = words_of(pages)
    return [PicturePage(n, tuple(word for word in words.get(n - 1, ()) if word.doubt)) for n in numbers]


def source_of(text: LetterText, pages: Sequence[ScannedPage]) -> SourceText:
    """A stored text as input for the parser, with the doubts of its text recognition."""
    words = words_of(pages)
    source = SourceText(text.text, tuple(text.page_offsets) or (0,), ())
    methods: list[PageMethod] = []
    for number, span in enumerate(source.page_spans()):
        has_text = bool(text.text[span.start : span.end].strip())
        methods.append(("scan" if number in words else "text") if has_text else "none")
    doubtful = tuple(
        DoubtfulWord(Span(word.start, word.end), doubt_of(word.confidence, of_phrase=word.doubt == _CORRECTED))
        for number in sorted(words)
        for word in words[number]
        if word.doubt
    )
    return SourceText(source.text, source.page_offsets, tuple(methods), doubtful)
