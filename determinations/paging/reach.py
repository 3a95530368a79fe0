"""Rows of a list that an index over words finds, among the thousands at a place in the list's order.

Two indexes together name them: that of the words, and that of the order up to a row some way beyond the place. So no
more rows are read than match there, however many match elsewhere. That more match than a list counts is told by how
many entries the index of words has for them, which PostgreSQL counts in any case. Entries of rows that were deleted or
superseded are among them: there have to be ``_SPARE`` times as many.
"""

from dataclasses import dataclass

from django.db import connection
from django.db.models import DateField, F, Model, QuerySet

from determinations.paging.keyset import Cursor, Order, adjacent, beyond_cursor, field_of, index_order
from determinations.paging.sql import Expected

#: Rows of the order that are tried first, for each row that is wanted; and the most.
_FIRST, _FARTHEST = 60, 60_000
#: How many times as many entries the index of words has to have as rows are counted.
_SPARE = 2
#: The one condition besides those of the index: few rows are superseded.
_CURRENT = "(superseded_by_id IS NULL)"

_ENTRIES = "SELECT pg_stat_get_xact_tuples_returned(%s::regclass)"
_LIVE = "SELECT pg_stat_get_live_tuples({table}), pg_stat_get_dead_tuples({table})"
#: Only bitmaps of both indexes: a walk of the order would read the texts of each row.
_TOGETHER = (
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; "
    f"{_ENTRIES}; {{rows}}; {_ENTRIES}; {_LIVE}; SET LOCAL enable_seqscan TO DEFAULT; "
    "SET LOCAL enable_indexscan TO DEFAULT; SET LOCAL enable_indexonlyscan TO DEFAULT"
)


@dataclass(frozen=True, slots=True)
class Rest:
    """The rows of a list after a cursor, or before it and then nearest first."""

    order: Order
    cursor: Cursor | None
    forward: bool

    @property
    def descending(self) -> bool:
        """Whether the nearest rows are the greatest."""
        return self.order.descending == self.forward


def keys_in_reach(
    rows: QuerySet[Model], rest: Rest, plan: Expected, *, counted: int, size: int, enough: int
) -> list[int] | None:
    """The keys of the first ``size`` of the rows after a place, nearest first; ``enough`` of them if these are far.

    None if that would not be all of them, if no single index finds the rows, and if it may have no more than are
    ``counted``. Three queries, six at most.
    """
    if plan.index is None or plan.condition not in ("", _CURRENT):
        return None
    if not isinstance(field_of(rows, rest.order), DateField):  # of others PostgreSQL's estimates are too coarse
        return None
    if rest.cursor is None and not rest.forward:  # the end of the list: rows without a value come first there
        return None
    reach = min(_FARTHEST, _FIRST * size)
    keys: list[int] = []
    for _attempt in range(2):
        edge = _edge(rows, rest, reach)
        if edge is None:
            return None
        keys, entries = _before(rows, rest, edge, plan.index, size)
        if entries < _SPARE * counted or len(keys) >= size:
            return keys if entries >= _SPARE * counted else None
        if not keys or reach == _FARTHEST:
            break
        reach = min(_FARTHEST, 3 * reach * size // (2 * len(keys)))
    return keys if len(keys) >= enough else None


def _edge(rows: QuerySet[Model], rest: Rest, reach: int) -> Cursor | None:
    """The row so far beyond the place, whether it matches or not; None if the order has none, or none with a value.

    An index has these rows, also those that are superseded: none of them is read.
    """
    everything = rows.model._default_manager.all()
    place = everything.filter(adjacent(everything, rest.order, rest.cursor, forward=rest.forward))
    ordered = place.order_by(*index_order(rest.order, rest.descending)).values_list(rest.order.column, rest.order.key)
    row = ordered[reach : reach + 1].first()
    return None if row is None or row[0] is None else Cursor(row[0], row[1])


def _before(rows: QuerySet[Model], rest: Rest, edge: Cursor, index: str, size: int) -> tuple[list[int], int]:
    """The nearest rows before the edge, and how many entries of rows that are there the index has for all of them."""
    order, column, key = rest.order, F(rest.order.column), F(rest.order.key)
    here = rows.filter(adjacent(rows, order, rest.cursor, forward=rest.forward))
    here = here.filter(beyond_cursor(rows, order, edge, column, key, forward=not rest.forward))
    by_place = here.order_by(*index_order(order, rest.descending)).values_list(order.key)
    sql, parameters = by_place[:size].query.sql_with_params()
    table = connection.ops.quote_name(rows.model._meta.db_table)
    with connection.cursor() as database:
        database.execute(_TOGETHER.format(rows=sql, table=f"'{table}'::regclass"), [index, *parameters, index])
        answers = []
        while True:
            if database.description is not None:
                answers.append(database.fetchall())
            if not database.nextset():
                break
    ((entries_before,),), keys, ((entries,),), ((live, dead),) = answers
    share = live / (live + dead) if live else 1.0
    return [key for (key,) in keys], int(share * (entries - entries_before))
