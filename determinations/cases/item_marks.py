"""Denormalizes filters of items onto the case: a case has ``region=Knee`` if any of its items does.

A list of cases with one such filter then reads only the case table; with several, only cases with all the marks are
checked for one item that matches every filter.
"""

from collections.abc import Iterable, Mapping

from determinations.models.dimensions import DIMENSIONS, Dimension
from determinations.parsing.results import ItemRecord


def item_marks(
    items: Iterable[ItemRecord], families: Mapping[str, str], dimensions: Iterable[Dimension] = DIMENSIONS
) -> list[str]:
    """The marks of a case, sorted; ``families``: the family of each authority by its key."""
    marking = [(dimension.name, dimension.mark) for dimension in dimensions if dimension.mark]
    return sorted({
        f"{name}={value}" for item in items for name, mark in marking for value in mark(item, families)
    })  # fmt: skip
