"""Cases of a filtered list named by the column engine, from the facts of their items.

A column file has no cases. But the facts of an item have every value of its letter, and a case passes filters exactly
if one of its items passes all of them (``CaseFilter.as_items``). Cases without items have no facts: PostgreSQL reads
those beside, in the same snapshot. So the answer is that of PostgreSQL.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

from django.db.models import Model, QuerySet

from determinations.browsing.list_place import DATE, Place, row_of
from determinations.cases.search_words import kept_words_remain
from determinations.filters import ListFilters
from determinations.filters.matching import Told
from determinations.models import Case, ItemFact
from determinations.paging.counts import Count
from determinations.paging.filtered import NEAR, ListQuery, keys_from
from determinations.paging.keyset import Cursor, Order
from determinations.statistics.answer_cache import Rows
from determinations.statistics.columns.selected import SelectedItems
from determinations.statistics.columns.walk import Row
from determinations.statistics.interface import TABLE, Selection
from determinations.statistics.sql_engine import SqlEngine, one_snapshot

#: With more cases without items than this, PostgreSQL answers: it would read all of them for each page.
MOST_WITHOUT_ITEMS = 2_000
#: The same where words are looked for in the texts of each, for a page and again for each number of its rail.
MOST_READ_WITHOUT_ITEMS = 500
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


@dataclass(frozen=True, slots=True)
class SomeCases:
    """The cases at a place among those that match; ``all_of_them``: among all of these, of which there are ``number``.

    Otherwise among some of them, of which there are more than were wanted.
    """

    cases: list[Row]
    number: int
    all_of_them: bool


@dataclass(frozen=True, slots=True)
class Beside:
    """The cases before and after one in a list, if there are any, and how many come before it."""

    previous: int | None
    following: int | None
    before: int


@dataclass(frozen=True)
class CasesByColumn:
    """The cases that pass filters in the order of their date of decision, in one snapshot of the database.

    ``rows`` are the cases, ``items`` the facts that tell: a case has one of them, and one of each of ``also``, and its
    words match all ``queries``.
    """

    engine: SqlEngine
    rows: QuerySet[Model]
    items: Selection
    also: tuple[Selection, ...] = ()
    queries: tuple[str, ...] = ()

    @cached_property
    def selected(self) -> SelectedItems | None:
        """The items that tell, by their places; None if the engine has no places."""
        selected = self.engine.items_by_column(self.items)
        also = [self.engine.items_by_column(selection) for selection in self.also]
        if selected is None or not (also or self.queries):
            return selected
        known = [others.items for others in also if others is not None]
        matching = self.engine.cases_by_column(self.queries) if self.queries else None
        if len(known) < len(also) or (self.queries and matching is None):
            return None
        return SelectedItems(selected.facts, selected.items, tuple(known), matching)

    def page(self, place: Place, size: int) -> tuple[list[Row], int] | None:
        """Up to ``size`` cases at a place, and how many match, by places; None if these do not tell."""
        selected = self.selected
        if selected is None or self._without_items is None:
            return None
        nearest = place.among(selected, size, of_cases=True)
        if nearest is None:
            return None
        cases = place.nearest([*nearest, *self._without_items], size)
        return cases, len(selected.cases) + len(self._without_items)

    def beside(self, place: Place) -> Beside | None:
        """The cases before and after that of a place, and how many come before it; None if places do not tell."""
        assert place.cursor is not None
        selected, without_items = self.selected, self._without_items
        if selected is None or without_items is None:
            return None
        before, after = (self.page(replace(place, forward=forward), 1) for forward in (False, True))
        if before is None or after is None:
            return None
        here = row_of(place.cursor.value, place.cursor.key)
        number = selected.cases_before(here, descending=place.listed.order.descending)
        number += len(replace(place, forward=False).nearest(without_items, len(without_items)))
        previous, following = (rows[0][1] if rows else None for rows, _number in (before, after))
        return Beside(previous, following, number)

    def some(self, wanted: int, size: int, place: Place) -> SomeCases | None:
        """Up to ``size`` cases at a place, among all if up to ``wanted`` match. None: PostgreSQL has to answer."""
        if self.also or self.queries:
            return None
        limit = _ITEMS_PER_CASE * wanted + 1
        answer = self._ask(_SOME, place, size, limit=limit)
        if self._without_items is None or answer is None:
            return None
        items, number = (int(str(counted)) for counted in answer[0][:2])
        cases = [row_of(value, key) for _items, _cases, value, key in answer if key is not None]
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

    def at(self, place: Place, size: int) -> list[Row] | None:
        """Up to ``size`` cases at a place; None: PostgreSQL has to answer."""
        if self._without_items is None:
            return None
        cases: list[Row] = []
        # Sorting out cases with several items takes longer than reading some rows more.
        for distinct, most in (("", _ITEMS_PER_CASE * size), ("DISTINCT", size)):
            answer = self._ask(_NEXT, place, most, distinct=distinct)
            if answer is None:
                return None
            cases = list(dict.fromkeys(row_of(value, key) for value, key in answer))
            if len(cases) >= size or len(answer) < most:
                break
        return place.nearest([*cases, *self._without_items], size)

    def _ask(self, statement: str, place: Place, size: int, **more: object) -> Rows | None:
        sql, parameters = self.items.rows
        here, of_place = place.condition
        filled = statement.format(table=TABLE, column=DATE, rows=sql, here=here, order=place.order, size=size, **more)
        return self.engine.rows_by_column(filled, (*parameters, *of_place))

    @cached_property
    def too_many_without_items(self) -> bool:
        """Whether the texts of too many cases without items, matching or not, would be read for words."""
        if not self.queries:
            return False
        empty = Case.objects.current().filter(item_count=0).values_list("pk")[: MOST_READ_WITHOUT_ITEMS + 1]
        return len(empty) > MOST_READ_WITHOUT_ITEMS

    @cached_property
    def _without_items(self) -> list[Row] | None:
        """The cases without items that match; None for too many."""
        if self.too_many_without_items:
            return None
        rows = self.rows.filter(item_count=0).order_by().values_list(DATE, "pk")
        cases = list(rows[: MOST_WITHOUT_ITEMS + 1])
        return cases if len(cases) <= MOST_WITHOUT_ITEMS else None


def cases_by_column(
    engine: SqlEngine,
    order: Order,
    rows: QuerySet[Model],
    items: Sequence[QuerySet[ItemFact]] | None,
    queries: Sequence[str] = (),
) -> CasesByColumn | None:
    """The cases, if the column engine names them more quickly than PostgreSQL.

    ``items``: one of each tells a case; ``queries``: which its words match as well.
    """
    if items is None or order.column != DATE:
        return None
    first, *also = [Selection(some, whole_letters=False) for some in items]
    if not all(engine.lists_by_column(selection) for selection in (first, *also)):
        return None
    if queries and kept_words_remain():
        return None
    return CasesByColumn(engine, rows, first, tuple(also), tuple(queries))


@dataclass(frozen=True, slots=True)
class FindCases:
    """Finds the keys of a page of cases that pass the filters, as ``keys_from`` does."""

    filterset: ListFilters

    def __call__(
        self, listed: ListQuery, cursor: Cursor | None, size: int, *, forward: bool, near: int = NEAR
    ) -> tuple[list[int], Count]:
        """By column where the engine can."""
        by_column = self.by_column(listed, cursor, size, forward=forward)
        return by_column or keys_from(listed, cursor, size, forward=forward, near=near)

    def by_column(
        self, listed: ListQuery, cursor: Cursor | None, size: int, *, forward: bool
    ) -> tuple[list[int], Count] | None:
        """The same; None if PostgreSQL has to find them."""
        with self._cases(listed) as cases:
            return _page(cases, listed.cap, size, Place(listed, cursor, forward)) if cases else None

    def beside(self, listed: ListQuery, cursor: Cursor) -> Beside | None:
        """What is beside a case of the list, given by its place; None if PostgreSQL has to find it."""
        with self._cases(listed) as cases:
            return cases.beside(Place(listed, cursor, forward=True)) if cases else None

    @contextmanager
    def _cases(self, listed: ListQuery) -> Iterator[CasesByColumn | None]:
        """The cases in one snapshot; None if PostgreSQL has to find them."""
        told = self.filterset.as_items_and_words()
        if told is None or listed.order.column != DATE:
            yield None
            return
        with one_snapshot() as engine:
            yield cases_by_column(engine, listed.order, rows_by_texts(self.filterset, listed), *told)


def rows_by_texts(filterset: ListFilters, listed: ListQuery, *, without: Collection[str] = ()) -> QuerySet[Model]:
    """The rows of a list, of which few are read: words are looked for in their texts."""
    if not listed.of_words:
        return listed.rows
    return listed.by_texts if listed.by_texts is not None else filterset.words_told(Told.BY_TEXTS, without=without)


def _page(cases: CasesByColumn, cap: int, size: int, place: Place) -> tuple[list[int], Count] | None:
    page = cases.page(place, size)
    if page is not None:
        return [key for _value, key in page[0]], Count(page[1], capped=False)
    some = cases.some(cap, size, place)
    if some is None:
        return None
    number: int | None = some.number
    at_place: list[Row] | None = some.cases
    if not some.all_of_them:
        number = number if some.number > cap else cases.count()
        at_place = cases.at(place, size)
    if number is None or at_place is None:
        return None
    return [key for _value, key in at_place], Count(min(number, cap), capped=number > cap)
