"""The part of a line that is a fax machine's: what the outer lines of neighboring pages have in common.

A fax machine prints the same line on every page, but for its numbers, at the same height. Where it falls on a line of
the letter, both are read as one line: its beginning, or its end, is then the same on both pages, and the rest is not.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from determinations.parsing.pages.forms import (
    Match,
    begins_own_label,
    is_transmission,
    may_have_transmission,
    strong_tokens,
)
from determinations.parsing.pages.outer_lines import Edge
from determinations.parsing.spans import Span

_PIECE = re.compile(r"\d+|\s+|[^\W\d_]+|.")
_SENTENCE_ENDS = frozenset(".?!;,)\"'\u201d")
#: Words of an office's name that end in a full stop.
_ABBREVIATED = frozenset("Inc INC Corp CORP Co CO Ltd LTD Assoc Svcs SVCS Dept DEPT St Ste No NO Tel TEL P".split())
#: No fax line is longer.
_REACH = 300
#: Shorter than this, two lines are alike by chance.
_SHORTEST = 12


class _Part(NamedTuple):
    """Where in the line a fax machine's part is; ``is_whole``: nothing else is on the line."""

    start: int
    end: int
    is_whole: bool


def merged_parts(edges: Sequence[Edge]) -> dict[Span, Match]:
    """The outermost lines of pages that are a fax machine's, in part or as a whole, by their places."""
    matches: dict[Span, Match] = {}
    tops, bottoms = edges[0::2], edges[1::2]
    at_tops = [(top.page, top.lines[0]) for top in tops if top.lines]
    at_bottoms = [
        (top.page, (bottom.lines or top.lines[::-1])[0])  # a page's only line is its last one too
        for top, bottom in zip(tops, bottoms, strict=True)
        if top.lines
    ]
    for outermost in (at_tops, at_bottoms):
        for (page, line), (next_page, following) in pairwise(outermost):
            shared = _shared(line.text, following.text, next_page - page)
            for place, part in zip((line.span, following.span), shared or (), strict=False):
                known = matches.get(place)
                if known is None or part.end - part.start < known.end - known.start:
                    matches[place] = Match("transmission", part.start, part.end, is_whole=part.is_whole)
    return matches


def _shared(above: str, below: str, pages_apart: int) -> tuple[_Part, _Part] | None:
    """The beginning or the end of both lines that is a fax machine's; None where they share none."""
    if not (may_have_transmission(above) and may_have_transmission(below)):
        return None
    pieces, others = _PIECE.findall(above, 0, _REACH), _PIECE.findall(below, 0, _REACH)
    count = _count_common(pieces, others)
    if length := _sure_length("".join(pieces[:count]), at_end=False):
        count = _count_certain(above, pieces[:count], others, length, pages_apart)
        return _beginning(above, pieces[:count]), _beginning(below, others[:count])
    pieces, others = _PIECE.findall(above[-_REACH:])[::-1], _PIECE.findall(below[-_REACH:])[::-1]
    count = _count_common(pieces, others)
    if length := _sure_length("".join(reversed(pieces[:count])), at_end=True):
        count = _count_certain(None, pieces[:count], others, length, pages_apart)
        return _end(above, pieces[:count]), _end(below, others[:count])
    return None


def _count_common(pieces: list[str], others: list[str]) -> int:
    """How many pieces are the same from the beginning, whatever the numbers and the width of gaps."""
    count = 0
    for piece, other in zip(pieces, others, strict=False):
        are_numbers = piece.isdecimal() and other.isdecimal()
        if piece != other and not are_numbers and not (piece.isspace() and other.isspace()):
            break
        count += 1
    return count


def _sure_length(shared: str, *, at_end: bool) -> int:
    """How much of the shared text, from the line's edge inwards, reaches to the last token of a fax line; 0 where it
    is none."""
    if len(shared.strip()) < _SHORTEST or not is_transmission(shared):
        return 0
    tokens = strong_tokens(shared)
    return len(shared) - tokens[0][0] if at_end else tokens[-1][1]


def _count_certain(line: str | None, pieces: list[str], others: list[str], sure: int, pages_apart: int) -> int:
    """How many of the pieces, from the line's edge inwards, are the fax machine's. Beyond its tokens what is the same
    on both pages may be the letter's. ``line`` is None when the pieces come from the line's end."""
    length = 0
    for number, (piece, other) in enumerate(zip(pieces, others, strict=False)):
        if length >= sure:
            beyond = _ends_sentence(pieces, number) if line is None else begins_own_label(line, length)
            if beyond or _may_be_the_letters(piece, other, pages_apart):
                return number
        length += len(piece)
    return len(pieces)


def _may_be_the_letters(piece: str, other: str, pages_apart: int) -> bool:
    """Whether the same piece may be the letter's on both pages: running text, or numbers that do not count pages."""
    if piece.isdecimal():
        return int(other[-9:]) - int(piece[-9:]) not in (0, pages_apart)
    return piece.isalpha() and piece[0].islower()


def _ends_sentence(backwards: list[str], number: int) -> bool:
    """Whether the piece ends a sentence before the fax line; the full stop of "Inc." does not."""
    word = backwards[number + 1] if number + 1 < len(backwards) else ""
    return backwards[number] in _SENTENCE_ENDS and word not in _ABBREVIATED


def _beginning(line: str, pieces: list[str]) -> _Part:
    length = len("".join(pieces).rstrip())
    return _Part(0, length, is_whole=not line[length:].strip())


def _end(line: str, pieces: list[str]) -> _Part:
    start = len(line) - sum(map(len, pieces))
    return _Part(start, len(line), is_whole=not line[:start].strip())
