"""Matches the letters of a file to their rows when the file is read again, possibly with more or fewer letters."""

from collections.abc import Sequence
from dataclasses import dataclass

from determinations.parsing.results import LetterPart
from determinations.parsing.spans import Span


@dataclass(frozen=True, slots=True)
class KnownPart:
    """A letter of the file from an earlier reading. ``extent`` is its place in the file's text, None if never read."""

    key: int
    extent: Span | None = None
    case_number: str | None = None


def match_parts(known: Sequence[KnownPart], parts: Sequence[LetterPart]) -> dict[int, LetterPart]:
    """The part that matches each known letter, by key. Letters that the file no longer yields are omitted.

    The same case number matches first, then the longest overlap in the text. Letters that were never read take the
    remaining parts in order.
    """
    scores = [
        (same_number, common, -part.part, -place)
        for place, letter in enumerate(known)
        for part in parts
        for same_number in [letter.case_number is not None and letter.case_number == part.letter.case_number]
        for common in [_common(letter.extent, part.extent)]
        if same_number or common
    ]
    remaining = {part.part: part for part in parts}
    matches: dict[int, LetterPart] = {}
    for _same_number, _common_text, part_number, place in sorted(scores, reverse=True):
        key = known[-place].key
        if key not in matches and -part_number in remaining:
            matches[key] = remaining.pop(-part_number)
    for letter in known:
        if remaining and letter.extent is None and letter.key not in matches:
            matches[letter.key] = remaining.pop(min(remaining))
    return matches


def _common(one: Span | None, other: Span) -> int:
    """The number of characters that two spans have in common."""
    return max(0, min(one.end, other.end) - max(one.start, other.start)) if one else 0
