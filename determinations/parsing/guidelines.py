"""The two guideline lines of an item: the citations in them, by the citations part."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from determinations.parsing.results import Citation, Problem
from determinations.parsing.spans import Span

read_guideline: Any
try:
    from determinations.parsing.citations import read_guideline
except ImportError:
    read_guideline = None


class _Reading(NamedTuple):
    citations: tuple[Citation, ...]
    problems: tuple[Problem, ...]


_NOTHING = _Reading((), ())


def read_guideline_line(source: str, place: Span | None, aliases: Mapping[str, str]) -> Any:
    """The citations of the guideline line at ``place``; none where the item has no such line."""
    if place is None or read_guideline is None:
        return _NOTHING
    return read_guideline(source, place.start, place.end, aliases)
