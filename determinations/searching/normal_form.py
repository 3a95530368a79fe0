"""The normal form of text, the same for what letters say and for what is typed.

Text becomes slots. A slot is one word, or one term however it is written: "EMG", "electromyography" and
"H-wave" are a slot each, so that phrases find all spellings. Slots compare by lexemes: a word as it is printed, in
the singular; ``=name`` for a term; ``=l4/l5`` for a level of the spine, however it is written.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple, cast

from determinations.searching.pieces import (
    PREFIXES,
    KnownPiece,
    KnownWord,
    Slot,
    each_once,
    printed_pieces,
    printed_slots,
    typed_pieces,
)
from determinations.searching.terms import Form, Term, all_terms, forms_by_first, key_of
from determinations.searching.words import place_on_spine, vertebra

#: A place within a piece of text has no more bits than this.
BITS = 32


class Words(NamedTuple):
    """The words of a text: what is known of each alone, and where in the text the piece that it is of begins."""

    keys: list[KnownWord]
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
            after = read_on(words, at, typed, slots)
    return slots


def slots_without_places(text: str) -> list[Slot]:
    """The slots of a printed text in order, like ``slots_of``, where no one asks for their places."""
    return [Slot((slot,), slot, (slot,), 0, 0) if isinstance(slot, str) else slot for slot in plain_slots(text)]


def plain_slots(text: str) -> list[str | Slot]:
    """The slots of a printed text in order, without places; a word that is found by nothing but itself is a string.

    Every letter passes through here. Most words are slots by themselves, and known from other letters.
    """
    pieces = text.split()
    every = list(chain.from_iterable(map(printed_slots.__getitem__, pieces)))
    open_words = [at for at, slot in enumerate(every) if type(slot) is KnownWord]
    if not open_words:
        return cast(list[str | Slot], every)
    words: Words | None = None
    slots: list[str | Slot] = []
    after = 0
    for at in open_words:
        if at < after:
            continue
        slots += cast(list[str | Slot], every[after:at])
        key = cast(KnownWord, every[at])
        if stands_alone(key, every, at + 1):
            slots.append(key.alone)
            after = at + 1
        else:
            words = words or without_places(map(printed_pieces.__getitem__, pieces))
            read: list[Slot] = []
            after = read_on(words, at, False, read)
            slots += read
    slots += cast(list[str | Slot], every[after:])
    return slots


def stands_alone(key: KnownWord, every: Sequence[str | Slot | KnownWord], following: int) -> bool:
    """Whether the next word shows that no term, compound or level begins with this one."""
    return key.seconds is not None and (following == len(every) or _differs(every[following], key.seconds))


def _differs(word: str | Slot | KnownWord, seconds: frozenset[str]) -> bool:
    """Whether the word, which is more than a sign, is none of these."""
    if isinstance(word, str):
        return word not in seconds
    key = word.key if isinstance(word, KnownWord) else word.words[0]
    return bool(key) and key not in seconds


def read_on(words: Words, at: int, typed: bool, slots: list[Slot]) -> int:
    """Add the slots that begin with this word, which may go on in the next ones; returns what comes next."""
    key = words.keys[at]
    if key.begins and (several := _several(words, at, typed)):
        slot, following = several
        slots.append(slot)
        return following
    if key.key:
        slots.append(words.placed(at))
    return _levels(words, at + 1, slots) if key.vertebra else at + 1


def _words_of(text: str, typed: bool) -> Words:
    """The words of the text with what is known of each alone, and where its piece begins."""
    keys: list[KnownWord] = []
    starts: list[int] = []
    known = typed_pieces if typed else printed_pieces
    at = 0
    for piece in text.split():
        at = text.index(piece, at)
        of_piece = known[piece].keys
        keys += of_piece
        starts += [at] * len(of_piece)
        at += len(piece)
    return Words(keys, starts)


def without_places(pieces: Iterable[KnownPiece]) -> Words:
    """The words of pieces of text; in place of where its piece begins, each has its number, coded."""
    keys = list(chain.from_iterable([piece.keys for piece in pieces]))
    return Words(keys, range(0, len(keys) << BITS, 1 << BITS))


def _several(words: Words, at: int, typed: bool) -> tuple[Slot, int] | None:
    """The slot of several words that begins here, and where the next one begins."""
    keys = words.keys
    for form in forms_by_first().get(keys[at].key, ()):
        if len(form.keys) > 1 and (length := _length(keys, at, form)):
            return _term_slot(words, at, at + length, form), at + length
    first, hyphen = keys[at], keys[at].word.hyphen
    if not hyphen or at + 1 == len(keys) or not (second := keys[at + 1]).key.isalpha():
        return None
    if first.word.text in PREFIXES:
        joined = key_of(first.word.text + second.word.text)
        lexemes = each_once(joined, *_lexemes_in(keys[at : at + 2]))
        return Slot((first.key, second.key), joined, lexemes, *words.place(at, at + 2)), at + 2
    return None


def _length(keys: list[KnownWord], at: int, form: Form) -> int:
    """How many words the form takes here; 0 if it is not here. Signs between words do not matter."""
    place = at
    for wanted in form.keys:
        while place < len(keys) and not keys[place].key:
            place += 1
        if place == len(keys) or keys[place].key != wanted:
            return 0
        place += 1
    return place - at


def _term_slot(words: Words, at: int, after: int, form: Form) -> Slot:
    part = words.keys[at:after]
    printed = tuple([key.key for key in part if key.key])
    lexemes = each_once(form.term.lexeme, *form.also, *_lexemes_in(part))
    return Slot(printed, form.term.lexeme, lexemes, *words.place(at, after))


def _lexemes_in(part: list[KnownWord]) -> list[str]:
    """What the single words of a slot are found by."""
    return [lexeme for key in part if key.key for lexeme in key.slot.lexemes]


def _levels(words: Words, at: int, slots: list[Slot]) -> int:
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
