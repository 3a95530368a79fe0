"""The normal form of text, the same for what letters say and for what is typed.

Text becomes slots. A slot is one word, or one term however it is written: "EMG", "electromyography" and
"H-wave" are a slot each, so that phrases find all spellings. Slots compare by lexemes: a word as it is printed, in
the singular; ``=name`` for a term; ``=l4/l5`` for a level of the spine, however it is written.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from itertools import chain
from typing import NamedTuple, cast

from determinations.searching.terms import Form, Term, all_terms, forms_by_first, key_of
from determinations.searching.words import Word, place_on_spine, vertebra, words_of_piece

#: What is written in front of words, with a hyphen, a space or neither: "non-steroidal" is "nonsteroidal".
_PREFIXES = frozenset(
    "anti co extra hyper hypo inter intra micro mid multi neuro non over para peri poly post pre psycho re semi sub "
    "supra trans ultra un under".split()
)


#: Longer pieces of text without a space are not kept in memory; nothing that people type or print is.
_LONGEST_KEPT = 80
#: What ``str.split`` separates: the same characters count as spaces.
_PIECE = re.compile(r"\S+")
#: A place within a piece of text has no more bits than this.
_BITS = 32


class Slot(NamedTuple):
    """One word or term. ``words`` are those printed, ``key`` is what it is compared by.

    Its place in the text is ``text[start:end]``.
    """

    words: tuple[str, ...]
    key: str
    #: Everything that the slot is found by: its words, its key and what it implies.
    lexemes: tuple[str, ...]
    start: int
    end: int


class _Key(NamedTuple):
    """What is known of a word by itself."""

    word: Word
    key: str
    #: The slot of the word alone, without its place; and as a string, if it is found by nothing but itself.
    slot: Slot
    alone: str | Slot
    #: Terms or compounds may begin here, so the words that follow have to be looked at.
    begins: bool
    vertebra: bool
    #: The word is its slot, whatever follows.
    is_plain: bool
    #: The second words of terms that begin here; None if it is not only such a word that the slot may go on with.
    seconds: frozenset[str] | None


class _Piece(NamedTuple):
    """What is known of a piece of text between two spaces: the slots of its words, and their keys."""

    #: In place of the slot of a word that may go on in the next ones is its key.
    slots: "tuple[str | Slot | _Key, ...]"
    keys: tuple[_Key, ...]
    #: Everything that its words are found by, and the terms that begin with them.
    begun: tuple[str, ...]


class _Words(NamedTuple):
    """The words of a text: what is known of each alone, and where in the text the piece that it is of begins."""

    keys: list[_Key]
    starts: Sequence[int]

    def placed(self, at: int) -> Slot:
        """The slot of a word in its place; ``_replace`` would take four times as long."""
        key, offset = self.keys[at], self.starts[at]
        words, name, lexemes, _start, _end = key.slot
        return Slot(words, name, lexemes, offset + key.word.start, offset + key.word.end)

    def place(self, at: int, after: int) -> tuple[int, int]:
        """Where the words of these numbers begin and end in the text, the second number excluded."""
        last = after - 1
        return self.starts[at] + self.keys[at].word.start, self.starts[last] + self.keys[last].word.end


def slots_of(text: str, *, typed: bool = False) -> list[Slot]:
    """The slots of a text in order. What is ``typed`` counts as an abbreviation also in small letters."""
    slots: list[Slot] = []
    words = _words_of(text, typed)
    after = 0
    for at, key in enumerate(words.keys):
        if at < after:
            continue
        if key.is_plain:
            slots.append(words.placed(at))
        else:
            after = _read_on(words, at, typed, slots)
    return slots


def slots_without_places(text: str) -> list[Slot]:
    """The slots of a printed text in order, like ``slots_of``, where no one asks for their places."""
    return [Slot((slot,), slot, (slot,), 0, 0) if isinstance(slot, str) else slot for slot in plain_slots(text)]


def plain_slots(text: str) -> list[str | Slot]:
    """The slots of a printed text in order, without places; a word that is found by nothing but itself is a string.

    Every letter passes through here. Most words are slots by themselves, and known from other letters.
    """
    pieces = text.split()
    every = list(chain.from_iterable(map(_printed_slots.__getitem__, pieces)))
    open_words = [at for at, slot in enumerate(every) if type(slot) is _Key]
    if not open_words:
        return cast(list[str | Slot], every)
    words: _Words | None = None
    slots: list[str | Slot] = []
    after = 0
    for at in open_words:
        if at < after:
            continue
        slots += cast(list[str | Slot], every[after:at])
        key = cast(_Key, every[at])
        if _stands_alone(key, every, at + 1):
            slots.append(key.alone)
            after = at + 1
        else:
            words = words or _without_places(map(_printed_pieces.__getitem__, pieces))
            read: list[Slot] = []
            after = _read_on(words, at, False, read)
            slots += read
    slots += cast(list[str | Slot], every[after:])
    return slots


def _stands_alone(key: _Key, every: "Sequence[str | Slot | _Key]", following: int) -> bool:
    """Whether the next word shows that no term, compound or level begins with this one."""
    return key.seconds is not None and (following == len(every) or _differs(every[following], key.seconds))


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
        piece = _printed_pieces[text]
        may = self[text] = (
            not self._lexemes.isdisjoint(piece.begun)
            or (bool(self._starts) and any(lexeme.startswith(self._starts) for lexeme in piece.begun))
            or any(self._may_go_on(key) for key in piece.keys if key.begins or key.vertebra)
        )
        return may

    def _may_go_on(self, key: _Key) -> bool:
        """Whether a level or a compound that begins with this word may have one of the lexemes."""
        if key.vertebra:
            return self._levels
        prefix = key.word.text
        return (
            key.word.hyphen
            and prefix in _PREFIXES
            and (
                any(lexeme.startswith(prefix) for lexeme in (*self._lexemes, *self._starts))
                or any(map(prefix.startswith, self._starts))
            )
        )


def _differs(word: "str | Slot | _Key", seconds: frozenset[str]) -> bool:
    """Whether the word, which is more than a sign, is none of these."""
    if isinstance(word, str):
        return word not in seconds
    key = word.key if isinstance(word, _Key) else word.words[0]
    return bool(key) and key not in seconds


class ReadText:
    """A printed text with its ``slots`` in order, as ``plain_slots`` has them.

    Their places are worked out for those that are asked for: of a page of search results few words match, and
    ``slots_of`` places every word.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._pieces = list(map(_printed_pieces.__getitem__, text.split()))
        self.slots: list[str | Slot] = []
        #: The number of the word that each slot is; -1 for what was read on, whose places are in the slot, coded.
        self._words: list[int] = []
        self._read(list(chain.from_iterable([piece.slots for piece in self._pieces])))

    def _read(self, every: list[str | Slot | _Key]) -> None:
        after = 0
        for at in [at for at, slot in enumerate(every) if type(slot) is _Key]:
            if at < after:
                continue
            self.slots += cast(list[str | Slot], every[after:at])
            self._words += range(after, at)
            key = cast(_Key, every[at])
            if _stands_alone(key, every, at + 1):
                self.slots.append(key.alone)
                self._words.append(at)
                after = at + 1
            else:
                read: list[Slot] = []
                after = _read_on(self._numbered, at, False, read)
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
        return self._offsets[place >> _BITS] + (place & ((1 << _BITS) - 1))

    @cached_property
    def _numbered(self) -> _Words:
        return _without_places(self._pieces)

    @cached_property
    def _offsets(self) -> list[int]:
        """Where the piece of each word begins."""
        starts = [match.start() for match in _PIECE.finditer(self._text)]
        return [start for start, piece in zip(starts, self._pieces, strict=True) for _key in piece.keys]


