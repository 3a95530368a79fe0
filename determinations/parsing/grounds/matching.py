"""Finds which of many patterns a written sentence fits, without trying those that cannot fit.

A pattern needs a word of each of its parts. The words of a sentence are the bits of one number, and so are the words
of a part, so one ``&`` tells whether the sentence has any.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from determinations.parsing.grounds.patterns import FIRST_MARK, UNKNOWN_MARK, Vocabulary, required_parts

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


class _Pattern(NamedTuple):
    search: Callable[[str], object]
    needs: tuple[int, ...]

    def fits(self, sentence: Written) -> bool:
        for need in self.needs:
            if not need & sentence.bits:
                return False
        return bool(self.search(sentence.text))


def written(vocabulary: Vocabulary, sentence: str) -> Written:
    """The sentence, ready to be compared with patterns."""
    text = vocabulary.write(sentence)
    return Written(text, sum([_BITS[mark] for mark in set(text)]))


def _bits_of(marks: Iterable[str]) -> int:
    return sum(_BITS[mark] for mark in set(marks))


class PatternList:
    """A few patterns, of which any may fit."""

    def __init__(self, vocabulary: Vocabulary, patterns: Sequence[str]) -> None:
        self._patterns = [_pattern(vocabulary, pattern) for pattern in patterns]

    def fits(self, sentence: Written) -> bool:
        """Whether one of the patterns fits the sentence."""
        return any(pattern.fits(sentence) for pattern in self._patterns)


class PatternIndex(Generic[Key]):
    """Patterns under keys; a key may have several. Each pattern is filed under its rarest word."""

    def __init__(self, vocabulary: Vocabulary, patterns: Iterable[tuple[Key, str]]) -> None:
        self._entries: dict[str, list[tuple[Key, _Pattern]]] = {}
        common = {mark for word in _COMMON for mark in vocabulary.write(word)}
        for key, pattern in patterns:
            entry = (key, _pattern(vocabulary, pattern))
            for mark in min(
                (set(vocabulary.marks(part)) for part in required_parts(pattern)),
                key=lambda marks: len(marks) + _COST_OF_COMMON * len(marks & common),
            ):
                self._entries.setdefault(mark, []).append(entry)

    def keys_in(self, sentence: Written) -> set[Key]:
        """The keys that have a pattern which fits the sentence."""
        keys: set[Key] = set()
        bits = sentence.bits
        for mark in self._entries.keys() & set(sentence.text):
            for key, (search, needs) in self._entries[mark]:
                if key in keys:
                    continue
                for need in needs:
                    if not need & bits:
                        break
                else:
                    if search(sentence.text):
                        keys.add(key)
        return keys


def _pattern(vocabulary: Vocabulary, pattern: str) -> _Pattern:
    needs = [_bits_of(vocabulary.marks(part)) for part in required_parts(pattern)]
    return _Pattern(vocabulary.compile(pattern).search, tuple(sorted(needs, key=int.bit_count)))
