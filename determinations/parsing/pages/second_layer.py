"""Pages whose text is there twice: a scanning program put its own reading over the text that the page already had.

Both copies hold the same lines in the same order, but for misread letters. The copy with more words of the language is
kept, and the other one is left out.
"""

import re
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from determinations.parsing.arrangement import Arrangement
from determinations.parsing.results import Problem
from determinations.parsing.spans import Span
from determinations.parsing.words import known_words

#: No page of a letter has so many line ends; one with its text twice does.
_MANY_LINES = 60
#: A page with more is no page of a letter, and more pages than any letter's are not compared.
_MOST_LINES, _MOST_PAGES = 200, 60
#: So many beginnings of a second copy are tried on a page, and so much of a line is compared.
_MOST_TRIED, _COMPARED = 3, 120
#: How alike the first lines of the copies are, and which share of their words is the same.
_LINES_ALIKE, _WORDS_ALIKE = 0.75, 0.7
#: The copies are about as long as each other.
_SHORTEST_COPY = 0.75
_FEWEST_PAGES = 0.6
_WORD = re.compile(r"[^\W_]{3,}")
_MESSAGE = "The text of this page is in the file twice; the copy with fewer unreadable words was read."


class OneLayer(NamedTuple):
    """The text with each page's text once, and a problem for each page that had it twice."""

    arrangement: Arrangement
    problems: tuple[Problem, ...]


class _Line(NamedTuple):
    start: int
    end: int
    text: str


def without_second_layer(source: str) -> OneLayer:
    """The text without the poorer copy on every page that has two."""
    pages = source.split("\f")
    if len(pages) > _MOST_PAGES or all(page.count("\n") < _MANY_LINES for page in pages):
        return OneLayer(Arrangement.whole(source), ())
    poorer, start = [], 0
    for page in pages:
        copies = _copies(list(_lines(page, start)))
        if copies:
            poorer.append(min(copies, key=lambda place: _known_share(source[place.start : place.end])))
        start += len(page) + 1
    if len(poorer) < _FEWEST_PAGES * sum(bool(page.strip()) for page in pages):
        return OneLayer(Arrangement.whole(source), ())
    return OneLayer(
        Arrangement.without(source, poorer), tuple(Problem("text_twice", _MESSAGE, place) for place in poorer)
    )


def _lines(page: str, start: int) -> Iterator[_Line]:
    for line in page.split("\n"):
        if text := line.strip():
            yield _Line(start, start + len(line), text)
        start += len(line) + 1


def _copies(lines: list[_Line]) -> tuple[Span, Span] | None:
    """The places of a page's two copies; None when it has one."""
    count = len(lines)
    if not 1 < count <= _MOST_LINES:
        return None
    middle, tried = count // 2, 0
    for at in sorted(range(1, count), key=lambda number: abs(number - middle)):
        if min(at, count - at) < _SHORTEST_COPY * max(at, count - at):
            return None
        if not _are_alike(lines[0].text[:_COMPARED], lines[at].text[:_COMPARED]):
            continue
        if _have_the_same_words(lines[:at], lines[at:]):
            return Span(lines[0].start, lines[at - 1].end), Span(lines[at].start, lines[-1].end)
        tried += 1
        if tried == _MOST_TRIED:
            return None
    return None


def _are_alike(line: str, other: str) -> bool:
    length = len(line) + len(other)
    if 2 * min(len(line), len(other)) <= _LINES_ALIKE * length:
        return False
    if 2 * (Counter(line) & Counter(other)).total() <= _LINES_ALIKE * length:  # no order has more in common
        return False
    return SequenceMatcher(None, line, other, autojunk=False).ratio() > _LINES_ALIKE


def _have_the_same_words(lines: list[_Line], others: list[_Line]) -> bool:
    first, second = (Counter(_WORD.findall(" ".join(line.text for line in copy))) for copy in (lines, others))
    return (first & second).total() >= _WORDS_ALIKE * max(first.total(), second.total())


def _known_share(text: str) -> float:
    words = _WORD.findall(text.lower())
    known = known_words()
    return sum(word in known for word in words) / max(1, len(words))
