"""The letter's text in pieces, so that a page can highlight the evidence of each value."""

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
    pages: list[list[TextPiece]] = []
    for at, start in enumerate(offsets):
        end = offsets[at + 1] if at + 1 < len(offsets) else len(text)
        inside = [edge for edge in edges if start < edge < end]
        bounds = [start, *inside, end]
        pages.append([_piece(text, a, b, ordered, said.get(a, "")) for a, b in pairwise(bounds) if b > a])
    return pages


def _piece(text: str, start: int, end: int, spans: list[tuple[str, Span]], doubt: str) -> TextPiece:
    paths = tuple(path for path, (first, last) in spans if first <= start and end <= last)
    starts = tuple(path for path, (first, _last) in spans if first == start and path in paths)
    return TextPiece(_readable(text[start:end]), paths, starts, doubt)


def _readable(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\f", "").replace("\x02", "-")
