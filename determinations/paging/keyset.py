"""Keyset paging: any depth costs the same, for any ordering, nulls last.

An ordering is one column, nullable or not, with the primary key as tie-breaker in the same direction. Rows without a
value come last in both directions. The non-null part is read with a row comparison, ``(column, id) < (value, id)``,
which one index ``(column DESC NULLS LAST, id DESC)`` serves in both directions, or ``(column, id)`` if the order says
so; rows without a value follow.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db.models import Expression, F, Model, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.db.models.lookups import GreaterThan, LessThan
from django.http import QueryDict

from determinations.paging.addresses import CURSOR, changed, link_to
from determinations.paging.sql import AnyField, beyond

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Order:
    """An ordering: a column (a field path or an annotation), its direction, and the tie-breaking key.

    ``index_ascends``: the index of a nullable column is ``(column, id)``. PostgreSQL sorts all rows for an order that
    puts nulls elsewhere than the index does, even where no row is null.
    """

    column: str
    descending: bool = False
    nullable: bool = True
    key: str = "pk"
    index_ascends: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in an ordering: the row with this value and key, and whether the page lies after or before it."""

    value: object
    key: int
    forward: bool = True

    def encode(self) -> str:
        """The cursor as an address carries it."""
        value = self.value
        if isinstance(value, date):
            value = {"time" if isinstance(value, datetime) else "date": value.isoformat()}
        return base64.urlsafe_b64encode(json.dumps([value, self.key]).encode()).decode().rstrip("=")


def read_cursor(query: QueryDict) -> Cursor | None:
    """The cursor of an address; None at the start of a list, and for an invalid cursor."""
    for name, forward in (("after", True), ("before", False)):
        printed = query.get(name)
        if not printed:
            continue
        if printed == "end":
            return Cursor(None, 0, forward=False)
        try:
            value, key = json.loads(base64.urlsafe_b64decode(printed + "=" * (-len(printed) % 4)))
            if isinstance(value, dict):
                value = datetime.fromisoformat(value["time"]) if "time" in value else date.fromisoformat(value["date"])
            if not isinstance(key, int) or abs(key) >= 2**63:
                return None
            if any("\x00" in str(part) for part in (value if isinstance(value, list) else [value])):
                return None
        except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
            return None
        return Cursor(value, key, forward)
    return None


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """One page of a list, with the addresses of its neighbors; None if there is none."""

    rows: list[M]
    first_query: str | None
    previous_query: str | None
    next_query: str | None
    last_query: str | None


def page_of(queryset: QuerySet[M], order: Order, query: QueryDict, size: int = 50) -> Page[M]:
    """The page of ``queryset`` that the address requests. One query; two where rows without a value begin."""
    cursor, at_end = checked_cursor(queryset, order, query)
    forward = cursor is None or cursor.forward
    rows = rows_from(queryset, order, None if at_end else cursor, size + 1, forward=forward)
    return page_around(rows, order, query, cursor, at_end=at_end, size=size)


def checked_cursor(queryset: QuerySet[M], order: Order, query: QueryDict) -> tuple[Cursor | None, bool]:
    """The cursor of an address if it fits the order, and whether the address requests the end of the list."""
    return _checked(queryset, order, read_cursor(query)), query.get("before") == "end"


def page_around(
    rows: list[M], order: Order, query: QueryDict, cursor: Cursor | None, *, at_end: bool, size: int
) -> Page[M]:
    """A page of up to ``size`` + 1 rows after the cursor; rows before a cursor come nearest first."""
    forward = cursor is None or cursor.forward
    more = len(rows) > size
    rows = rows[:size]
    if not forward:
        rows.reverse()
    has_previous = (more if not forward else cursor is not None) and bool(rows)
    has_next = (more if forward else not at_end) and bool(rows)
    return Page(
        rows=rows,
        first_query=_query(query) if has_previous or (cursor is not None and not rows) else None,
        previous_query=_query(query, before=_cursor_of(rows[0], order)) if has_previous else None,
        next_query=_query(query, after=_cursor_of(rows[-1], order)) if has_next else None,
        last_query=_query(query, before="end") if has_next else None,
    )


