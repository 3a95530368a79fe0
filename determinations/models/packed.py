"""Columns of long texts in their packed form (``determinations.packing``).

A column ``summary`` of an earlier release keeps its name in the database, and its rows keep their values there until
workers pack them (``cases.earlier_texts``). New values go into a column ``packed_summary``. Of each row one of the two
has a value, which a check of the table says; writing the new one empties the old one, by a trigger. Fields read both,
so that nothing else needs to know.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BinaryField, CharField, Field, Func, Lookup
from django.db.models.expressions import BaseExpression
from django.db.models.sql.compiler import SQLCompiler

from determinations.packing.codec import pack, pack_json, unpack, unpack_json

Value = TypeVar("Value")
_PREFIX = "packed_"


def packed_column(name: str) -> str:
    """The column that has the packed values of this one."""
    return f"{_PREFIX}{name}"


def value_sql(column: str) -> str:
    """The packed value of a column, given as ``t.summary``, in SQL: also of a row of an earlier release."""
    table, _, name = column.rpartition(".")
    return _either(f"{table}.{packed_column(name)}", column)


def _either(packed: str, earlier: str) -> str:
    """The value of two columns, of which one has it, as bytes in a form that ``packing`` knows."""
    return rf"COALESCE({packed}, '\x00'::bytea || convert_to({earlier}::text, 'UTF8'))"


if TYPE_CHECKING:

    class _Column(Field[Value, Value]):
        """A column and the type of its values."""

else:

    class _Column(Field):
        """Django's fields take no types when they run."""

        def __class_getitem__(cls, _values: object) -> type["_Column"]:
            return cls


class _Packed(_Column[Value]):
    """A column of packed values. It is selected whole, and found by nothing but whether it is there."""

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        self.db_column = packed_column(name)
        super().contribute_to_class(cls, name, private_only)

    def deconstruct(self) -> tuple[str, str, Sequence[object], dict[str, object]]:
        """Migrations know it as a column of bytes."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.BinaryField", args, kwargs

    def get_internal_type(self) -> str:
        """Decides the type of the column."""
        return "BinaryField"

    def get_lookup(self, lookup_name: str) -> "type[Lookup[object]] | None":
        """None for all but ``isnull``: the same text may be packed in several ways."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def select_format(
        self, _compiler: SQLCompiler, sql: str, params: tuple[str | int, ...]
    ) -> tuple[str, tuple[str | int, ...]]:
        """Rows of an earlier release have the value in another column, unpacked."""
        quoted = f'"{self.column}"'
        if not sql.endswith(quoted):
            return sql, params
        earlier = f'{sql.removesuffix(quoted)}"{str(self.column).removeprefix(_PREFIX)}"'
        return _either(sql, earlier), params


class Stored(Func):
    """The stored form of a packed column: reading it never fails, unpacking it may."""

    output_field: "Field[object, object]" = BinaryField()
    #: What is selected of it.
    shape = "{}"

    def as_sql(
        self,
        compiler: SQLCompiler,
        connection: BaseDatabaseWrapper,
        function: str | None = None,
        template: str | None = None,
        arg_joiner: str | None = None,
        **extra_context: object,
    ) -> tuple[str, tuple[str | int, ...]]:
        """Reads rows of an earlier release, too."""
        (column,) = self.get_source_expressions()
        sql, params = column.select_format(compiler, *compiler.compile(column))
        return self.shape.format(sql), params


class Digest(Stored):
    """The SHA-256 of the stored form of a packed column: equal values that were packed alike have the same."""

    output_field = CharField()
    shape = "encode(sha256({}), 'hex')"


class PackedText(_Packed[str]):
    """A long text."""

    def from_db_value(
        self, value: bytes | None, _expression: BaseExpression, _connection: BaseDatabaseWrapper
    ) -> str | None:
        """Raises ``UnreadableValue``."""
        return None if value is None else unpack(bytes(value))

    def get_db_prep_value(
        self, value: str | None, connection: BaseDatabaseWrapper, prepared: bool = False
    ) -> bytes | None:
        """None stays None, which only a query for missing values writes."""
        return None if value is None else pack(value)


class PackedJSON(_Packed[Value]):
    """A large value that is JSON."""

    def from_db_value(
        self, value: bytes | None, _expression: BaseExpression, _connection: BaseDatabaseWrapper
    ) -> Value | None:
        """Raises ``UnreadableValue``."""
        return None if value is None else cast(Value, unpack_json(bytes(value)))

    def get_db_prep_value(
        self, value: Value | None, connection: BaseDatabaseWrapper, prepared: bool = False
    ) -> bytes | None:
        """The same."""
        return None if value is None else pack_json(value)
