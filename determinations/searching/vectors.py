"""Search vectors: what an item and a letter are found by, in the form in which PostgreSQL reads a ``tsvector``.

An item's vector holds the words of its request (weight A), rationale (C) and guideline lines (D) with their places,
and once more, without places, those of the request and the lines under the prefix of their field, so that an index
answers ``request:norco`` alone. A letter's vector holds its number, and its summary (B), reviewer and notes under
their prefixes only. The database puts the two together: items with what their letter says, letters with all items.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise, product
from typing import cast

from determinations.searching.normal_form import plain_slots, slots_without_places
from determinations.searching.pieces import Slot

#: The prefixes of lexemes by field. Words of letters are in small letters, so no lexeme is taken for another's.
REQUEST, CITES, SUMMARY, REVIEWER, NOTES = "Q", "G", "S", "R", "N"
#: Characters of one letter's items, and of its summary, that are searched: PostgreSQL refuses vectors over a megabyte.
SEARCHED_CHARACTERS = 200_000
#: PostgreSQL keeps 256 places of a word and none beyond 16,383, also where it puts the vectors of a letter together
#: (``findings/postgres-phrase-search-in-long-records.sh``). Where these run out, pairs of neighbors are lexemes.
_MOST_PLACES = 250
_ITEM_PLACES, _LETTER_PLACES = 11_000, 5_000
_LATE = 2_000
#: Texts that are not longer are kept with their slots, until ``forget_texts``.
_LONGEST_KEPT = 160


@dataclass(frozen=True, slots=True)
class ItemWords:
    """What an item says: its request, its rationale, both guideline lines, and the names of what these cite."""

    request: str
    rationale: str = ""
    lines: Sequence[str] = ()
    names: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class LetterWords:
    """What a letter says besides its items: number, summary, the reviewer's specialties and licensure; and notes."""

    number: str = ""
    summary: str = ""
    reviewer: Sequence[str] = ()
    notes: Sequence[str] = ()


def pair(lexeme: str, following: str) -> str:
    """The lexeme of two neighbors, where one of them has no place left, or both are within one term."""
    return f"~{lexeme}~{following}"


@dataclass(slots=True)
class _Places:
    """The places that the vectors of a letter may still use, and how many each lexeme has in those that are done."""

    left: int
    used: dict[str, int] = field(default_factory=dict)
    #: No lexeme has more in those that are done, if they are not counted by lexeme.
    most: int = 0


@dataclass(slots=True)
class _Vector:
    places_left: _Places
    places: dict[str, list[str]] = field(default_factory=dict)
    #: Vectors are put together: no phrase begins in one and ends in the next.
    place: int = 2

    def add(self, text: str, weight: str, *, under: str = "", also_under: str = "") -> None:
        """The words of a text with their places; ``also_under``: once more without, under a prefix."""
        self._add_slots(slots_without_places(text), weight, under, also_under)

    def add_names(self, names: Iterable[str], weight: str, under: str) -> None:
        """Names whose words are not all there yet."""
        for name in names:
            if not all(map(self.places.__contains__, _found_by(name, under))):
                self._add_slots(slots_without_places(name), weight, "", under)

    def _add_slots(self, slots: Sequence[Slot], weight: str, under: str, also_under: str) -> None:
        places, used, left, place = self.places, self.places_left.used, self.places_left.left, self.place
        printed_places = _printed_places(weight)
        without_place = False
        before: tuple[str, ...] = ()
        for words, _key, lexemes, _start, _end in slots:  # once for every word of every letter
            place += 1
            left -= 1
            was_without_place, without_place = without_place, False
            for lexeme in lexemes:
                name = under + lexeme if under else lexeme
                known = places.get(name)
                if known is None:
                    known = places[name] = []
                if left > 0 and len(known) + (used.get(name, 0) if used else 0) < _MOST_PLACES:
                    known.append(printed_places[place] if place < _LATE else f"{place}{weight}")
                else:
                    without_place = True
                if also_under:
                    places.setdefault(also_under + lexeme, [])
            if without_place or was_without_place:
                for first, second in product(before, lexemes):
                    places.setdefault(under + pair(first, second), [])
            if len(words) > 1:
                for first, second in pairwise(words):  # "drug testing" within "urine drug testing"
                    places.setdefault(under + pair(first, second), [])
            before = lexemes
        self.places_left.left = left
        self.place = place + 2  # no phrase goes on in the next text

    def finished(self) -> str:
        """The vector as PostgreSQL reads it; its places count for the next ones of the letter."""
        used = self.places_left.used
        for lexeme, places in self.places.items():
            if places:
                used[lexeme] = used.get(lexeme, 0) + len(places)
        return self._printed()

    def _printed(self) -> str:
        return " ".join(
            [f"'{lexeme}':{','.join(places)}" if places else f"'{lexeme}'" for lexeme, places in self.places.items()]
        )


