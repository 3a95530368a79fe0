"""Items by columns that are asked for together, counted in one pass over the selected places.

To count a selection by treatment and ground takes intersections with 500 sets, most of them with places one by one.
Here each place of a file has the number of the combination of values that its item has, with its decision, so that a
selection is counted by one look at each of its places, or at each of all others. The numbers are made from the sets
when they are first needed, and take one or two bytes an item in memory.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import product
from threading import Lock, Thread
from typing import TYPE_CHECKING, TypeAlias

from pyroaring import BitMap

from determinations.statistics.columns.layout import ARRAYS
from determinations.statistics.columns.sets.places import BitValue, Sets

if TYPE_CHECKING:
    import numpy

log = logging.getLogger(__name__)

#: The columns that are numbered together. Whatever counts by some of them is told.
TOGETHER = (
    ("category_id", "grounds"), ("claims_families", "reviewer_families", "same_authority"), ("body_region",),
    ("claims_authority_ids",), ("reviewer_authority_ids",),
)  # fmt: skip
#: In a smaller file the sets take as little time.
FEWEST_ITEMS = 200_000
_DECISION = "overturned"
#: The name of the thread that makes them.
BACKGROUND = "combinations"
#: As many combinations have numbers of one and of two bytes; so many are looked at while they are made.
_MOST_OF_A_BYTE, _MOST, _MOST_POSSIBLE = 2**8, 2**16, 2**23
#: Elements of an array that are numbered together.
_AT_ONCE = 12
_STRETCH = 2**18

#: Of each column the values that an item has: one, or the elements of an array.
_Values: TypeAlias = tuple[tuple[BitValue, ...], ...]
#: A value, or of an array a tuple of one element, or of none: see ``placed.Raw``.
_Raw: TypeAlias = BitValue | tuple[BitValue, ...]


@dataclass(frozen=True)
class _Grouping:
    """Which combinations belong to each group of some columns, as pairs of numbers."""

    groups: list[tuple[_Raw, ...]]
    group: "numpy.ndarray"
    combination: "numpy.ndarray"


@dataclass(frozen=True)
class Combinations:
    """The combinations of values of some columns, and of the decision, that the items of a file have."""

    columns: tuple[str, ...]
    #: Of each place.
    numbers: "numpy.ndarray"
    values: Sequence[_Values]
    decided: "numpy.ndarray"
    overturned: "numpy.ndarray"
    #: What was put together already.
    _groupings: dict[tuple[str, ...], _Grouping] = field(default_factory=dict)

    def count(self, places: BitMap) -> "numpy.ndarray":
        """How many of the places, all of them of the file, have each combination."""
        import numpy as np

        if len(places) > len(self.numbers) // 2:  # the others are fewer
            return self._all - self.count(BitMap(range(len(self.numbers))) - places)
        numbers = self.numbers.take(_array(places))
        return np.bincount(numbers, minlength=len(self.values))

    @cached_property
    def _all(self) -> "numpy.ndarray":
        import numpy as np

        return np.bincount(self.numbers, minlength=len(self.values))

    def rows(self, counts: "numpy.ndarray", columns: Sequence[str]) -> list[tuple[object, ...]]:
        """Items, those decided and those overturned by the values of some of the columns, or by their elements."""
        import numpy as np

        grouping = self._grouping(tuple(columns))
        tallies = [
            np.bincount(grouping.group, of_each[grouping.combination], len(grouping.groups)).astype(np.int64).tolist()
            for of_each in (counts, counts * self.decided, counts * self.overturned)
        ]
        counted = zip(grouping.groups, zip(*tallies, strict=True), strict=True)
        return [(*raw, *tally) for raw, tally in counted if tally[0]]

    def _grouping(self, columns: tuple[str, ...]) -> _Grouping:
        import numpy as np

        if columns not in self._groupings:
            places = [self.columns.index(column) for column in columns]
            numbers: dict[tuple[_Raw, ...], int] = {}
            pairs = [
                (numbers.setdefault(raw, len(numbers)), at)
                for at, values in enumerate(self.values)
                for raw in product(*(_raws(columns[nth], values[place]) for nth, place in enumerate(places)))
            ]
            group, combination = np.array(pairs, np.int64).reshape(-1, 2).T
            self._groupings[columns] = _Grouping(list(numbers), group, combination)
        return self._groupings[columns]


def _raws(column: str, values: tuple[BitValue, ...]) -> Sequence[_Raw]:
    if column not in ARRAYS:
        return values
    return [(value,) for value in values] or [()]


@dataclass
class FileCombinations:
    """The combinations of a file, made in the background when they are first asked for, which takes some tenths of a
    second; sets tell until then. One thread makes all of them in turn: several would take twice the memory.
    """

    _made: dict[tuple[str, ...], Combinations | None] = field(default_factory=dict)
    _waiting: deque[tuple[str, ...]] = field(default_factory=deque)
    _is_at_work: bool = False
    _lock: Lock = field(default_factory=Lock)

    def of(self, sets: Sets, columns: Sequence[str]) -> Combinations | None:
        """Those of the sets' file that tell counts by such columns; None if sets are to tell them."""
        together = next((several for several in TOGETHER if set(columns) <= set(several)), None)
        if together is None or len(sets.order.item_ids) < FEWEST_ITEMS:
            return None
        with self._lock:
            if together in self._made:
                return self._made[together]
            self._made[together] = None
            self._waiting.append(together)
            begins, self._is_at_work = not self._is_at_work, True
        if begins:
            self._begin(sets)
        return self._made[together]

    def _begin(self, sets: Sets) -> None:
        try:
            in_background(partial(self._work, sets))
        except RuntimeError as error:  # no more threads
            log.warning("Items are counted by sets: their combinations cannot be made (%s).", error)
            with self._lock:
                self._is_at_work = False
                self._waiting.clear()

    def _work(self, sets: Sets) -> None:
        while True:
            with self._lock:
                self._is_at_work = bool(self._waiting)
                if not self._is_at_work:
                    return
                columns = self._waiting.popleft()
            try:
                self._made[columns] = combinations_of(sets, columns)
            except MemoryError:
                log.warning("Items are counted by sets: there is no memory for their combinations of %s.", columns)
            except Exception:
                log.exception("Items are counted by sets: their combinations of %s could not be made.", columns)


