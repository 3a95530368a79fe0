"""Pages of items named by the column engine: as quick for a filter that most items pass as for one that few do."""

from typing import cast

from django.db.models import QuerySet

from determinations.models import ItemFact
from determinations.paging.counts import Count
from determinations.paging.filtered import NEAR, ListQuery, keys_from
from determinations.paging.keyset import Cursor, Order
from determinations.statistics.columns.dialect import Value
from determinations.statistics.interface import Selection
from determinations.statistics.sql_engine import one_snapshot


def item_keys(
    listed: ListQuery, cursor: Cursor | None, size: int, *, forward: bool, near: int = NEAR
) -> tuple[list[int], Count]:
    """As ``keys_from``, for items; by column where the engine can, and then the count has no cap."""
    selection = Selection(cast("QuerySet[ItemFact]", listed.rows), whole_letters=False)
    with one_snapshot() as engine:
        if engine.lists_by_column(selection):
            sql, parameters = selection.rows
            here, of_place = cursor_condition(listed.order, cursor, forward=forward)
            descending = listed.order.descending == forward
            direction, nulls = "DESC" if descending else "ASC", "LAST" if forward else "FIRST"
            number = engine.rows_by_column(f"SELECT count(*) {sql}", parameters)
            keys = engine.rows_by_column(
                f"SELECT key FROM (SELECT {_column(listed)} AS value, item_id AS key {sql}) AS listed WHERE {here} "  # noqa: S608 - the ORM's own SQL
                f"ORDER BY value {direction} NULLS {nulls}, key {direction} LIMIT {size}",
                (*parameters, *of_place),
            )
            if number is not None and keys is not None:
                return [int(str(key)) for (key,) in keys], Count(int(str(number[0][0])), capped=False)
    return keys_from(listed, cursor, size, forward=forward, near=near)


def _column(listed: ListQuery) -> str:
    return f'"{listed.rows.model._meta.db_table}"."{listed.order.column}"'


def cursor_condition(order: Order, cursor: Cursor | None, *, forward: bool) -> tuple[str, tuple[Value, ...]]:
    """The condition on ``value`` and ``key`` of rows after the cursor, or before it; rows without a value are last."""
    if cursor is None:
        return "true", ()
    beyond = "<" if order.descending == forward else ">"
    if cursor.value is None:
        here = f"value IS NULL AND key {beyond} %s"
        return (here if forward else f"({here} OR value IS NOT NULL)"), (cursor.key,)
    here = f"value {beyond} %s OR (value = %s AND key {beyond} %s)"
    return f"({here} OR value IS NULL)" if forward else f"({here})", (cursor.value, cursor.value, cursor.key)
