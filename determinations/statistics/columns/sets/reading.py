"""Reads the sets of a column file into memory."""

from array import array
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import cast

import duckdb
from pyroaring import BitMap

from determinations.statistics.columns.counted import COLUMNS
from determinations.statistics.columns.engine import small_engine
from determinations.statistics.columns.sets.places import BitValue, Order, Sets
from determinations.statistics.columns.sets.tables import BITS, DAYS, IDS, NTH

_ROWS_AT_ONCE = 32


class SetsOfFile:
    """The sets of a file, read once by whichever thread needs them first. Until then the file is open."""

    def __init__(self, path: Path) -> None:
        self._lock = Lock()
        self._sets: Sets | None = None
        self._engine: duckdb.DuckDBPyConnection | None = small_engine()
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


def read_ids(engine: duckdb.DuckDBPyConnection, file: str) -> "dict[str, array[int]]":
    """``case_id`` and ``item_id`` of the items of an attached file, by their places; empty if these have none."""
    ids = {"case_id": array("I"), "item_id": array("I")}
    for name, some in cast("Iterator[tuple[str, bytes]]", _rows_of(engine, f"{file}.{IDS}")):
        ids[name].frombytes(some)
    return ids


def _read(engine: duckdb.DuckDBPyConnection) -> Sets | None:
    """Some rows at a time, by an engine that is closed afterwards: what it has read stays in its memory."""
    ids = read_ids(engine, "file")
    if not ids["item_id"]:
        return None
    days = engine.execute(f"SELECT day, first FROM file.{DAYS} ORDER BY first").fetchall()  # noqa: S608 - our name
    dated = [(day, first) for day, first in days if day is not None]
    undated = next((first for day, first in days if day is None), len(ids["item_id"]))
    types = {column.name: column.type for column in COLUMNS}
    items: dict[str, dict[BitValue, BitMap]] = {}
    cases: dict[str, dict[BitValue, BitMap]] = {}
    nth: dict[int, BitMap] = {}
    rows = cast("Iterator[tuple[str, bool, str | None, bytes]]", _rows_of(engine, f"file.{BITS}"))
    for name, of_cases, value, places in rows:
        set_of_value = BitMap.deserialize(places)
        if name == NTH:
            nth[int(value or 0)] = set_of_value
        else:
            of_column = (cases if of_cases else items).setdefault(name, {})
            if set_of_value:
                of_column[_value(value, types[name])] = set_of_value
    order = Order(ids["case_id"], ids["item_id"], [day for day, _ in dated], [first for _, first in dated], undated)
    return Sets(order, items, cases, [nth[before] for before in sorted(nth)])


def _rows_of(engine: duckdb.DuckDBPyConnection, table: str) -> Iterator[tuple[object, ...]]:
    ((end,),) = engine.execute(f"SELECT coalesce(max(rowid) + 1, 0) FROM {table}").fetchall()  # noqa: S608 - names of our own
    for first in range(0, end, _ROWS_AT_ONCE):
        rows = engine.execute(
            f"SELECT rowid, * FROM {table} WHERE rowid BETWEEN {first} AND {first + _ROWS_AT_ONCE - 1}"  # noqa: S608 - names of our own
        ).fetchall()  # sorted here: the engine would need 128 MB for it
        yield from (row[1:] for row in sorted(rows, key=lambda row: row[0]))


def _value(text: str | None, kind: str) -> BitValue:
    if text is None or kind == "VARCHAR":
        return text
    return text == "true" if kind == "BOOLEAN" else int(text)
