"""Writes the sets of a column file from its items."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

import duckdb
from django.conf import settings
from pyroaring import BitMap

from determinations.statistics.columns.counted import COLUMNS, OF_ITEMS, SetColumn
from determinations.statistics.columns.layout import ITEMS
from determinations.statistics.columns.sets.places import first_items, set_of
from determinations.statistics.columns.sets.tables import BITS, DAYS, DEFINITIONS, IDS, NTH

if TYPE_CHECKING:
    import numpy

log = logging.getLogger(__name__)

#: Columns with more values than this have no sets: a field of the office may have as many values as there are cases.
MOST_VALUES = 2_000
#: IDs and places are kept in four bytes.
MOST_ID = 2**32 - 1
#: Sets of so many bytes, about, are written by one statement: the engine copies them meanwhile.
_BYTES_AT_ONCE = 1_000_000
_IDS_AT_ONCE = 50_000

#: A set as a file has it: its column, whether it is of cases, the value as text, the places.
_Row: TypeAlias = tuple[str, bool, str | None, bytes]


def write_sets(engine: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of the file ``file`` from its items.

    The sets take at most half of ``COLUMN_MEMORY_MB``; columns for which that is too little have none.
    """
    for table, definition in DEFINITIONS.items():
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
            self.nth.append(set_of(np.flatnonzero(nth == before)))
        self.left -= 8 * number
        for name in ("case_id", "item_id"):
            ids = ordered[name].astype(np.uint32)
            for first in range(0, number, _IDS_AT_ONCE):
                some = ids[first : first + _IDS_AT_ONCE].tobytes()
                self.engine.execute(f"INSERT INTO file.{IDS} VALUES (?, ?)", [name, some])  # noqa: S608 - names of our own
        self._insert(self._in_memory([(NTH, False, str(at), places) for at, places in enumerate(self.nth)]))
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
            items = set_of(together[first:end])
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