def in_background(work: Callable[[], None]) -> Thread:
    """Do work that nobody waits for."""
    thread = Thread(target=work, name=BACKGROUND, daemon=True)
    thread.start()
    return thread


def combinations_of(sets: Sets, columns: tuple[str, ...]) -> Combinations | None:
    """The combinations of a file; None if a column has no sets, or if there are too many."""
    import numpy as np

    ordered = sorted(columns, key=lambda column: column not in ARRAYS)  # of arrays few combinations occur
    numbers, known = np.zeros(len(sets.order.item_ids), np.int32), list[_Values]([()])
    for column in (*ordered, _DECISION):
        of_column = _numbered(sets, column)
        if of_column is None:
            return None
        own, values = of_column
        pairs = _put_together(numbers, len(known), own, len(values))
        if pairs is None:
            return None
        known = [(*known[first], values[second]) for first, second in pairs]
    decisions = [decision for *_values, (decision,) in known]
    order = [ordered.index(column) for column in columns]
    return Combinations(
        columns,
        numbers.astype(np.uint8 if len(known) <= _MOST_OF_A_BYTE else np.uint16),
        [tuple(values[at] for at in order) for values in known],
        np.array([decision is not None for decision in decisions]),
        np.array([decision is True for decision in decisions]),
    )


def _numbered(sets: Sets, column: str) -> "tuple[numpy.ndarray, list[tuple[BitValue, ...]]] | None":
    """Of each item the number of what it has in a column, and what that is; None if that is not known, or too much."""
    import numpy as np

    if column not in sets.items:
        return None
    items, several = len(sets.order.item_ids), list(sets.items[column].items())
    if column not in ARRAYS:
        several.sort(key=lambda told: len(told[1]), reverse=True)
        numbers = np.zeros(items, np.int32)  # of the most frequent value
        for at, (_value, places) in enumerate(several[1:], 1):
            for stretch in _in_stretches(_array(places)):
                numbers[stretch] = at
        is_complete = sum(len(places) for _value, places in several) == items
        return (numbers, [(value,) for value, _places in several]) if is_complete else None
    numbers, known = np.zeros(items, np.int32), list[tuple[BitValue, ...]]([()])
    for first in range(0, len(several), _AT_ONCE):
        some = several[first : first + _AT_ONCE]
        own = np.zeros(items, np.int32)
        for at, (_value, places) in enumerate(some):
            for stretch in _in_stretches(_array(places)):
                own[stretch] += 1 << at
        elements = [
            tuple(value for at, (value, _places) in enumerate(some) if bits >> at & 1)
            for bits in range(1 << len(some))
        ]
        pairs = _put_together(numbers, len(known), own, len(elements))
        if pairs is None:
            return None
        known = [known[first] + elements[second] for first, second in pairs]
    return numbers, known


def _put_together(
    numbers: "numpy.ndarray", of_numbers: int, own: "numpy.ndarray", of_own: int
) -> list[tuple[int, int]] | None:
    """Replace numbers by those of the pairs that they make with others; these pairs. None if there are too many.

    There are so many different numbers of both kinds, from 0 on.
    """
    import numpy as np

    end = of_numbers * of_own
    if end > _MOST_POSSIBLE:
        return None
    numbers *= np.int32(of_own)
    numbers += own
    occurs = np.zeros(end, bool)
    for stretch in _in_stretches(numbers):
        occurs[stretch] = True
    occur = np.flatnonzero(occurs)
    if len(occur) > _MOST:
        return None
    positions = np.zeros(end, np.int32)
    positions[occur] = np.arange(len(occur), dtype=np.int32)
    for stretch in _in_stretches(numbers):
        stretch[:] = positions[stretch]
    return [divmod(pair, of_own) for pair in occur.tolist()]


def _array(places: BitMap) -> "numpy.ndarray":
    import numpy as np

    return np.frombuffer(places.to_array(), np.uint32)


def _in_stretches(numbers: "numpy.ndarray") -> "Iterator[numpy.ndarray]":
    """Some at a time: as indexes they are copied, with eight bytes each."""
    for first in range(0, len(numbers), _STRETCH):
        yield numbers[first : first + _STRETCH]
