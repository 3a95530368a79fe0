"""Pages that were turned when their text was taken: other programs' text of a page that is sideways or upside down.

Some text readers give a page that is upside down line by line from the bottom up; the lines are put back. Of a page
that is sideways they give one character per line, which no letter can be read from; such a page is named.
"""

import re
from itertools import pairwise
from typing import NamedTuple

from determinations.parsing.arrangement import Arrangement
from determinations.parsing.results import Problem
from determinations.parsing.source import SourceText
from determinations.parsing.spans import Span, ends_sentence

#: What a letter's headings and labels begin with, in printed order.
_MARKS = (
    "HOW THE IMR FINAL",
    "The Expert Reviewer has",
    "CLINICAL CASE SUMMARY",
    "IMR ISSUES, DECISIONS",
    "Claims Administrator guideline",
    "MAXIMUS guideline",
    "Decision rationale",
)
_BLOCKS = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
#: So many lines of one character each, and such a share of a page's lines, make a page sideways.
_FEWEST_LINES, _SIDEWAYS_SHARE = 20, 0.7
_MOST_PAGES = 60
_REVERSED = "The lines of page {0} were in the file from the bottom up, as of a page upside down, and were read so."
_SIDEWAYS = (
    "The text of page {0} is sideways: the file has one character per line. Save the text again from pages that are "
    "upright, or upload the PDF."
)


class TurnedPages(NamedTuple):
    """The text with upside-down pages turned upright; it has the same pages at the same places; and the problems.

    ``reversed_pages`` and ``sideways`` have one problem per page; spans point into the text as it was.
    """

    source: SourceText
    arrangement: Arrangement
    reversed_pages: tuple[Problem, ...]
    sideways: tuple[Problem, ...]


def find_turned_pages(source: SourceText, first_page: int = 1) -> TurnedPages | None:
    """The turned pages of a file; None when there are none. ``first_page``: its number in the file."""
    if source.page_count > _MOST_PAGES or source.doubtful:
        return None
    spans = list(source.page_spans())
    texts = [source.text[span.start : span.end].replace("\r\n", " \n") for span in spans]
    sideways = [number for number, text in enumerate(texts) if _is_sideways(text)]
    directions = [0 if number in sideways else _direction(text) for number, text in enumerate(texts)]
    most_are = sum(directions) < 0
    turned = [
        number
        for number, direction in enumerate(directions)
        if direction < 0 or (most_are and direction == 0 and number not in sideways and texts[number].strip())
    ]
    if not turned and not sideways:
        return None
    pieces: list[Span] = []
    for number, span in enumerate(spans):
        pieces += _from_below(source.text, span) if number in turned else [span]
        pieces.append(Span(span.end, span.end + 1))  # the form feed
    pieces[-1] = Span(len(source.text), len(source.text))
    arrangement = Arrangement.of(source.text, pieces)
    upright = SourceText(arrangement.text, source.page_offsets, source.page_methods)
    return TurnedPages(
        upright,
        arrangement,
        tuple(_problem(_REVERSED, first_page + number, spans[number]) for number in turned),
        tuple(_problem(_SIDEWAYS, first_page + number, spans[number]) for number in sideways),
    )


def _problem(message: str, number: int, span: Span) -> Problem:
    return Problem("page_turned", message.format(number), span)


def _is_sideways(text: str) -> bool:
    lines = [line for line in map(str.strip, text.split("\n")) if line]
    return len(lines) >= _FEWEST_LINES and sum(len(line) == 1 for line in lines) > _SIDEWAYS_SHARE * len(lines)


def _direction(text: str) -> int:
    """Above zero when a page's lines read from the top down, below zero when they read from the bottom up."""
    marks = [rank for line in text.split("\n") for rank in [_rank(line.strip())] if rank is not None]
    by_marks = sum(below - above if abs(below - above) == 1 else 0 for above, below in pairwise(marks))
    return by_marks * 2 + sum(map(_block_direction, _BLOCKS.split(text)))


def _rank(line: str) -> int | None:
    return next((rank for rank, mark in enumerate(_MARKS) if line.startswith(mark)), None)


def _block_direction(block: str) -> int:
    """Which way a paragraph reads: it begins with a capital, and its last line ends a sentence."""
    lines = [line for line in map(str.strip, block.split("\n")) if line]
    if len(lines) < 2:
        return 0
    first, last = lines[0], lines[-1]
    down = not first[0].islower() and ends_sentence(last)
    up = not last[0].islower() and ends_sentence(first)
    return down - up


def _from_below(text: str, page: Span) -> list[Span]:
    """The page's lines from the last to the first; line ends stay between them, so that its length is the same."""
    pieces: list[Span] = []
    end = page.end
    while True:
        at = text.rfind("\n", page.start, end)
        pieces.append(Span(at + 1 if at >= 0 else page.start, end))
        if at < 0:
            return pieces
        pieces.append(Span(at, at + 1))
        end = at
