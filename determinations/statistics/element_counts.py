"""Counts by the elements of arrays, and by one of several columns at a time, from counts by all of them together.

A statement groups by whole arrays, as an item with several elements counts once in a total. Sets tell the elements and
the total (``columns.tallies``), as rows to be kept: the number of the grouping, the values, the counts.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import cast

from determinations.statistics.answer_cache import Rows
from determinations.statistics.columns.layout import ARRAYS
from determinations.statistics.interface import CitationGroup, ElementCounts, ItemGroup, Sums


def has_arrays(columns: Iterable[str]) -> bool:
    """Whether one of the columns holds arrays."""
    return not ARRAYS.isdisjoint(columns)


def told_elements(rows: Rows, groupings: int) -> ElementCounts:
    """The counts that sets told, under -1 all items and then each of so many groupings."""
    groups: list[list[ItemGroup]] = [[] for _ in range(groupings + 1)]
    for number, raw, *counts in rows:
        groups[number].append(ItemGroup(raw, *counts))
    *by_grouping, (total,) = groups
    return ElementCounts(total, by_grouping)


def elements_of(
    groupings: Sequence[Sequence[str]], columns: Sequence[str], groups: Iterable[ItemGroup]
) -> ElementCounts:
    """The same from items by ``columns``, which are those of all groupings."""
    total, by_grouping = Sums(), [Sums() for _ in groupings]
    places = [[columns.index(column) for column in grouping] for grouping in groupings]
    for raw, *counts in groups:
        total.add((), *counts)
        for sums, chosen in zip(by_grouping, places, strict=True):
            for values in product(*(_elements(columns[at], raw[at]) for at in chosen)):
                sums.add(values, *counts)
    return ElementCounts(
        ItemGroup((), *total.get((), (0, 0, 0))),
        [[ItemGroup(raw, *counts) for raw, counts in sums.items()] for sums in by_grouping],
    )


def _elements(column: str, value: object) -> Iterator[object]:
    if column not in ARRAYS:
        yield value
    elif value:
        yield from ((element,) for element in dict.fromkeys(cast("tuple[object, ...]", value)))
    else:
        yield ()


def told_citing(rows: Rows, columns: int) -> list[list[CitationGroup]]:
    """The items that cite an authority, for each of so many columns, as sets told them."""
    groups: list[list[CitationGroup]] = [[] for _ in range(columns)]
    for number, raw, *counts in rows:
        groups[number].append(CitationGroup(raw, *counts))
    return groups


def citing_by_column(groups: Iterable[CitationGroup], columns: int) -> list[list[CitationGroup]]:
    """The same from items by side and all columns."""
    by_column = [Sums() for _ in range(columns)]
    for (side, *values), *counts in groups:
        for sums, value in zip(by_column, values, strict=True):
            sums.add((side, value), *counts)
    return [[CitationGroup(raw, *counts) for raw, counts in sums.items()] for sums in by_column]
