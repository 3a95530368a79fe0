"""One page of a filtered list with its count, however many rows match: many, few or none.

How many rows match is not known in advance, and PostgreSQL's estimate may be wrong by any factor, so it is not left to
choose between walking the order's index and gathering the matches. One statement tries in turn:

- ``few``: the matches, gathered from the index over all filters, up to a number. Below it this is the count, and the
  page is sorted from it.
- ``near``: otherwise many rows match, so the rows nearest to where the page begins contain a page of matches.
- ``far``: unless the matches lie elsewhere in the order (letters of old layouts, an upload of one year). Then all of
  them are gathered and sorted: the most expensive case, and the rarest.

Words that most rows have are looked for near the page first: even to stop after some thousand of them, the index reads
all of their places. That PostgreSQL expects ten times as many rows as are counted is not enough for that; a quarter of
the rows near the page has to match, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, Model, QuerySet
from django.http import QueryDict

from determinations.paging.counts import COUNT_CAP, Count
from determinations.paging.keyset import (
    Cursor,
    M,
    Order,
    Page,
    adjacent,
    beyond_cursor,
    checked_cursor,
    field_of,
    index_order,
    page_around,
)
from determinations.paging.reach import Rest, keys_in_reach
from determinations.paging.sql import Expected, NamedColumn, among, compiled, expected

#: How many rows, filters aside, are checked where the page begins.
NEAR = 2_000
#: Of words that PostgreSQL expects in so many times more rows than are gathered, so many rows are checked first.
_SURELY, _FIRST = 10, 600
#: How many times as many rows as PostgreSQL expects may have words that often occur together.
_UNDERESTIMATED = 10

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
{name}matching AS (
    SELECT * FROM {name}few WHERE (SELECT number FROM {name}number) <= {gathered}
    UNION ALL SELECT * FROM {name}near WHERE (SELECT count(*) FROM {name}near) >= {enough}
    UNION ALL SELECT * FROM {name}far
)"""
_PAGE = """
WITH {tables}
SELECT number.number, page.key
FROM number LEFT JOIN LATERAL (
    SELECT value, key FROM matching WHERE {here} ORDER BY value {direction}, key {direction_of_keys} LIMIT {size}
) AS page ON true
ORDER BY page.value {direction}, page.key {direction_of_keys}
"""
#: Checking a row for words reads its texts. Of a word that nearly all rows have, PostgreSQL expects that to take as
#: long by the index, which need not check them, as row by row, and then it reads row by row, 40 times as long.
_BY_INDEX = "SET LOCAL enable_seqscan = off; {statement}; SET LOCAL enable_seqscan TO DEFAULT"


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What to list: ``rows`` that pass the filters, in ``order``; counted up to ``cap``, gathered up to ``gathered``.

    ``everything`` is the rows they are taken from: all, or all within a period of the order's column.
    ``of_words``: rows are checked for words.
    """

    rows: QuerySet[Model]
    everything: QuerySet[Model]
    order: Order
    cap: int = COUNT_CAP
    gathered: int = COUNT_CAP
    of_words: bool = False
    #: The same rows, of which the words are told by their texts: quicker than the index where other rows are known.
    by_texts: QuerySet[Model] | None = None
    #: Where texts have to be read to tell which rows match: the rows of which an index says that they may.
    candidates: QuerySet[Model] | None = None
    #: No index says so: ``candidates`` are the rows that match.
    candidates_match: bool = False

    @property
    def told_by_index(self) -> bool:
        """Whether an index tells which rows have the words: more rows than are counted are gathered then."""
        return self.gathered > self.cap


@dataclass(frozen=True, slots=True)
class Nearest:
    """Where to look first if very many rows match: among the rows, filters aside, nearest to a place in the order.

    The first ``most`` matches are taken, nearest first, if there are ``enough``.
    """

    rows: QuerySet[Model]
    direction: str
    enough: int
    most: int

    @classmethod
    def to(
        cls, place: QuerySet[Model], order: Order, *, descending: bool, enough: int, most: int, near: int = NEAR
    ) -> "Nearest":
        """The first ``near`` rows at the place."""
        sign = "DESC" if descending else "ASC"
        nulls = "" if not order.nullable else " NULLS LAST" if descending else " NULLS FIRST"
        rows = place.order_by(*index_order(order, descending))[:near]
        return cls(rows, f"value {sign}{nulls}, key {sign}", enough, most)


class FindsKeys(Protocol):
    """Finds the keys of a page, as ``keys_from`` does."""

    def __call__(
        self, listed: ListQuery, cursor: Cursor | None, size: int, *, forward: bool, near: int
    ) -> tuple[list[int], Count]:
        """See ``keys_from``."""


def list_page(
    listed: ListQuery,
    shown: QuerySet[M],
    query: QueryDict,
    size: int = 50,
    near: int = NEAR,
    find_keys: FindsKeys | None = None,
) -> tuple[Page[M], Count]:
    """The page of an address, its rows read from ``shown``, and how many rows there are. Two queries."""
    cursor, at_end = checked_cursor(listed.rows, listed.order, query)
    forward = cursor is None or cursor.forward
    find = find_keys or keys_from
    keys, count = find(listed, None if at_end else cursor, size + 1, forward=forward, near=near)
    by_key = shown.in_bulk(keys)
    rows = [by_key[key] for key in keys if key in by_key]
    return page_around(rows, listed.order, query, cursor, at_end=at_end, size=size), count


def keys_from(
    listed: ListQuery,
    cursor: Cursor | None,
    size: int,
    *,
    forward: bool,
    near: int = NEAR,
    enough: int | None = None,
) -> tuple[list[int], Count]:
    """Up to ``size`` primary keys after the cursor, or before it and then nearest first; and the count of all.

    If very many rows match, ``enough`` of the ``near`` rows will do: not all matches are gathered to give ``size``.
    """
    order = listed.order
    descending = order.descending if forward else not order.descending
    direction = ("DESC" if descending else "ASC") + (" NULLS LAST" if forward else " NULLS FIRST")
    place = listed.everything.filter(adjacent(listed.everything, order, cursor, forward=forward))
    nearest = Nearest.to(place, order, descending=descending, enough=enough or size, most=size, near=near)
    try:
        many = listed.by_texts is not None and _of_many(listed, nearest, Rest(order, cursor, forward), size)
        if many:
            return many, Count(listed.cap, capped=True)
        tables, parameters = tables_of(listed, nearest)
    except EmptyResultSet:  # a value that no row can have
        return [], Count(0, capped=False)
    here, of_place = after_cursor(listed.everything, order, cursor, forward=forward)
    statement = _PAGE.format(
        tables=tables,
        size=size,
        here=here,
        direction=direction,
        direction_of_keys="DESC" if descending else "ASC",
    )
    answer = rows_of(statement, [*parameters, *of_place], of_words=listed.of_words)
    number = answer[0][0]
    return [key for _number, key in answer if key is not None], Count(min(number, listed.cap), number > listed.cap)


def _of_many(listed: ListQuery, nearest: Nearest, rest: Rest, size: int) -> list[int]:
    """The keys if far more rows match than are counted: by the texts of some rows, or of those that indexes find."""
    assert listed.by_texts is not None
    plan = expected(listed.rows)
    if surely_many(plan, listed.gathered):
        first = replace(nearest, rows=nearest.rows.all()[:_FIRST])
        keys = keys_near(first, _keys_of(listed, listed.by_texts))
        quarter = _FIRST // 4
        if len(keys) >= max(first.enough, min(size, quarter) if listed.told_by_index else quarter):
            return keys[:size]
    if not listed.told_by_index or plan.rows < listed.cap // _UNDERESTIMATED:
        return []
    return keys_in_reach(listed.rows, rest, plan, counted=listed.cap, size=size, enough=nearest.enough) or []


def surely_many(plan: Expected, gathered: int) -> bool:
    """Whether PostgreSQL expects far more rows than are gathered."""
    return plan.rows > _SURELY * gathered


def keys_near(nearest: Nearest, wanted: QuerySet[Model, tuple[object, ...]]) -> list[int]:
    """The keys of all rows at a place that match, nearest first; ``wanted`` gives the order's value and the key."""
    near, parameters = among(nearest.rows, wanted)
    statement = f"SELECT key FROM ({near}) AS near (value, key) ORDER BY {nearest.direction}"  # noqa: S608 - our SQL
    return [key for (key,) in rows_of(statement, parameters, of_words=True)]


