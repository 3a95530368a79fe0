"""Where a value stands in a letter's text, and text folded to one line without losing that place."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

_TOKEN = re.compile(r"\S+")


class Span(NamedTuple):
    """A half-open range of character offsets into the letter's stored text: ``text[start:end]``."""

    start: int
    end: int


@dataclass(frozen=True)
class Folded:
    """A piece of a letter as one line: white space folded, words rejoined at line-end hyphens.

    ``text`` is what people and rules read; ``span(a, b)`` gives back where ``text[a:b]`` stands in the letter.
    """

    source: str
    start: int
    end: int

    @cached_property
    def _pieces(self) -> tuple[str, list[tuple[int, int]]]:
        words: list[str] = []
        places: list[tuple[int, int]] = []
        length = 0
        previous_end = self.start
        for match in _TOKEN.finditer(self.source, self.start, self.end):
            if words:
                gap = self.source[previous_end : match.start()]
                if not (words[-1].endswith("-") and len(words[-1]) > 1 and "\n" in gap):
                    words.append(" ")
                    length += 1
            words.append(match.group())
            places.append((length, match.start()))
            length += len(match.group())
            previous_end = match.end()
        return "".join(words), places

    @property
    def text(self) -> str:
        """The folded line."""
        return self._pieces[0]

    def span(self, start: int, end: int) -> Span:
        """The place in the letter of ``self.text[start:end]``; ``start`` < ``end``."""
        return Span(self._offset(start), self._offset(end - 1) + 1)

    def _offset(self, position: int) -> int:
        places = self._pieces[1]
        folded_at, source_at = places[bisect_right(places, (position, self.end)) - 1]
        return source_at + position - folded_at


def fold(source: str, start: int = 0, end: int | None = None) -> Folded:
    """Read ``source[start:end]`` as one line (see ``Folded``)."""
    return Folded(source, start, len(source) if end is None else end)
