"""Where a text matches a search: the places to mark, and excerpts around them in the original spelling."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from determinations.searching.pieces import Slot
from determinations.searching.query import Alternatives, Part
from determinations.searching.read_text import Beginnings, ReadText

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


_NOTHING = Found(0, ())


class Searched:
    """A search that is looked for in texts, each read once: items of a letter often share a rationale or a line."""

    def __init__(self, alternatives: Alternatives) -> None:
        self.alternatives = alternatives
        self._beginnings: dict[tuple[Part, ...], Beginnings] = {}
        self._in_field: dict[str, tuple[tuple[Part, ...], Beginnings]] = {}
        self._found: dict[tuple[str, str], Found] = {}

    def find(self, text: str, field: str) -> Found:
        """The places in the text of one field that match."""
        found = self._found.get((text, field))
        if found is None:
            found = self._found[text, field] = self._read(text, field)
        return found

    def _read(self, text: str, field: str) -> Found:
        parts, beginnings = self._in_field.get(field) or self._parts_in(field)
        if not parts or not beginnings.any_in(text):
            return _NOTHING
        read = ReadText(text)
        found = [places for part in parts if (places := list(_places(read, part)))]
        return Found(len(found), _joined(place for places in found for place in places))

    def _parts_in(self, field: str) -> tuple[tuple[Part, ...], Beginnings]:
        """The parts that the field may say, and the pieces of text with which a match of one may begin."""
        parts = tuple(part for every in self.alternatives for part in every if part.is_said_in(field))
        if parts not in self._beginnings:
            lexemes = {lexeme for part in parts for lexeme in (part.slots[0] if part.slots else part.lexemes)}
            starts = [part.ways[0][0] for part in parts if part.beginning]
            self._beginnings[parts] = Beginnings(lexemes, starts)
        self._in_field[field] = parts, self._beginnings[parts]
        return self._in_field[field]


def _lexemes(slot: str | Slot) -> tuple[str, ...]:
    return (slot,) if isinstance(slot, str) else slot.lexemes


def _places(read: ReadText, part: Part) -> Iterable[tuple[int, int]]:
    slots, lexemes = read.slots, part.lexemes
    if part.slots:
        for at, end in _phrases(read, part):
            yield read.place(at)[0], read.place(end)[1]
        return
    if part.beginning:
        beginning = part.ways[0][0]
        for at, slot in enumerate(slots):
            if any(lexeme in lexemes or lexeme.startswith(beginning) for lexeme in _lexemes(slot)):
                yield read.place(at)
        return
    for lexeme in lexemes & read.words:
        yield from map(read.place, _all_at(slots, lexeme))
    for at in read.terms:
        if not lexemes.isdisjoint(cast(Slot, slots[at]).lexemes):
            yield read.place(at)


def _all_at(slots: Sequence[str | Slot], word: str) -> Iterator[int]:
    """Where the word is a slot by itself."""
    at = -1
    while True:
        try:
            at = slots.index(word, at + 1)
        except ValueError:
            return
        yield at


def _phrases(read: ReadText, part: Part) -> Iterator[tuple[int, int]]:
    """The numbers of the first and the last slot of each place where the phrase is.

    It may begin and end within terms of several words: "the urine drug" is in "the urine drug testing".
    """
    first = part.slots[0]
    terms = [at for at in read.terms if first[0] in cast(Slot, read.slots[at]).lexemes]
    for at in sorted([*(_all_at(read.slots, first[0]) if len(first) == 1 else ()), *terms]):
        slot = read.slots[at]
        within = {(at, word) for word in range(1 if isinstance(slot, str) else len(slot.words))}
        if (after := _after(read.slots, part.slots, within)) is not None:
            last, word = after
            yield at, last if word else last - 1


def _after(
    slots: Sequence[str | Slot], phrase: Sequence[tuple[str, ...]], places: set[tuple[int, int]]
) -> tuple[int, int] | None:
    """The last place after the phrase, if it begins at one of some places: slots, each with the number of a word."""
    for wanted in phrase:
        following = set()
        for at, word in places:
            if at == len(slots):
                continue
            slot = slots[at]
            if word == 0 and set(wanted).issubset(_lexemes(slot)):
                following.add((at + 1, 0))
            if isinstance(slot, Slot) and slot.words[word] == wanted[0]:
                following.add((at, word + 1) if word + 1 < len(slot.words) else (at + 1, 0))
        if not following:
            return None
        places = following
    return max(places)


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
