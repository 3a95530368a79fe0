"""Which cases have each value that the rail counts, as numbers in which the bit of a case's ID says so.

A column file has items, not cases. To group hundreds of thousands of cases by twenty columns, some of them arrays,
takes seconds; to count the bits that two numbers share takes a part of a millisecond. So the file keeps a number for
each value of the columns that the rail counts (``BITS``), and a selection of items becomes one more: the cases with
such an item. Cases that changed since the file was written are left out of these numbers and looked up by themselves.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from pathlib import Path
from threading import Lock
from typing import TypeAlias, TypeVar

import duckdb
from django.conf import settings

from determinations.models.dimensions import DIMENSIONS, Kind
from determinations.statistics.columns.layout import ITEMS, Column

log = logging.getLogger(__name__)

BITS = "case_bits"
BITS_DEFINITION = "column_name VARCHAR, value VARCHAR, cases BLOB"
#: If a letter's ID is above this, numbers take too much memory: the rail counts some cases then.
MOST_LETTER = 5_000_000
_VALUES_AT_ONCE = 64
_ROWS_AT_ONCE = 32
#: Kinds whose values each come from one stored value: the engine may group them instead.
GROUPABLE = frozenset({Kind.CHOICE, Kind.TEXT, Kind.CODES, Kind.AUTHORITIES})
_KINDS = GROUPABLE | {Kind.YES_NO, Kind.DECISION, Kind.AGE, Kind.FAMILIES, Kind.CATEGORY}
_COUNTED = {
    dimension.item_column: dimension.kind in GROUPABLE
    for dimension in sorted(DIMENSIONS, key=lambda dimension: dimension.kind not in GROUPABLE)
    if dimension.in_rail and dimension.kind in _KINDS
}
#: The columns of which each value has a number.
COUNTED = tuple(column for column in ITEMS.columns if column.name in _COUNTED)

#: A value of a column; of an array, one of its elements.
BitValue: TypeAlias = str | int | bool | None
Told = TypeVar("Told")
ByColumn: TypeAlias = Mapping[str, Mapping[BitValue, Told]]


def bits_of(rows: str, most: int) -> str:
    """SQL that gives the cases of some rows of items as bytes, of which the last bit is that of ID 0."""
    return f"bitstring_agg({most}::BIGINT - {rows}case_id, 0::BIGINT, {most}::BIGINT)::BLOB"


def read_bits(value: bytes | None) -> int:
    """The number of what ``bits_of`` gave."""
    return int.from_bytes(value or b"", "big")


def write_bits(engine: duckdb.DuckDBPyConnection) -> None:
    """Make the table of the file ``file`` from its items.

    Columns that the engine cannot group come first, then those with few values, until their numbers take half of
    ``COLUMN_MEMORY_MB``; the others have none.
    """
    engine.execute(f"CREATE TABLE file.{BITS} ({BITS_DEFINITION})")
    (most,) = engine.execute(f"SELECT max(case_id) FROM file.{ITEMS.name}").fetchone() or (None,)  # noqa: S608
    if most is None or most > MOST_LETTER:
        return
    left = settings.COLUMN_MEMORY_MB * 1_000_000 // 2 // (most // 8 + 1)
    counts = _numbers_of_values(engine)
    for column, values in sorted(counts.items(), key=lambda entry: (_COUNTED[entry[0].name], entry[1])):
        left -= values
        if left < 0:
            break
        _write_column(engine, column, values, most)


def _numbers_of_values(engine: duckdb.DuckDBPyConnection) -> dict[Column, int]:
    """How many values each column has; without those of which that alone takes too much memory."""
    counts = {}
    for column in COUNTED:
        every = f"SELECT DISTINCT {_values_of(column)} FROM file.{ITEMS.name}"  # noqa: S608 - a name of our own
        try:
            ((counts[column],),) = engine.execute(f"SELECT count(*) FROM ({every})").fetchall()  # noqa: S608
        except duckdb.OutOfMemoryException:
            _say_too_little(column)
    return counts


def _write_column(engine: duckdb.DuckDBPyConnection, column: Column, values: int, most: int) -> None:
    """Write the numbers of a column, some values at a time: together they may need more memory than there is."""
    told = f"(SELECT case_id, {_values_of(column)} AS value FROM file.{ITEMS.name})"  # noqa: S608 - names of our own
    try:
        engine.execute(f"""
            CREATE OR REPLACE TEMP TABLE listed AS
            SELECT value, row_number() OVER () AS place FROM (SELECT DISTINCT value FROM {told})
        """)  # noqa: S608 - names of our own
        for first in range(1, values + 1, _VALUES_AT_ONCE):
            engine.execute(f"""
                INSERT INTO file.{BITS} SELECT '{column.name}', told.value::VARCHAR, {bits_of("told.", most)}
                FROM {told} AS told JOIN listed ON told.value IS NOT DISTINCT FROM listed.value
                WHERE place BETWEEN {first} AND {first + _VALUES_AT_ONCE - 1} GROUP BY told.value
            """)  # noqa: S608 - names of our own
    except duckdb.OutOfMemoryException:
        _say_too_little(column)
        engine.execute(f"DELETE FROM file.{BITS} WHERE column_name = '{column.name}'")  # noqa: S608
    finally:
        engine.execute("DROP TABLE IF EXISTS listed")


def _say_too_little(column: Column) -> None:
    log.warning("Cases are not counted by %s in advance: COLUMN_MEMORY_MB is too little.", column.name)


def _values_of(column: Column) -> str:
    return f'unnest("{column.name}")' if column.element else f'"{column.name}"'


class BitsOfFile:
    """The numbers of a file, read once by whichever thread needs them first. Until then the file is open."""

    def __init__(self, path: Path) -> None:
        self._lock = Lock()
        self._by_column: ByColumn[int] | None = None
        self._engine: duckdb.DuckDBPyConnection | None = _small_engine()
        self._engine.execute(f"ATTACH '{path}' AS file (READ_ONLY)")

    def read(self) -> "ByColumn[int]":
        """The numbers by column and value; none if the file has too many letters. Raises errors of the library."""
        with self._lock:
            if self._by_column is None and self._engine is not None:
                self._by_column = _read(self._engine)
                self._engine.close()
                self._engine = None
            return self._by_column or {}


def _read(engine: duckdb.DuckDBPyConnection) -> "ByColumn[int]":
    """Some rows at a time, by an engine that is closed afterwards: what it has read stays in its memory."""
    types = {column.name: column.element or column.type for column in COUNTED}
    by_column: dict[str, dict[BitValue, int]] = {}
    # Not the number of rows: those of a column that was given up leave a gap.
    ((end,),) = engine.execute(f"SELECT coalesce(max(rowid) + 1, 0) FROM file.{BITS}").fetchall()  # noqa: S608
    for first in range(0, end, _ROWS_AT_ONCE):
        some = engine.execute(
            f"SELECT * FROM file.{BITS} WHERE rowid BETWEEN {first} AND {first + _ROWS_AT_ONCE - 1}"  # noqa: S608
        )
        for name, value, cases in some.fetchall():
            by_column.setdefault(name, {})[_value(value, types[name])] = read_bits(cases)
    return by_column


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


@dataclass(frozen=True)
class ChangedCases:
    """The cases that changed since the file was written: which, and those with each value, by column."""

    cases: int = 0
    by_column: ByColumn[Sequence[int]] = field(default_factory=dict)

    @classmethod
    def of_version(cls, engine: duckdb.DuckDBPyConnection, schema: str) -> "ChangedCases":
        """Those of a version in memory, in which some items changed."""
        changed = f"""
            SELECT case_id FROM file.{ITEMS.name} WHERE {ITEMS.key} IN (SELECT item FROM {schema}.changed)
            UNION SELECT case_id FROM {schema}.{ITEMS.name}_now
        """  # noqa: S608 - names of our own
        ids = [case for (case,) in engine.execute(changed).fetchall()]
        by_column: dict[str, dict[BitValue, set[int]]] = {column.name: {} for column in COUNTED}
        names = ", ".join(f'"{column.name}"' for column in COUNTED)
        rows = engine.execute(f"""
            SELECT case_id, {names} FROM {schema}.{ITEMS.name} WHERE case_id IN ({changed})
        """).fetchall()  # noqa: S608 - names of our own
        for case, *values in rows:
            for column, stored in zip(COUNTED, values, strict=True):
                for value in stored or () if column.element else (stored,):
                    by_column[column.name].setdefault(value, set()).add(case)
        told = {
            name: {value: sorted(of_value) for value, of_value in column.items()} for name, column in by_column.items()
        }
        return cls(_number_of(ids), told)


def _number_of(ids: Sequence[int]) -> int:
    """The number with the bits of these IDs."""
    if not ids:
        return 0
    some = bytearray(max(ids) // 8 + 1)
    for case_id in ids:
        some[case_id >> 3] |= 1 << (case_id & 7)
    return int.from_bytes(some, "little")


@dataclass(frozen=True)
class SelectedCases:
    """Cases of a selection, of which those with some values can be counted."""

    selected: int
    bits: ByColumn[int]
    changed: ChangedCases
    #: What was counted already, by column and values.
    counted: dict[tuple[str, tuple[BitValue, ...]], int] = field(default_factory=dict)

    def has(self, column: str) -> bool:
        """Whether the column's values have numbers in the file."""
        return column in self.bits

    def values(self, column: str) -> set[BitValue]:
        """The values that cases have in a column, selected or not."""
        return {*self.bits.get(column, ()), *self.changed.by_column.get(column, ())}

    def count(self, column: str, values: Sequence[BitValue]) -> int:
        """How many of the cases have an item with one of these values in the column."""
        question = column, tuple(values)
        if question not in self.counted:
            self.counted[question] = self._count(column, values)
        return self.counted[question]

    def _count(self, column: str, values: Sequence[BitValue]) -> int:
        of_file = self.bits.get(column, {})
        having = self.selected & reduce(or_, [of_file.get(value, 0) for value in values], 0)
        if not self.changed.cases:
            return having.bit_count()
        now = {case for value in values for case in self.changed.by_column.get(column, {}).get(value, ())}
        return (having & ~self.changed.cases).bit_count() + (_number_of(list(now)) & self.selected).bit_count()
