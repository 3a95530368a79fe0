"""Numbered pages of a case's items: a letter with very many items is shown in parts."""

import re
from dataclasses import dataclass

from django.http import QueryDict

from determinations.paging.addresses import changed, link_to
from determinations.paging.counts import whole_number

#: Items that a page shows. Letters with more are rare, and each item takes a few milliseconds to show.
ITEMS_A_PAGE = 50
_ITEM_PATH = re.compile(r"items/(\d{1,9})(?:/|$)")


@dataclass(frozen=True, slots=True)
class ItemPage:
    """The part of a letter's ``total`` items that a page shows: page ``number`` (from 1) of a query."""

    number: int
    total: int
    query: QueryDict

    @property
    def first(self) -> int:
        """The number of the first item shown."""
        return (self.number - 1) * ITEMS_A_PAGE + 1

    @property
    def last(self) -> int:
        """The number of the last item shown."""
        return min(self.number * ITEMS_A_PAGE, self.total)

    @property
    def pages(self) -> int:
        """How many pages the items have."""
        return max(1, -(-self.total // ITEMS_A_PAGE))

    @property
    def shown(self) -> slice:
        """The items of this page, of the list of all."""
        return slice(self.first - 1, self.last)

    @property
    def first_query(self) -> str | None:
        """The address of the first page; None on it."""
        return self._query_of(1) if self.number > 1 else None

    @property
    def previous_query(self) -> str | None:
        """The address of the page before; None on the first."""
        return self._query_of(self.number - 1) if self.number > 1 else None

    @property
    def next_query(self) -> str | None:
        """The address of the next page; None on the last."""
        return self._query_of(self.number + 1) if self.number < self.pages else None

    @property
    def last_query(self) -> str | None:
        """The address of the last page; None on it."""
        return self._query_of(self.pages) if self.number < self.pages else None

    def shows(self, path: str) -> bool:
        """Whether the value of this path is on the page; values of the letter as a whole always are."""
        number = _item_of(path)
        return number is None or self.first <= number <= self.last

    def _query_of(self, number: int) -> str:
        return link_to(changed(self.query, {"items": str(number)}, without=("value", "evidence")))


def item_page(total: int, query: QueryDict, *, holding: int | None = None) -> ItemPage:
    """The page that an address asks for.

    ``items`` is its number. Without it, the page is shown that holds the ``item`` of this number, or that of the
    selected ``value``. ``holding`` is an item that has to be on the page.
    """
    number = whole_number(query.get("items", ""))
    wanted = holding or (
        None if number is not None else whole_number(query.get("item", "")) or _item_of(query.get("value", ""))
    )
    if wanted:
        number = (wanted - 1) // ITEMS_A_PAGE + 1
    last = max(1, -(-total // ITEMS_A_PAGE))
    return ItemPage(min(max(number or 1, 1), last), total, query)


def _item_of(path: str) -> int | None:
    match = _ITEM_PATH.match(path)
    return int(match[1]) if match else None
