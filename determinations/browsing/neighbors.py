"""The previous and next case in the list the user came from, by keyset, at any depth."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import QueryDict

from determinations.browsing.column_cases import FindCases
from determinations.browsing.lists import LISTS, ListKind
from determinations.paging.counts import Count, whole_number
from determinations.paging.keyset import Cursor, Order, cursor_at, rows_from
from determinations.paging.stretches import STRETCH, Candidates

_COUNTED_UP_TO = 1_000


@dataclass(frozen=True, slots=True)
class Place:
    """A row's place in its list: its neighbors (rows, or None at an end) and its position, capped."""

    kind: ListKind
    previous: Model | None
    following: Model | None
    position: Count


def place_in_list(case_id: int, query: QueryDict, *, by: User | None = None) -> Place | None:
    """The place of a case, or of its item named by ``item=``, in the list that the address names; None without one.

    In a list of items, neighbors are items. A row that no longer matches has no place. Of a phrase that very many rows
    may have, neighbors and the position are told by the nearest candidates.
    """
    kind = LISTS.get(query.get("list", ""))
    if kind is None:
        return None
    filterset = kind.filterset(query, by=by)
    rows = filterset.qs
    of_case = _rows_of_case(kind, rows, case_id)
    if not of_case:
        return None
    order = kind.orders[kind.sort_of(query)]
    at = _row_asked(of_case, query.get("item", "")) if kind.of_items else 0
    asked, value = of_case[at], attrgetter(order.column)
    of_case = [row for row in of_case if value(row) == value(asked)]
    at = of_case.index(asked)
    # Rows of a case with one value follow one another in the letter's order; before and after them come others.
    first, last = (cursor_at(row, order) for row in _first_and_last(of_case, order))
    if not kind.of_items:
        beside = FindCases(filterset).beside(kind.list_query(filterset, query), first)
        if beside is not None:
            near = kind.all_rows().in_bulk([pk for pk in (beside.previous, beside.following) if pk is not None])
            position = Count(beside.before + 1, capped=False)
            return Place(kind, near.get(beside.previous), near.get(beside.following), position)
    reads_texts = kind.reads_texts(filterset)
    candidates = Candidates.too_many(kind.list_query(filterset, query), STRETCH) if reads_texts else None
    before = of_case[at - 1] if at else _beyond(kind, rows, order, first, candidates, forward=False)
    after = of_case[at + 1] if at + 1 < len(of_case) else _beyond(kind, rows, order, last, candidates, forward=True)
    return Place(kind, before, after, _position(rows, order, first, at, candidates))


def _rows_of_case(kind: ListKind, rows: QuerySet[Model], case_id: int) -> list[Model]:
    if not kind.of_items:
        return list(rows.filter(pk=case_id))
    return list(rows.filter(case=case_id).select_related("item").order_by("item__number"))


def _row_asked(of_case: Sequence[Model], item: str) -> int:
    """Where the item is whose number the address has; the first without one."""
    number = whole_number(item, most=9_999)
    numbers: list[int] = [row.item.number for row in of_case]  # type: ignore[attr-defined] # facts of items
    return numbers.index(number) if number in numbers else 0


def _first_and_last(of_case: Sequence[Model], order: Order) -> tuple[Model, Model]:
    """The rows of a case that come first and last by the order's own key."""
    by_key = sorted(of_case, key=attrgetter("pk"), reverse=order.descending)
    return by_key[0], by_key[-1]


def _beyond(
    kind: ListKind,
    rows: QuerySet[Model],
    order: Order,
    cursor: Cursor,
    candidates: Candidates | None,
    *,
    forward: bool,
) -> Model | None:
    """The nearest row: in a list of items, the first or the last item of a letter with the value that is next."""
    cursor = Cursor(cursor.value, cursor.key, forward)
    if candidates is None:
        nearest = rows_from(rows, order, cursor, 1, forward=forward)
    else:
        keys = candidates.stretch(cursor, forward=forward, enough=1).keys[:1]
        nearest = list(kind.all_rows().filter(pk__in=keys))
    if not nearest or not kind.of_items:
        return nearest[0] if nearest else None
    case_id, value = attrgetter("case_id", order.column)(nearest[0])
    same = {order.column: value} if value is not None else {f"{order.column}__isnull": True}
    by_number = "item__number" if forward else "-item__number"
    return rows.filter(case=case_id, **same).select_related("item").order_by(by_number).first()


def _position(
    rows: QuerySet[Model], order: Order, cursor: Cursor, within: int, candidates: Candidates | None
) -> Count:
    """The position of the row that is ``within`` its case after the cursor's row, counted up to a cap."""
    if candidates is not None:
        stretch = candidates.stretch(Cursor(cursor.value, cursor.key, forward=False), forward=False, enough=1)
        return Count(len(stretch.keys) + 1 + within, capped=stretch.end is not None)
    before = rows_from(
        rows.values_list("pk", flat=True),
        order,
        Cursor(cursor.value, cursor.key, forward=False),
        _COUNTED_UP_TO + 1,
        forward=False,
    )
    return Count(min(len(before), _COUNTED_UP_TO) + 1 + within, capped=len(before) > _COUNTED_UP_TO)
