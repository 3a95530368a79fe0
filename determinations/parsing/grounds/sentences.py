"""Sentences of a rationale, with their places in its one-line text."""

import re
from typing import NamedTuple

#: A full stop, perhaps a closing quote or bracket, a space, and what can begin a sentence.
_END = re.compile(r"[.?!][\"\u201d'\u2019)\]]{0,2} (?=[\"\u201c'\u2018(\[]?[A-Z0-9\u2022])")
#: What ends in a full stop without ending a sentence.
_ABBREVIATIONS = tuple(
    f"{before}{word}"
    for word in "Dr. Mr. Mrs. Ms. vs. No. Nos. e.g. i.e. etc. al. Fig. St. Jr. Sr. Inc. approx. pp. pg. Sec.".split()
    for before in " (["
)
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
        stop = match.start() + 1
        if text.endswith(_ABBREVIATIONS, start, stop) or _is_initial(text[max(start, stop - 3) : stop]):
            continue
        _add(sentences, text, start, match.end() - 1)
        start = match.end()
    _add(sentences, text, start, len(text))
    return sentences


def _is_initial(end: str) -> bool:
    """Whether the last three characters are a single letter and a full stop, as in ``John Q.``."""
    return end[:1] == " " and end[1:2].isalpha()


def _add(sentences: list[Sentence], text: str, start: int, end: int) -> None:
    """Add ``text[start:end]``, in pieces of at most ``LONGEST`` characters, cut at spaces where there are any."""
    while end - start > LONGEST:
        space = text.rfind(" ", start + 1, start + LONGEST)
        cut = space if space > 0 else start + LONGEST
        sentences.append(Sentence(text[start:cut], start, cut))
        start = cut + (cut == space)
    if start < end:
        sentences.append(Sentence(text[start:end], start, end))
