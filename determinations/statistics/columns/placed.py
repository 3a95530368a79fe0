"""The items and cases of one version of the facts by their places in lists, and the sets of their values.

Cases of which an item changed since the file was written are taken out of the file's sets. Their items as they are now
have places after all those of the file, in an order of their own.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeAlias, cast

import duckdb
from pyroaring import BitMap

from determinations.statistics.columns.combinations import Combinations, FileCombinations
from determinations.statistics.columns.counted import COLUMNS, OF_ITEMS, define_denied_since
from determinations.statistics.columns.dialect import NotInColumns
from determinations.statistics.columns.found.query import matching
from determinations.statistics.columns.found.reading import FoundInFile
from determinations.statistics.columns.found.table import WORDS
from determinations.statistics.columns.found.version import FoundInVersion
from determinations.statistics.columns.layout import ARRAYS, ITEMS
from determinations.statistics.columns.sets.places import BitValue, Order, Sets, Told, first_items
from determinations.statistics.columns.walk import places_of_day

if TYPE_CHECKING:
    import numpy

#: An item's date, case and ID, and its values in the columns that have sets.
_Fact: TypeAlias = tuple[date | None, int, int, *tuple[BitValue | list[BitValue], ...]]
#: A value, or of an array a tuple of one element, or of none.
Raw: TypeAlias = BitValue | tuple[BitValue, ...]
#: Columns whose values are stretches of days, and the value of a day.
PERIODS: Mapping[str, Callable[[date], date | int]] = {
    "decision_month": lambda day: day.replace(day=1),
    "decision_year": lambda day: day.year,
}


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
        cases = [case for (case,) in engine.execute(changed).fetchall()]
        # As numbers, blocks that have none of them are left out; a join would read all columns of all items.
        of_cases = f"case_id IN ({', '.join(map(str, cases))})" if cases else "false"
        before = engine.execute(
            f"SELECT DISTINCT decision_date, case_id FROM file.{ITEMS.name} WHERE {of_cases}"  # noqa: S608 - names and numbers of our own
        ).fetchall()
        gone = BitMap()
        for day, case in before:
            first, end = places_of_day(file, day)
            gone.add_range(bisect_left(file.case_ids, case, first, end), bisect_right(file.case_ids, case, first, end))
        define_denied_since(engine, schema)
        names = ", ".join(column.stored for column in COLUMNS)
        rows = engine.execute(f"""
            SELECT decision_date, case_id, item_id, {names} FROM {schema}.{ITEMS.name} WHERE {of_cases}
            ORDER BY decision_date NULLS LAST, case_id, item_id
        """).fetchall()  # noqa: S608 - names and numbers of our own
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
    _kept: dict[Hashable, object] = field(default_factory=dict)
    #: Of the file, shared by its versions.
    numbered: FileCombinations = field(default_factory=FileCombinations)

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

    def kept(self, name: Hashable, make: Callable[[], Told]) -> Told:
        """What is told of this version whatever is selected, made once."""
        if name not in self._kept:
            self._kept[name] = make()
        return cast(Told, self._kept[name])

    def combinations(self, columns: Sequence[str]) -> Combinations | None:
        """The combinations by which items of the file are counted by such columns; None if sets are to count them."""
        return self.numbered.of(self.file, columns)

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

    def places_of(self, file: BitMap, ids: "numpy.ndarray") -> BitMap:
        """The places of items, given by those of the file, and of some that changed by their IDs."""
        import numpy as np

        gone = file & self.changed.gone
        if not gone and not len(ids):
            return file
        # Of these cases another item changed: all of its items have other places now.
        moved = [self.file.order.item_ids[place] for place in gone]
        return (file - gone) | self.changed.now.order.places_of(np.concatenate([ids, np.array(moved, np.int64)]))

    def having(self, column: str, values: Sequence[BitValue]) -> BitMap:
        """The items with one of the values; also those of before they changed. Raises NotInColumns."""
        if not self.has(column):
            raise NotInColumns(f"compares {column}")
        both = self.file.having(column, values), self.changed.now.having(column, values)
        return both[0] | both[1] if both[1] else both[0]
