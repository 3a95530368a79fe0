"""Rows of a list that an index over words finds, among the thousands at a place in the list's order.

Two indexes together name them: that of the words, and that of the order up to a row some way beyond the place. So no
more rows are read than match there, however many match elsewhere. That more match than a list counts is told by how
many entries the index of words has for them, which PostgreSQL counts in any case. This holds only if PostgreSQL asks
that index for all that the list asks for, so the plan is looked at first. Entries of deleted and replaced rows are
among them: as many are taken off as the table has such rows. So are those of superseded rows, and statistics are some
seconds late: there have to be ``_SPARE`` times as many.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from django.db import connection
from django.db.models import DateField, F, Model, QuerySet

from determinations.paging.keyset import Cursor, Order, adjacent, beyond_cursor, field_of, index_order
from determinations.paging.sql import Expected

#: Rows of the order that are tried first, for each row that is wanted; the fewest, as PostgreSQL reads both indexes of
#: some thousand rows only; and the most.
_FIRST, _LEAST, _FARTHEST = 60, 3_000, 60_000
#: How many times as many entries the index of words has to have as rows are counted.
_SPARE = 2
#: The one condition besides those of the index: few rows are superseded.
_CURRENT = "(superseded_by_id IS NULL)"

_ENTRIES = "SELECT pg_stat_get_xact_tuples_returned(%s::regclass)"
#: Only bitmaps of both indexes: a walk of the order would read the texts of each row.
_BY_BITMAPS = (
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; "
    "{statements}; SET LOCAL enable_seqscan TO DEFAULT; "
    "SET LOCAL enable_indexscan TO DEFAULT; SET LOCAL enable_indexonlyscan TO DEFAULT"
)
#: Rows that are, rows that are no more, and rows when the table was last analyzed.
_STATISTICS = """
SELECT pg_stat_get_live_tuples(oid), pg_stat_get_dead_tuples(oid), reltuples FROM pg_class WHERE oid = %s::regclass
"""


#: A step of a plan, as ``EXPLAIN (FORMAT JSON)`` has it.
PlanNode = TypedDict(
    "PlanNode", {"Node Type": str, "Index Name": str, "Index Cond": str, "Plans": "list[PlanNode]"}, total=False
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

    @property
    def begins_at_start(self) -> bool:
        """Whether these are all rows between the start of the order and a row with a value."""
        return not self.forward and self.cursor is not None and self.cursor.value is not None


def keys_in_reach(
    rows: QuerySet[Model], rest: Rest, plan: Expected, *, counted: int, size: int, enough: int
) -> list[int] | None:
    """The keys of the first ``size`` of the rows after a place, nearest first; ``enough`` of them if these are far.

    None if that would not be all of them, if no single index finds the rows, and if it may have no more than are
    ``counted``. Four queries, seven at most.
    """
    if plan.index is None or plan.condition not in ("", _CURRENT):
        return None
    if not isinstance(field_of(rows, rest.order), DateField):  # of others PostgreSQL's estimates are too coarse
        return None
    if rest.cursor is None and not rest.forward:  # the end of the list: rows without a value come first there
        return None
    dead = _dead(rows.model)
    if dead is None:
        return None
    reach = min(_FARTHEST, max(_LEAST, _FIRST * size))
    keys: list[int] = []
    for _attempt in range(2):
        edge = _edge(rows, rest, reach)
        if edge is None and not rest.begins_at_start:
            return None
        found = _before(rows, rest, edge, plan, size)
        if found is None:
            return None
        keys, entries = found
        if entries - dead < _SPARE * counted:
            return None
        if len(keys) >= size or edge is None:
            return keys
        if not keys or reach == _FARTHEST:
            break
        reach = min(_FARTHEST, 3 * reach * size // (2 * len(keys)))
    return keys if len(keys) >= enough else None


def _dead(model: type[Model]) -> int | None:
    """Rows of a table that were deleted or replaced since it was vacuumed; None if PostgreSQL cannot tell.

    It cannot after a crash, on a standby, and in a copy: then it knows of no row, or only of those written since.
    """
    with connection.cursor() as database:
        database.execute(_STATISTICS, [connection.ops.quote_name(model._meta.db_table)])
        ((live, dead, analyzed),) = database.fetchall()
    return None if live == 0 or 2 * (live + dead) < analyzed else int(dead)


def _edge(rows: QuerySet[Model], rest: Rest, reach: int) -> Cursor | None:
    """The row so far beyond the place, whether it matches or not; None if the order has none, or none with a value.

    An index has these rows, also those that are superseded: none of them is read.
    """
    everything = rows.model._default_manager.all()
    place = everything.filter(adjacent(everything, rest.order, rest.cursor, forward=rest.forward))
    ordered = place.order_by(*index_order(rest.order, rest.descending)).values_list(rest.order.column, rest.order.key)
    row = ordered[reach : reach + 1].first()
    return None if row is None or row[0] is None else Cursor(row[0], row[1])


def _before(
    rows: QuerySet[Model], rest: Rest, edge: Cursor | None, plan: Expected, size: int
) -> tuple[list[int], int] | None:
    """The nearest rows before the edge, and how many entries the index has for all rows wherever they are.

    None if PostgreSQL would not read both indexes, or would ask that of the words for less than ``plan`` does.
    """
    order, column, key = rest.order, F(rest.order.column), F(rest.order.key)
    here = rows.filter(adjacent(rows, order, rest.cursor, forward=rest.forward))
    if edge is not None:
        here = here.filter(beyond_cursor(rows, order, edge, column, key, forward=not rest.forward))
    by_place = here.order_by(*index_order(order, rest.descending)).values_list(order.key)
    sql, parameters = by_place[:size].query.sql_with_params()
    (((plans,),),) = _answers(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
    if not _asks_the_same(plans[0]["Plan"], plan):
        return None
    before, keys, after = _answers(f"{_ENTRIES}; {sql}; {_ENTRIES}", [plan.index, *parameters, plan.index])
    return [key for (key,) in keys], after[0][0] - before[0][0]


def _asks_the_same(planned: PlanNode, plan: Expected) -> bool:
    """Whether both indexes are read together, and that of ``plan`` once, for the same."""
    nodes = list(_nodes(planned))
    together = [one for node in nodes if node["Node Type"] == "BitmapAnd" for one in node["Plans"]]
    asked = [
        [one.get("Index Cond") for one in among if one.get("Index Name") == plan.index] for among in (together, nodes)
    ]
    return asked == [[plan.asked]] * 2


def _nodes(planned: PlanNode) -> Iterator[PlanNode]:
    yield planned
    for below in planned.get("Plans", ()):
        yield from _nodes(below)


def _answers(statements: str, parameters: Sequence[Any]) -> list[list[tuple[Any, ...]]]:
    """The rows that each of some statements gives, executed with bitmaps alone."""
    with connection.cursor() as database:
        database.execute(_BY_BITMAPS.format(statements=statements), parameters)
        answers = []
        while True:
            if database.description is not None:
                answers.append(database.fetchall())
            if not database.nextset():
                return answers
