"""The two filter sets: one for items, one for cases, with the same parameters. The address holds their whole state.

``ItemFilter`` filters the fact rows of items: item lists and every statistic. ``CaseFilter`` filters cases: what a
letter holds once is compared with the case, and everything said of items must hold for one of its items.
"""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, cast

import django_filters
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import QueryDict

from determinations.filters.kinds import KINDS
from determinations.filters.lookups import Lookups
from determinations.filters.matching import Told, WordsFilter
from determinations.models import Case, ItemFact
from determinations.models.dimensions import DIMENSIONS, Dimension, Kind, Scope

_CATEGORIES = frozenset({Kind.CATEGORY, Kind.SUBCATEGORY})


class ListFilters(django_filters.FilterSet):
    """Filters rows by the parameters of its dimensions. Give it ``request.GET`` and any queryset; read ``.qs``.

    Only the filters that the address sets are built: a tenth of the work. Filter sets of one request may share their
    ``lookups``.
    """

    dimensions: ClassVar[tuple[Dimension, ...]] = DIMENSIONS
    of_items: ClassVar[bool]

    def __init__(self, data: QueryDict, queryset: QuerySet[Model], *, lookups: Lookups | None = None) -> None:
        super().__init__(data, queryset=queryset)
        self.lookups = lookups or Lookups()
        #: What tells whether a row has the words searched.
        self.told = Told.EXACTLY
        #: The dimension of each parameter that the address sets.
        self.dimension_of: dict[str, Dimension] = {}
        set_here = {name for name, values in data.lists() if any(values)}
        for dimension in self.dimensions if set_here else ():
            names = [name for name in KINDS[dimension.kind].parameters(dimension) if name in set_here]
            if names:
                self._add(dimension, names)

    def _add(self, dimension: Dimension, names: Collection[str]) -> None:
        filters = KINDS[dimension.kind].filters(dimension, of_items=self.of_items or dimension.of_item)
        for name in names:
            filters[name].parent = self
            filters[name].model = self.queryset.model
            self.filters[name] = filters[name]
            self.dimension_of[name] = dimension

    @property
    def reads_other_tables(self) -> bool:
        """Whether some filter that is set reads other tables than the rows' own."""
        return any(KINDS[dimension.kind].reads_other_tables for dimension in self.dimension_of.values())

    @property
    def searches_words(self) -> bool:
        """Whether some filter that is set searches words of letters."""
        return any(isinstance(one, WordsFilter) for one in self.filters.values())

    def words_told(self, told: Told, *, without: Collection[str] = ()) -> QuerySet[Model]:
        """Rows that pass every filter except some, of which words are told so."""
        other = type(self)(self.data, self.queryset, lookups=self.lookups)
        other.told = told
        other.is_valid()  # which reads the form
        return other.without(without) if without else other.qs

    def for_items(self, address: QueryDict, items: QuerySet[ItemFact]) -> "ListFilters":
        """The filters of another address over items."""
        raise NotImplementedError

    def as_items(self, *, without: Collection[str] = ()) -> "QuerySet[ItemFact] | None":
        """The facts of the items that pass every filter except some: a row with items passes if one of them is here.

        None where no single item tells: for words, and for doubts, which a case has beside its items.
        """
        address = self.data.copy()
        for name in without:
            address.pop(name, None)
        by_item = bool(address.get("by_item"))
        if not by_item and any(d.scope is Scope.CASE_OR_ITEM for n, d in self.dimension_of.items() if n in address):
            return None
        return cast("QuerySet[ItemFact]", self.for_items(address, ItemFact.objects.all()).qs)

    def as_several_items(self, *, without: Collection[str] = ()) -> "list[QuerySet[ItemFact]] | None":
        """Facts of items, several times: a row with items passes every filter except some if it has one of each.

        A doubt may be one of the case or of another item than passes the other filters. None where the absence of
        doubts is asked for. Words are those of one item (see ``as_items_and_words``).
        """
        if (together := self.as_items(without=without)) is not None:
            return [together]
        alone = [n for n, d in self.dimension_of.items() if d.scope is Scope.CASE_OR_ITEM and n not in without]
        for name in alone:
            if self.dimension_of[name].kind is not Kind.CODES or "unknown" in self.data.getlist(name):
                return None
        others = self.as_items(without=[*without, *alone])
        if others is None:
            return None
        each = (self._as_items_by([name]) for name in alone)
        return [others, *each]

    def as_items_and_words(
        self, *, without: Collection[str] = ()
    ) -> "tuple[list[QuerySet[ItemFact]], list[str]] | None":
        """The same, and the queries that the words of a row have to match besides."""
        self.is_valid()
        typed = self.form.cleaned_data
        filters = {name: self.filters[name] for name, value in typed.items() if value}
        searched = {name: one for name, one in filters.items() if isinstance(one, WordsFilter)}
        if typed.get("by_item") or not searched.keys() - set(without):
            items = self.as_several_items(without=without)
            return None if items is None else (items, [])
        queries: list[str] = []
        for name in sorted(searched.keys() - set(without)):
            of_one = searched[name].index_queries(typed[name])
            if of_one is None:
                return None
            queries += of_one
        items = self.as_several_items(without=[*without, *searched])
        return None if items is None else (items, queries)

    def _as_items_by(self, names: Collection[str]) -> "QuerySet[ItemFact]":
        """The facts of the items that pass some of the filters."""
        address = self.data.copy()
        for name in set(address) - set(names):
            del address[name]
        return cast("QuerySet[ItemFact]", self.for_items(address, ItemFact.objects.all()).qs)

    def filter_queryset(self, queryset: QuerySet[Model]) -> QuerySet[Model]:
        """Rows that pass every filter."""
        return self.passing(queryset, self.form.cleaned_data)

    def without(self, names: Collection[str]) -> QuerySet[Model]:
        """Rows that pass every filter except these."""
        cleaned = {name: value for name, value in self.form.cleaned_data.items() if name not in names}
        return self.passing(self.queryset.all(), cleaned)

    def passing(self, rows: QuerySet[Model], cleaned: Mapping[str, Any]) -> QuerySet[Model]:
        """Rows that pass the filters given with their values."""
        for name, value in cleaned.items():
            rows = self.filters[name].filter(rows, value)
        return rows


