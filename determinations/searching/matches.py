"""Where a text matches a search: the places to mark, and excerpts around them in the original spelling."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from itertools import chain

from determinations.searching.normal_form import Slot, slots_of, slots_without_places
from determinations.searching.query import Alternatives, Part

#: Characters of an excerpt on each side of the first place, and how far an excerpt may reach.
_BEFORE, _LENGTH = 60, 220


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a text as it is shown; ``marked`` where it matches."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What of a search a text matches: how many of its parts, and the places, in order."""

    parts: int
    places: tuple[tuple[int, int], ...]


def find(text: str, alternatives: Alternatives, field: str) -> Found:
    """The places in the text of one field that match."""
    parts = [part for every in alternatives for part in every if part.is_said_in(field)]
    if not parts or not text:
        return Found(0, ())
    lexemes = set(chain.from_iterable([slot.lexemes for slot in slots_without_places(text)]))
    parts = [part for part in parts if _may_be_in(lexemes, part)]
    if not parts:  # so with most texts of a page of results; places take much longer
        return Found(0, ())
    slots = slots_of(text)
    found = [places for part in parts if (places := list(_places(slots, part)))]
    return Found(len(found), _joined(place for places in found for place in places))


def _may_be_in(lexemes: Set[str], part: Part) -> bool:
    """Whether a text with these lexemes may show the part: of a phrase, whether all words are somewhere."""
    if part.slots:
        return all(not lexemes.isdisjoint(wanted) for wanted in part.slots)
    if part.beginning:
        beginning = part.ways[0][0]
        return any(lexeme.startswith(beginning) for lexeme in lexemes)
    return not part.lexemes.isdisjoint(lexemes)


def _places(slots: Sequence[Slot], part: Part) -> Iterable[tuple[int, int]]:
    if part.slots:
        for at in range(len(slots) - len(part.slots) + 1):
            window = slots[at : at + len(part.slots)]
            if all(set(wanted) <= set(slot.lexemes) for wanted, slot in zip(part.slots, window, strict=True)):
                yield window[0].start, window[-1].end
        words = tuple(wanted[0] for wanted in part.slots)
        for slot in slots:  # "drug testing" within "urine drug testing"
            if any(slot.words[at : at + len(words)] == words for at in range(len(slot.words) - len(words) + 1)):
                yield slot.start, slot.end
        return
    beginning = part.ways[0][0] if part.beginning else None
    lexemes = part.lexemes
    for slot in slots:
        if not lexemes.isdisjoint(slot.lexemes) or (
            beginning and any(lexeme.startswith(beginning) for lexeme in slot.lexemes)
        ):
            yield slot.start, slot.end


def _joined(places: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The places in order, those that overlap as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if joined and start < joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return tuple(joined)


def whole(text: str, found: Found) -> list[Piece]:
    """The whole text in pieces."""
    return _pieces(text, found.places, 0, len(text))


def excerpts(text: str, found: Found, most: int = 2) -> list[Piece]:
    """Up to ``most`` excerpts around matches, with an ellipsis where text is left out."""
    pieces: list[Piece] = []
    end = 0
    for number, (start, _end) in enumerate(_densest(found.places, most)):
        if start < end:
            continue
        begin, end = _at_spaces(text, max(end, start - _BEFORE), start - _BEFORE + _LENGTH)
        pieces += [Piece("… " if number == 0 else " … ")] if begin > 0 else []
        pieces += _pieces(text, found.places, begin, end)
    return [*pieces, Piece(" …")] if pieces and end < len(text) else pieces


def _densest(places: Sequence[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """The places, each the first of an excerpt, whose excerpts hold the most matches."""
    reach = _LENGTH - _BEFORE
    chosen: list[tuple[int, int]] = []
    for place in sorted(places, key=lambda p: -sum(p[0] <= start < p[0] + reach for start, _ in places)):
        if len(chosen) == most:
            break
        if all(abs(place[0] - other[0]) >= reach for other in chosen):
            chosen.append(place)
    return sorted(chosen)


def _at_spaces(text: str, start: int, end: int) -> tuple[int, int]:
    """The bounds moved to the nearest spaces inside, so that no word is cut."""
    if start > 0 and (space := text.find(" ", start, start + 40)) >= 0:
        start = space + 1
    if end < len(text) and (space := text.rfind(" ", end - 40, end)) >= 0:
        end = space
    return start, min(end, len(text))


def _pieces(text: str, places: Iterable[tuple[int, int]], start: int, end: int) -> list[Piece]:
    pieces: list[Piece] = []
    at = start
    for first, last in places:
        if last <= at or first >= end:
            continue
        first = max(first, at)
        if first > at:
            pieces.append(Piece(text[at:first]))
        pieces.append(Piece(text[first : min(last, end)], marked=True))
        at = min(last, end)
    return [*pieces, Piece(text[at:end])] if at < end else pieces
