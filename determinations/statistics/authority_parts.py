"""Counts the sections and pages of one authority that letters cite."""

from collections.abc import Mapping
from dataclasses import dataclass

from determinations.statistics.interface import Engine, Selection
from determinations.statistics.tabulate import Tally, sum_citation_groups


@dataclass(frozen=True)
class CitedPart:
    """A kind of part: its ``column`` in ``CitationFact``, and its filter (without the side)."""

    column: str
    filter: str
    title: str


PARTS = (CitedPart("sections", "cites", "Sections"), CitedPart("pages", "page", "Pages"))
PartTallies = Mapping[tuple[str, str], Tally]


def count_parts(engine: Engine, selection: Selection, authority_id: int, part: CitedPart) -> PartTallies:
    """Items by (side, section or page)."""
    return sum_citation_groups(
        engine.count_parts(selection, authority_id, part.column), lambda side, name: (side, name)
    )


def most_cited(tallies: PartTallies) -> list[str]:
    """Names by the number of items of both sides together, highest first; an item may count on both sides."""
    items_by_name: dict[str, int] = {}
    for (_side, name), tally in tallies.items():
        items_by_name[name] = items_by_name.get(name, 0) + tally.items
    return sorted(items_by_name, key=lambda name: (-items_by_name[name], name))
