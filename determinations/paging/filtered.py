"""One page of a list with its count, whatever the filters find: much, little or nothing.

What a filter finds is not known beforehand, and PostgreSQL's guess may be wrong by any factor, so it is not asked to
choose between walking the order's index and gathering what the filters find. One statement tries in turn:

- ``few``: what the filters find, gathered from the index over all filters, up to a number. Below it this is the
  count, and the page is sorted from it.
- ``near``: else the filters find much, and so the rows nearest to the place where the page begins hold a page of them.
- ``far``: unless what is found lies elsewhere in the order (letters of old layouts, an upload of one year). Then all
  of it is gathered and sorted. This costs most, and happens least.
"""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, Model, Q, QuerySet, Value
from django.db.models.lookups import GreaterThan, LessThan
from django.http import QueryDict

from determinations.paging.counts import COUNT_CAP, Count
from determinations.paging.keyset import Cursor, M, Order, Page, Row, checked_cursor, page_around, typed

#: How many rows, filters aside, are looked at where the page begins.
_NEAR = 2_000

_TABLES = """
{name}few (value, key) AS MATERIALIZED ({few}),
{name}number AS MATERIALIZED (SELECT count(*) AS number FROM {name}few),
{name}near (value, key) AS MATERIALIZED (
    SELECT * FROM ({near}) AS n (value, key) WHERE (SELECT number FROM {name}number) > {gathered}
    ORDER BY {direction} LIMIT {most}
),
{name}far (value, key) AS MATERIALIZED (
    SELECT * FROM {far} AS f
    WHERE (SELECT number FROM {name}number) > {gathered} AND (SELECT count(*) FROM {name}near) < {enough}
),
{name}found AS (
    SELECT * FROM {name}few WHERE (SELECT number FROM {name}number) <= {gathered}
    UNION ALL SELECT * FROM {name}near WHERE (SELECT count(*) FROM {name}near) >= {enough}
    UNION ALL SELECT * FROM {name}far
)"""
_PAGE = """
WITH {tables}
SELECT number.number, page.key
FROM number LEFT JOIN LATERAL (
    SELECT value, key FROM found WHERE {here} ORDER BY value {direction}, key {direction_of_keys} LIMIT {size}
) AS page ON true
ORDER BY page.value {direction}, page.key {direction_of_keys}
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to list: ``rows`` that pass the filters, in ``order``; counted up to ``cap``, few up to ``gathered``.

    They are some of ``everything``, which is all rows, or all between two places of the order.
    """

    rows: QuerySet[Model]
    everything: QuerySet[Model]
    order: Order
    cap: int = COUNT_CAP
    gathered: int = COUNT_CAP


@dataclass(frozen=True, slots=True)
class Nearest:
    """Where to look first if very many rows match: among the rows, filters aside, that are nearest to a place.

    The first ``most`` of those that match are taken, nearest first, if there are ``enough``.
    """

    rows: QuerySet[Model]
    direction: str
    enough: int
    most: int

    @classmethod
    def to(cls, place: QuerySet[Model], order: Order, *, descending: bool, enough: int, most: int) -> "Nearest":
        """The rows that come first of those at the place."""
        sign = "DESC" if descending else "ASC"
        nulls = "" if not order.nullable else " NULLS LAST" if descending else " NULLS FIRST"
        return cls(
            place.order_by(*_ordering(order, descending))[:_NEAR], f"value {sign}{nulls}, key {sign}", enough, most
        )


def list_page(asked: Asked, shown: QuerySet[M], query: QueryDict, size: int = 50) -> tuple[Page[M], Count]:
    """The page of an address, its rows read from ``shown``, and how many rows there are. Two queries."""
    cursor, at_end = checked_cursor(asked.rows, asked.order, query)
    keys, count = keys_from(asked, None if at_end else cursor, size + 1, forward=cursor is None or cursor.forward)
    by_key = shown.in_bulk(keys)
    rows = [by_key[key] for key in keys if key in by_key]
    return page_around(rows, asked.order, query, cursor, at_end=at_end, size=size), count


