"""The outer lines of a file's pages, where lines are that belong to the page and not to the letter."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from determinations.parsing.spans import Span


class Line(NamedTuple):
    """A printed line: all of it, its text without the white space around it, and where that begins."""

    span: Span
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Edge:
    """The lines at a page's top or bottom, the outermost first."""

    page: int
    lines: tuple[Line, ...]


def page_edges(source: str, depth: int) -> Iterator[Edge]:
    """Top and bottom of every page, ``depth`` lines each; a line of a short page belongs to the nearer edge only."""
    start, page = 0, 0
    while start >= 0:
        feed = source.find("\f", start)
        end = feed if feed >= 0 else len(source)
        top = list(_printed(source, start, end, depth, forwards=True))
        bottom = list(_printed(source, max(start, top[-1].span.end) if top else start, end, depth, forwards=False))
        while len(top) > len(bottom) + 1:
            bottom.append(top.pop())
        yield Edge(page, tuple(top))
        yield Edge(page, tuple(bottom))
        start, page = feed + 1 if feed >= 0 else -1, page + 1


def _printed(source: str, start: int, end: int, left: int, *, forwards: bool) -> Iterator[Line]:
    """The outermost ``left`` lines of ``source[start:end]`` that are not blank, the first or the last ones."""
    while start < end and left:
        if forwards:
            line_start, at = start, source.find("\n", start, end)
            line_end = at if at >= 0 else end
            start = line_end + 1
        else:
            line_start, line_end = source.rfind("\n", start, end) + 1 or start, end
            end = line_start - 1
        text = source[line_start:line_end].strip()
        if text:
            left -= 1
            yield Line(Span(line_start, line_end), text, source.index(text, line_start))