@lru_cache(maxsize=2_048)
def _found_by(name: str, under: str) -> Sequence[str]:
    """What the words of a name are found by under a prefix. Few names are cited, and those again and again."""
    return tuple([f"{under}{lexeme}" for slot in slots_without_places(name) for lexeme in slot.lexemes])


class _PlacesMayRunOutError(Exception):
    """A letter is so long, or repeats a word so often, that its places have to be counted."""


class _OfShortLetter(_Vector):
    """A vector of a letter whose places do not run out, as those of nearly all letters: none is counted.

    Raises ``_PlacesMayRunOutError`` for another letter.
    """

    def add(self, text: str, weight: str, *, under: str = "", also_under: str = "") -> None:
        slots = _slots_of_short(text) if len(text) <= _LONGEST_KEPT else plain_slots(text)
        self._add_plain_slots(slots, weight, under, also_under)

    def _add_slots(self, slots: Sequence[Slot], weight: str, under: str, also_under: str) -> None:
        self._add_plain_slots(slots, weight, under, also_under)

    def _add_plain_slots(self, slots: Sequence[str | Slot], weight: str, under: str, also_under: str) -> None:
        first_place = self.place + 1
        following = first_place + len(slots)
        self.places_left.left -= len(slots)
        if self.places_left.left <= 0 or following > _LATE:
            raise _PlacesMayRunOutError
        self.place = following + 1  # no phrase goes on in the next text
        places = self.places
        printed_places = _printed_places(weight)[first_place:following]
        for slot, place in zip(slots, printed_places, strict=True):  # once for every word of every letter
            if type(slot) is str:
                name = under + slot if under else slot
                if name in places:
                    places[name].append(place)
                else:
                    places[name] = [place]
                if also_under and also_under + slot not in places:
                    places[also_under + slot] = []
            else:
                self._add_term(cast(Slot, slot), place, under, also_under)

    def _add_term(self, slot: Slot, place: str, under: str, also_under: str) -> None:
        places = self.places
        for lexeme in slot.lexemes:
            name = under + lexeme
            if name in places:
                places[name].append(place)
            else:
                places[name] = [place]
            if also_under and also_under + lexeme not in places:
                places[also_under + lexeme] = []
        if len(slot.words) > 1:
            for first, second in pairwise(slot.words):
                places.setdefault(under + pair(first, second), [])

    def finished(self) -> str:
        self.places_left.most += max(map(len, self.places.values()), default=0)
        if self.places_left.most > _MOST_PLACES:
            raise _PlacesMayRunOutError
        return self._printed()


@lru_cache(maxsize=4_096)
def _slots_of_short(text: str) -> Sequence[str | Slot]:
    """Requests, guideline lines and specialties of letters that are written together are often the same."""
    return tuple(plain_slots(text))


def forget_texts() -> None:
    """Keep no text of a letter in memory: called when the vectors of some letters are done."""
    _slots_of_short.cache_clear()


@lru_cache(maxsize=4)
def _printed_places(weight: str) -> Sequence[str]:
    """The places of all words but those of very long letters, as they are printed with their weight."""
    return tuple(f"{place}{weight}" for place in range(_LATE))


def item_vectors(items: Sequence[ItemWords]) -> list[str]:
    """The vectors of a letter's items; of very long letters the end is left out."""
    try:
        return _item_vectors(items, _OfShortLetter)
    except _PlacesMayRunOutError:
        return _item_vectors(items, _Vector)


def _item_vectors(items: Sequence[ItemWords], kind: type[_Vector]) -> list[str]:
    left, places = SEARCHED_CHARACTERS, _Places(_ITEM_PLACES)
    vectors = []
    for item in items:
        vector = kind(places)
        for text, weight, prefix in (
            (item.request, "A", REQUEST),
            (item.rationale, "C", ""),
            *((line, "D", CITES) for line in item.lines),
        ):
            vector.add(text[:left], weight, also_under=prefix)
            left = max(0, left - len(text))
        if left:
            vector.add_names(item.names, "D", CITES)
        vectors.append(vector.finished())
    return vectors


def letter_vector(letter: LetterWords) -> str:
    """The vector of a letter without its items."""
    try:
        return _letter_vector(letter, _OfShortLetter)
    except _PlacesMayRunOutError:
        return _letter_vector(letter, _Vector)


def _letter_vector(letter: LetterWords, kind: type[_Vector]) -> str:
    vector = kind(_Places(_LETTER_PLACES))
    vector.add(letter.number, "A")
    vector.add(letter.summary[:SEARCHED_CHARACTERS], "B", under=SUMMARY)
    for text in letter.reviewer:
        vector.add(text, "D", under=REVIEWER)
    for note in letter.notes:
        vector.add(note[:SEARCHED_CHARACTERS], "D", under=NOTES)
    return vector.finished()
