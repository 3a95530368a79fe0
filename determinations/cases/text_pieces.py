"""The letter's text in pieces, so that a page can highlight the evidence of each value."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from determinations.cases.sheet_values import Span


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A run of the letter's text without a span boundary inside; ``paths`` name the values it belongs to.

    ``doubt`` says why a scanned word may be wrong.
    """

    text: str
    paths: tuple[str, ...]
    starts: tuple[str, ...]
    doubt: str = ""

    @property
    def innermost(self) -> str:
        """The value that a click on the piece selects: the one with the shortest evidence."""
        return self.paths[-1] if self.paths else ""


def pieces_of(
    text: str,
    page_offsets: Iterable[int],
    spans: Iterable[tuple[str, Span]],
    doubts: Sequence[tuple[int, int, str]] = (),
) -> list[list[TextPiece]]:
    """The letter's text split into pages, and each page into pieces at span boundaries.

    ``doubts`` are words that may be wrong: start, end and message of each. They form their own pieces.
    """
    offsets = sorted({0, *(offset for offset in page_offsets if offset < len(text))})
    ordered = sorted(spans, key=lambda each: each[1][0] - each[1][1])  # longest first, so that the last is innermost
    said = {start: words for start, _end, words in doubts}
    ends = {edge for _path, span in ordered for edge in span} | {
        edge for start, end, _ in doubts for edge in (start, end)
    }
    edges = sorted({edge for edge in ends if 0 <= edge <= len(text)} | set(offsets))
    covering = _Covering(ordered)
    pages: list[list[TextPiece]] = []
    for at, start in enumerate(offsets):
        end = offsets[at + 1] if at + 1 < len(offsets) else len(text)
        inside = edges[bisect_right(edges, start) : bisect_left(edges, end)]
        pages.append(
            [
                TextPiece(_readable(text[a:b]), *covering.at(a), said.get(a, ""))
                for a, b in pairwise([start, *inside, end])
                if b > a
            ]
        )
    return pages


class _Covering:
    """The values whose spans cover a place, for places asked for in order: each span is entered and left once."""

    def __init__(self, ordered: Sequence[tuple[str, Span]]) -> None:
        ranked = [(start, end, rank, path) for rank, (path, (start, end)) in enumerate(ordered)]
        self._starting = iter(sorted(ranked))
        self._next = next(self._starting, None)
        self._open: list[tuple[int, int, int, str]] = []  # rank, start, end, path

    def at(self, place: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The paths of the spans that cover the piece beginning here, innermost last; and of those that begin here."""
        self._open = [entry for entry in self._open if entry[2] > place]
        while self._next is not None and self._next[0] <= place:
            start, end, rank, path = self._next
            if end > place:
                insort(self._open, (rank, start, end, path))
            self._next = next(self._starting, None)
        paths = tuple(path for _rank, _start, _end, path in self._open)
        return paths, tuple(path for _rank, start, _end, path in self._open if start == place)


def _readable(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\f", "").replace("\x02", "-")
