"""Where a value is in a letter's text, and text folded to one line without losing that place."""

import re
from typing import NamedTuple

#: A word's hyphen at a line's end: ``x-`` / ``ray``. A hyphen between spaces is a dash.
_HYPHEN_BREAK = re.compile(r"-(?<=\S-) *[\n\f]\s*")


#: All the white space that a cleaned text has.
_WHITE_SPACE = " \n\f"


class Span(NamedTuple):
    """A half-open range of character offsets into the letter's stored text: ``text[start:end]``."""

    start: int
    end: int


#: ``make(Span, (start, end))`` is ``Span(start, end)`` in a third of the time: for what every letter has many of.
make = tuple.__new__


def fold_text(piece: str) -> str:
    """The piece, of a cleaned text, as one line: white space folded, words rejoined at line-end hyphens."""
    text = piece
    if "\n" in text or "\f" in text:
        if "-\n" in text or "- " in text or "-\f" in text:
            text = _HYPHEN_BREAK.sub("-", text)
        text = text.replace(" \n", " ").replace("\n", " ").replace("\f", " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text.strip(" ")


def trimmed(source: str, start: int, end: int) -> Span:
    """``source[start:end]`` without the white space at both ends; an empty span stays at ``start``."""
    text = source[start:end].strip()
    if not text:
        return Span(start, start)
    first = source.index(text[0], start)
    return make(Span, (first, first + len(text)))


def line_around(source: str, position: int) -> Span:
    """The printed line that a position is on, without its line end."""
    start = source.rfind("\n", 0, position) + 1
    start = source.rfind("\f", start, position) + 1 or start
    end = source.find("\n", position)
    end = len(source) if end < 0 else end
    feed = source.find("\f", position, end)
    return Span(start, end if feed < 0 else feed)


_CLOSING = "\"')]\u2019\u201d "
_SENTENCE_ENDS = (".", "?", "!", ":", ";")


def ends_sentence(text: str) -> bool:
    """Whether a line or a text ends a sentence, quotes and brackets aside."""
    return text.rstrip(_CLOSING).endswith(_SENTENCE_ENDS)


class Folded(NamedTuple):
    """A piece of a letter as one line: white space folded, words rejoined at line-end hyphens.

    ``text`` is what people and rules read; ``span(a, b)`` gives back where ``text[a:b]`` is in the letter.
    The way back is worked out only when it is asked for.
    """

    text: str
    source: str
    start: int
    end: int

    def span(self, start: int, end: int) -> Span:
        """The place in the letter of ``self.text[start:end]``; ``start`` < ``end``."""
        first = self._offset(start, 0, self.start)
        return make(Span, (first, self._offset(end - 1, start, first) + 1))

    def _offset(self, position: int, known: int, known_offset: int) -> int:
        """The offset of a character; that of the character ``known`` before it is ``known_offset``.

        Folding drops white space and nothing else, so a character is found by how many print before it.
        """
        source, at = self.source, known_offset + position - known
        behind = position - known - self.text.count(" ", known, position)
        nearer = at + source.count("\n", known_offset, at)  # most line ends come with one more white space
        short = behind - _printed(source, known_offset, nearer) if self.text[position] != " " else -1
        if short >= 0:
            at, behind = nearer, short
        else:
            behind -= _printed(source, known_offset, at)
        while behind > 0:
            passed, at = at, at + behind
            behind -= _printed(source, passed, at)
        if self.text[position] != " ":
            while source[at] in _WHITE_SPACE:
                at += 1
        return at


def _printed(text: str, start: int, end: int) -> int:
    """How many characters of ``text[start:end]`` are no white space."""
    return end - start - text.count(" ", start, end) - text.count("\n", start, end) - text.count("\f", start, end)


def fold(source: str, start: int = 0, end: int | None = None) -> Folded:
    """Read ``source[start:end]`` as one line (see ``Folded``)."""
    end = len(source) if end is None else end
    return make(Folded, (fold_text(source[start:end]), source, start, end))