def _read_on(words: _Words, at: int, typed: bool, slots: list[Slot]) -> int:
    """Add the slots that begin with this word, which may go on in the next ones; returns what comes next."""
    key = words.keys[at]
    if key.begins and (several := _several(words, at, typed)):
        slot, following = several
        slots.append(slot)
        return following
    if key.key:
        slots.append(words.placed(at))
    return _levels(words, at + 1, slots) if key.vertebra else at + 1


def _words_of(text: str, typed: bool) -> _Words:
    """The words of the text with what is known of each alone, and where its piece begins."""
    keys: list[_Key] = []
    starts: list[int] = []
    known = _typed_pieces if typed else _printed_pieces
    at = 0
    for piece in text.split():
        at = text.index(piece, at)
        of_piece = known[piece].keys
        keys += of_piece
        starts += [at] * len(of_piece)
        at += len(piece)
    return _Words(keys, starts)


def _without_places(pieces: Iterable[_Piece]) -> _Words:
    """The words of pieces of text; in place of where its piece begins, each has its number, coded."""
    keys = list(chain.from_iterable([piece.keys for piece in pieces]))
    return _Words(keys, range(0, len(keys) << _BITS, 1 << _BITS))


class _Pieces(dict[str, _Piece]):
    """Pieces of text with what is known of them, each read once; the first ones are the most frequent."""

    def __init__(self, most: int, *, typed: bool) -> None:
        super().__init__()
        self._most, self._typed = most, typed

    def __missing__(self, text: str) -> _Piece:
        keys = [_key(word, self._typed) for word in words_of_piece(text)]
        # Most pieces are one word: they share the tuple of its slot.
        begun = _begun(keys[0]) if len(keys) == 1 else tuple([lexeme for key in keys for lexeme in _begun(key)])
        piece = _Piece(tuple([key.alone if key.is_plain else key for key in keys]), tuple(keys), begun)
        if len(text) <= _LONGEST_KEPT and len(self) < self._most:
            self[text] = piece
        return piece


class _Slots(dict[str, tuple[str | Slot | _Key, ...]]):
    """The slots of printed pieces of text: of the same ones as in ``_printed_pieces``."""

    def __missing__(self, text: str) -> tuple[str | Slot | _Key, ...]:
        slots = _printed_pieces[text].slots
        if text in _printed_pieces:
            self[text] = slots
        return slots


