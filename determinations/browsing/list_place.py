"""A place in a list: the rows after a cursor, or before it, and which of some rows are the nearest."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from determinations.paging.filtered import ListQuery
from determinations.paging.keyset import Cursor, Order
from determinations.statistics.columns.dialect import Value
from determinations.statistics.columns.selected import SelectedItems
from determinations.statistics.columns.walk import Row

#: The one order of cases that is an order of their items, too: that of the places of column files.
DATE = "decision_date"


def row_of(value: Value, key: Value) -> Row:
    """A row by the value of the order and the ID that an engine told."""
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

    def among(self, selected: SelectedItems, size: int, *, of_cases: bool) -> list[Row] | None:
        """At least ``size`` items or cases at the place, in no order, if there are so many; None for the engine."""
        cursor = None if self.cursor is None else row_of(self.cursor.value, self.cursor.key)
        return selected.nearest(cursor, size, descending=self.descending, undated_last=self.forward, of_cases=of_cases)

    def nearest(self, rows: Iterable[Row], size: int) -> list[Row]:
        """Up to ``size`` of these rows that are at the place, nearest first."""
        if self.cursor is not None:
            here = row_of(self.cursor.value, self.cursor.key)
            rows = [row for row in rows if row != here and self._sorted([row, here])[0] == here]
        return self._sorted(rows)[:size]

    def _sorted(self, rows: Iterable[Row]) -> list[Row]:
        dated: list[tuple[date, int]] = []
        undated: list[Row] = []
        for value, key in rows:
            if value is None:
                undated.append((None, key))
            else:
                dated.append((value, key))
        dated.sort(reverse=self.descending)
        undated.sort(key=lambda row: row[1], reverse=self.descending)
        return [*dated, *undated] if self.forward else [*undated, *dated]


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
