"""Finds which of many patterns a written sentence fits, without trying those that cannot fit.

A pattern needs a word of each of its parts. The words of a sentence are the bits of one number, and so are the words
of a part, so one ``&`` tells whether the sentence has any. A pattern that is tried is followed step by step through
the places of its words; one that is tried again and again is compiled.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from determinations.parsing.grounds.patterns import FIRST_MARK, UNKNOWN_MARK, Step, Vocabulary, required_parts

Key = TypeVar("Key")

#: Words so common that a pattern is better looked up by another of its words.
_COMMON = "the a an of to for in on is are was were be been not no with that this has have had or and by as".split()
_COST_OF_COMMON = 20


_MOST_MARKS = 4096
_BITS = {UNKNOWN_MARK: 0} | {chr(FIRST_MARK + n): 1 << n for n in range(_MOST_MARKS)}


class Written(NamedTuple):
    """A sentence as its marks, and the words that it has as bits."""

    text: str
    bits: int


#: Compiling a pattern takes as long as following it through so many sentences.
_WORTH_COMPILING = 40


class _Pattern:
    """A pattern and the words that it needs."""

    __slots__ = ("_pattern", "_steps", "_tried", "_vocabulary", "needs", "rarest", "search")

    def __init__(self, vocabulary: Vocabulary, common: int, pattern: str) -> None:
        self._vocabulary, self._pattern = vocabulary, pattern
        parts = [(_bits_of(marks), marks) for marks in map(vocabulary.marks, required_parts(pattern))]
        self.needs = tuple(sorted([bits for bits, _ in parts], key=int.bit_count))
        #: The words of its rarest part.
        self.rarest = min(
            parts, key=lambda part: part[0].bit_count() + _COST_OF_COMMON * (part[0] & common).bit_count()
        )[1]
        self._tried, self._steps = 0, ()  # type: int, tuple[Step, ...]
        self.search: Callable[[str], object] = self._follow

    def _follow(self, text: str) -> object:
        """Whether the pattern fits, by its steps; what a compiled pattern gives too."""
        if not self._tried:
            self._steps = self._vocabulary.steps(self._pattern)
        self._tried += 1
        if self._tried == _WORTH_COMPILING:
            self.search = self._vocabulary.compile(self._pattern).search
        return follow(self._steps, text)

    def fits(self, sentence: Written) -> bool:
        for need in self.needs:
            if not need & sentence.bits:
                return False
        return bool(self.search(sentence.text))


class Patterns:
    """Every pattern once, in however many lists and indexes it is."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._common = _bits_of(mark for word in _COMMON for mark in vocabulary.write(word))
        self._patterns: dict[str, _Pattern] = {}

    def get(self, pattern: str) -> _Pattern:
        """The pattern; it is worked out when first asked for."""
        known = self._patterns.get(pattern)
        if known is None:
            known = self._patterns[pattern] = _Pattern(self._vocabulary, self._common, pattern)
        return known


def follow(steps: tuple[Step, ...], text: str) -> bool:
    """Whether the steps lead through the text from any of its places.

    The places reached are the bits of one number: bit n is set when what was passed so far may end before word n.
    """
    reached = (2 << len(text)) - 1
    for marks, most, is_start in steps:
        if is_start:
            reached &= 1
            continue
        places = 0
        for place, mark in enumerate(text):
            if mark in marks:
                places |= 1 << place
        if most < 0:
            reached = (reached & places) << 1
        else:
            places = ~places if most > 1 else places
            for _ in range(most):
                further = reached | (reached & places) << 1
                if further == reached:
                    break
                reached = further
        if not reached:
            return False
    return True


def written(vocabulary: Vocabulary, sentence: str) -> Written:
    """The sentence, ready to be compared with patterns."""
    text = vocabulary.write(sentence)
    return Written(text, sum([_BITS[mark] for mark in set(text)]))


def _bits_of(marks: Iterable[str]) -> int:
    return sum([_BITS[mark] for mark in set(marks)])


class PatternList:
    """A few patterns, of which any may fit."""

    def __init__(self, known: Patterns, patterns: Sequence[str]) -> None:
        self._patterns = [known.get(pattern) for pattern in patterns]

    def fits(self, sentence: Written) -> bool:
        """Whether one of the patterns fits the sentence."""
        return any(pattern.fits(sentence) for pattern in self._patterns)


class PatternIndex(Generic[Key]):
    """Patterns under keys; a key may have several. Each pattern is filed under its rarest word."""

    def __init__(self, known: Patterns, patterns: Iterable[tuple[Key, str]]) -> None:
        self._entries: dict[str, list[tuple[Key, tuple[int, ...], _Pattern]]] = {}
        for key, printed in patterns:
            pattern = known.get(printed)
            entry = (key, pattern.needs, pattern)
            for mark in pattern.rarest:
                self._entries.setdefault(mark, []).append(entry)

    def keys_in(self, sentence: Written) -> set[Key]:
        """The keys that have a pattern which fits the sentence."""
        keys: set[Key] = set()
        text, bits = sentence
        for mark in self._entries.keys() & set(text):
            for key, needs, pattern in self._entries[mark]:
                if key in keys:
                    continue
                for need in needs:
                    if not need & bits:
                        break
                else:
                    if pattern.search(text):
                        keys.add(key)
        return keys
