"""Items and cases selected in one version of the facts: counted by their values, and named in the order of lists.

Cases of which an item changed since the file was written are taken out of the file's sets. Their items as they are now
have places after all those of the file, in an order of their own.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeAlias

import duckdb
from pyroaring import BitMap

from determinations.statistics.columns.bits import OF_ITEMS, BitValue, Order, Sets, first_items
from determinations.statistics.columns.counted import COLUMNS, define_denied_since
from determinations.statistics.columns.dialect import NotInColumns
from determinations.statistics.columns.found import WORDS, FoundInFile, FoundInVersion, matching
from determinations.statistics.columns.layout import ARRAYS, ITEMS

if TYPE_CHECKING:
    import numpy

#: A row of a list: its date of decision and its ID.
Row: TypeAlias = tuple[date | None, int]
#: An item's date, case and ID, and its values in the columns that have sets.
_Fact: TypeAlias = tuple[date | None, int, int, *tuple[BitValue | list[BitValue], ...]]
#: A value, or of an array a tuple of one element, or of none.
Raw: TypeAlias = BitValue | tuple[BitValue, ...]
#: Columns whose values are stretches of days, and the value of a day.
PERIODS: Mapping[str, Callable[[date], date | int]] = {
    "decision_month": lambda day: day.replace(day=1),
    "decision_year": lambda day: day.year,
}
#: So many items of one day, or without a date, are sorted for a page; the engine sorts more.
MOST_OF_A_DAY = 50_000


@dataclass(frozen=True)
class ChangedItems:
    """The items of cases that changed since the file was written: their places in the file, and as they are now."""

    gone: BitMap
    now: Sets

    @classmethod
    def of_version(cls, engine: duckdb.DuckDBPyConnection, schema: str, file: Order) -> "ChangedItems":
        """Those of a version in memory, in which some items changed."""
        changed = f"""
            SELECT case_id FROM file.{ITEMS.name} WHERE {ITEMS.key} IN (SELECT item FROM {schema}.changed)
            UNION SELECT case_id FROM {schema}.{ITEMS.name}_now
        """  # noqa: S608 - names of our own
        before = engine.execute(
            f"SELECT DISTINCT decision_date, case_id FROM file.{ITEMS.name} WHERE case_id IN ({changed})"  # noqa: S608 - names of our own
        ).fetchall()
        gone = BitMap()
        for day, case in before:
            first, end = _places_of_day(file, day)
            gone.add_range(bisect_left(file.case_ids, case, first, end), bisect_right(file.case_ids, case, first, end))
        define_denied_since(engine, schema)
        names = ", ".join(column.stored for column in COLUMNS)
        rows = engine.execute(f"""
            SELECT decision_date, case_id, item_id, {names} FROM {schema}.{ITEMS.name} WHERE case_id IN ({changed})
            ORDER BY decision_date NULLS LAST, case_id, item_id
        """).fetchall()  # noqa: S608 - names of our own
        return cls(gone, _sets_of_rows(rows, file.end))


def _sets_of_rows(rows: Sequence[_Fact], start: int) -> Sets:
    """The sets of items in their order, given with date, case, ID and the columns that have sets."""
    items: dict[str, dict[BitValue, BitMap]] = {column.name: {} for column in COLUMNS}
    nth: list[BitMap] = []
    days: list[date] = []
    firsts: list[int] = []
    undated = start + len(rows)
    case_before, before = None, 0
    for place, (day, case, _item, *values) in enumerate(rows, start):
        before = before + 1 if case == case_before else 0
        case_before = case
        if before == len(nth):
            nth.append(BitMap())
        nth[before].add(place)
        if day is None:
            undated = min(undated, place)
        elif not days or days[-1] != day:
            days.append(day)
            firsts.append(place)
        for column, stored in zip(COLUMNS, values, strict=True):
            for value in stored if isinstance(stored, list) else (stored,):
                items[column.name].setdefault(value, BitMap()).add(place)
    cases = {
        name: {value: first_items(places, nth) for value, places in items[name].items()}
        for name in OF_ITEMS & items.keys()
    }
    order = Order([row[1] for row in rows], [row[2] for row in rows], days, firsts, undated, start)
    return Sets(order, items, cases, nth)


@dataclass(frozen=True)
class ValueSet:
    """The items with one value: those of the file, also of before they changed, and those that changed."""

    value: Raw
    file: BitMap
    now: BitMap

    def among(self, places: BitMap) -> BitMap:
        """Those of places as they are now that have the value."""
        file = places & self.file
        return file | (places & self.now) if self.now else file

    def count_among(self, places: BitMap) -> int:
        """How many these are."""
        file = places.intersection_cardinality(self.file)
        return file + places.intersection_cardinality(self.now) if self.now else file


@dataclass(frozen=True)
class PlacedFacts:
    """The facts of one version by their places: those of the file that did not change, and the others."""

    file: Sets
    changed: ChangedItems = field(default_factory=lambda: ChangedItems(BitMap(), Sets(Order((), ()))))
    found: FoundInFile | None = None
    #: What was put together already.
    _stretches: dict[str, list[tuple[date | int | None, int, int]]] = field(default_factory=dict)
    _value_sets: dict[str, list[ValueSet]] = field(default_factory=dict)

    @cached_property
    def orders(self) -> tuple[Order, ...]:
        """The stretches of places that are in order."""
        now = self.changed.now.order
        return (self.file.order, now) if now.case_ids else (self.file.order,)

    @cached_property
    def everything(self) -> BitMap:
        """All items."""
        return BitMap(range(self.orders[-1].end)) - self.changed.gone

    @cached_property
    def every_case(self) -> BitMap:
        """All cases."""
        return self.everything & self.nth[0] if self.nth else BitMap()

    @cached_property
    def nth(self) -> Sequence[BitMap]:
        """The items after so many others of their case."""
        file, now = self.file.nth, self.changed.now.nth
        more = range(max(len(file), len(now)))
        return [BitMap.union(*(sets[at] for sets in (file, now) if at < len(sets))) for at in more] if now else file

    @cached_property
    def of_several_items(self) -> BitMap:
        """The cases with more than one item, also those of before they changed."""
        return self.nth[1].shift(-1) if len(self.nth) > 1 else BitMap()

    def stretches(self, column: str) -> list[tuple[date | int | None, int, int]]:
        """Stretches of places by a column of ``PERIODS``: the value, the first place, and that after the last."""
        if column not in self._stretches:
            stretches: list[tuple[date | int | None, int, int]] = []
            for order in self.orders:
                starts: dict[date | int | None, int] = {}
                for day, first in zip(order.days, order.firsts, strict=True):
                    starts.setdefault(PERIODS[column](day), first)
                starts[None] = order.undated
                ends = [*list(starts.values())[1:], order.end]
                stretches += [(period, first, end) for (period, first), end in zip(starts.items(), ends, strict=True)]
            self._stretches[column] = stretches
        return self._stretches[column]

    def value_sets(self, column: str) -> list[ValueSet]:
        """The items of each value; of an array, of each element, and of none. Raises NotInColumns."""
        if column not in self._value_sets:
            values = self.values(column)
            sets = [
                ValueSet(
                    (value,) if column in ARRAYS else value,
                    self.file.having(column, [value]),
                    self.changed.now.having(column, [value]),
                )
                for value in values
            ]
            if column in ARRAYS:
                sets.append(ValueSet((), self.everything - self.having(column, list(values)), BitMap()))
            self._value_sets[column] = sets
        return self._value_sets[column]

    def has(self, column: str) -> bool:
        """Whether the column's values have sets in the file."""
        return column in self.file.items

    def values(self, column: str) -> set[BitValue]:
        """The values that items have in a column. Raises NotInColumns if these have no sets."""
        if not self.has(column):
            raise NotInColumns(f"compares {column}")
        return {*self.file.items[column], *self.changed.now.items.get(column, ())}

    def found_by(self, kind: str, value: str) -> BitMap:
        """The items found by a word or a section's name; also those of before they changed. Raises NotInColumns."""
        if self._found is None:
            raise NotInColumns(f"finds by {kind}")
        return self._found.places(kind, value)

    @cached_property
    def _found(self) -> FoundInVersion | None:
        return FoundInVersion(self.found, self.changed.now) if self.found else None

    def cases_matching(self, query: str) -> BitMap:
        """The cases whose words match the text of a ``tsquery``. Raises NotInColumns where the sets do not tell."""
        found = self._found
        if found is None:
            raise NotInColumns("finds by words")
        cases_with = partial(found.cases, WORDS, nth=self.file.nth)
        return matching(query, lambda lexeme: cases_with(lexeme) & self.everything, self.every_case)

    def places_of(self, ids: "numpy.ndarray") -> BitMap:
        """The places of items given by their IDs."""
        return (self.file.places_of(ids) - self.changed.gone) | self.changed.now.places_of(ids)

    def having(self, column: str, values: Sequence[BitValue]) -> BitMap:
        """The items with one of the values; also those of before they changed. Raises NotInColumns."""
        if not self.has(column):
            raise NotInColumns(f"compares {column}")
        both = self.file.having(column, values), self.changed.now.having(column, values)
        return both[0] | both[1] if both[1] else both[0]


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

    def newest(self, most: int) -> list[int] | None:
        """The IDs of at most so many items, most recent decision first; None as for ``nearest``."""
        rows = self.nearest(None, most, descending=True, undated_last=True, of_cases=False)
        if rows is None:
            return None
        return [key for _day, key in sorted(rows, key=lambda row: (row[0] or date.min, row[1]), reverse=True)[:most]]

    def cases_before(self, row: Row, *, descending: bool) -> int:
        """How many of the cases come before a row in the list, where those without a date are last."""
        number = 0
        for order in self.facts.orders:
            day, case = row
            first, end = _places_of_day(order, day)
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
            of_order = _Walk(selected, order, descending, undated_last, of_cases).rows(place, size)
            if of_order is None:
                return None
            rows += of_order
        return rows


