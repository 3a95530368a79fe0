"""Where a value stands in a letter's text, and text folded to one line without losing that place."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

#: A word's hyphen at a line or page end, and the white space up to the next word: ``x-`` / ``ray``.
_HYPHEN_BREAK = re.compile(r"-(?<=\S-)[^\S\n\f\r]*[\n\f\r]\s*")


class Span(NamedTuple):
    """A half-open range of character offsets into the letter's stored text: ``text[start:end]``."""

    start: int
    end: int


def fold_text(piece: str) -> str:
    """The piece as one line: white space folded, words rejoined at line-end hyphens."""
    return " ".join(_HYPHEN_BREAK.sub("-", piece).split())


def trimmed(source: str, start: int, end: int) -> Span:
    """``source[start:end]`` without the white space at both ends; an empty span stays at ``start``."""
    piece = source[start:end]
    length = len(piece.rstrip())
    return Span(start + length - len(piece[:length].lstrip()), start + length) if length else Span(start, start)


@dataclass(frozen=True)
class Folded:
    """A piece of a letter as one line: white space folded, words rejoined at line-end hyphens.

    ``text`` is what people and rules read; ``span(a, b)`` gives back where ``text[a:b]`` stands in the letter.
    The way back is worked out only when it is asked for.
    """

    source: str
    start: int
    end: int

    @cached_property
    def text(self) -> str:
        """The folded line."""
        return fold_text(self.source[self.start : self.end])

    def span(self, start: int, end: int) -> Span:
        """The place in the letter of ``self.text[start:end]``; ``start`` < ``end``."""
        return Span(self._offset(start), self._offset(end - 1) + 1)

    def _offset(self, position: int) -> int:
        """Folding drops white space and nothing else, so a character is found by how many print before it."""
        printed = _printed(self.text[:position])
        at = self.start + position
        while (behind := printed - _printed(self.source[self.start : at])) > 0:
            at += behind
        if not self.text[position : position + 1].isspace():
            while self.source[at].isspace():
                at += 1
        return at


def _printed(text: str) -> int:
    """How many characters of the text are no white space."""
    return len("".join(text.split()))


def fold(source: str, start: int = 0, end: int | None = None) -> Folded:
    """Read ``source[start:end]`` as one line (see ``Folded``)."""
    return Folded(source, start, len(source) if end is None else end)
