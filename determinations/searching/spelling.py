"""Corrections of typing errors: the known word that was probably meant."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from determinations.searching.singular import STOP_WORDS
from determinations.searching.terms import key_of

#: Words of a search that may be misspelled: letters only, not the name of a field, not the beginning of a word.
_WORD = re.compile(r"(?<![\w*])[A-Za-z]{4,60}(?![\w:*])")


@dataclass(frozen=True, slots=True)
class KnownWord:
    """A word of the letters, in the singular, and how many letters have it."""

    word: str
    letters: int


def checked_words(text: str) -> list[str]:
    """The words of a search that may be misspelled, in the form in which words are known."""
    words = (key_of(word.lower()) for word in _WORD.findall(text))
    return [word for word in dict.fromkeys(words) if word not in STOP_WORDS]


def corrected(text: str, known: Callable[[Sequence[str]], Iterable[Sequence[KnownWord]]]) -> str | None:
    """The search with misspelled words replaced; None if there is nothing to replace.

    ``known`` gives, for each of some words, known words that resemble it.
    """
    words = checked_words(text)
    better = {word: best_of(word, near) for word, near in zip(words, known(words), strict=True)}
    changed = False

    def correct(match: "re.Match[str]") -> str:
        nonlocal changed
        found = better.get(key_of(match[0].lower()))
        changed = changed or found is not None
        return found or match[0]

    text = _WORD.sub(correct, text)
    return text if changed else None


def best_of(word: str, near: Iterable[KnownWord]) -> str | None:
    """The nearest of the words, or of several as near the most frequent; None if the word is known or none is near."""
    best: tuple[int, bool, int, str] | None = None
    most = 1 if len(word) < 8 else 2
    for candidate in near:
        if candidate.word == word:
            return None
        distance = edits(word, candidate.word, most)
        if distance <= most:
            rank = distance, candidate.word[0] != word[0], -candidate.letters, candidate.word
            best = min(best, rank) if best else rank
    return best[-1] if best else None


def edits(word: str, other: str, most: int) -> int:
    """How many letters are missing, added, wrong or swapped with the next; ``most`` + 1 for more than ``most``."""
    if abs(len(word) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, 1):
        before, above, row = row, before, [i]
        for j, another in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != another))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == another:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
