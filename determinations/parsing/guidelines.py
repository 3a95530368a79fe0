"""The two guideline lines of an item: the citations in them, by the citations part."""

from collections.abc import Mapping

from determinations.parsing.citations import GuidelineReading, read_guideline
from determinations.parsing.spans import Span

_NOTHING = GuidelineReading((), (), cites_nothing=False, outside_mtus=False)


def read_guideline_line(source: str, place: Span | None, aliases: Mapping[str, str]) -> GuidelineReading:
    """The citations of the guideline line at ``place``; none where the item has no such line."""
    return read_guideline(source, place.start, place.end, aliases) if place else _NOTHING