class ItemFilter(ListFilters):
    """Filters fact rows of items."""

    of_items = True

    class Meta:
        model = ItemFact
        fields: ClassVar[list[str]] = []

    def for_items(self, address: QueryDict, items: QuerySet[ItemFact]) -> ListFilters:
        return type(self)(address, items, lookups=self.lookups)


class CaseFilter(ListFilters):
    """Filters cases."""

    of_items = False
    item_filter: ClassVar[type[ItemFilter]] = ItemFilter

    class Meta:
        model = Case
        fields: ClassVar[list[str]] = []

    def for_items(self, address: QueryDict, items: QuerySet[ItemFact]) -> ListFilters:
        return self.item_filter(address, items, lookups=self.lookups)

    def passing(self, rows: QuerySet[Model], cleaned: Mapping[str, Any]) -> QuerySet[Model]:
        """Cases that match, and that have one item for which all filters of items hold."""
        facts: QuerySet[ItemFact] = ItemFact.objects.filter(case=OuterRef("pk"))
        if cleaned.get("by_item"):
            address = self.data.copy()
            for name in self.form.cleaned_data.keys() - cleaned.keys():
                address.pop(name, None)
            return rows.filter(Exists(self.for_items(address, facts).qs))
        of_items = {name: dimension for name, dimension in self._of_items().items() if cleaned.get(name)}
        letter_filters = {name: value for name, value in cleaned.items() if not self.dimension_of[name].of_item}
        rows = super().passing(rows, letter_filters)
        if not of_items:
            return rows
        on_case = [
            KINDS[dimension.kind].condition_on_case(dimension, cleaned, self.lookups)
            for dimension in of_items.values()
        ]
        rows = rows.filter(*(condition for condition in on_case if condition is not None))
        if None not in on_case and (len(of_items) == 1 or {d.kind for d in of_items.values()} <= _CATEGORIES):
            return rows
        item_filters = {name: cleaned[name] for name in of_items}
        return rows.filter(Exists(super().passing(facts, item_filters)))

    def _of_items(self) -> dict[str, Dimension]:
        """The filters of items that the address sets, by name: the same rows give the same statement."""
        return {name: self.dimension_of[name] for name in sorted(self.dimension_of) if self.dimension_of[name].of_item}
