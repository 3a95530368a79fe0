"""What is known of words and of the pieces of text between two spaces, each worked out once in a process."""

from typing import NamedTuple

from determinations.searching.terms import forms_by_first, key_of
from determinations.searching.words import Word, place_on_spine, words_of_piece

#: What is written in front of words, with a hyphen, a space or neither: "non-steroidal" is "nonsteroidal".
PREFIXES = frozenset(
    "anti co extra hyper hypo inter intra micro mid multi neuro non over para peri poly post pre psycho re semi sub "
    "supra trans ultra un under".split()
)
#: Longer pieces of text without a space are not kept in memory; nothing that people type or print is.
_LONGEST_KEPT = 80


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


class KnownWord(NamedTuple):
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


class KnownPiece(NamedTuple):
    """What is known of a piece of text between two spaces: the slots of its words, and their keys."""

    #: In place of the slot of a word that may go on in the next ones is its key.
    slots: "tuple[str | Slot | KnownWord, ...]"
    keys: tuple[KnownWord, ...]
    #: Everything that its words are found by, and the terms that begin with them.
    begun: tuple[str, ...]


class _Pieces(dict[str, KnownPiece]):
    """Pieces of text with what is known of them, each read once; the first ones are the most frequent."""

    def __init__(self, most: int, *, typed: bool) -> None:
        super().__init__()
        self._most, self._typed = most, typed

    def __missing__(self, text: str) -> KnownPiece:
        keys = [_key(word, self._typed) for word in words_of_piece(text)]
        # Most pieces are one word: they share the tuple of its slot.
        begun = _begun(keys[0]) if len(keys) == 1 else tuple([lexeme for key in keys for lexeme in _begun(key)])
        piece = KnownPiece(tuple([key.alone if key.is_plain else key for key in keys]), tuple(keys), begun)
        if len(text) <= _LONGEST_KEPT and len(self) < self._most:
            self[text] = piece
        return piece


class _Slots(dict[str, tuple[str | Slot | KnownWord, ...]]):
    """The slots of printed pieces of text: of the same ones as in ``printed_pieces``."""

    def __missing__(self, text: str) -> tuple[str | Slot | KnownWord, ...]:
        slots = printed_pieces[text].slots
        if text in printed_pieces:
            self[text] = slots
        return slots


printed_pieces = _Pieces(200_000, typed=False)
printed_slots = _Slots()
typed_pieces = _Pieces(10_000, typed=True)


def _key(word: Word, typed: bool) -> KnownWord:
    key = key_of(word.text) if word.text else ""
    forms = forms_by_first().get(key, ())
    alone = next((f for f in forms if len(f.keys) == 1 and (typed or word.capitals or not f.capitals)), None)
    begins = any(len(form.keys) > 1 for form in forms) or word.hyphen
    concept = alone.term.lexeme if alone else key
    words = (key,)
    slot = Slot(words, concept, each_once(key, concept, *alone.also) if alone else words, 0, 0)
    is_vertebra = place_on_spine(key) is not None
    is_plain = bool(key) and not begins and not is_vertebra
    seconds = None
    if key and not is_vertebra and not (word.hyphen and word.text in PREFIXES):
        seconds = frozenset([form.keys[1] for form in forms if len(form.keys) > 1])
    return KnownWord(word, key, slot, key if slot.lexemes == words else slot, begins, is_vertebra, is_plain, seconds)


def _begun(key: KnownWord) -> tuple[str, ...]:
    """What a word is found by, alone or as the first of a term; the words that follow tell of themselves."""
    if not key.begins:
        return key.slot.lexemes
    forms = [form for form in forms_by_first().get(key.key, ()) if len(form.keys) > 1]
    return (*key.slot.lexemes, *(lexeme for form in forms for lexeme in (form.term.lexeme, *form.also)))


def each_once(*lexemes: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(lexemes))
