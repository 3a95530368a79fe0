"""Finds which of many patterns a sentence fits, without trying those that cannot fit.

A pattern needs a word of each of its parts. In a ``PatternTable`` each part of each pattern is a bit of one long
number, and above the bits of each pattern is one more. A word has the bits of the parts that it belongs to, so a
sentence has those of all its words. When one is added at the lowest bit of every pattern, it is carried to the bit
above if and only if all parts of the pattern are there: one addition tells which patterns to try. Those are followed
step by step through the places of their words; one that is tried again and again is compiled.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_

from determinations.parsing.grounds.patterns import (
    BREAK_MARK,
    UNKNOWN_MARK,
    Part,
    Step,
    Vocabulary,
    required_parts,
)
from determinations.parsing.grounds.tokens import MOST_REMEMBERED

_WORD, _MAYBE, _GAP = Part.WORD, Part.MAYBE, Part.GAP
#: A gap of so many words at most, in strides: any number up to it is the sum of some of them.
_STRIDES = {3: (1, 2), 9: (1, 2, 4, 2), 25: (1, 2, 4, 8, 8, 2)}
#: Compiling a pattern takes as long as following it through about so many sentences.
_WORTH_COMPILING = 32


class Places(dict[str, int]):
    """For each part of a pattern that was asked for, by its marks: the places of its words in a sentence, as bits."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.everywhere = (2 << len(text)) - 1
        of_mark: dict[str, int] = {}
        for place, mark in enumerate(text):
            if mark in of_mark:
                of_mark[mark] |= 1 << place
            else:
                of_mark[mark] = 1 << place
        of_mark.pop(UNKNOWN_MARK, None)
        breaks = of_mark.get(BREAK_MARK, 0)
        self._of_mark = list(of_mark.items())
        #: Where so many words in a row are no breaks; empty in a sentence without breaks.
        self.runs: Mapping[int, int] = _runs(~breaks) if breaks else {}

    def __missing__(self, marks: str) -> int:
        places = 0
        for mark, at in self._of_mark:
            if mark in marks:
                places |= at
        self[marks] = places
        return places


def _runs(words: int) -> Mapping[int, int]:
    two = words & words >> 1
    four = two & two >> 2
    return {1: words, 2: two, 4: four, 8: four & four >> 4}


def follow(steps: Iterable[Step], places: Places) -> bool:
    """Whether the steps lead through the sentence from any of its places.

    The places reached are the bits of one number: bit n is set when what was passed so far may end before word n.
    """
    reached, runs = places.everywhere, places.runs
    for part, marks, most in steps:
        if part is _WORD:
            reached = (reached & places[marks]) << 1
            if not reached:
                return False
        elif part is _GAP:
            if runs:
                for stride in _STRIDES[most]:
                    reached |= (reached & runs[stride]) << stride
            else:
                for stride in _STRIDES[most]:
                    reached |= reached << stride
        elif part is _MAYBE:
            reached |= (reached & places[marks]) << 1
        else:
            reached &= 1
    return bool(reached)


class Written:
    """A sentence as the marks of its tokens. Its text and their places are worked out when a pattern is tried."""

    __slots__ = ("_marks", "_places", "_text", "different")

    def __init__(self, marks: Sequence[str]) -> None:
        self._marks = marks
        self.different = set(marks)
        self.different.discard(UNKNOWN_MARK)
        self._text: str | None = None
        self._places: Places | None = None

    def text(self) -> str:
        text = self._text
        if text is None:
            text = self._text = "".join(self._marks)
        return text

    def places(self) -> Places:
        places = self._places
        if places is None:
            places = self._places = Places(self.text())
        return places


class _Pattern:
    """A pattern of a table. ``others`` has the bits of the table's patterns that are not in its group."""

    __slots__ = ("_compiled", "_pattern", "_steps", "_tried", "_vocabulary", "group", "others")

    def __init__(self, vocabulary: Vocabulary, pattern: str, group: int) -> None:
        self._vocabulary, self._pattern, self.group, self.others = vocabulary, pattern, group, 0
        self._tried = 0
        self._steps: tuple[Step, ...] = ()
        self._compiled: re.Pattern[str] | None = None

    def fits(self, sentence: Written) -> bool:
        if self._compiled is not None:
            return self._compiled.search(sentence.text()) is not None
        if not self._tried:
            self._steps = self._vocabulary.steps(self._pattern)
        self._tried += 1
        if self._tried == _WORTH_COMPILING:
            self._compiled = self._vocabulary.compile(self._pattern)
        return follow(self._steps, sentence.places())


class PatternTable:
    """Patterns in groups, of each of which any may fit."""

    def __init__(self, vocabulary: Vocabulary, groups: Iterable[Sequence[str]]) -> None:
        #: The bits of each group: one for each of its patterns.
        self.groups: list[int] = []
        self._patterns: dict[int, _Pattern] = {}
        parts: dict[str, int] = {}
        lowest, place = 0, 0
        for number, patterns in enumerate(groups):
            group = 0
            for pattern in patterns:
                lowest |= 1 << place
                for part in required_parts(pattern):
                    parts[part] = parts.get(part, 0) | 1 << place
                    place += 1
                group |= 1 << place
                place += 1
                self._patterns[place] = _Pattern(vocabulary, pattern, number)
            self.groups.append(group)
        self._lowest, self._all = lowest, sum(self.groups)
        for known in self._patterns.values():
            known.others = self._all ^ self.groups[known.group]
        self._parts = _PartsOfMarks()
        for part, bits in parts.items():
            for mark in vocabulary.marks(part):
                self._parts[mark] = self._parts.get(mark, 0) | bits

    def possible(self, sentence: Written) -> int:
        """The bits of the patterns of which a sentence has a word of each part."""
        parts, bits_of = 0, self._parts.get
        for marks in sentence.different:  # a loop is twice as fast as ``reduce`` here
            bits = bits_of(marks)
            if bits:
                parts |= bits
            elif bits is None:
                parts |= self._parts[marks]
        return (parts + self._lowest) & self._all

    def first_group(self, possible: int, sentence: Written) -> int | None:
        """The first group of these patterns that has one which the sentence fits; None where none does."""
        while possible:
            lowest = possible & -possible
            pattern = self._patterns[lowest.bit_length()]
            if pattern.fits(sentence):
                return pattern.group
            possible ^= lowest
        return None

    def groups_of(self, possible: int, sentence: Written) -> list[int]:
        """The groups of these patterns that have one which the sentence fits, in order."""
        groups = []
        while possible:
            lowest = possible & -possible
            pattern = self._patterns[lowest.bit_length()]
            if pattern.fits(sentence):
                groups.append(pattern.group)
                possible &= pattern.others
            else:
                possible ^= lowest
        return groups


class _PartsOfMarks(dict[str, int]):
    """The bits of the parts of patterns that marks belong to: one mark, or those of a token of several words."""

    def __missing__(self, marks: str) -> int:
        bits = reduce(or_, [self[mark] for mark in marks], 0) if len(marks) > 1 else 0
        if len(self) < MOST_REMEMBERED:
            self[marks] = bits
        return bits
