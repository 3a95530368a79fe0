"""Items and cases selected in one version of the facts: counted by their values, and named in the order of lists."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, cast

from pyroaring import BitMap

from determinations.statistics.columns.counted import OF_ITEMS
from determinations.statistics.columns.placed import PlacedFacts
from determinations.statistics.columns.sets.places import BitValue, first_items
from determinations.statistics.columns.walk import Row, Walk, newest_places, places_of_day
from determinations.statistics.interface import NewestItem

if TYPE_CHECKING:
    import numpy

    from determinations.statistics.columns.combinations import Combinations


#: With more than this part of all items, and less than all but this part, sets count one column sooner.
_MANY = 8


@dataclass(frozen=True)
class SelectedItems:
    """Some items, to be counted by their values and named in order; and the cases that have some of them."""

    facts: PlacedFacts
    items: BitMap
    #: Items of which the cases must have some as well.
    also: tuple[BitMap, ...] = ()
    #: The cases that may be among them; None for all.
    among_cases: BitMap | None = None
    #: What was counted already.
    _counted: dict[tuple[bool, str, tuple[BitValue, ...]], int] = field(default_factory=dict)
    _together: set[tuple[str, ...]] = field(default_factory=set)
    _combined: "dict[tuple[str, ...], numpy.ndarray]" = field(default_factory=dict)

    @cached_property
    def cases(self) -> BitMap:
        """The places of the cases."""
        all_of_them = len(self.items) == len(self.facts.everything)
        cases = self.facts.every_case if all_of_them else first_items(self.items, self.facts.nth)
        for items in self.also:
            cases = cases & first_items(items, self.facts.nth)
        return cases if self.among_cases is None else cases & self.among_cases

    def has(self, column: str) -> bool:
        """Whether items and cases can be counted by a column."""
        return self.facts.has(column)

    def values(self, column: str) -> set[BitValue]:
        """The values that items have in a column, selected or not."""
        return self.facts.values(column)

    def count(self, column: str, values: Sequence[BitValue], *, of_cases: bool) -> int:
        """How many of the items have one of these values in the column; or of the cases, with any of their items."""
        question = of_cases, column, tuple(values)
        if question not in self._counted:
            selected = self.cases if of_cases else self.items
            of_cases = of_cases and column in OF_ITEMS
            file = self.facts.file.often_having(column, tuple(values), of_cases=of_cases)
            now = self.facts.changed.now.having(column, values, of_cases=of_cases)
            self._counted[question] = selected.intersection_cardinality(file) + (
                selected.intersection_cardinality(now) if now else 0
            )
        return self._counted[question]

    def count_each(self, column: str) -> dict[BitValue, int] | None:
        """How many of the items have each value that some of them have, or element; None if sets take less time."""
        combinations = self.combinations((column,))
        if combinations is None:
            return None
        numbers: dict[BitValue, int] = {}
        for value, number, *_decided in combinations.rows(self.count_combinations(combinations), (column,)):
            for one in value if isinstance(value, tuple) else (value,):
                numbers[cast("BitValue", one)] = int(str(number))
        for told, places in self.facts.changed.now.items.get(column, {}).items():
            if number := self.items.intersection_cardinality(places):
                numbers[told] = numbers.get(told, 0) + number
        return numbers

    def combinations(self, columns: Sequence[str]) -> "Combinations | None":
        """What tells counts of these items by some columns; None if sets do: of all items, and by one column of many,
        they take less time. What was found for several columns tells each of them, too.
        """
        items, every = len(self.items), len(self.facts.everything)
        combinations = self.facts.combinations(columns) if items < every else None
        if combinations is None or combinations.columns in self._together:
            return combinations
        if len(columns) == 1 and min(items, every - items) > every // _MANY:
            return None
        self._together.add(combinations.columns)
        return combinations

    def count_combinations(self, combinations: "Combinations") -> "numpy.ndarray":
        """How many of these items, without those that changed, have each combination."""
        if combinations.columns not in self._combined:
            changed = self.changed.items
            self._combined[combinations.columns] = combinations.count(self.items - changed if changed else self.items)
        return self._combined[combinations.columns]

    @cached_property
    def changed(self) -> "SelectedItems":
        """Those that are not in the file as they are now."""
        return SelectedItems(
            self.facts, self.items & BitMap(range(self.facts.file.order.end, self.facts.orders[-1].end))
        )

    def newest(self, most: int) -> list[NewestItem] | None:
        """At most so many items, most recent decision first; None if very many items of one day have to be sorted.

        Raises NotInColumns.
        """
        overturned = {told.value: told for told in self.facts.value_sets("overturned")}
        rows: list[NewestItem] = []
        for order in self.facts.orders:
            places = newest_places(self.items, order, most)
            if places is None:
                return None
            won, lost = (overturned[value].among(places) if value in overturned else () for value in (True, False))
            rows += [
                NewestItem(
                    order.item_ids[place - order.start],
                    order.case_ids[place - order.start],
                    order.day_of(place),
                    True if place in won else False if place in lost else None,
                )
                for place in places
            ]
        return sorted(rows, key=lambda row: (row.decision_date or date.min, row.item_id), reverse=True)[:most]

    def cases_before(self, row: Row, *, descending: bool) -> int:
        """How many of the cases come before a row in the list, where those without a date are last."""
        number = 0
        for order in self.facts.orders:
            day, case = row
            first, end = places_of_day(order, day)
            ids, start = order.case_ids, order.start
            at = start + bisect_left(ids, case, first - start, end - start)
            beyond = start + bisect_right(ids, case, first - start, end - start)
            stretches = [(beyond, order.undated) if descending else (start, at)]
            if day is None:
                stretches = [(start, order.undated), (beyond, end) if descending else (first, at)]
            number += sum(self.cases.range_cardinality(*stretch) for stretch in stretches)
        return number

    def nearest(
        self, place: Row | None, size: int, *, descending: bool, undated_last: bool, of_cases: bool
    ) -> list[Row] | None:
        """At least ``size`` items, or cases, beyond a place in the list, if there are so many: nearest first of each
        stretch of places, which the caller sorts together. None if very many items of one day have to be sorted.
        """
        selected = self.cases if of_cases else self.items
        rows: list[Row] = []
        for order in self.facts.orders:
            of_order = Walk(selected, order, descending, undated_last, of_cases).rows(place, size)
            if of_order is None:
                return None
            rows += of_order
        return rows