@dataclass(frozen=True)
class _Walk:
    """Goes through selected places of an order day by day."""

    selected: BitMap
    order: Order
    descending: bool
    undated_last: bool
    of_cases: bool

    def rows(self, place: Row | None, size: int) -> list[Row] | None:
        """Up to ``size`` rows beyond a place, nearest first; None for too many items of a day."""
        rows: list[Row] = []
        for day, first, end in self._days(place):
            beyond = place[1] if place is not None and day == place[0] else None
            keys = self._cases(first, end, beyond, size) if self.of_cases else self._items(first, end, beyond)
            if keys is None:
                return None
            rows += [(day, key) for key in keys]
            if len(rows) >= size:
                break
        return rows[:size]

    def _cases(self, first: int, end: int, beyond: int | None, size: int) -> list[int]:
        """Up to ``size`` cases of a day, which are in the order of their IDs."""
        ids, start = self.order.case_ids, self.order.start
        if beyond is not None and self.descending:
            end = start + bisect_left(ids, beyond, first - start, end - start)
        elif beyond is not None:
            first = start + bisect_right(ids, beyond, first - start, end - start)
        before, through = self._ranks(first, end)
        if self.descending:
            numbers = range(through - 1, max(before, through - size) - 1, -1)
        else:
            numbers = range(before, min(through, before + size))
        return [ids[self.selected[number] - start] for number in numbers]

    def _items(self, first: int, end: int, beyond: int | None) -> list[int] | None:
        """The items of a day, which have to be sorted by ID."""
        before, through = self._ranks(first, end)
        if through - before > MOST_OF_A_DAY:
            return None
        ids, start = self.order.item_ids, self.order.start
        keys = sorted((ids[at - start] for at in self.selected & BitMap(range(first, end))), reverse=self.descending)
        if beyond is None:
            return keys
        return [key for key in keys if (key < beyond if self.descending else key > beyond)]

    def _ranks(self, first: int, end: int) -> tuple[int, int]:
        """How many selected places are before each of two places."""
        before, through = (self.selected.rank(at - 1) if at else 0 for at in (first, end))
        return before, through

    def _days(self, place: Row | None) -> Iterator[tuple[date | None, int, int]]:
        """The days with selected places, from that of the place on, with their first place and the next day's."""
        dated = self.order.start, self.order.undated
        without = (None, self.order.undated, self.order.end)
        if place is None and not self.undated_last:
            yield without
        if place is None or place[0] is not None:
            first, end = dated
            if place is not None:
                of_day = _places_of_day(self.order, place[0])
                first, end = (first, of_day[1]) if self.descending else (of_day[0], end)
            yield from self._dated(first, end)
        else:
            yield without
            if not self.undated_last:
                yield from self._dated(*dated)
        if self.undated_last and (place is None or place[0] is not None):
            yield without

    def _dated(self, first: int, end: int) -> Iterator[tuple[date | None, int, int]]:
        order = self.order
        ends = [*order.firsts, order.undated]
        while first < end:
            at = self._next(first, end)
            if at is None:
                return
            day = bisect_right(order.firsts, at) - 1
            yield order.days[day], ends[day], ends[day + 1]
            first, end = (first, ends[day]) if self.descending else (ends[day + 1], end)

    def _next(self, first: int, end: int) -> int | None:
        """The next selected place of a stretch, from whichever end."""
        before, through = self._ranks(first, end)
        if before == through:
            return None
        return self.selected[through - 1 if self.descending else before]


def _places_of_day(order: Order, day: date | None) -> tuple[int, int]:
    """The first place of a day and the first after it; the same where nothing was decided that day."""
    if day is None:
        return order.undated, order.end
    ends = [*order.firsts, order.undated]
    at = bisect_left(order.days, day)
    same = at < len(order.days) and order.days[at] == day
    return ends[at], ends[at + 1] if same else ends[at]
