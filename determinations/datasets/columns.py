"""What a column of the data set is, and what becomes of it in the de-identified data set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from determinations.models.packed import value_sql


class Kind(StrEnum):
    """The type of a column's values."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    LIST = "list of texts"


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    ``sql`` gives its value in the full data set, ``deidentified`` in the de-identified one, where ``None`` leaves the
    column out. ``codes`` are the values that occur, each with its meaning.
    """

    name: str
    kind: Kind
    sql: str
    meaning: str
    deidentified: str | None
    codes: Mapping[str, str] = field(default_factory=dict)
    #: What differs in the de-identified data set.
    changed: str = ""
    #: ``sql`` gives a packed text (``models.packed``), which is unpacked on its way out.
    packed: bool = False

    def sql_for(self, *, deidentified: bool) -> str | None:
        """The expression of its value, or ``None`` if this data set has no such column."""
        return self.deidentified if deidentified else self.sql


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its rows, and its columns in order.

    ``source`` is what follows ``SELECT ...``; ``order`` is that of the rows of one letter, which is the first column.
    """

    name: str
    meaning: str
    source: str
    order: str
    columns: tuple[Column, ...]

    def columns_for(self, *, deidentified: bool) -> list[Column]:
        """The columns of this data set."""
        return [column for column in self.columns if column.sql_for(deidentified=deidentified) is not None]


def kept(name: str, kind: Kind, sql: str, meaning: str, codes: Mapping[str, str] | None = None) -> Column:
    """A column that is the same in both data sets."""
    return Column(name, kind, sql, meaning, sql, codes or {})


def left_out(name: str, kind: Kind, sql: str, meaning: str) -> Column:
    """A column that only the full data set has."""
    return Column(name, kind, sql, meaning, None)


def long_text(name: str, column: str, meaning: str) -> Column:
    """A packed text, which only the full data set has."""
    return Column(name, Kind.TEXT, value_sql(column), meaning, None, packed=True)
