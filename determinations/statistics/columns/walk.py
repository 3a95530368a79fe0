"""The walk through places in the order of lists: day by day, from either end, from any row on."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from pyroaring import BitMap

from determinations.statistics.columns.sets.places import Order

#: A row of a list: its date of decision and its ID.
Row: TypeAlias = tuple[date | None, int]
#: So many items of one day, or without a date, are sorted for a page; the engine sorts more.
MOST_OF_A_DAY = 50_000


@dataclass(frozen=True)
class Walk:
    """Goes through selected places of an order day by day."""

    selected: BitMap
    order: Order
    descending: bool
    undated_last: bool
    of_cases: bool

    def rows(self, place: Row | None, size: int) -> list[Row] | None:
        """Up to ``size`` rows beyond a place, nearest first; None for too many items of a day."""
        rows: list[Row] = []
        for day, first, end in self._days(place):
            beyond = place[1] if place is not None and day == place[0] else None
            keys = self._cases(first, end, beyond, size) if self.of_cases else self._items(first, end, beyond)
            if keys is None:
                return None
            rows += [(day, key) for key in keys]
            if len(rows) >= size:
                break
        return rows[:size]

    def _cases(self, first: int, end: int, beyond: int | None, size: int) -> list[int]:
        """Up to ``size`` cases of a day, which are in the order of their IDs."""
        ids, start = self.order.case_ids, self.order.start
        if beyond is not None and self.descending:
            end = start + bisect_left(ids, beyond, first - start, end - start)
        elif beyond is not None:
            first = start + bisect_right(ids, beyond, first - start, end - start)
        before, through = self._ranks(first, end)
        if self.descending:
            numbers = range(through - 1, max(before, through - size) - 1, -1)
        else:
            numbers = range(before, min(through, before + size))
        return [ids[self.selected[number] - start] for number in numbers]

    def _items(self, first: int, end: int, beyond: int | None) -> list[int] | None:
        """The items of a day, which have to be sorted by ID."""
        before, through = self._ranks(first, end)
        if through - before > MOST_OF_A_DAY:
            return None
        ids, start = self.order.item_ids, self.order.start
        keys = sorted((ids[at - start] for at in self.selected & BitMap(range(first, end))), reverse=self.descending)
        if beyond is None:
            return keys
        return [key for key in keys if (key < beyond if self.descending else key > beyond)]

    def _ranks(self, first: int, end: int) -> tuple[int, int]:
        """How many selected places are before each of two places."""
        before, through = (self.selected.rank(at - 1) if at else 0 for at in (first, end))
        return before, through

    def _days(self, place: Row | None) -> Iterator[tuple[date | None, int, int]]:
        """The days with selected places, from that of the place on, with their first place and the next day's."""
        dated = self.order.start, self.order.undated
        without = (None, self.order.undated, self.order.end)
        if place is None and not self.undated_last:
            yield without
        if place is None or place[0] is not None:
            first, end = dated
            if place is not None:
                of_day = places_of_day(self.order, place[0])
                first, end = (first, of_day[1]) if self.descending else (of_day[0], end)
            yield from self._dated(first, end)
        else:
            yield without
            if not self.undated_last:
                yield from self._dated(*dated)
        if self.undated_last and (place is None or place[0] is not None):
            yield without

    def _dated(self, first: int, end: int) -> Iterator[tuple[date | None, int, int]]:
        order = self.order
        ends = [*order.firsts, order.undated]
        while first < end:
            at = self._next(first, end)
            if at is None:
                return
            day = bisect_right(order.firsts, at) - 1
            yield order.days[day], ends[day], ends[day + 1]
            first, end = (first, ends[day]) if self.descending else (ends[day + 1], end)

    def _next(self, first: int, end: int) -> int | None:
        """The next selected place of a stretch, from whichever end."""
        before, through = self._ranks(first, end)
        if before == through:
            return None
        return self.selected[through - 1 if self.descending else before]


def newest_places(selected: BitMap, order: Order, most: int) -> BitMap | None:
    """Selected places of an order, among them the ``most`` that were decided last; those without a date are the last.

    Of the earliest day all are here. None if these are too many.
    """
    before, through = (selected.rank(at - 1) if at else 0 for at in (order.start, order.undated))
    first, end = order.start, order.end
    if through - before > most:
        earliest = selected[through - most]
        first, end = order.firsts[bisect_right(order.firsts, earliest) - 1], order.undated
    elif through - before == most:
        end = order.undated
    places = selected & BitMap(range(first, end))
    return places if len(places) <= most + MOST_OF_A_DAY else None


def places_of_day(order: Order, day: date | None) -> tuple[int, int]:
    """The first place of a day and the first after it; the same where nothing was decided that day."""
    if day is None:
        return order.undated, order.end
    ends = [*order.firsts, order.undated]
    at = bisect_left(order.days, day)
    same = at < len(order.days) and order.days[at] == day
    return ends[at], ends[at + 1] if same else ends[at]
