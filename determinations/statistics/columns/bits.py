"""Which items have each value of a column, as compressed sets of bits (Roaring), by the items' places in lists.

To group hundreds of thousands of items or cases by twenty columns, some of them arrays, takes a second; to count the
bits that two sets share takes some microseconds. So a column file keeps a set for each value of the columns that lists
filter by and the rail counts. An item's *place* is its number in the order of lists: by date of decision, those
without one last, then by case, then by ID. So the items of a case are neighbors, a case is at the place of its first
item, and a page is some bits in a row. Of columns in which the items of a case differ, a second set has the cases.
"""

import logging
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

import duckdb
from django.conf import settings
from pyroaring import BitMap

from determinations.models.dimensions import DIMENSIONS, Scope
from determinations.statistics.columns.counted import COLUMNS, SetColumn
from determinations.statistics.columns.layout import ITEMS

if TYPE_CHECKING:
    import numpy

log = logging.getLogger(__name__)

BITS, IDS, DAYS = "item_bits", "item_ids", "item_days"
_DEFINITIONS = {
    BITS: "column_name VARCHAR, of_cases BOOLEAN, value VARCHAR, places BLOB",
    IDS: "column_name VARCHAR, ids BLOB",
    DAYS: "day DATE, first BIGINT",
}
#: Places of items by how many items of their case stand before them are kept under this name.
_NTH = "nth"
#: Columns with more values than this have no sets: a field of the office may have as many values as there are cases.
MOST_VALUES = 2_000
#: IDs and places are kept in four bytes.
MOST_ID = 2**32 - 1
_ROWS_AT_ONCE = 32
#: Sets of so many bytes, about, are written by one statement: the engine copies them meanwhile.
_BYTES_AT_ONCE = 1_000_000
_IDS_AT_ONCE = 50_000
#: All items of a case have the same value in these.
OF_LETTERS = frozenset(dimension.item_column for dimension in DIMENSIONS if dimension.of_letter)
#: The columns that a case may have several values of.
OF_ITEMS = frozenset(d.item_column for d in DIMENSIONS if d.scope in (Scope.ITEM, Scope.CASE_OR_ITEM)) - OF_LETTERS

#: A value of a column; of an array, one of its elements.
BitValue: TypeAlias = str | int | bool | None
Told = TypeVar("Told")
ByColumn: TypeAlias = Mapping[str, Mapping[BitValue, Told]]
#: A set as a file has it: its column, whether it is of cases, the value as text, the places.
_Row: TypeAlias = tuple[str, bool, str | None, bytes]


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


