"""Pages of items named by the column engine: as quick for a filter that most items pass as for one that few do."""

from typing import cast

from django.db.models import QuerySet

from determinations.browsing.list_place import DATE, Place, cursor_condition
from determinations.models import ItemFact
from determinations.paging.counts import Count
from determinations.paging.filtered import NEAR, ListQuery, keys_from
from determinations.paging.keyset import Cursor
from determinations.statistics.interface import Selection
from determinations.statistics.sql_engine import SqlEngine, one_snapshot


def item_keys(
    listed: ListQuery, cursor: Cursor | None, size: int, *, forward: bool, near: int = NEAR
) -> tuple[list[int], Count]:
    """As ``keys_from``, for items; by column where the engine can, and then the count has no cap."""
    selection = Selection(cast("QuerySet[ItemFact]", listed.rows), whole_letters=False)
    with one_snapshot() as engine:
        if engine.lists_by_column(selection):
            selected = engine.items_by_column(selection)
            if selected is not None and listed.order.column == DATE:
                place = Place(listed, cursor, forward)
                nearest = place.among(selected, size, of_cases=False)
                if nearest is not None:
                    rows = place.nearest(nearest, size)
                    return [key for _value, key in rows], Count(len(selected.items), capped=False)
            sql, parameters = selection.rows
            here, of_place = cursor_condition(listed.order, cursor, forward=forward)
            descending = listed.order.descending == forward
            direction, nulls = "DESC" if descending else "ASC", "LAST" if forward else "FIRST"
            number = len(selected.items) if selected is not None else _number(engine, selection)
            keys = engine.rows_by_column(
                f"SELECT key FROM (SELECT {_column(listed)} AS value, item_id AS key {sql}) AS listed WHERE {here} "  # noqa: S608 - the ORM's own SQL
                f"ORDER BY value {direction} NULLS {nulls}, key {direction} LIMIT {size}",
                (*parameters, *of_place),
            )
            if number is not None and keys is not None:
                return [int(str(key)) for (key,) in keys], Count(number, capped=False)
    return keys_from(listed, cursor, size, forward=forward, near=near)


def _number(engine: SqlEngine, selection: Selection) -> int | None:
    sql, parameters = selection.rows
    answer = engine.rows_by_column(f"SELECT count(*) {sql}", parameters)
    return None if answer is None else int(str(answer[0][0]))


def _column(listed: ListQuery) -> str:
    return f'"{listed.rows.model._meta.db_table}"."{listed.order.column}"'