def keys_from(asked: Asked, cursor: Cursor | None, size: int, *, forward: bool) -> tuple[list[int], Count]:
    """Up to ``size`` primary keys after the cursor, or before it and then nearest first; and the count of all."""
    order = asked.order
    descending = order.descending if forward else not order.descending
    direction = ("DESC" if descending else "ASC") + (" NULLS LAST" if forward else " NULLS FIRST")
    place = _here(asked.everything, order, cursor, forward=forward)
    nearest = Nearest.to(asked.everything.filter(place), order, descending=descending, enough=size, most=size)
    try:
        tables, parameters = tables_of(asked, nearest)
    except EmptyResultSet:  # a value that no row can have
        return [], Count(0, capped=False)
    here, of_place = _here_in_words(asked.everything, order, cursor, forward=forward)
    statement = _PAGE.format(
        tables=tables,
        size=size,
        here=here,
        direction=direction,
        direction_of_keys="DESC" if descending else "ASC",
    )
    with connection.cursor() as database:
        database.execute(statement, [*parameters, *of_place])
        answer = database.fetchall()
    number = answer[0][0]
    return [key for _number, key in answer if key is not None], Count(min(number, asked.cap), number > asked.cap)


def tables_of(asked: Asked, nearest: Nearest, *, name: str = "", some: bool = False) -> tuple[str, list[Any]]:
    """Common table expressions with their parameters, their names beginning with ``name``.

    ``found (value, key)`` holds all rows if they are few, else those that are nearest if these are enough, else all,
    or with ``some`` as many of all as are gathered; ``number`` how many there are, one above ``gathered`` for more.
    Raises EmptyResultSet where nothing can be found.
    """
    wanted = asked.rows.order_by().values_list(asked.order.column, asked.order.key)
    few, of_few = wanted[: asked.gathered + 1].query.sql_with_params()
    near, of_near = _among(nearest.rows, wanted)
    every, of_every = wanted.query.sql_with_params()
    tables = _TABLES.format(
        name=name,
        few=few,
        near=near,
        far=f"{name}few" if some else f"({every})",
        gathered=asked.gathered,
        direction=nearest.direction,
        enough=nearest.enough,
        most=nearest.most,
    )
    return tables, [*of_few, *of_near, *(() if some else of_every)]


def _among(nearest: QuerySet[Model], rows: QuerySet[Model]) -> tuple[str, list[Any]]:
    """The ``rows`` among the nearest, which are put in the place of the table: none is looked up a second time."""
    inner, of_inner = nearest.query.sql_with_params()
    outer, of_outer = rows.query.sql_with_params()
    table = connection.ops.quote_name(rows.model._meta.db_table)
    return outer.replace(f"FROM {table}", f"FROM ({inner}) AS {table}", 1), [*of_inner, *of_outer]


def _ordering(order: Order, descending: bool) -> list[Any]:
    """The order as the one index of the column has it, read forth or back."""
    column, key = F(order.column), F(order.key)
    if not order.nullable:
        return [column.desc(), key.desc()] if descending else [column.asc(), key.asc()]
    return [column.desc(nulls_last=True), key.desc()] if descending else [column.asc(nulls_first=True), key.asc()]


def _here(rows: QuerySet[Model], order: Order, cursor: Cursor | None, *, forward: bool) -> Q | Any:
    """Rows after the cursor that stand together in the index: with values, or without.

    Rising orders read the index backwards, and there rows without a value come first, not last.
    """
    if cursor is None:
        return Q(**{f"{order.column}__isnull": not forward}) if order.nullable and not order.descending else Q()
    descending = order.descending if forward else not order.descending
    comparison = LessThan if descending else GreaterThan
    if cursor.value is None:
        beyond = Q(comparison(F(order.key), Value(cursor.key)))
        return Q(**{f"{order.column}__isnull": True}) & beyond
    place = Row(typed(rows, order, cursor.value), Value(cursor.key))
    return Q(comparison(Row(F(order.column), F(order.key)), place))


def _here_in_words(
    rows: QuerySet[Model], order: Order, cursor: Cursor | None, *, forward: bool
) -> tuple[str, list[Any]]:
    """The condition on ``value`` and ``key`` that all rows after the cursor meet, rows without a value too."""
    if cursor is None:
        return "true", []
    descending = order.descending if forward else not order.descending
    sign = "<" if descending else ">"
    if cursor.value is None:
        in_nulls = f"(value IS NULL AND key {sign} %s)"
        return in_nulls if forward else f"({in_nulls} OR value IS NOT NULL)", [cursor.key]
    type_of_value = F(order.column).resolve_expression(rows.query).output_field.db_type(connection)
    beyond = f"(value, key) {sign} (%s::{type_of_value}, %s::bigint)"
    return f"({beyond} OR value IS NULL)" if forward else beyond, [cursor.value, cursor.key]