def write_bits(engine: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of the file ``file`` from its items.

    The sets take at most half of ``COLUMN_MEMORY_MB``; columns for which that is too little have none.
    """
    for table, definition in _DEFINITIONS.items():
        engine.execute(f"CREATE TABLE file.{table} ({definition})")
    (most,) = engine.execute(f"SELECT max(greatest(case_id, item_id)) FROM file.{ITEMS.name}").fetchone() or (None,)  # noqa: S608 - names of our own
    if most is None or most > MOST_ID:
        return
    engine.execute("SET preserve_insertion_order = true")  # which batches of an answer would lose
    try:
        _Writer(engine).write()
    except (duckdb.OutOfMemoryException, MemoryError, _NoSets) as error:
        log.warning("Items are not counted in advance: %s.", _reason(error))
    finally:
        engine.execute("SET preserve_insertion_order = false")


class _NoSets(Exception):
    """No sets are written, and why."""


def _reason(error: Exception) -> str:
    """Why no sets were written, in words."""
    return str(error) if isinstance(error, _NoSets) else "memory ran out while they were written (COLUMN_MEMORY_MB)"


class _Writer:
    """Writes the sets of a file. Arrays of numbers are sorted by numpy, which no other process needs.

    What belongs together is written in one transaction: readers take the values of a column that have sets for all
    values that it has.
    """

    def __init__(self, engine: duckdb.DuckDBPyConnection) -> None:
        self.engine = engine
        self.left = settings.COLUMN_MEMORY_MB * 1_000_000 // 2
        self.nth: list[BitMap] = []
        #: Of whole columns: a transaction for each would take a sixth of the time that a small file takes.
        self.waiting: list[_Row] = []

    def write(self) -> None:
        with self._transaction():
            place_of_row = self._write_order()
        for column in COLUMNS:
            try:
                self.waiting += self._in_memory(self._sets_of(column, place_of_row))
            except (duckdb.OutOfMemoryException, MemoryError, _NoSets) as error:
                log.info("Items are not counted by %s in advance: %s.", column.name, _reason(error))
            if sum(len(places) for *_names, places in self.waiting) >= _BYTES_AT_ONCE:
                self._write_waiting()
        self._write_waiting()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All rows that are written within, or none."""
        self.engine.execute("BEGIN TRANSACTION")
        try:
            yield
        except BaseException:
            self.engine.execute("ROLLBACK")
            raise
        self.engine.execute("COMMIT")

    def _write_order(self) -> "numpy.ndarray":
        """Write which item has each place; returns the place of each row of the file's table. Raises _NoSets."""
        import numpy as np

        ordered = self.engine.execute(f"""
            SELECT rowid, case_id, item_id FROM file.{ITEMS.name} ORDER BY decision_date NULLS LAST, case_id, item_id
        """).fetchnumpy()  # noqa: S608 - names of our own
        cases, number = ordered["case_id"], len(ordered["rowid"])
        place_of_row = np.zeros(int(ordered["rowid"].max()) + 1, np.uint64)
        place_of_row[ordered["rowid"]] = np.arange(number, dtype=np.uint64)
        starts = np.flatnonzero(np.concatenate([[True], cases[1:] != cases[:-1]]))
        nth = np.arange(number) - np.repeat(starts, np.diff(np.append(starts, number)))
        for before in range(int(nth.max()) + 1):
            self.nth.append(_set_of(np.flatnonzero(nth == before)))
        self.left -= 8 * number
        for name in ("case_id", "item_id"):
            ids = ordered[name].astype(np.uint32)
            for first in range(0, number, _IDS_AT_ONCE):
                some = ids[first : first + _IDS_AT_ONCE].tobytes()
                self.engine.execute(f"INSERT INTO file.{IDS} VALUES (?, ?)", [name, some])  # noqa: S608 - names of our own
        self._insert(self._in_memory([(_NTH, False, str(at), places) for at, places in enumerate(self.nth)]))
        self.engine.execute(f"""
            INSERT INTO file.{DAYS} SELECT day, sum(items) OVER (ORDER BY day NULLS LAST) - items
            FROM (SELECT decision_date AS day, count(*) AS items FROM file.{ITEMS.name} GROUP BY 1)
        """)  # noqa: S608 - names of our own
        return place_of_row

    def _sets_of(
        self, column: SetColumn, place_of_row: "numpy.ndarray"
    ) -> "Sequence[tuple[str, bool, str | None, BitMap]]":
        """The sets of a column, of all its values. Raises _NoSets, or errors of memory."""
        import numpy as np

        told = f"(SELECT rowid AS row, {column.values} AS value FROM file.{ITEMS.name})"  # noqa: S608 - our names
        values = self.engine.execute(f"""
            SELECT value, value::VARCHAR FROM (SELECT DISTINCT value FROM {told} LIMIT {MOST_VALUES + 1})
        """).fetchall()  # noqa: S608 - names of our own
        if len(values) > MOST_VALUES:
            raise _NoSets(f"it has over {MOST_VALUES:,} values")
        numbered = f"SELECT unnest(?::{column.type}[]) AS value, unnest(range({len(values)}))::UINTEGER AS number"
        of_rows = self.engine.execute(
            f"SELECT row, number FROM {told} AS told JOIN ({numbered}) AS listed "  # noqa: S608 - our names
            "ON told.value IS NOT DISTINCT FROM listed.value",
            [[value for value, _text in values]],
        ).fetchnumpy()
        together = (of_rows["number"].astype(np.uint64) << np.uint64(32)) | place_of_row[of_rows["row"]]
        together.sort()
        ends = np.searchsorted(together, (np.arange(len(values), dtype=np.uint64) + np.uint64(1)) << np.uint64(32))
        rows, first = [], 0
        for (_value, value), end in zip(values, ends.tolist(), strict=True):
            items = _set_of(together[first:end])
            rows.append((column.name, False, value, items))
            if column.name in OF_ITEMS:
                rows.append((column.name, True, value, first_items(items, self.nth)))
            first = end
        if not values:  # of arrays that are all empty: without a set the column would not be told
            rows.append((column.name, False, None, BitMap()))
        return rows

    def _in_memory(self, rows: "Sequence[tuple[str, bool, str | None, BitMap]]") -> list[_Row]:
        """Sets as a file has them. Raises _NoSets if readers would have no memory for all of them."""
        written = list[_Row]()
        for name, of_cases, value, places in rows:
            places.run_optimize()
            written.append((name, of_cases, value, places.serialize()))
        size = sum(len(places) for *_names, places in written)
        if size > self.left:
            raise _NoSets("the sets would take more than half of COLUMN_MEMORY_MB")
        self.left -= size
        return written

    def _write_waiting(self) -> None:
        """Write the sets of the columns that wait for it, all or none."""
        rows, self.waiting = self.waiting, []
        try:
            with self._transaction():
                self._insert(rows)
        except (duckdb.OutOfMemoryException, MemoryError) as error:
            names = ", ".join(sorted({name for name, *_set in rows}))
            log.info("Items are not counted by %s in advance: %s.", names, _reason(error))

    def _insert(self, rows: Sequence[_Row]) -> None:
        for some in _in_parts(rows):
            self.engine.execute(
                f"""
                INSERT INTO file.{BITS} SELECT unnest(?::VARCHAR[]), unnest(?::BOOLEAN[]), unnest(?::VARCHAR[]),
                    unnest(?::BLOB[])
                """,
                [list(told) for told in zip(*some, strict=True)],
            )


def _in_parts(rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
    """The rows, some at a time: a statement for each would take most of the time that a small file takes."""
    some, size = list[_Row](), 0
    for row in rows:
        if some and size + len(row[-1]) > _BYTES_AT_ONCE:
            yield some
            some, size = [], 0
        some.append(row)
        size += len(row[-1])
    if some:
        yield some


def _set_of(places: "numpy.ndarray") -> BitMap:
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

    @cached_property
    def by_id(self) -> "tuple[numpy.ndarray, numpy.ndarray]":
        """The IDs of the items, sorted, and for each its number in the order: a file's take eight bytes an item."""
        import numpy as np

        ids = np.asarray(self.order.item_ids, np.uint32 if isinstance(self.order.item_ids, array) else np.int64)
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
        return _set_of(numbers[at[here[at] == possible]] + np.uint32(self.order.start))

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


class SetsOfFile:
    """The sets of a file, read once by whichever thread needs them first. Until then the file is open."""

    def __init__(self, path: Path) -> None:
        self._lock = Lock()
        self._sets: Sets | None = None
        self._engine: duckdb.DuckDBPyConnection | None = _small_engine()
        self._engine.execute(f"ATTACH '{path}' AS file (READ_ONLY)")

    @property
    def is_read(self) -> bool:
        """Whether this process has them in memory."""
        return self._sets is not None

    def read(self) -> Sets | None:
        """The sets; None if the file has none, or once they could not be read.

        Raises errors of the library, and of memory, the first time: each try takes seconds, and no memory is added.
        """
        with self._lock:
            if self._engine is not None:
                engine, self._engine = self._engine, None
                try:
                    self._sets = _read(engine)
                finally:
                    engine.close()
            return self._sets


def _read(engine: duckdb.DuckDBPyConnection) -> Sets | None:
    """Some rows at a time, by an engine that is closed afterwards: what it has read stays in its memory."""
    ids = {"case_id": array("I"), "item_id": array("I")}
    for name, some in cast("Iterator[tuple[str, bytes]]", _rows_of(engine, IDS)):
        ids[name].frombytes(some)
    if not ids["item_id"]:
        return None
    days = engine.execute(f"SELECT day, first FROM file.{DAYS} ORDER BY first").fetchall()  # noqa: S608 - our name
    dated = [(day, first) for day, first in days if day is not None]
    undated = next((first for day, first in days if day is None), len(ids["item_id"]))
    types = {column.name: column.type for column in COLUMNS}
    items: dict[str, dict[BitValue, BitMap]] = {}
    cases: dict[str, dict[BitValue, BitMap]] = {}
    nth: dict[int, BitMap] = {}
    rows = cast("Iterator[tuple[str, bool, str | None, bytes]]", _rows_of(engine, BITS))
    for name, of_cases, value, places in rows:
        set_of_value = BitMap.deserialize(places)
        if name == _NTH:
            nth[int(value or 0)] = set_of_value
        else:
            of_column = (cases if of_cases else items).setdefault(name, {})
            if set_of_value:
                of_column[_value(value, types[name])] = set_of_value
    order = Order(ids["case_id"], ids["item_id"], [day for day, _ in dated], [first for _, first in dated], undated)
    return Sets(order, items, cases, [nth[before] for before in sorted(nth)])


def _rows_of(engine: duckdb.DuckDBPyConnection, table: str) -> Iterator[tuple[object, ...]]:
    ((end,),) = engine.execute(f"SELECT coalesce(max(rowid) + 1, 0) FROM file.{table}").fetchall()  # noqa: S608 - names of our own
    for first in range(0, end, _ROWS_AT_ONCE):
        rows = engine.execute(
            f"SELECT rowid, * FROM file.{table} WHERE rowid BETWEEN {first} AND {first + _ROWS_AT_ONCE - 1}"  # noqa: S608 - names of our own
        ).fetchall()  # sorted here: the engine would need 128 MB for it
        yield from (row[1:] for row in sorted(rows, key=lambda row: row[0]))


def _small_engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
        config={
            "threads": 1,
            "memory_limit": "128MB",
            "temp_directory": "",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )


def _value(text: str | None, kind: str) -> BitValue:
    if text is None or kind == "VARCHAR":
        return text
    return text == "true" if kind == "BOOLEAN" else int(text)
