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
from typing import TypeAlias, TypeVar

import duckdb

from determinations.models.dimensions import DIMENSIONS, Kind
from determinations.statistics.columns.layout import ITEMS, Column

log = logging.getLogger(__name__)

BITS = "case_bits"
BITS_DEFINITION = "column_name VARCHAR, value VARCHAR, cases BLOB"
#: Of more letters than this, a number for each value would take gigabytes: the rail counts some cases then.
MOST_LETTERS = 5_000_000
_KINDS = frozenset(
    {
        Kind.CHOICE, Kind.TEXT, Kind.CODES, Kind.YES_NO, Kind.DECISION, Kind.AGE, Kind.FAMILIES, Kind.AUTHORITIES,
        Kind.CATEGORY,
    }
)  # fmt: skip
_COUNTED = frozenset(
    dimension.item_column for dimension in DIMENSIONS if dimension.in_rail and dimension.kind in _KINDS
)
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
    """Make the table of the file ``file`` from its items; empty if that would need more memory than is allowed."""
    engine.execute(f"CREATE TABLE file.{BITS} ({BITS_DEFINITION})")
    (most,) = engine.execute(f"SELECT max(case_id) FROM file.{ITEMS.name}").fetchone() or (None,)  # noqa: S608
    if most is None or most > MOST_LETTERS:
        return
    try:
        for column in COUNTED:
            engine.execute(f"""
                INSERT INTO file.{BITS} SELECT '{column.name}', value::VARCHAR, {bits_of("", most)}
                FROM (SELECT case_id, {_values_of(column)} AS value FROM file.{ITEMS.name}) AS told GROUP BY value
            """)  # noqa: S608 - names of our own
    except duckdb.OutOfMemoryException:
        log.warning("The rail counts some cases: which cases have each value needs more than COLUMN_MEMORY_MB.")
        engine.execute(f"DELETE FROM file.{BITS}")  # noqa: S608 - a name of our own


def _values_of(column: Column) -> str:
    return f'unnest("{column.name}")' if column.element else f'"{column.name}"'


class BitsOfFile:
    """The numbers of a file, read once. It has no connection of its own: see ``SqlEngine`` on cycles."""

    def __init__(self) -> None:
        self._by_column: ByColumn[int] | None = None

    def read(self, engine: duckdb.DuckDBPyConnection) -> "ByColumn[int]":
        """The numbers by column and value, from the attached file; none if it has too many letters."""
        if self._by_column is None:
            types = {column.name: column.element or column.type for column in COUNTED}
            by_column: dict[str, dict[BitValue, int]] = {}
            with engine.cursor() as cursor:
                rows = cursor.execute(f"SELECT * FROM file.{BITS}").fetchall()  # noqa: S608 - a name of our own
            for name, value, cases in rows:
                by_column.setdefault(name, {})[_value(value, types[name])] = read_bits(cases)
            self._by_column = by_column
        return self._by_column


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
    for each in ids:
        some[each >> 3] |= 1 << (each & 7)
    return int.from_bytes(some, "little")


@dataclass(frozen=True)
class SelectedCases:
    """Cases of a selection, of which those with some values can be counted."""

    selected: int
    bits: ByColumn[int]
    changed: ChangedCases
    #: What was counted already, by column and values.
    counted: dict[tuple[str, tuple[BitValue, ...]], int] = field(default_factory=dict)

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
