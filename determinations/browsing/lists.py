"""The three lists: the rows, filters and orders of each. Pages, exports and neighbors read from here."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import cast

from django.contrib.auth.models import User
from django.db.models import F, Model, QuerySet
from django.http import QueryDict

from determinations.browsing.column_cases import FindCases
from determinations.browsing.column_keys import item_keys
from determinations.browsing.letter_order import page_in_letter_order
from determinations.cases.search_words import old_words_remain
from determinations.filters import CaseFilter, ItemFilter, ListFilters, active_filters
from determinations.filters.kinds import KINDS
from determinations.filters.lookups import Lookups
from determinations.filters.matching import Told
from determinations.filters.words import QueryWords
from determinations.models import Case, ItemFact
from determinations.models.browsing import ListName
from determinations.models.dimensions import DIMENSIONS, Kind
from determinations.paging.composed import Part, count_of
from determinations.paging.counts import COUNT_CAP, UNPACKED_CAP, Count
from determinations.paging.filtered import ListQuery, list_page
from determinations.paging.keyset import M, Order, Page, page_of
from determinations.paging.stretches import STRETCH, Candidates, LookedThrough, StretchLimits, looked_page
from determinations.statistics.kept_parts import read_with_kept


@dataclass(frozen=True)
class ListKind:
    """A list: ``orders`` by their name in the address after ``sort=``, with ``-`` for descending."""

    name: ListName
    title: str
    url_name: str
    filter_class: type[ListFilters]
    orders: Mapping[str, Order]
    default_sort: str

    @property
    def of_items(self) -> bool:
        """Rows are items rather than cases."""
        return self.filter_class.of_items

    def all_rows(self) -> QuerySet[Model]:
        """Every row that counts."""
        return ItemFact.objects.all() if self.of_items else Case.objects.current()

    def filterset(self, query: QueryDict, *, lookups: Lookups | None = None, by: User | None = None) -> ListFilters:
        """The filters of an address over the list's rows, for a user: notes and fields are searched by permission."""
        lookups = lookups or Lookups(user=by)
        return self.filter_class(query, queryset=self.all_rows(), lookups=lookups)

    def list_query(
        self, filterset: ListFilters, query: QueryDict, *, order: Order | None = None, without: Collection[str] = ()
    ) -> ListQuery:
        """The rows of an address in order, and how far they are counted; without some of its filters."""
        order = order or self.orders[self.sort_of(query)]
        everything, rows = self._in_period(order, query), filterset.without(without) if without else filterset.qs
        words = [typed for name, field in _WORDS.items() if (typed := _words_of(filterset, name, field))]
        unpacked = any(typed.unpacked for typed in words)
        cap = UNPACKED_CAP if unpacked else COUNT_CAP
        gathered = _WORDS_GATHERED if words and not unpacked else cap
        told = filterset.words_told
        by_texts = told(Told.BY_TEXTS, without=without) if words and (unpacked or not without) else None
        candidates = told(Told.BY_INDEX, without=without) if unpacked else None
        return ListQuery(
            rows,
            everything,
            order,
            cap,
            gathered,
            of_words=any(words),
            by_texts=by_texts,
            candidates=candidates,
            candidates_match=unpacked and old_words_remain(),
        )

    def reads_texts(self, filterset: ListFilters) -> bool:
        """Whether the filters have words of which only the texts of a row tell whether it has them."""
        typed = filterset.form.cleaned_data
        return any(typed.get(name) and _words_of(filterset, name, field).unpacked for name, field in _WORDS.items())

    def sort_of(self, query: QueryDict) -> str:
        """The name of the order that an address requests, or of the list's default."""
        sort = query.get("sort", "")
        return sort if sort in self.orders else self.default_sort

    def _in_period(self, order: Order, query: QueryDict) -> QuerySet[Model]:
        """All rows within the dates requested for the order's own column: they are adjacent in its index."""
        dates = QueryDict(mutable=True)
        for name in _PERIODS.get(order.column, ()):
            dates.setlist(name, query.getlist(name)[-1:])
        return self.filterset(dates).qs


def with_work(rows: QuerySet[Model]) -> QuerySet[Model]:
    """The rows with the owner, status and tags of their cases, as ``work_owner``, ``work_status``, ``work_tags``."""
    return rows.annotate(
        work_owner=F("work__owner__username"), work_status=F("work__status"), work_tags=F("work__tags")
    )


#: With words, more rows are gathered: the index has them, while checking one row for words means reading its text.
_WORDS_GATHERED = 25_000
#: The parameters that hold words, and the field of each.
_WORDS = {dimension.name: dimension.searched for dimension in DIMENSIONS if dimension.kind is Kind.WORDS}
#: The parameters that limit the period of a date column.
_PERIODS = {
    dimension.item_column: tuple(KINDS[dimension.kind].parameters(dimension))
    for dimension in DIMENSIONS
    if dimension.kind is Kind.PERIOD
}


def _words_of(filterset: ListFilters, name: str, field: str) -> QueryWords:
    office = (one.key for one in filterset.lookups.searched_fields)
    return QueryWords.read(filterset.form.cleaned_data.get(name), field, office)


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
            "outcome": Order("outcome", nullable=False),
            "category": Order("category_ids", nullable=False),
            "specialty": Order("specialties", nullable=False),
            "due": Order("due_on"),
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
            "category": Order("category_id", nullable=False),
            "decision": Order("overturned"),
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


_ALL: Mapping[bool, Part[Count]] = {kind.of_items: count_of(kind.all_rows) for kind in (CASES, ITEMS)}


def _count_all(kind: ListKind) -> Count:
    """How many rows the list has without filters; counted again after a change of cases or items."""
    return cast("Count", read_with_kept({"all": _ALL[kind.of_items]}, {}, of_version=["all"])["all"])


def page_and_count(
    kind: ListKind, filterset: ListFilters, query: QueryDict, shown: QuerySet[M], size: int = 50
) -> tuple[Page[M], Count]:
    """The page of an address, its rows read from ``shown``, and how many rows the whole list has; two queries.

    It is exact, and full unless it is the last, however many rows have to be read.
    Items are in their letter's order, which takes one more query in some ascending sorts.
    """
    order = kind.orders[kind.sort_of(query)]
    if any(True for _ in active_filters(query)):
        find = item_keys if kind.of_items else FindCases(filterset)
        page, count = list_page(kind.list_query(filterset, query), shown, query, size, find_keys=find)
    else:
        page, count = page_of(shown, order, query, size), _count_all(kind)
    return (page_in_letter_order(page, order, filterset.qs, shown) if kind.of_items else page), count


def page_and_what_was_read(
    kind: ListKind,
    filterset: ListFilters,
    query: QueryDict,
    shown: QuerySet[M],
    size: int = 50,
    limits: StretchLimits = STRETCH,
) -> tuple[Page[M], Count, LookedThrough | None]:
    """The same; but of a phrase that very many rows may have, a page ends after some thousand of them were read."""
    filterset.is_valid()  # which reads the form
    listed = kind.list_query(filterset, query) if kind.reads_texts(filterset) else None
    candidates = Candidates.too_many(listed, limits) if listed else None
    if listed is None or candidates is None:
        return *page_and_count(kind, filterset, query, shown, size), None
    page, count, looked = looked_page(candidates, shown, query, size)
    return (page_in_letter_order(page, listed.order, filterset.qs, shown) if kind.of_items else page), count, looked
