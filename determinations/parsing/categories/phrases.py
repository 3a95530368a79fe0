"""Finds listed phrases in a line: one pass over its words; plurals, beginnings, endings and slips of the pen count."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

# "l5", "s1", "h2", "c5": a letter and a small number are one word, while "50mg" is two.
_TOKEN = re.compile(r"[a-z]\d{1,2}(?![\da-z])|[a-z]+|\d+|%")
_SHORTEST_FORGIVEN = 8
# No beginning or ending in the lists is shorter.
_STEM = 3


class Hit(NamedTuple):
    """A phrase that is in the text, ``text[start:end]``."""

    phrase: str
    start: int
    end: int


def words_of(text: str) -> list[str]:
    """The words of a line as they are compared: lower case, punctuation dropped, numbers apart from units."""
    return _TOKEN.findall(text.lower())


def _shortened(word: str) -> Iterator[str]:
    yield word
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]


def _by_stem(pieces: set[str], stem: slice) -> dict[str, tuple[str, ...]]:
    """The pieces by their outermost letters: nearly every word has none to be compared with."""
    stems = {piece[stem] for piece in pieces}
    return {letters: tuple(sorted(piece for piece in pieces if piece[stem] == letters)) for letters in stems}


def _one_slip_apart(a: str, b: str) -> bool:
    """Whether one letter too many, too few or wrong, or two swapped neighbors, turn ``a`` into ``b``."""
    if len(a) > len(b):
        a, b = b, a
    place = next((n for n, (left, right) in enumerate(zip(a, b, strict=False)) if left != right), len(a))
    if place == len(a):
        return len(b) - len(a) <= 1
    if len(b) - len(a) == 1:
        return a[place:] == b[place + 1 :]
    if len(a) != len(b):
        return False
    swapped = a[place + 1 : place + 2] + a[place : place + 1] + a[place + 2 :]
    return a[place + 1 :] == b[place + 1 :] or swapped == b[place:]


class Phrases:
    """Phrases that can be looked for in a line. A phrase's last word may be ``begin*``, a lone word ``*ending``."""

    def __init__(self, phrases: set[str]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        beginnings: set[str] = set()
        endings: set[str] = set()
        self._words: set[str] = set()
        for phrase in sorted(phrases):
            words = words_of(phrase)
            if phrase.startswith("*"):
                words = ["*" + words[-1]]
                endings.add(words[-1][1:])
            elif phrase.endswith("*"):
                words[-1] += "*"
                beginnings.add(words[-1][:-1])
            self._words.update(words)
            self._by_first.setdefault(words[0], []).append((tuple(words[1:]), phrase))
        self._beginnings = _by_stem(beginnings, slice(_STEM))
        self._endings = _by_stem(endings, slice(-_STEM, None))
        self._nearby: dict[str, list[str]] = {}
        for word in sorted(self._words):
            if len(word) >= _SHORTEST_FORGIVEN and word.isalpha():
                for form in _shortened(word):
                    self._nearby.setdefault(form, []).append(word)
        self._longest = max(map(len, self._words))
        self._forms = lru_cache(maxsize=65536)(self._forms_of)

    def _forms_of(self, word: str) -> frozenset[str]:
        """Every listed word that ``word`` can stand for."""
        forms = {word} if word in self._words else set()
        if word.endswith("s") and not word.endswith("ss") and word[:-1] in self._words:
            forms.add(word[:-1])
        if beginnings := self._beginnings.get(word[:_STEM]):
            forms.update([f"{beginning}*" for beginning in beginnings if word.startswith(beginning)])
        if endings := self._endings.get(word[-_STEM:]):
            forms.update([f"*{ending}" for ending in endings if word.endswith(ending)])
        if not forms and _SHORTEST_FORGIVEN <= len(word) <= self._longest + 1 and word.isalpha():
            near = {other for form in _shortened(word) for other in self._nearby.get(form, ())}
            forms.update(other for other in near if other[0] == word[0] and _one_slip_apart(word, other))
        return frozenset(forms)

    def find(self, text: str) -> list[Hit]:
        """Every listed phrase that is in ``text``, in the order of its first word."""
        words = list(_TOKEN.finditer(text.lower()))
        forms = [self._forms(word.group()) for word in words]
        hits: list[Hit] = []
        for at, here in enumerate(forms):
            for first in here:
                for rest, phrase in self._by_first.get(first, ()):
                    last = at + len(rest)
                    if not rest or (last < len(forms) and _stand(rest, forms, at + 1)):
                        hits.append(Hit(phrase, words[at].start(), words[last].end()))
        return hits


def _stand(words: tuple[str, ...], forms: list[frozenset[str]], start: int) -> bool:
    """Whether the words follow one another from ``start``. The first one nearly always fails."""
    return words[0] in forms[start] and all([word in forms[start + n] for n, word in enumerate(words)])
