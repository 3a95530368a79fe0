"""A text made of pieces of another one, and the way back: where each of its characters is in the source.

Used where characters or lines are left out, moved or replaced before the letter is read. Spans found in the arranged
text are moved back afterwards, so that every span points into the stored text.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate

from determinations.parsing.results import Citation, ParsedItem, ParsedLetter, Problem
from determinations.parsing.spans import Span, make


@dataclass(frozen=True, slots=True)
class Arrangement:
    """``text`` consists of the source's ``pieces``, in order; ``starts`` are the offsets of the pieces in it."""

    text: str
    pieces: tuple[Span, ...]
    starts: tuple[int, ...]

    @classmethod
    def whole(cls, source: str) -> "Arrangement":
        """The source as it is."""
        return cls(source, (Span(0, len(source)),), (0,)) if source else cls("", (), ())

    @classmethod
    def of(cls, source: str, pieces: Iterable[Span]) -> "Arrangement":
        """The pieces of ``source`` in the order given; empty ones are left out."""
        kept = tuple([piece for piece in pieces if piece[1] > piece[0]])
        if len(kept) == 1 and kept[0] == (0, len(source)):
            return cls(source, kept, (0,))
        if len(kept) == 1:
            return cls(source[kept[0].start : kept[0].end], kept, (0,))
        lengths = [end - start for start, end in kept]
        starts = tuple(accumulate(lengths, initial=0))[:-1]
        return cls("".join([source[a:b] for a, b in kept]), kept, starts)

    @classmethod
    def without(cls, source: str, gaps: Iterable[tuple[int, int]]) -> "Arrangement":
        """The source without the ``gaps``, which are in order and do not overlap."""
        kept, at = [], 0
        for start, end in gaps:
            if start > at:
                kept.append((at, start))
            at = end
        if at < len(source):
            kept.append((at, len(source)))
        return cls.of(source, map(Span._make, kept))

    @classmethod
    def replacing(cls, source: str, replacements: Iterable[tuple[Span, str]]) -> "Arrangement":
        """The source with other texts, of two characters or more, at some places, which are in order.

        What replaces a place is there: its first character at the place's first one, its last one at the last.
        """
        texts: list[str] = []
        pieces: list[Span] = []
        at = 0
        for place, text in replacements:
            texts += (source[at : place.start], text)
            alike = min(len(text), place.end - place.start) - 1
            pieces += (Span(at, place.start), Span(place.start, place.start + alike))
            pieces += [Span(place.end - 1, place.end)] * (len(text) - alike)
            at = place.end
        texts.append(source[at:])
        pieces.append(Span(at, len(source)))
        kept = tuple(piece for piece in pieces if piece.end > piece.start)
        lengths = [end - start for start, end in kept]
        return cls("".join(texts), kept, tuple(accumulate(lengths, initial=0))[:-1])

    @property
    def is_whole(self) -> bool:
        """Whether this is the source itself, unchanged."""
        return len(self.pieces) <= 1 and (not self.pieces or self.pieces[0].start == 0)

    def place(self, span: Span) -> Span:
        """Where a span of the arranged text is in the source; all that lies between when it is in several places."""
        if not self.pieces:
            return Span(0, 0)
        if span.end <= span.start:
            at = self._offset(span.start)
            return Span(at, at)
        first = self._piece(span.start)
        last = self._piece(span.end - 1)
        if first == last:
            return make(Span, (self._offset(span.start), self._offset(span.end - 1) + 1))
        inner = self.pieces[first + 1 : last]
        ends = (self._offset(span.start), self._offset(span.end - 1))
        start = min((*ends, *(piece.start for piece in inner)))
        return Span(start, max((*(end + 1 for end in ends), *(piece.end for piece in inner))))

    def put_back(self, letter: ParsedLetter) -> ParsedLetter:
        """The letter with every span moved to where it is in the source."""
        return letter if self.is_whole else _moved(letter, self)

    def put_back_problems(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """The problems with their spans moved likewise."""
        return tuple(
            replace(problem, span=self.place(problem.span)) if problem.span else problem for problem in problems
        )

    def _piece(self, position: int) -> int:
        return max(0, bisect_right(self.starts, position) - 1)

    def _offset(self, position: int) -> int:
        piece = self._piece(position)
        return min(self.pieces[piece].start + position - self.starts[piece], self.pieces[piece].end)


def _moved(letter: ParsedLetter, arrangement: Arrangement) -> ParsedLetter:
    def spans(old: Mapping[str, Span]) -> dict[str, Span]:
        return {name: arrangement.place(span) for name, span in old.items()}

    def citations(old: tuple[Citation, ...]) -> tuple[Citation, ...]:
        return tuple(replace(citation, span=arrangement.place(citation.span)) for citation in old)

    def item(old: ParsedItem) -> ParsedItem:
        return replace(
            old,
            spans=spans(old.spans),
            claims=citations(old.claims),
            reviewer=citations(old.reviewer),
            grounds=tuple(replace(ground, span=arrangement.place(ground.span)) for ground in old.grounds),
        )

    return replace(
        letter,
        spans=spans(letter.spans),
        items=tuple(map(item, letter.items)),
        problems=arrangement.put_back_problems(letter.problems),
    )
