"""Compares readings of one row of words: which words of one reading are which words of another.

Readings are compared by their words, not by their boxes: the engine places the same word some pixels apart.
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from determinations.extraction.scanning.engine import Word

#: The same words in each reading of a row.
Passage = list[Sequence[Word]]

_STRAIGHT_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "`": "'", "\u00b4": "'"})


def passages(first: Sequence[Word], *others: Sequence[Word]) -> Iterator[Passage]:
    """The shortest stretches of words that begin and end at the same place in every reading.

    The first reading's is never empty; another's is, where it shows no word there.
    """
    borders = [_borders(first, other) for other in others]
    shared = sorted(set.intersection(*(set(places) for places in borders)))
    for start, end in pairwise(shared):
        yield [
            first[start:end],
            *(other[places[start] : places[end]] for other, places in zip(others, borders, strict=True)),
        ]


def text_of(words: Sequence[Word]) -> str:
    """The words' characters, without what two right readings may differ in: spaces, and how quotes are drawn."""
    return "".join(word.text for word in words).translate(_STRAIGHT_QUOTES).replace("''", '"').replace('""', '"')


def _borders(first: Sequence[Word], other: Sequence[Word]) -> dict[int, int]:
    """Where words of the first reading begin, and which words of the other begin there."""
    matcher = SequenceMatcher(None, [text_of([word]) for word in first], [text_of([word]) for word in other], False)
    borders = {0: 0}
    for _, start, end, other_start, other_end in matcher.get_opcodes():
        if end - start == other_end - other_start:
            borders |= {start + at: other_start + at for at in range(1, end - start + 1)}
        elif end:  # what only the other reading shows belongs to the word before it
            borders[end] = other_end
    return borders