def rows_from(queryset: QuerySet[M], order: Order, cursor: Cursor | None, limit: int, *, forward: bool) -> list[M]:
    """Up to ``limit`` rows after the cursor, or before it in reverse order; from either end without a cursor."""
    descending = order.descending if forward else not order.descending
    parts = [False, True] if order.nullable else [False]
    if not forward:
        parts.reverse()
    rows: list[M] = []
    for of_nulls in parts:
        wanted = limit - len(rows)
        if wanted == 0:
            break
        if cursor is not None and _passed(cursor, of_nulls=of_nulls, forward=forward):
            continue
        inside = cursor is not None and (cursor.value is None) == of_nulls
        rows += _part(queryset, order, cursor if inside else None, of_nulls, descending)[:wanted]
    return rows


def _passed(cursor: Cursor, *, of_nulls: bool, forward: bool) -> bool:
    """Whether all rows of a part are on the other side of the cursor."""
    if forward:
        return cursor.value is None and not of_nulls
    return cursor.value is not None and of_nulls


def _part(queryset: QuerySet[M], order: Order, cursor: Cursor | None, of_nulls: bool, descending: bool) -> QuerySet[M]:
    part = queryset.filter(**{f"{order.column}__isnull": of_nulls}) if order.nullable else queryset
    column, key = F(order.column), F(order.key)
    if cursor is not None:
        forward = descending == order.descending
        part = part.filter(beyond_cursor(queryset, order, cursor, column, key, forward=forward))
    by_key = key.desc() if descending else key.asc()
    if of_nulls:
        return part.order_by(by_key)
    return part.order_by(*index_order(order, descending))


def beyond_cursor(
    rows: QuerySet[Any], order: Order, cursor: Cursor, column: Expression | F, key: Expression | F, *, forward: bool
) -> LessThan | GreaterThan:
    """The condition for rows after the cursor, or before it, among those with a value or those without."""
    falling = order.descending if forward else not order.descending
    return beyond(column, key, cursor.value, cursor.key, field=field_of(rows, order), falling=falling)


def index_order(order: Order, descending: bool) -> list[OrderBy]:
    """The order of the column's index, read forward or backward, which names the place of nulls as the index does."""
    column, key = F(order.column), F(order.key)
    if not order.nullable or order.index_ascends:
        return [column.desc(), key.desc()] if descending else [column.asc(), key.asc()]
    return [column.desc(nulls_last=True), key.desc()] if descending else [column.asc(nulls_first=True), key.asc()]


def adjacent(rows: QuerySet[Model], order: Order, cursor: Cursor | None, *, forward: bool) -> Q:
    """Rows after the cursor that are adjacent in the index: those with values, or those without.

    Ascending orders read the index backwards, and there rows without a value come first, not last.
    """
    if cursor is None:
        return Q(**{f"{order.column}__isnull": not forward}) if order.nullable and not order.descending else Q()
    after = Q(beyond_cursor(rows, order, cursor, F(order.column), F(order.key), forward=forward))
    return Q(**{f"{order.column}__isnull": True}) & after if cursor.value is None else after


def field_of(rows: QuerySet[Any], order: Order) -> AnyField:
    """The field that gives the order's column its type."""
    return F(order.column).resolve_expression(rows.query).output_field


def _checked(queryset: QuerySet[M], order: Order, cursor: Cursor | None) -> Cursor | None:
    """The cursor, or None where its value does not fit this column: from another order, or tampered with."""
    if cursor is None or cursor.value is None:
        return cursor if cursor is None or order.nullable or not cursor.key else None
    field = field_of(queryset, order)
    if isinstance(cursor.value, list) != isinstance(field, ArrayField):
        return None
    try:
        value = field.to_python(cursor.value)
        field.run_validators(value)
    except (ValidationError, TypeError, ValueError, OverflowError):  # the last: Infinity, which JSON knows here
        return None
    return Cursor(value, cursor.key, cursor.forward)


def cursor_at(row: Model, order: Order, *, forward: bool = True) -> Cursor:
    """The cursor at a row."""
    value: object = row
    for name in order.column.split("__"):
        value = getattr(value, name)
    key: Any = row
    for name in order.key.split("__"):
        key = getattr(key, name)
    return Cursor(value, key, forward)


def _cursor_of(row: Model, order: Order) -> str:
    return cursor_at(row, order).encode()


def _query(query: QueryDict, **cursor: str) -> str:
    return link_to(changed(query, cursor, without=CURSOR))
