"""Pages of a list whose rows have to be read to tell which match: of some thousand candidates, and of no more.

An index finds the candidates, such as the rows with all words of a phrase. If they are few, the page is that of any
list. Otherwise the candidates nearest to where the page begins are read: a stretch of the list. A page ends where its
rows are enough, or where its stretch ends; the next one begins at the last candidate that was read. So each page takes
the same time, and whoever goes on sees every match once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet
from django.http import QueryDict

from determinations.paging.addresses import CURSOR, changed, link_to
from determinations.paging.counts import COUNT_CAP, Count
from determinations.paging.filtered import ListQuery, after_cursor, rows_of, surely_many
from determinations.paging.keyset import Cursor, M, Page, checked_cursor, page_around, rows_from
from determinations.paging.reach import Rest, keys_in_reach
from determinations.paging.sql import Expected, expected


@dataclass(frozen=True, slots=True)
class StretchLimits:
    """How many candidates are read: ``first`` so many, then up to ``most`` if too few match."""

    first: int = 600
    most: int = 4_000
    #: Candidates that are gathered to find those near the page; of more, all rows near it are read.
    gathered: int = 25_000


STRETCH = StretchLimits()

_GATHER = """
WITH found (value, key) AS MATERIALIZED ({found}),
near AS (SELECT value, key FROM found WHERE {here} ORDER BY value {direction}, key {direction_of_keys} LIMIT {size})
SELECT number, value, key FROM (SELECT count(*) AS number FROM found) AS counted LEFT JOIN near ON number <= {gathered}
ORDER BY value {direction}, key {direction_of_keys}
"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The keys of rows that match, nearest first, among the ``read`` candidates nearest to a place.

    ``end`` is at the last of these; None if no candidate is left behind it. ``of_all``: all rows there were read,
    whether an index says that they may match or not.
    """

    keys: list[int]
    read: int
    end: Cursor | None
    of_all: bool

    def count(self, cap: int) -> Count:
        """How many match, at least, for a stretch that begins where the list does."""
        return Count(min(len(self.keys), cap), capped=self.end is not None or len(self.keys) > cap)


@dataclass(frozen=True, slots=True)
class LookedThrough:
    """What was read for a page that ends before its rows are enough; ``further`` is the address that goes on."""

    read: int
    of_all: bool
    further: str


@dataclass(frozen=True, slots=True)
class Candidates:
    """The rows of a list that may match, too many to read them all."""

    listed: ListQuery
    #: What an index tells of them; None if none does.
    plan: Expected | None
    limits: StretchLimits = STRETCH

    @classmethod
    def too_many(cls, listed: ListQuery, limits: StretchLimits = STRETCH) -> "Candidates | None":
        """The candidates of a list if they are too many to read all; None if not, or if nothing has to be read."""
        if listed.candidates is None:
            return None
        try:
            plan = expected(listed.candidates)
            if listed.candidates_match:  # no index tells more than which rows match, and it reads them to do so
                return None if plan.rows <= limits.gathered else cls(listed, None, limits)
            if surely_many(plan, limits.gathered):
                return cls(listed, None, limits)
            found, parameters = (
                listed.candidates.order_by().values_list("pk")[: limits.most + 1].query.sql_with_params()
            )
        except EmptyResultSet:  # a value that no row can have
            return None
        ((number,),) = rows_of(f"SELECT count(*) FROM ({found}) AS found", parameters, of_words=True)  # noqa: S608 - our SQL
        return cls(listed, plan, limits) if number > limits.most else None

    def stretch(self, cursor: Cursor | None, *, forward: bool, enough: int) -> Stretch:
        """The matches after the cursor, or before it, among the nearest candidates; ``enough`` of them will do."""
        limits = self.limits
        places, of_all = self._nearest(Rest(self.listed.order, cursor, forward), limits.most + 1)
        keys: list[int] = []
        read = 0
        for upto in (limits.first, limits.most):
            keys += self._matching([key for _value, key in places[read:upto]])
            read = min(upto, len(places))
            if len(keys) >= enough or read == len(places):
                break
        end = Cursor(*places[read - 1], forward) if read < len(places) else None
        return Stretch(keys, read, end, of_all)

    def _matching(self, keys: Sequence[int]) -> list[int]:
        """Those of the rows that match, in the same order."""
        rows = self.listed.rows if self.listed.candidates_match else self.listed.by_texts
        assert rows is not None
        if not keys:
            return []
        sql, parameters = rows.order_by().filter(pk__in=keys).values_list("pk").query.sql_with_params()
        matching = {key for (key,) in rows_of(sql, parameters, of_words=True)}
        return [key for key in keys if key in matching]

    def _nearest(self, rest: Rest, size: int) -> tuple[list[tuple[object, int]], bool]:
        """The nearest candidates as value and key, and whether these are all rows there."""
        listed, order = self.listed, rest.order
        columns = (order.column, order.key)
        if self.plan is not None and listed.candidates is not None:
            if self.plan.rows >= COUNT_CAP:
                keys = keys_in_reach(listed.candidates, rest, self.plan, counted=COUNT_CAP, size=size, enough=size)
                if keys is not None:
                    values = dict(
                        listed.everything.filter(pk__in=keys).order_by().values_list(order.key, order.column)
                    )
                    return [(values[key], key) for key in keys if key in values], False
            gathered = self._gathered(rest, size)
            if gathered is not None:
                return gathered, False
        rows = listed.everything.order_by().values_list(*columns)
        places = cast("list[tuple[object, int]]", rows_from(rows, order, rest.cursor, size, forward=rest.forward))
        return places, True

    def _gathered(self, rest: Rest, size: int) -> list[tuple[object, int]] | None:
        """The nearest candidates, of all that the index finds; None if these are too many."""
        listed, order, limit = self.listed, rest.order, self.limits.gathered
        assert listed.candidates is not None
        wanted = listed.candidates.order_by().values_list(order.column, order.key)
        found, of_found = wanted[: limit + 1].query.sql_with_params()
        here, of_place = after_cursor(listed.everything, order, rest.cursor, forward=rest.forward)
        keys = "DESC" if rest.descending else "ASC"
        statement = _GATHER.format(
            found=found,
            here=here,
            direction=keys + (" NULLS LAST" if rest.forward else " NULLS FIRST"),
            direction_of_keys=keys,
            size=size,
            gathered=limit,
        )
        answer = rows_of(statement, [*of_found, *of_place], of_words=True)
        return None if answer[0][0] > limit else [(value, key) for _number, value, key in answer if key is not None]


def looked_page(
    candidates: Candidates, shown: QuerySet[M], query: QueryDict, size: int
) -> tuple[Page[M], Count, LookedThrough | None]:
    """The page of an address, its rows read from ``shown``; how many rows there are, and what was read if not all.

    The count is of the stretch at the beginning of the list, the same for each page.
    """
    listed = candidates.listed
    cursor, at_end = checked_cursor(listed.rows, listed.order, query)
    forward = cursor is None or cursor.forward
    stretch = candidates.stretch(None if at_end else cursor, forward=forward, enough=size + 1)
    start = stretch if cursor is None else candidates.stretch(None, forward=True, enough=size + 1)
    by_key = shown.in_bulk(stretch.keys[: size + 1])
    rows = [by_key[key] for key in stretch.keys[: size + 1] if key in by_key]
    page = page_around(rows, listed.order, query, cursor, at_end=at_end, size=size)
    count = start.count(listed.cap)
    if cursor is not None and not page.rows and not at_end:
        page = _with_way_back(page, candidates, query, cursor)
    if len(rows) > size or stretch.end is None:
        return page, count, None
    further = _address(query, stretch.end)
    if forward:
        page = replace(page, next_query=further, last_query=_last(query))
    else:
        page = replace(page, previous_query=further, first_query=link_to(changed(query, without=CURSOR)))
    return page, count, LookedThrough(stretch.read, stretch.of_all, further)


def _with_way_back(page: Page[M], candidates: Candidates, query: QueryDict, cursor: Cursor) -> Page[M]:
    """A page without rows, with the address of those that it comes after or before: the cursor's own row is one."""
    falling = candidates.listed.order.descending
    beside = cursor.key - 1 if falling == cursor.forward else cursor.key + 1
    back = _address(query, Cursor(cursor.value, beside, not cursor.forward))
    if cursor.forward:
        return replace(page, previous_query=back)
    return replace(page, next_query=back, last_query=_last(query))


def _address(query: QueryDict, cursor: Cursor) -> str:
    return link_to(changed(query, {"after" if cursor.forward else "before": cursor.encode()}, without=CURSOR))


def _last(query: QueryDict) -> str:
    return link_to(changed(query, {"before": "end"}, without=CURSOR))