def tables_of(listed: ListQuery, nearest: Nearest, *, name: str = "", some: bool = False) -> tuple[str, list[object]]:
    """Common table expressions with their parameters, their names beginning with ``name``.

    ``matching (value, key)`` has all rows if they are few, else the nearest if these are enough, else all, or with
    ``some`` as many as are gathered; ``number`` how many there are, one above ``gathered`` for more.
    Raises EmptyResultSet where no row can match.
    """
    wanted = _keys_of(listed, listed.rows)
    few, of_few = wanted[: listed.gathered + 1].query.sql_with_params()
    near, of_near = among(nearest.rows, _keys_of(listed, listed.by_texts) if listed.by_texts is not None else wanted)
    every, of_every = wanted.query.sql_with_params()
    tables = _TABLES.format(
        name=name,
        few=few,
        near=near,
        far=f"{name}few" if some else f"({every})",
        gathered=listed.gathered,
        direction=nearest.direction,
        enough=nearest.enough,
        most=nearest.most,
    )
    return tables, [*of_few, *of_near, *(() if some else of_every)]


def _keys_of(listed: ListQuery, rows: QuerySet[Model]) -> QuerySet[Model, tuple[object, ...]]:
    return rows.order_by().values_list(listed.order.column, listed.order.key)


def rows_of(statement: str, parameters: Sequence[Any], *, of_words: bool) -> list[tuple[Any, ...]]:
    """The rows of a statement with ``tables_of``; ``of_words``: some of its tables check rows for words."""
    with connection.cursor() as database:
        if of_words:
            database.execute(_BY_INDEX.format(statement=statement), parameters)
            database.nextset()
        else:
            database.execute(statement, parameters)
        return database.fetchall()


def after_cursor(
    rows: QuerySet[Model], order: Order, cursor: Cursor | None, *, forward: bool
) -> tuple[str, list[Any]]:
    """The condition on ``value`` and ``key`` of all rows after the cursor, including rows without a value."""
    if cursor is None:
        return "true", []
    value, key = NamedColumn("value", field_of(rows, order)), NamedColumn("key", BigIntegerField())
    after, parameters = compiled(beyond_cursor(rows, order, cursor, value, key, forward=forward), rows.model)
    if cursor.value is None:
        return (
            f"value IS NULL AND {after}" if forward else f"(value IS NULL AND {after} OR value IS NOT NULL)"
        ), parameters
    return f"({after} OR value IS NULL)" if forward else after, parameters
