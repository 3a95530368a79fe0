"""Splits a printed list of section names, where names themselves hold commas.

The longest known name wins; otherwise a comma ends a name unless it is in brackets or a lower-case word follows
("Epidural steroid injections, therapeutic").
"""

import itertools
import re
from collections.abc import Set
from typing import NamedTuple

from determinations.parsing.citations.printed_names import normalized_form, section_names

_SKIP = re.compile(r"[\s,;.:)\]]*(?:(?:and|&)\s+)?")
_NUMBERED = re.compile(
    r"\d+(?:\.\d+)+\.?\s|\d\.\s(?=[A-Z])"
)  # "3.3.9 Opioids for Chronic Pain", "4. Tapering Opioids"
# After a numbered heading: "6 Concurrent Use of Benzodiazepines"
_NUMBERED_NEXT = re.compile(r"\d{1,2}\s(?=[A-Z][a-z]+\s+[A-Za-z])")
_AND = re.compile(r"\s+(?:and|&)\s+")
_CAPITAL = re.compile(r"(?<=\w )(?=[A-Z])")
_MARKS = re.compile(r"[,;()[\]]")
_MOST_COMMAS, _MOST_MARKS = 8, 24
# No two names together have more words.
_MOST_CAPITALS = 16
#: What a name in "Depression, treatment" goes on with; in capitals, these are headings by themselves.
_ASPECTS = frozenset(
    {
        "treatment",
        "medications",
        "diagnosis",
        "management",
        "dosing",
        "imaging",
        "prevention",
        "surgery",
        "testing",
        "weaning",
    }
)
_PAGE = re.compile(r"(?P<page>\d{1,3}[A-Za-z]?(?:\s*[-–]\s*\d{1,3}[A-Za-z]?)?)")


class Piece(NamedTuple):
    """One name of a list; ``known`` when a list of names has it."""

    text: str
    known: bool


def split_names(text: str, known: Set[str]) -> list[Piece]:
    """The names in ``text``, in printed order; page numbers among them are pieces too."""
    pieces: list[Piece] = []
    position = _SKIP.match(text).end()  # type: ignore[union-attr]  # matches the empty string
    while position < len(text):
        end, is_known = next_name(text, position, known)
        name = text[position:end].strip()
        if name:
            pieces.append(Piece(name, is_known))
        position = _SKIP.match(text, max(end, position + 1)).end()  # type: ignore[union-attr] # as above
    return pieces


def next_name(text: str, start: int, known: Set[str]) -> tuple[int, bool]:
    """Where the name beginning at ``start`` ends, and whether it is a known one."""
    ends = name_ends(text, start)
    if _PAGE.fullmatch(text[start : ends[0]].strip()):
        return ends[0], True
    if _NUMBERED.match(text, start):
        return _end_of_numbered(text, ends), True
    at, is_known = _longest_known(text, start, ends, known)
    if not is_known and (
        joined := _known_pair(text, start, ends[0], known) or _known_side_by_side(text, start, ends[0], known)
    ):
        return joined, True
    while text[start].isupper() and at + 1 < len(ends) and _goes_on(text, ends[at], ends[at + 1], known):
        at, is_known = at + 1, False
    return ends[at], is_known


def _longest_known(text: str, start: int, ends: list[int], known: Set[str]) -> tuple[int, bool]:
    """At which of ``ends`` the longest known name from ``start`` ends, and whether there is one (if not, the first).

    The form of a name is that of its pieces, which come up again and again.
    """
    at, is_known, form = 0, False, ""
    for n, end in enumerate(ends):
        if piece := normalized_form(text[start:end]):
            form = f"{form} {piece}".strip()
            if form in known:
                at, is_known = n, True
        start = end
    return at, is_known


def has_known_name(text: str, start: int, known: Set[str]) -> bool:
    """Whether a known name begins at ``start``."""
    return _longest_known(text, start, name_ends(text, start), known)[1]


def _known_pair(text: str, start: int, end: int, known: Set[str]) -> int | None:
    """Where "and" joins two names, both known or the second known and of several words, in capitals like the first:
    "Gym memberships and Mattress selection"."""
    for match in _AND.finditer(text, start + 1, end):
        first, second = text[start : match.start()], text[match.end() : end]
        in_capitals = first[:1].isupper() and second[:1].isupper() and " " in second.strip()
        if normalized_form(second) in known and (in_capitals or normalized_form(first) in known):
            return match.start()
    return None


def _known_side_by_side(text: str, start: int, end: int, known: Set[str]) -> int | None:
    """Where the comma between two known names of several words is lost: "Special Studies Diagnostic Criteria"."""
    capitals = list(itertools.islice(_CAPITAL.finditer(text, start + 1, end), _MOST_CAPITALS + 1))
    for match in capitals if 2 < len(capitals) <= _MOST_CAPITALS else ():
        first, second = text[start : match.start()].strip(), text[match.start() : end].strip()
        if " " in first and " " in second and normalized_form(first) in known and normalized_form(second) in known:
            return match.start()
    return None


def _end_of_numbered(text: str, ends: list[int]) -> int:
    """Numbered headings hold any commas; the next one begins with a number again, or is a known one without."""
    plain = section_names("opioids")
    for end, after in itertools.pairwise(ends):
        following = text[end + 1 : after].strip()
        if (
            _NUMBERED.match(following + " ")
            or _NUMBERED_NEXT.match(following)
            or (following[:1].isupper() and normalized_form(following) in plain)
        ):
            return end
    return ends[-1]


def _goes_on(text: str, comma: int, end: int, known: Set[str]) -> bool:
    """Whether a name that began with a capital goes on after this comma: in lower case, with no other known name."""
    follows = text[comma + 1 : end].strip()
    if text[comma] == "," and follows in _ASPECTS:
        return True
    return (
        text[comma] == ","
        and follows[:1].islower()
        and not follows.startswith(("and ", "or "))
        and not _longest_known(text, comma + 1, name_ends(text, comma + 1), known)[1]
    )


def name_ends(text: str, start: int) -> list[int]:
    """The places where a name from ``start`` may end: commas and semicolons outside brackets, and the end.

    A bracket that nothing closes is none. No more than ``_MOST_COMMAS``: a damaged sentence can be one list of
    thousands.
    """
    ends: list[int] = []
    depth = 0
    inside: list[int] = []
    for mark in itertools.islice(_MARKS.finditer(text, start), _MOST_MARKS):
        character = mark.group()
        if character in "([":
            depth += 1
            if depth == 1:
                inside = []
        elif character in ")]":
            depth -= 1
            if depth < 0:
                return [*ends, mark.start()]
        elif depth == 0 and mark.start() > start:
            ends.append(mark.start())
            if len(ends) > _MOST_COMMAS:
                return ends
        elif len(inside) < _MOST_COMMAS:
            inside.append(mark.start())
    return [*ends, *(inside if depth else ()), len(text)]


def is_page(text: str) -> bool:
    """Whether a piece of a list is a bare page number or range ("326", "100-102", "398B")."""
    return bool(_PAGE.fullmatch(text))
