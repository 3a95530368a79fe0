"""The previous and next case in the list the user came from, by keyset, at any depth."""

from dataclasses import dataclass

from django.db.models import Model, QuerySet
from django.http import QueryDict

from determinations.browsing.lists import LISTS, ListKind
from determinations.paging.counts import Count, whole_number
from determinations.paging.keyset import Cursor, Order, cursor_at, rows_from

_COUNTED_UP_TO = 1_000


@dataclass(frozen=True, slots=True)
class Place:
    """A row's place in its list: its neighbors (rows, or None at an end) and its position, capped."""

    kind: ListKind
    previous: Model | None
    following: Model | None
    position: Count


def place_in_list(case_id: int, query: QueryDict, *, notes: bool = False) -> Place | None:
    """The place of a case, or of its item named by ``item=``, in the list that the address names; None without one.

    In a list of items, neighbors are items. A row that no longer matches has no place.
    """
    kind = LISTS.get(query.get("list", ""))
    if kind is None:
        return None
    rows = kind.filterset(query, notes=notes).qs
    row = _row(kind, rows, case_id, query.get("item", ""))
    if row is None:
        return None
    order = kind.orders[kind.sort_of(query)]
    cursor = cursor_at(row, order)
    before = rows_from(rows, order, Cursor(cursor.value, cursor.key, forward=False), 1, forward=False)
    after = rows_from(rows, order, cursor, 1, forward=True)
    return Place(kind, before[0] if before else None, after[0] if after else None, _position(rows, order, cursor))


def _row(kind: ListKind, rows: QuerySet[Model], case_id: int, item: str) -> Model | None:
    if not kind.of_items:
        return rows.filter(pk=case_id).first()
    items = rows.filter(case=case_id).select_related("item").order_by("item__number")
    number = whole_number(item, most=9_999)
    return (items.filter(item__number=number).first() if number is not None else None) or items.first()


def _position(rows: QuerySet[Model], order: Order, cursor: Cursor) -> Count:
    """The position of the row, counted up to a cap."""
    before = rows_from(
        rows.values_list("pk", flat=True),
        order,
        Cursor(cursor.value, cursor.key, forward=False),
        _COUNTED_UP_TO + 1,
        forward=False,
    )
    return Count(min(len(before), _COUNTED_UP_TO) + 1, capped=len(before) > _COUNTED_UP_TO)
