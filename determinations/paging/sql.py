"""Statements assembled from the SQL that Django writes, and the one condition for "rows after the cursor".

Django cannot express a common table expression, or a query over another query's rows; both are needed to keep lists
bounded. The pieces are taken from Django's own statements here and nowhere else, and each is checked.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Expression, F, Field, Func, Model, QuerySet, Value
from django.db.models.functions import Cast
from django.db.models.lookups import GreaterThan, LessThan
from django.db.models.sql.compiler import SQLCompiler

#: A field of any type (Django's class takes type arguments only for the type checker).
AnyField: TypeAlias = "Field[Any, Any]"


class UnexpectedSql(Exception):
    """Django wrote a statement without the text that is to be replaced; a new release may do so."""

    def __init__(self, expected: str, sql: str) -> None:
        super().__init__(f"The statement has no {expected!r}: {sql[:500]}")


class Row(Func):
    """``ROW(a, b)``, compared as a whole."""

    function = "ROW"
    output_field = BooleanField()


class EqualsAny(Func):
    """``column = ANY(array)``."""

    arg_joiner = " = ANY("
    template = "(%(expressions)s))"
    output_field = BooleanField()


class NamedColumn(Expression):
    """A column of a common table expression, by name."""

    def __init__(self, name: str, output_field: AnyField) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[str | int, ...]]:
        """The name."""
        return self.name, ()


def from_table(model: type[Model]) -> str:
    """How Django names the table of a statement's rows: ``FROM "table"``."""
    return f"FROM {connection.ops.quote_name(model._meta.db_table)}"


def after_select(rows: QuerySet[Any, Any]) -> tuple[str, list[Any]]:
    """The statement of ``rows`` from ``FROM "table"`` on, with its parameters.

    Raises UnexpectedSql, and EmptyResultSet where no row can match.
    """
    sql, parameters = rows.query.sql_with_params()
    start = from_table(rows.model)
    _select, separator, rest = sql.partition(start)
    if not separator:
        raise UnexpectedSql(start, sql)
    return f"{start}{rest}", list(parameters)


def among(inner: QuerySet[Any], outer: QuerySet[Any]) -> tuple[str, list[Any]]:
    """The rows of ``outer`` among those of ``inner``, which takes the place of the table: no row is read twice.

    Raises UnexpectedSql, and EmptyResultSet where no row can match.
    """
    of_inner, inner_parameters = inner.query.sql_with_params()
    sql, parameters = outer.query.sql_with_params()
    start = from_table(outer.model)
    if start not in sql:
        raise UnexpectedSql(start, sql)
    table = start.removeprefix("FROM ")
    return sql.replace(start, f"FROM ({of_inner}) AS {table}", 1), [*inner_parameters, *parameters]


def beyond(
    column: Expression | F,
    key: Expression | F,
    value: object,
    key_value: int,
    *,
    field: AnyField,
    falling: bool,
) -> LessThan | GreaterThan:
    """The condition for rows after a cursor: those beyond its value, or beyond its key at the same value.

    ``field`` gives the value its type. A cursor without a value is among the rows without one: only keys are
    compared, and the caller limits the query to those rows. ``falling``: rows come in descending order.
    """
    comparison = LessThan if falling else GreaterThan
    if value is None:
        return comparison(key, Value(key_value))
    return comparison(Row(column, key), Row(Cast(Value(value), field), Value(key_value)))


@dataclass(frozen=True, slots=True)
class Expected:
    """How PostgreSQL would find rows, and how many it expects.

    ``index`` names the only index that would be read, if it is read as a bitmap; ``asked`` is what it is asked for,
    and ``condition`` what rows are checked for besides, both as PostgreSQL prints them.
    """

    rows: int
    index: str | None = None
    condition: str = ""
    asked: str = ""


def expected(rows: QuerySet[Any, Any]) -> Expected:
    """What PostgreSQL expects, without reading any row. Raises EmptyResultSet where no row can match."""
    sql, parameters = rows.order_by().query.sql_with_params()
    with connection.cursor() as database:
        database.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
        ((plans,),) = database.fetchall()
    plan = plans[0]["Plan"]
    number = int(plan["Plan Rows"])
    below = plan.get("Plans", ())
    # All of a partial index may be read, which is asked for nothing.
    asked = [one.get("Index Cond") for one in below if one["Node Type"] == "Bitmap Index Scan"]
    if plan["Node Type"] != "Bitmap Heap Scan" or len(below) != 1 or not asked or asked[0] is None:
        return Expected(number)
    return Expected(number, below[0]["Index Name"], plan.get("Filter", ""), asked[0])


def compiled(condition: Expression, model: type[Model]) -> tuple[str, list[Any]]:
    """A condition as SQL text with its parameters."""
    compiler = model._default_manager.all().query.get_compiler(connection=connection)
    sql, parameters = compiler.compile(condition)
    return sql, list(parameters)
