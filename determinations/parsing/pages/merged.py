"""The part of a line that is a fax machine's: what the outer lines of neighboring pages have in common.

A fax machine prints the same line on every page, but for its numbers, at the same height. Where it falls on a line of
the letter, both are read as one line: its beginning, or its end, is then the same on both pages, and the rest is not.
"""

import re
from collections.abc import Sequence
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
    for side in (edges[0::2], edges[1::2]):
        outermost = [edge.lines[0] for edge in side if edge.lines]
        for line, part in zip(outermost, _shared_parts([line.text for line in outermost]), strict=True):
            if part:
                matches[line.span] = Match("transmission", part.start, part.end, is_whole=part.is_whole)
    return matches


def _shared_parts(lines: Sequence[str]) -> list[_Part | None]:
    """The part that the outermost line of each page, all at tops or all at bottoms, shares with a neighbor's."""
    parts: list[_Part | None] = [None] * len(lines)
    transmissions = [may_have_transmission(line) for line in lines]
    for number in range(len(lines) - 1):
        if not (transmissions[number] and transmissions[number + 1]):
            continue
        pair = lines[number], lines[number + 1]
        for at, part in zip((number, number + 1), _shared(*pair), strict=True):
            parts[at] = _narrower(parts[at], part)
    return parts


def _narrower(first: _Part | None, second: _Part | None) -> _Part | None:
    """Of the parts that a page shares with the page before and the page after, the shorter one."""
    if first is None or second is None:
        return first or second
    return min(first, second, key=lambda part: part.end - part.start)


def _shared(above: str, below: str) -> tuple[_Part | None, _Part | None]:
    pieces, others = _PIECE.findall(above), _PIECE.findall(below)
    count = _common(pieces, others)
    if count == min(len(pieces), len(others)):
        return _parts(above, below, pieces, others, count, at_end=False)
    for at_end in (False, True):
        if at_end:
            count = _common(pieces[::-1], others[::-1])
        parts = _parts(above, below, pieces, others, count, at_end=at_end)
        if parts[0]:
            return parts
    return None, None


def _common(pieces: list[str], others: list[str]) -> int:
    """How many pieces are the same from the beginning, whatever the numbers and the width of gaps."""
    count = 0
    for piece, other in zip(pieces, others, strict=False):
        if piece != other and not (piece.isdigit() and other.isdigit()) and not (piece.isspace() and other.isspace()):
            break
        count += 1
    return count


def _parts(
    above: str, below: str, pieces: list[str], others: list[str], count: int, *, at_end: bool
) -> tuple[_Part | None, _Part | None]:
    """The two lines' parts of ``count`` pieces, without what only happens to be the same beside a fax line."""
    if at_end:
        pieces, others = pieces[::-1], others[::-1]
    sure = _sure_length(above, "".join(pieces[:count][::-1] if at_end else pieces[:count]), at_end=at_end)
    if sure is None:
        return None, None
    length = 0
    for number in range(count):
        piece, other = pieces[number], others[number]
        beyond = _ends_sentence(pieces, number) if at_end else begins_own_label(above, length)
        if length >= sure and (beyond or _is_doubtful(piece, other)):
            count = number
            break
        length += len(piece)
    ends = len("".join(pieces[:count]).rstrip()), len("".join(others[:count]).rstrip())
    if at_end:
        ends = len("".join(pieces[:count])), len("".join(others[:count]))
    return _part(above, ends[0], at_end=at_end), _part(below, ends[1], at_end=at_end)


def _sure_length(line: str, shared: str, *, at_end: bool) -> int | None:
    """How much of the shared text, from the line's edge inwards, its last token of a fax line takes; None: it has
    too few of them."""
    if len(shared.strip()) < _SHORTEST or not is_transmission(shared):
        return None
    tokens = strong_tokens(shared)
    return len(shared) - tokens[0][0] if at_end else tokens[-1][1]


def _is_doubtful(piece: str, other: str) -> bool:
    """Whether the same piece may belong to the letter on both pages: running text, or numbers that do not count."""
    if piece.isdigit():
        return int(other[:9]) - int(piece[:9]) not in (0, 1)
    return piece.isalpha() and piece[0].islower()


def _ends_sentence(backwards: list[str], number: int) -> bool:
    """Whether the piece ends a sentence before the fax line; the full stop of "Inc." does not."""
    word = backwards[number + 1] if number + 1 < len(backwards) else ""
    return backwards[number] in _SENTENCE_ENDS and word not in _ABBREVIATED


def _part(line: str, length: int, *, at_end: bool) -> _Part:
    is_whole = not line[: len(line) - length].strip() if at_end else not line[length:].strip()
    return _Part(len(line) - length, len(line), is_whole) if at_end else _Part(0, length, is_whole)
