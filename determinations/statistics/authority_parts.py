"""Sections and pages cited of one authority."""

from collections.abc import Mapping
from dataclasses import dataclass

from determinations.statistics.interface import Engine, Selection
from determinations.statistics.tabulate import Tally, add_up_cited


@dataclass(frozen=True)
class Part:
    """What of an authority is counted: the ``column`` of citations, and the filter of items by it (after the side)."""

    column: str
    filter: str
    title: str


PARTS = (Part("sections", "cites", "Sections"), Part("pages", "page", "Pages"))
PartTallies = Mapping[tuple[str, str], Tally]


def count_parts(engine: Engine, selection: Selection, authority_id: int, part: Part) -> PartTallies:
    """Items by (side, section or page)."""
    return add_up_cited(engine.count_parts(selection, authority_id, part.column), lambda side, name: (side, name))


def most_cited(tallies: PartTallies) -> list[str]:
    """The names by both sides' items together: only an order, for an item can count on both sides."""
    found: dict[str, int] = {}
    for (_side, name), tally in tallies.items():
        found[name] = found.get(name, 0) + tally.items
    return sorted(found, key=lambda name: (-found[name], name))
