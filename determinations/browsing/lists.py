"""The three lists: which rows, filters, orders and columns each has. Pages, exports and neighbours read from here."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Model, QuerySet
from django.http import QueryDict

from determinations.filters import CaseFilter, ItemFilter, LetterFilters
from determinations.filters.lookups import Lookups
from determinations.filters.words import QueryWords
from determinations.models import Case, ItemFact
from determinations.models.browsing import ListName
from determinations.paging.counts import COUNT_CAP, UNPACKED_CAP
from determinations.paging.filtered import Asked
from determinations.paging.keyset import Order


@dataclass(frozen=True)
class ListKind:
    """A list: ``orders`` by the name that stands in the address after ``sort=``, ``-`` for descending."""

    name: ListName
    title: str
    url_name: str
    filter_class: type[LetterFilters]
    orders: Mapping[str, Order]
    default_sort: str

    @property
    def of_items(self) -> bool:
        """Rows are items rather than cases."""
        return self.filter_class is ItemFilter

    def all_rows(self) -> QuerySet[Model]:
        """Every row that counts."""
        return ItemFact.objects.all() if self.of_items else Case.objects.current()

    def filterset(self, query: QueryDict, *, lookups: Lookups | None = None) -> LetterFilters:
        """The filters of an address over the list's rows."""
        return self.filter_class(query, queryset=self.all_rows(), lookups=lookups)

    def asked(
        self, filterset: LetterFilters, query: QueryDict, *, order: Order | None = None, but_for: Collection[str] = ()
    ) -> Asked:
        """What an address asks to list, with how far it is counted; without some of its filters."""
        order = order or self.orders[self.sort_of(query)]
        everything, rows = self._between(order, query), filterset.but_for(but_for) if but_for else filterset.qs
        words = QueryWords.read(filterset.form.cleaned_data.get("q"))
        cap = UNPACKED_CAP if words.unpacked else COUNT_CAP
        return Asked(rows, everything, order, cap, _WORDS_GATHERED if words and not words.unpacked else cap)

    def sort_of(self, query: QueryDict) -> str:
        """The order that an address asks for, or the list's own."""
        asked = query.get("sort", "")
        return asked if asked in self.orders else self.default_sort

    def _between(self, order: Order, query: QueryDict) -> QuerySet[Model]:
        """All rows within the dates that are asked for of the order's own column: they stand side by side in it."""
        dates = QueryDict(mutable=True)
        for name in _BOUNDS.get(order.column, ()):
            dates.setlist(name, query.getlist(name)[-1:])
        return self.filterset(dates).qs


#: Rows with words are gathered up to more: the index knows them, and to ask one row for its words is to read its text.
_WORDS_GATHERED = 25_000
#: The filters that bound an order's column.
_BOUNDS = {
    "decision_date": ("decided_from", "decided_to"),
    "ur_denial_date": ("denied_from", "denied_to"),
    "date_of_injury": ("injured_from", "injured_to"),
}


def _both_ways(orders: Mapping[str, Order]) -> dict[str, Order]:
    both = {}
    for name, order in orders.items():
        both[name] = order
        both[f"-{name}"] = Order(order.column, descending=True, nullable=order.nullable)
    return both


NEWEST = Order("decision_date", descending=True)

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
