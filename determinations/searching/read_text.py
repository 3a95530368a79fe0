"""A printed text that is looked through for what a search finds in it."""

import re
from collections.abc import Collection
from functools import cached_property
from itertools import chain
from typing import cast

from determinations.searching.normal_form import BITS, Words, read_on, stands_alone, without_places
from determinations.searching.pieces import PREFIXES, KnownWord, Slot, printed_pieces
from determinations.searching.words import place_on_spine

#: What ``str.split`` separates: the same characters count as spaces.
_PIECE = re.compile(r"\S+")


class Beginnings(dict[str, bool]):
    """Printed pieces of text, each with whether a slot that has one of these lexemes may begin in it.

    A text of which no piece may has no such slot, and need not be read. ``starts`` are beginnings of lexemes that
    will do. Of a slot of several words, only the first is asked: the others tell of themselves.
    """

    def __init__(self, lexemes: Collection[str], starts: Collection[str] = ()) -> None:
        super().__init__()
        self._lexemes, self._starts = frozenset(lexemes), tuple(starts)
        self._levels = bool(starts) or any("/" in lexeme or place_on_spine(lexeme) is not None for lexeme in lexemes)

    def any_in(self, text: str) -> bool:
        """Whether such a slot may begin anywhere in a printed text."""
        return any(map(self.__getitem__, text.split()))

    def __missing__(self, text: str) -> bool:
        piece = printed_pieces[text]
        may = self[text] = (
            not self._lexemes.isdisjoint(piece.begun)
            or (bool(self._starts) and any(lexeme.startswith(self._starts) for lexeme in piece.begun))
            or any(self._may_go_on(key) for key in piece.keys if key.begins or key.vertebra)
        )
        return may

    def _may_go_on(self, key: KnownWord) -> bool:
        """Whether a level or a compound that begins with this word may have one of the lexemes."""
        if key.vertebra:
            return self._levels
        if not key.word.hyphen or key.word.text not in PREFIXES:
            return False
        begins = key.word.text.removesuffix("i")  # the compound is a singular: of "multi-es" it is "multy"
        return any(lexeme.startswith(begins) for lexeme in (*self._lexemes, *self._starts)) or any(
            map(begins.startswith, self._starts)
        )


class ReadText:
    """A printed text with its ``slots`` in order, as ``plain_slots`` has them.

    Their places are worked out for those that are asked for: of a page of search results few words match, and
    ``slots_of`` places every word.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._pieces = list(map(printed_pieces.__getitem__, text.split()))
        self.slots: list[str | Slot] = []
        #: The number of the word that each slot is; -1 for what was read on, whose places are in the slot, coded.
        self._words: list[int] = []
        self._read(list(chain.from_iterable([piece.slots for piece in self._pieces])))

    def _read(self, every: list[str | Slot | KnownWord]) -> None:
        after = 0
        for at in [at for at, slot in enumerate(every) if type(slot) is KnownWord]:
            if at < after:
                continue
            self.slots += cast(list[str | Slot], every[after:at])
            self._words += range(after, at)
            key = cast(KnownWord, every[at])
            if stands_alone(key, every, at + 1):
                self.slots.append(key.alone)
                self._words.append(at)
                after = at + 1
            else:
                read: list[Slot] = []
                after = read_on(self._numbered, at, False, read)
                self.slots += read
                self._words += [-1] * len(read)
        self.slots += cast(list[str | Slot], every[after:])
        self._words += range(after, len(every))

    @cached_property
    def words(self) -> frozenset[str]:
        """The slots that are words found by nothing but themselves."""
        return frozenset([slot for slot in self.slots if type(slot) is str])

    @cached_property
    def terms(self) -> list[int]:
        """The numbers of the other slots."""
        return [at for at, slot in enumerate(self.slots) if type(slot) is not str]

    def place(self, number: int) -> tuple[int, int]:
        """Where the slot of this number begins and ends in the text."""
        word, slot = self._words[number], self.slots[number]
        if word >= 0:
            of_word, offset = self._numbered.keys[word].word, self._offsets[word]
            return offset + of_word.start, offset + of_word.end
        assert isinstance(slot, Slot)
        return self._decoded(slot.start), self._decoded(slot.end)

    def _decoded(self, place: int) -> int:
        return self._offsets[place >> BITS] + (place & ((1 << BITS) - 1))

    @cached_property
    def _numbered(self) -> Words:
        return without_places(self._pieces)

    @cached_property
    def _offsets(self) -> list[int]:
        """Where the piece of each word begins."""
        starts = [match.start() for match in _PIECE.finditer(self._text)]
        return [start for start, piece in zip(starts, self._pieces, strict=True) for _key in piece.keys]
