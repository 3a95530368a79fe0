"""Lines at a page's edge that interrupt the letter's text: a stamp, a code, a name, which no form tells.

The letter's own lines are filled: one that had room for the next page's first word ends a paragraph, and paragraphs
end in a full stop, a colon or a decision. What does neither is not the letter's. Without running text it is taken out;
otherwise it is a doubt.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from determinations.parsing.pages.forms import OWN_LINE, Match, prose_words
from determinations.parsing.pages.outer_lines import Edge, Line
from determinations.parsing.spans import Span, ends_sentence
from determinations.parsing.typography import printed_width

#: A line narrower than this share of the fullest one near it had room for another word.
_ROOM = 0.8
#: At a quick look: a line of so many characters may have had room.
_SHORT = 75
_MOST_PROSE_WORDS = 1
#: What follows a line of the letter that was ended early: the decision alone, the second half of a citation.
_AFTER_EARLY_END = re.compile(
    r"(?:(?:is|are)\s*)?:?\s*(?:Upheld|Overturned)\b|(?!Claims\s|MAXIMUS\s).*(?:Section|Page)\(s\):"
)


class Interruptions(NamedTuple):
    """Lines that are taken out, by their places, and the places of those that only may interrupt."""

    matches: dict[Span, Match]
    doubtful: list[Span]


def find_interruptions(edges: Sequence[Edge]) -> Interruptions:
    """The outermost lines of pages that interrupt the text."""
    found = Interruptions({}, [])
    for above, line, below, full_width in _outermost(edges):
        if not _interrupts(above.text, line.text, below.text, full_width):
            continue
        if prose_words(line.text) <= _MOST_PROSE_WORDS:
            found.matches[line.span] = Match("stamp", 0, len(line.text), is_whole=True, is_doubtful=True)
        else:
            found.doubtful.append(line.span)
    return found


def may_interrupt(last: str, first: str) -> bool:
    """A quick look at a page's last line and the next one's first: whether one of them may interrupt the text."""
    return _may_be_foreign(last) or _may_be_foreign(first)


def _may_be_foreign(line: str) -> bool:
    return len(line) < _SHORT and not ends_sentence(line) and not OWN_LINE.match(line)


def _outermost(edges: Sequence[Edge]) -> Iterator[tuple[Line, Line, Line, float]]:
    """The outermost lines around each page edge between the lines above and below; and the width of full lines."""
    pages = [[*top.lines, *reversed(bottom.lines)] for top, bottom in zip(edges[0::2], edges[1::2], strict=True)]
    for page, following in pairwise(filter(None, pages)):
        full_width = max(printed_width(line.text) for line in (*page, *following)) * _ROOM
        if len(page) > 1:
            yield page[-2], page[-1], following[0], full_width
        if len(following) > 1:
            yield page[-1], following[0], following[1], full_width


def _interrupts(above: str, line: str, below: str, full_width: float) -> bool:
    if not _may_be_foreign(line) or line[0].islower() or _AFTER_EARLY_END.match(below):
        return False
    return _had_room(line, below, full_width) and not (_may_be_foreign(above) and _had_room(above, line, full_width))


def _had_room(line: str, following: str, full_width: float) -> bool:
    return printed_width(f"{line} {following.partition(' ')[0]}") < full_width
