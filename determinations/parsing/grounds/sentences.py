"""Sentences of a rationale, with their places in its one-line text."""

import re
from typing import NamedTuple

from determinations.parsing.spans import make

#: A full stop, perhaps a closing quote or bracket, a space, and what can begin a sentence.
_END = re.compile(r"[.?!][\"\u201d'\u2019)\]]{0,2} (?=[\"\u201c'\u2018(\[]?[A-Z0-9\u2022])")
#: What ends in a full stop without ending a sentence.
_ABBREVIATIONS = frozenset(
    "Dr. Mr. Mrs. Ms. vs. No. Nos. e.g. i.e. etc. al. Fig. St. Jr. Sr. Inc. approx. pp. pg. Sec.".split()
)
#: Only one abbreviation has so many letters: a quick look, which most sentences pass.
_LONG_WORD, _END_OF_LONG_ABBREVIATION = 4, "prox"
_BRACKETED = tuple(f"{bracket}{word}" for word in sorted(_ABBREVIATIONS) for bracket in "([")
#: A text without full stops is cut at a space, so that no pattern ever sees a long sentence.
LONGEST = 1_200


class Sentence(NamedTuple):
    """A sentence, ``text[start:end]`` of the text it was cut from."""

    text: str
    start: int
    end: int


def split_sentences(text: str) -> list[Sentence]:
    """The sentences of a text on one line, in order; none longer than ``LONGEST``."""
    sentences: list[Sentence] = []
    start = 0
    for match in _END.finditer(text):
        mark, following = match.span()
        before = text[mark - _LONG_WORD : mark]
        if not (before.isalpha() and before != _END_OF_LONG_ABBREVIATION) and _is_abbreviation(text, start, mark + 1):
            continue
        end = following - 1
        if end - start <= LONGEST:
            sentences.append(make(Sentence, (text[start:end], start, end)))
        else:
            _add(sentences, text, start, end)
        start = following
    _add(sentences, text, start, len(text))
    return sentences


def _is_abbreviation(text: str, start: int, stop: int) -> bool:
    """Whether the last word of ``text[start:stop]`` is an abbreviation, or a single letter as in ``John Q.``."""
    space = text.rfind(" ", start, stop)
    word = text[space + 1 : stop]
    if word in _ABBREVIATIONS:
        return space >= 0
    if len(word) == 2:
        return space >= 0 and word[0].isalpha()
    return ("(" in word or "[" in word) and text.endswith(_BRACKETED, start, stop)


def _add(sentences: list[Sentence], text: str, start: int, end: int) -> None:
    """Add ``text[start:end]``, in pieces of at most ``LONGEST`` characters, cut at spaces where there are any."""
    while end - start > LONGEST:
        space = text.rfind(" ", start + 1, start + LONGEST)
        cut = space if space > 0 else start + LONGEST
        sentences.append(Sentence(text[start:cut], start, cut))
        start = cut + (cut == space)
    if start < end:
        sentences.append(make(Sentence, (text[start:end], start, end)))
