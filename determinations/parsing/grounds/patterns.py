"""Patterns over words: how the rules say what a sentence must contain.

A sentence is written once with one character per word, and a pattern is a small regular expression over those
characters. Nothing backtracks over letters, and words that no pattern names cost nothing.

    no|without .. <benefit>      "no" or "without", up to 3 other words, then a word of the class "benefit"
    exceed* ... guideline*       words that begin this way, up to 9 other words apart
    physical therapy?            the second word is optional
    ^ <request>                  at the beginning of the sentence

``..`` allows up to 3 words in between, ``...`` up to 9, ``....`` up to 25. None of them passes a semicolon or a colon.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from determinations.parsing.grounds.tokens import Remembered, tokens_of

#: A date and a number are one word each, whatever they say.
_WORD = re.compile(r"[a-z]+|\d{1,2}[/-]\d{1,2}[/-]\d{2,4}(?!\d)|\d+|[;:]")
_NUMBER, _DATE, _BREAK = "<number>", "<date>", "<break>"
UNKNOWN_MARK = "."
#: Words are written in characters of Unicode's private use area, none of which means anything in an expression.
FIRST_MARK = 0xE000
BREAK_MARK = chr(FIRST_MARK + 2)
_AFTER_ANY_LETTER = "\uffff"
_GAPS = {"..": 3, "...": 9, "....": 25}
_START = "^"


class Part(Enum):
    """What a part of a pattern stands for."""

    WORD = "a word that must be there"
    MAYBE = "a word that may be there"
    GAP = "a number of words at most"
    START = "the beginning of the sentence"


class Step(NamedTuple):
    """One part of a pattern: of words ``marks``, of a gap ``most``."""

    part: Part
    marks: str = ""
    most: int = 0


class Vocabulary:
    """Every word that the patterns name, and the classes of words. Writes sentences and compiles patterns."""

    def __init__(self, classes: Mapping[str, Iterable[str]], patterns: Iterable[str]) -> None:
        self._classes = {name: tuple(words) for name, words in classes.items()}
        entries = {word for words in self._classes.values() for word in words}
        for pattern in patterns:
            entries.update(word for part in required_parts(pattern, True) for word in _alternatives(part))
        names = sorted(word for word in entries if not word.startswith("<"))
        self._names = names
        self._marks = {name: chr(FIRST_MARK + n) for n, name in enumerate([_NUMBER, _DATE, _BREAK, *names])}
        self._stems = {name[:-1]: self._marks[name] for name in names if name.endswith("*")}
        self._stem_lengths = sorted({len(stem) for stem in self._stems}, reverse=True)
        self._known = Remembered(self._marks_of_token)
        self._marks_of_parts: dict[str, str] = {}

    def write(self, sentence: str) -> list[str]:
        """The tokens of a sentence with one character per word, the same one for all words that no pattern names."""
        return list(map(self._known.__getitem__, tokens_of(sentence)))

    def compile(self, pattern: str) -> re.Pattern[str]:
        """The pattern as an expression over written sentences. Raises ``KeyError`` for an unknown class."""
        return re.compile("".join(map(self._expression, pattern.split())))

    def steps(self, pattern: str) -> tuple[Step, ...]:
        """The pattern part by part: what ``compile`` puts into an expression. Raises ``KeyError`` likewise."""
        return tuple([self._step(part) for part in pattern.split()])

    def _step(self, part: str) -> Step:
        if part in _GAPS:
            return Step(Part.GAP, most=_GAPS[part])
        if part == _START:
            return Step(Part.START)
        return Step(Part.MAYBE if part.endswith("?") else Part.WORD, self.marks(part))

    def marks(self, part: str) -> str:
        """The characters that one part of a pattern stands for, such as ``no|without|<benefit>``."""
        known = self._marks_of_parts.get(part)
        if known is None:
            known = self._marks_of_parts[part] = self._work_out_marks(part)
        return known

    def _work_out_marks(self, part: str) -> str:
        marks: set[str] = set()
        for word in _alternatives(part):
            members = (word,) if word in self._marks or not word.startswith("<") else self._classes[word[1:-1]]
            marks.update(mark for member in members for mark in self._matching(member))
        return "".join(sorted(marks))

    def _marks_of_token(self, token: str) -> str:
        return "".join([self._mark_of(word) for word in _WORD.findall(token)])

    def _mark_of(self, word: str) -> str:
        if word in self._marks:
            return self._marks[word]
        if word.isdigit():
            return self._marks[_NUMBER]
        if word in ";:":
            return self._marks[_BREAK]
        if not word.isalpha():
            return self._marks[_DATE]
        beginnings = (word[:length] for length in self._stem_lengths)
        return next((self._stems[beginning] for beginning in beginnings if beginning in self._stems), UNKNOWN_MARK)

    def _matching(self, entry: str) -> Iterable[str]:
        """The entry's character; for ``exceed*`` also those of longer entries that begin this way."""
        if not entry.endswith("*"):
            return (self._marks[entry],)
        beginning = entry[:-1]
        first = bisect_left(self._names, beginning)
        last = bisect_left(self._names, beginning + _AFTER_ANY_LETTER, first)
        return [self._marks[name] for name in self._names[first:last]]

    def _expression(self, part: str) -> str:
        if part in _GAPS:
            return f"[^{self._marks[_BREAK]}]{{0,{_GAPS[part]}}}?"
        if part == _START:
            return r"\A"
        return f"[{_in_ranges(self.marks(part))}]" + ("?" if part.endswith("?") else "")


def _in_ranges(marks: str) -> str:
    """The sorted characters with runs of neighbors as ranges, which compile faster."""
    pieces: list[str] = []
    first = last = ""
    for mark in marks:
        if last and ord(mark) == ord(last) + 1:
            last = mark
            continue
        pieces.append(first if first == last else f"{first}-{last}")
        first = last = mark
    return "".join([*pieces, first if first == last else f"{first}-{last}"])


def required_parts(pattern: str, optional_too: bool = False) -> Iterator[str]:
    """The parts of a pattern that stand for a word: those a sentence cannot do without, or all of them."""
    for part in pattern.split():
        if part not in _GAPS and part != _START and (optional_too or not part.endswith("?")):
            yield part


def _alternatives(part: str) -> list[str]:
    return part.removesuffix("?").split("|")
