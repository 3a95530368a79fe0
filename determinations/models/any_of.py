"""Conditions for thousands of values, and for values that are read."""

from collections.abc import Collection, Iterable
from typing import cast

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, BooleanField, F, Func, Model, QuerySet, TextField, Value


class _Plain(ArrayField):
    """An array whose values are written as they are: converting each takes longer than the rest of the statement."""

    def get_db_prep_value(self, value: object, connection: BaseDatabaseWrapper, prepared: bool = False) -> object:
        return value


#: Made once: to make fields takes a quarter of the time of such a condition.
_NUMBERS, _TEXTS, _TRUTH = _Plain(BigIntegerField()), _Plain(TextField()), BooleanField()


def array_literal(numbers: Iterable[int]) -> str:
    """Numbers as PostgreSQL reads an array of them: many times as fast as psycopg, which writes each by itself."""
    return f"{{{','.join(map(str, numbers))}}}"


class AnyOf(Func):
    """Whether a column of numbers has one of these values: as ``IN``, which takes several times as long for thousands
    of values, because each of them is a parameter."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY ("
    of_texts = False

    def __init__(self, column: str, values: Collection[int] | Collection[str]) -> None:
        wanted = list(values) if self.of_texts else array_literal(cast(Collection[int], values))
        array = _TEXTS if self.of_texts else _NUMBERS
        super().__init__(F(column), Value(wanted, output_field=array), output_field=_TRUTH)


class HasAnyOf(AnyOf):
    """Whether a column of arrays of numbers has one of these values in its array."""

    template = "(%(expressions)s)"
    arg_joiner = " && "


class AnyOfTexts(AnyOf):
    """The same for a column of texts."""

    of_texts = True


class AnyOfRead(Func):
    """Whether a column has one of the values that a query reads. They are read first, and once.

    PostgreSQL then finds the rows by the column's index, also where another condition would do (``OR``). For ``IN`` a
    query, beside another condition, it reads the whole table.
    """

    template = AnyOf.template
    arg_joiner = AnyOf.arg_joiner

    def __init__(self, column: str, values: QuerySet[Model, object]) -> None:
        super().__init__(F(column), ArraySubquery(values), output_field=_TRUTH)
