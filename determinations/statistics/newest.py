"""The most recent of selected items, which pages about a selection quote."""

from typing import cast

from django.db.models import F, QuerySet

from determinations.models import ItemFact
from determinations.models.any_of import AnyOf
from determinations.statistics.interface import NewestItem, Selection
from determinations.statistics.sql_engine import SqlEngine

_NEWEST_FIRST = (F("decision_date").desc(nulls_last=True), F("item").desc())


def newest_items(engine: SqlEngine, items: "QuerySet[ItemFact]", most: int) -> "QuerySet[ItemFact]":
    """At most so many, most recent decision first; a further filter is not possible.

    In a large collection the column engine names them: PostgreSQL would read all newer items that do not match.
    """
    selection = Selection(items, whole_letters=False)
    if engine.lists_by_column(selection):
        told = engine.newest_by_sets(selection, most)
        if told is not None:
            return _by_id([item.item_id for item in told])
        sql, params = selection.rows
        named = engine.kept_by_column(
            f"SELECT item_id {sql} ORDER BY decision_date DESC NULLS LAST, item_id DESC LIMIT {most}",
            params,
            shared=False,
        )
        if named is not None:
            return _by_id([cast("int", pk) for (pk,) in named])
    return items.order_by(*_NEWEST_FIRST)[:most]


def newest_rows(engine: SqlEngine, items: "QuerySet[ItemFact]", most: int) -> list[NewestItem]:
    """The same items, as far as sets tell of them: without any query in a large collection."""
    selection = Selection(items, whole_letters=False)
    told = engine.newest_by_sets(selection, most) if engine.lists_by_column(selection) else None
    if told is not None:
        return told
    columns = ("item_id", "case_id", "decision_date", "overturned")
    return [NewestItem(*row) for row in newest_items(engine, items, most).values_list(*columns)]


def _by_id(ids: list[int]) -> "QuerySet[ItemFact]":
    return ItemFact.objects.filter(AnyOf("pk", ids)).order_by(*_NEWEST_FIRST)
