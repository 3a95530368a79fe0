"""The items of a file in the order of lists, by their places there, and sets of these places by columns and values."""

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from pyroaring import BitMap

if TYPE_CHECKING:
    import numpy

#: A value of a column; of an array, one of its elements.
BitValue: TypeAlias = str | int | bool | None
Told = TypeVar("Told")
ByColumn: TypeAlias = Mapping[str, Mapping[BitValue, Told]]


def first_items(items: BitMap, nth: Sequence[BitMap]) -> BitMap:
    """The first items of the cases of some items; ``nth``: the items that stand after so many others of their case."""
    first = BitMap()
    for before, places in enumerate(nth):
        of_these = items & places
        first |= of_these.shift(-before) if before else of_these
    return first


def in_all(sets: Sequence[BitMap]) -> BitMap:
    """The places that are in each of some sets; not to be changed.

    Two at a time, the smallest first: the library's intersection of several takes a multiple of the time.
    """
    first, *others = sorted({id(places): places for places in sets}.values(), key=len)
    for places in others:
        first = first & places
    return first


def set_of(places: "numpy.ndarray") -> BitMap:
    """The set of the numbers of an array."""
    import numpy as np

    return BitMap(array("I", np.sort(places.astype("uint32")).tobytes()))  # a fifth of the time of unsorted ones


@dataclass(frozen=True)
class Order:
    """Items in the order of lists. Their places begin with ``start``."""

    case_ids: Sequence[int]
    item_ids: Sequence[int]
    #: The days on which some were decided, and the place of the first of each; ``undated`` is that of those without.
    days: Sequence[date] = ()
    firsts: Sequence[int] = ()
    undated: int = 0
    start: int = 0

    @property
    def end(self) -> int:
        """The place after the last."""
        return self.start + len(self.case_ids)

    def day_of(self, place: int) -> date | None:
        """The day on which the item at a place was decided."""
        return self.days[bisect_right(self.firsts, place) - 1] if place < self.undated else None

    @cached_property
    def by_id(self) -> "tuple[numpy.ndarray, numpy.ndarray]":
        """The IDs of the items, sorted, and for each its number in the order: a file's take eight bytes an item."""
        import numpy as np

        ids = np.asarray(self.item_ids, np.uint32 if isinstance(self.item_ids, array) else np.int64)
        numbers = np.argsort(ids, kind="stable").astype(np.uint32)
        return ids[numbers], numbers

    def places_of(self, ids: "numpy.ndarray") -> BitMap:
        """The places of items given by their IDs; of those that are not here, none."""
        import numpy as np

        here, numbers = self.by_id
        if not len(here):
            return BitMap()
        possible = ids[(ids >= here[0]) & (ids <= here[-1])].astype(here.dtype)
        at = np.searchsorted(here, possible)
        return set_of(numbers[at[here[at] == possible]] + np.uint32(self.start))


@dataclass(frozen=True)
class Sets:
    """Sets of places, by column and value: of items, of cases where the items of a case may differ, and of items after
    so many others of their case.
    """

    order: Order
    items: ByColumn[BitMap] = field(default_factory=dict)
    cases: ByColumn[BitMap] = field(default_factory=dict)
    nth: Sequence[BitMap] = ()
    #: What was put together already.
    _together: dict[tuple[bool, str, tuple[BitValue, ...]], BitMap] = field(default_factory=dict)

    def having(self, column: str, values: Sequence[BitValue], *, of_cases: bool = False) -> BitMap:
        """The places with one of the values; not to be changed."""
        sets = (self.cases if of_cases else self.items).get(column, {})
        several = [sets[value] for value in values if value in sets]
        return several[0] if len(several) == 1 else BitMap.union(*several) if several else BitMap()

    def often_having(self, column: str, values: tuple[BitValue, ...], *, of_cases: bool) -> BitMap:
        """The same, kept for the next time: for values that are always counted together."""
        if len(values) < 2:
            return self.having(column, values, of_cases=of_cases)
        question = of_cases, column, values
        if question not in self._together:
            self._together[question] = self.having(column, values, of_cases=of_cases)
        return self._together[question]
