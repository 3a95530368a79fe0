"""The columns of a column file, and how PostgreSQL's rows become rows of it.

Arrays are kept twice: as lists, which filters look in, and as JSON text (``..._key``), which is quick to group by.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from determinations.models import Authority, CitationFact, EditionValidity, ItemFact
from determinations.paging.sql import AnyField

_TYPES = {"bigint": "BIGINT", "integer": "INTEGER", "smallint": "SMALLINT", "boolean": "BOOLEAN", "date": "DATE"}
#: What a column that holds the text of an array is called.
KEY = "_key"
#: How COPY writes NULL; a text that says the same is quoted.
_NULL = r"\N"
#: Rises whenever files of an earlier program must not be read.
FORMAT = 9


@dataclass(frozen=True)
class Column:
    """A column: its name, its type in the file, and that of its elements if it holds arrays."""

    name: str
    type: str
    element: str = ""

    @classmethod
    def of(cls, field: AnyField) -> "Column":
        """The column of a model's field."""
        if isinstance(field, ArrayField):
            return cls(str(field.column), "VARCHAR", _type(field.base_field))
        return cls(str(field.column), _type(field))

    @property
    def copied(self) -> str:
        """What PostgreSQL writes."""
        return f'array_to_json("{self.name}")::text' if self.element else f'"{self.name}"'

    @property
    def copied_name(self) -> str:
        """The name of what PostgreSQL writes."""
        return f"{self.name}{KEY}" if self.element else self.name

    @property
    def definitions(self) -> list[str]:
        """How the table of the file defines it."""
        stored = [f'"{self.copied_name}" {self.type}']
        return [*stored, f'"{self.name}" {self.element}[]'] if self.element else stored

    @property
    def values(self) -> list[str]:
        """The stored values, from what PostgreSQL wrote."""
        stored = [f'"{self.copied_name}"']
        return [*stored, f'from_json("{self.copied_name}", \'["{self.element}"]\')'] if self.element else stored


def _type(field: AnyField) -> str:
    return _TYPES.get(field.rel_db_type(connection) or "", "VARCHAR")


@dataclass(frozen=True)
class TableLayout:
    """A table of the file; ``key`` is the column with the item's ID."""

    name: str
    key: str
    columns: tuple[Column, ...]

    @classmethod
    def of(cls, model: type[models.Model], key: str = "", *, without: str = "") -> "TableLayout":
        """The table of a model."""
        fields = [field for field in model._meta.concrete_fields if field.column != without]
        return cls(model._meta.db_table, key, tuple(map(Column.of, fields)))

    @property
    def definition(self) -> str:
        """Its columns, to create it."""
        return ", ".join(definition for column in self.columns for definition in column.definitions)

    def create(self, engine: duckdb.DuckDBPyConnection, name: str) -> None:
        """Create it, empty, under this name, in place of one that has the name."""
        engine.execute(f"CREATE OR REPLACE TABLE {name} ({self.definition})")

    def copy_rows(self, engine: duckdb.DuckDBPyConnection, name: str, rows: str) -> int:
        """Copy PostgreSQL's rows, given from ``WHERE`` on, into the table of this name; returns how many."""
        copied = ", ".join(column.copied for column in self.columns)
        statement = f"COPY (SELECT {copied} FROM {self.name} {rows}) TO STDOUT (FORMAT csv, NULL '{_NULL}')"  # noqa: S608 - names and numbers of our own
        with _memory() as (descriptor, path):
            with connection.cursor() as cursor, cursor.copy(statement) as copy:
                for block in copy:
                    _write(descriptor, block)
                number = copy.cursor.rowcount
            types = ", ".join(f"'{column.copied_name}': '{column.type}'" for column in self.columns)
            values = ", ".join(value for column in self.columns for value in column.values)
            engine.execute(f"""
                INSERT INTO {name} SELECT {values} FROM read_csv('{path}', columns = {{{types}}},
                    header = false, auto_detect = false, delim = ',', quote = '"', escape = '"', nullstr = '{_NULL}',
                    allow_quoted_nulls = false, parallel = false)
            """)  # noqa: S608 - names of our own
        return max(number, 0)


@contextmanager
def _memory() -> Iterator[tuple[int, str]]:
    """A file in memory, and its path: facts that are underway are on no disk."""
    descriptor = os.memfd_create("facts")
    try:
        yield descriptor, f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _write(descriptor: int, block: "bytes | memoryview") -> None:
    while block:
        block = block[os.write(descriptor, block) :]


ITEMS = TableLayout.of(ItemFact, "item_id")
CITATIONS = TableLayout.of(CitationFact, "fact_id", without="id")
#: Large tables, which the file is made of.
FACTS = (ITEMS, CITATIONS)
#: Small tables that filters look in, read anew with the tail.
REFERENCE = (TableLayout.of(Authority), TableLayout.of(EditionValidity))
#: Columns that hold arrays, which have a text to group by.
ARRAYS = frozenset(column.name for column in ITEMS.columns if column.element)
