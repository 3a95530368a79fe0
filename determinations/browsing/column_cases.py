"""Cases of a filtered list named by the column engine, from the facts of their items.

A column file has no cases. But the facts of an item have every value of its letter, and a case passes filters exactly
if one of its items passes all of them (``CaseFilter.as_items``). Cases without items have no facts: PostgreSQL reads
those beside, in the same snapshot. So the answer is that of PostgreSQL.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.db.models import Model, QuerySet

from determinations.browsing.column_keys import cursor_condition
from determinations.filters import ListFilters
from determinations.models import ItemFact
from determinations.paging.counts import Count
from determinations.paging.filtered import NEAR, ListQuery, keys_from
from determinations.paging.keyset import Cursor, Order
from determinations.statistics.answer_cache import Rows
from determinations.statistics.columns.dialect import Value
from determinations.statistics.interface import TABLE, Selection
from determinations.statistics.sql_engine import SqlEngine, one_snapshot

#: The one order of cases that is an order of their items, too.
_COLUMN = "decision_date"
#: With more cases without items than this, PostgreSQL answers: it would read all of them for each page.
MOST_WITHOUT_ITEMS = 2_000
#: So many items of each case that is wanted are gathered: cases with more are rare.
_ITEMS_PER_CASE = 4

#: The matching items up to a limit, which the engine stops reading at, and the cases at a place among theirs.
_SOME = """
WITH items AS MATERIALIZED (SELECT {table}.{column} AS value, {table}.case_id AS key {rows} LIMIT {limit} ),
cases AS MATERIALIZED (SELECT DISTINCT value, key FROM items)
SELECT counts.items, counts.cases, page.value, page.key
FROM (SELECT (SELECT count(*) FROM items) AS items, (SELECT count(*) FROM cases) AS cases) AS counts
LEFT JOIN (SELECT value, key FROM cases WHERE {here} ORDER BY {order} LIMIT {size} ) AS page ON true
"""
_NEXT = "SELECT {distinct} value, key FROM (SELECT {table}.{column} AS value, {table}.case_id AS key {rows}) AS listed WHERE {here} ORDER BY {order} LIMIT {size}"  # noqa: E501 - one statement

#: A case in the order of a list: its date and its ID.
_Case = tuple[date | None, int]


@dataclass(frozen=True, slots=True)
class SomeCases:
    """The cases at a place among those that match; ``all_of_them``: among all of these, of which there are ``number``.

    Otherwise among some of them, of which there are more than were wanted.
    """

    cases: list[_Case]
    number: int
    all_of_them: bool


@dataclass(frozen=True)
class CasesByColumn:
    """The cases that pass filters in the order of their date of decision, in one snapshot of the database.

    ``rows`` are the cases, ``items`` the facts that tell.
    """

    engine: SqlEngine
    rows: QuerySet[Model]
    items: Selection

    def some(self, wanted: int, size: int, place: "Place") -> SomeCases | None:
        """Up to ``size`` cases at a place, among all if up to ``wanted`` match. None: PostgreSQL has to answer."""
        limit = _ITEMS_PER_CASE * wanted + 1
        answer = self._ask(_SOME, place, size, limit=limit)
        if self._without_items is None or answer is None:
            return None
        items, number = (int(str(counted)) for counted in answer[0][:2])
        cases = [_case(value, key) for _items, _cases, value, key in answer if key is not None]
        return SomeCases(
            place.nearest([*cases, *self._without_items], size),
            number + len(self._without_items),
            all_of_them=items < limit,
        )

    def count(self) -> int | None:
        """How many cases match."""
        sql, parameters = self.items.rows
        answer = self.engine.rows_by_column(f"SELECT count(DISTINCT {TABLE}.case_id) {sql}", parameters)
        if self._without_items is None or answer is None:
            return None
        return int(str(answer[0][0])) + len(self._without_items)

    def at(self, place: "Place", size: int) -> list[_Case] | None:
        """Up to ``size`` cases at a place; None: PostgreSQL has to answer."""
        if self._without_items is None:
            return None
        cases: list[_Case] = []
        # Sorting out cases with several items takes longer than reading some rows more.
        for distinct, most in (("", _ITEMS_PER_CASE * size), ("DISTINCT", size)):
            answer = self._ask(_NEXT, place, most, distinct=distinct)
            if answer is None:
                return None
            cases = list(dict.fromkeys(_case(value, key) for value, key in answer))
            if len(cases) >= size or len(answer) < most:
                break
        return place.nearest([*cases, *self._without_items], size)

    def _ask(self, statement: str, place: "Place", size: int, **more: object) -> Rows | None:
        sql, parameters = self.items.rows
        here, of_place = place.condition
        filled = statement.format(
            table=TABLE, column=_COLUMN, rows=sql, here=here, order=place.order, size=size, **more
        )
        return self.engine.rows_by_column(filled, (*parameters, *of_place))

    @cached_property
    def _without_items(self) -> list[_Case] | None:
        """The cases without items that match; None for too many."""
        rows = self.rows.filter(item_count=0).order_by().values_list(_COLUMN, "pk")
        cases = list(rows[: MOST_WITHOUT_ITEMS + 1])
        return cases if len(cases) <= MOST_WITHOUT_ITEMS else None


def _case(value: Value, key: Value) -> _Case:
    assert value is None or isinstance(value, date)
    return value, int(str(key))


@dataclass(frozen=True, slots=True)
class Place:
    """The rows of a list after a cursor, or before it and then nearest first."""

    listed: ListQuery
    cursor: Cursor | None
    forward: bool

    @property
    def descending(self) -> bool:
        """Whether the nearest rows are the latest."""
        return self.listed.order.descending == self.forward

    @property
    def order(self) -> str:
        """Nearest first; rows without a value are last in the list."""
        direction, nulls = "DESC" if self.descending else "ASC", "LAST" if self.forward else "FIRST"
        return f"value {direction} NULLS {nulls}, key {direction}"

    @property
    def condition(self) -> tuple[str, tuple[Value, ...]]:
        """The condition on ``value`` and ``key``."""
        return cursor_condition(self.listed.order, self.cursor, forward=self.forward)

    def nearest(self, cases: Iterable[_Case], size: int) -> list[_Case]:
        """Up to ``size`` of these cases that are at the place, nearest first."""
        if self.cursor is not None:
            here = _case(self.cursor.value, self.cursor.key)
            cases = [case for case in cases if case != here and self._sorted([case, here])[0] == here]
        return self._sorted(cases)[:size]

    def _sorted(self, cases: Iterable[_Case]) -> list[_Case]:
        dated: list[tuple[date, int]] = []
        undated: list[_Case] = []
        for value, key in cases:
            if value is None:
                undated.append((None, key))
            else:
                dated.append((value, key))
        dated.sort(reverse=self.descending)
        undated.sort(key=lambda case: case[1], reverse=self.descending)
        return [*dated, *undated] if self.forward else [*undated, *dated]


def cases_by_column(
    engine: SqlEngine, order: Order, rows: QuerySet[Model], items: QuerySet[ItemFact] | None
) -> CasesByColumn | None:
    """The cases, if the column engine names them more quickly than PostgreSQL."""
    if items is None or order.column != _COLUMN:
        return None
    selection = Selection(items, whole_letters=False)
    return CasesByColumn(engine, rows, selection) if engine.lists_by_column(selection) else None


@dataclass(frozen=True, slots=True)
class FindCases:
    """Finds the keys of a page of cases that pass the filters, as ``keys_from`` does."""

    filterset: ListFilters

    def __call__(
        self, listed: ListQuery, cursor: Cursor | None, size: int, *, forward: bool, near: int = NEAR
    ) -> tuple[list[int], Count]:
        """By column where the engine can."""
        items = self.filterset.as_items()
        if items is not None and listed.order.column == _COLUMN:
            with one_snapshot() as engine:
                cases = cases_by_column(engine, listed.order, listed.rows, items)
                page = cases and _page(cases, listed.cap, size, Place(listed, cursor, forward))
                if page:
                    return page
        return keys_from(listed, cursor, size, forward=forward, near=near)


def _page(cases: CasesByColumn, cap: int, size: int, place: Place) -> tuple[list[int], Count] | None:
    some = cases.some(cap, size, place)
    if some is None:
        return None
    number: int | None = some.number
    at_place: list[_Case] | None = some.cases
    if not some.all_of_them:
        number = number if some.number > cap else cases.count()
        at_place = cases.at(place, size)
    if number is None or at_place is None:
        return None
    return [key for _value, key in at_place], Count(min(number, cap), capped=number > cap)