_printed_pieces = _Pieces(200_000, typed=False)
_printed_slots = _Slots()
_typed_pieces = _Pieces(10_000, typed=True)


def _key(word: Word, typed: bool) -> _Key:
    key = key_of(word.text) if word.text else ""
    forms = forms_by_first().get(key, ())
    alone = next((f for f in forms if len(f.keys) == 1 and (typed or word.capitals or not f.capitals)), None)
    begins = any(len(form.keys) > 1 for form in forms) or word.hyphen
    concept = alone.term.lexeme if alone else key
    words = (key,)
    slot = Slot(words, concept, _each_once(key, concept, *alone.also) if alone else words, 0, 0)
    is_vertebra = place_on_spine(key) is not None
    is_plain = bool(key) and not begins and not is_vertebra
    seconds = None
    if key and not is_vertebra and not (word.hyphen and word.text in _PREFIXES):
        seconds = frozenset([form.keys[1] for form in forms if len(form.keys) > 1])
    return _Key(word, key, slot, key if slot.lexemes == words else slot, begins, is_vertebra, is_plain, seconds)


def _begun(key: _Key) -> tuple[str, ...]:
    """What a word is found by, alone or as the first of a term; the words that follow tell of themselves."""
    if not key.begins:
        return key.slot.lexemes
    forms = [form for form in forms_by_first().get(key.key, ()) if len(form.keys) > 1]
    return (*key.slot.lexemes, *(lexeme for form in forms for lexeme in (form.term.lexeme, *form.also)))


def _several(words: _Words, at: int, typed: bool) -> tuple[Slot, int] | None:
    """The slot of several words that begins here, and where the next one begins."""
    keys = words.keys
    for form in forms_by_first().get(keys[at].key, ()):
        if len(form.keys) > 1 and (length := _length(keys, at, form)):
            return _term_slot(words, at, at + length, form), at + length
    first, hyphen = keys[at], keys[at].word.hyphen
    if not hyphen or at + 1 == len(keys) or not (second := keys[at + 1]).key.isalpha():
        return None
    if first.word.text in _PREFIXES:
        joined = key_of(first.word.text + second.word.text)
        lexemes = _each_once(joined, *_lexemes_in(keys[at : at + 2]))
        return Slot((first.key, second.key), joined, lexemes, *words.place(at, at + 2)), at + 2
    return None


def _length(keys: list[_Key], at: int, form: Form) -> int:
    """How many words the form takes here; 0 if it is not here. Signs between words do not matter."""
    place = at
    for wanted in form.keys:
        while place < len(keys) and not keys[place].key:
            place += 1
        if place == len(keys) or keys[place].key != wanted:
            return 0
        place += 1
    return place - at


def _term_slot(words: _Words, at: int, after: int, form: Form) -> Slot:
    part = words.keys[at:after]
    printed = tuple([key.key for key in part if key.key])
    lexemes = _each_once(form.term.lexeme, *form.also, *_lexemes_in(part))
    return Slot(printed, form.term.lexeme, lexemes, *words.place(at, after))


def _lexemes_in(part: list[_Key]) -> list[str]:
    """What the single words of a slot are found by."""
    return [lexeme for key in part if key.key for lexeme in key.slot.lexemes]


def _each_once(*lexemes: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(lexemes))


def _levels(words: _Words, at: int, slots: list[Slot]) -> int:
    """Read what follows a vertebra as the levels that it begins: ``L4-5``, ``L4/L5``, ``L3-4-5``.

    Returns what comes next. The place of a level is that of both its vertebrae.
    """
    keys = words.keys
    upper = slots[-1].start
    while at < len(keys):
        following = at
        bridged = keys[at - 1].word.hyphen
        while following < len(keys) and not keys[following].key:
            following, bridged = following + 1, True
        if following == len(keys) or not (bridged or keys[following].word.joined):
            break
        above, offset = slots[-1].words[0], words.starts[following]
        key = keys[following]
        below = _below(above, key.key)
        if below is None:
            break
        slots.append(Slot((below,), below, (below, f"={above}/{below}"), upper, offset + key.word.end))
        at, upper = following + 1, offset + key.word.start
    return at


def _below(above: str, word: str) -> str | None:
    """The lower vertebra of a level: ``5`` after ``l4`` is ``l5``."""
    lower = word if place_on_spine(word) is not None else f"{above[0]}{word}"
    top, bottom = place_on_spine(above), place_on_spine(lower)
    if top is None or bottom is None or bottom <= top:
        return None
    return vertebra(bottom)


def term_of(text: str) -> Term | None:
    """The term that the text is the name of; None for other text."""
    slots = slots_of(text, typed=True)
    if len(slots) != 1 or (slots[0].start, slots[0].end) != (0, len(text)):
        return None
    return next((term for term in all_terms() if term.lexeme == slots[0].key), None)
