"""The three lists: which rows, filters, orders and columns each has. Pages, exports and neighbours read from here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from determinations.filters import CaseFilter, ItemFilter
from determinations.models import Case, ItemFact
from determinations.models.browsing import ListName
from determinations.paging import Order


@dataclass(frozen=True)
class ListKind:
    """A list: ``orders`` by the name that stands in the address after ``sort=``, ``-`` for descending."""

    name: ListName
    title: str
    url_name: str
    filter_class: type[ItemFilter] | type[CaseFilter]
    orders: Mapping[str, Order]
    default_sort: str

    @property
    def of_items(self) -> bool:
        """Rows are items rather than cases."""
        return self.filter_class is ItemFilter

    def all_rows(self) -> QuerySet[Any]:
        """Every row that counts."""
        return ItemFact.objects.all() if self.of_items else Case.objects.current()

    def filterset(self, query: QueryDict, *, asked_only: bool = False) -> ItemFilter | CaseFilter:
        """The filters of an address over the list's rows."""
        return self.filter_class(query, queryset=self.all_rows(), asked_only=asked_only)

    def sort_of(self, query: QueryDict) -> str:
        """The order that an address asks for, or the list's own."""
        asked = query.get("sort", "")
        return asked if asked in self.orders else self.default_sort


def _both_ways(orders: Mapping[str, Order]) -> dict[str, Order]:
    both = {}
    for name, order in orders.items():
        both[name] = order
        both[f"-{name}"] = Order(order.column, descending=True, nullable=order.nullable)
    return both


CASES = ListKind(
    ListName.CASES,
    "Cases",
    "case_list",
    CaseFilter,
    _both_ways(
        {
            "decided": Order("decision_date"),
            "number": Order("case_number"),
            "items": Order("item_count", nullable=False),
            "doubts": Order("problem_count", nullable=False),
        }
    ),
    "-decided",
)
ITEMS = ListKind(
    ListName.ITEMS,
    "Disputed items",
    "item_list",
    ItemFilter,
    _both_ways(
        {
            "decided": Order("decision_date"),
            "denied": Order("ur_denial_date"),
            "injured": Order("date_of_injury"),
        }
    ),
    "-decided",
)
DECISIONS = ListKind(
    ListName.DECISIONS,
    "Decisions",
    "decision_list",
    CaseFilter,
    _both_ways({"decided": Order("decision_date")}),
    "-decided",
)
LISTS: Mapping[str, ListKind] = {str(kind.name): kind for kind in (CASES, ITEMS, DECISIONS)}
