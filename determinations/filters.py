"""The filters of lists and statistics. The address holds their whole state; both filter sets use the same names.

``ItemFilter`` filters the fact rows of items: item lists and every statistic. ``CaseFilter`` filters cases by the same
parameters: what a letter holds once is asked of the case, and whatever is said of items must be true of one item.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any, ClassVar

import django_filters
from django import forms
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorExact
from django.db.models import Exists, Func, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Coalesce
from django.http import QueryDict

from determinations.item_marks import marks_of
from determinations.labels import AGE_BANDS, CLAIM_AGES, DAY_BANDS, FAMILY_BITS, Labels
from determinations.lookups import HasOneOf, Lookups, has_number
from determinations.models import (
    Authority,
    Case,
    CitationFact,
    EditionValidity,
    ItemFact,
    Side,
    UploadedFile,
)
from determinations.models.found_by import case_sections, case_words, item_sections, item_words
from determinations.search import QueryWords

_MOST_VALUES = 60
_LONGEST_VALUE = 500
#: Years above this are looked up as a stretch: hardly any letter has them.
_OLDEST = 120
#: Parameters of a list's address that are not filters.
NOT_FILTERS = frozenset({"sort", "after", "before", "page", "list", "item", "show"})


class ValuesField(forms.MultipleChoiceField):
    """Any number of values, unknown ones too: a value that no row has simply finds nothing."""

    def clean(self, value: Any) -> list[str]:
        """The values, each once, cut to a sane number and length."""
        printed = [str(each).replace("\x00", "")[:_LONGEST_VALUE] for each in value or [] if each]
        return list(dict.fromkeys(printed))[:_MOST_VALUES]


class ValuesFilter(django_filters.Filter):
    """One of several values; ``condition`` turns one value into a condition on rows of the filtered model."""

    field_class = ValuesField

    def __init__(self, kind: str, label: str, condition: Callable[[str], Q], **kwargs: Any) -> None:
        self.kind = kind
        self.condition = condition
        super().__init__(label=label, widget=forms.SelectMultiple, **kwargs)

    def filter(self, qs: QuerySet[Any], value: list[str]) -> QuerySet[Any]:
        """Rows for which one of the conditions holds."""
        return qs.filter(reduce(or_, map(self.condition, value))) if value else qs


class AllValuesFilter(ValuesFilter):
    """Every one of several values, of what a row can hold several of."""

    def filter(self, qs: QuerySet[Any], value: list[str]) -> QuerySet[Any]:
        """Rows for which all conditions hold."""
        return qs.filter(reduce(and_, map(self.condition, value))) if value else qs


class DayFilter(django_filters.DateFilter):
    """A date from or to which, inclusive."""

    kind = "date"

    def __init__(self, column: str, label: str, lookup: str) -> None:
        super().__init__(
            field_name=column,
            lookup_expr=lookup,
            label=label,
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        )


class WordsFilter(django_filters.CharFilter):
    """Words searched in the texts, as a web search understands them."""

    kind = "words"

    def __init__(self, words: Func) -> None:
        self.words = words
        super().__init__(label="Words", max_length=300, strip=True)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Rows in which the words occur."""
        words = QueryWords.read(value)
        if not words:
            return qs
        found = SearchVectorExact(self.words, words.query())
        # Left to itself PostgreSQL reads all of the index for what is not in it: rows are asked one by one instead.
        return qs.filter(Coalesce(found, Value(False)) if words.only_not else found)


class CategoryFilter(django_filters.Filter):
    """Categories, and subcategories as ``name/subcategory``; a category with subcategories chosen means only those."""

    field_class = ValuesField

    def __init__(self, kind: str, label: str) -> None:
        self.kind = kind
        super().__init__(label=label, widget=forms.SelectMultiple)

    def filter(self, qs: QuerySet[Any], value: list[str]) -> QuerySet[Any]:
        """Rows in one of them. The two filters act together: the first of them that is set does it."""
        given = self.parent.form.cleaned_data
        whole, below = given.get("category", []), given.get("subcategory", [])
        if not value or (self.kind == "subcategory" and whole):
            return qs
        return qs.filter(has_number("category_id", self.parent.lookups.category_ids(whole, below), small=True))


class AuthorityFilter(django_filters.Filter):
    """One of several authorities, given by key, that one side cites."""

    field_class = ValuesField
    kind = "authority"

    def __init__(self, column: str, label: str) -> None:
        self.column = column
        super().__init__(label=label, widget=forms.SelectMultiple)

    def filter(self, qs: QuerySet[Any], value: list[str]) -> QuerySet[Any]:
        """Rows that cite one of them."""
        return qs.filter(self.condition(value)) if value else qs

    def condition(self, keys: list[str]) -> Q:
        """The condition that one of these authorities is cited."""
        return Q(**{f"{self.column}__overlap": self.parent.lookups.authority_ids(keys)})


class AllAuthoritiesFilter(AuthorityFilter):
    """Every one of several authorities."""

    def condition(self, keys: list[str]) -> Q:
        """The condition that all of these authorities are cited."""
        return reduce(and_, (AuthorityFilter.condition(self, [key]) for key in keys))


class SectionFilter(django_filters.CharFilter):
    """Part of the name of a section that one side cites."""

    kind = "section"

    def __init__(self, side: Side, label: str) -> None:
        self.side = side
        super().__init__(label=label, max_length=100, strip=True)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Rows for which this side cites a section whose name holds the words."""
        return qs.filter(self.condition(item_sections(self.side.value), value)) if value else qs

    def condition(self, sections: Func, value: str) -> HasOneOf:
        """The condition that one of the ``sections`` of a row has such a name."""
        names = self.parent.lookups.section_names(value.replace("\x00", ""))
        return HasOneOf(sections, Value(names, output_field=ArrayField(TextField())))


class UploadFilter(django_filters.NumberFilter):
    """Letters that arrived in one upload, duplicates of it too."""

    kind = "upload"

    def __init__(self, letter: str) -> None:
        self.letter = letter
        super().__init__(label="Upload", min_value=1, max_value=2**63 - 1, decimal_places=0)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Rows of the letters that the upload brought."""
        if value is None:
            return qs
        return qs.filter(Exists(UploadedFile.objects.filter(upload=int(value), letter=OuterRef(self.letter))))


def equals(column: str) -> Callable[[str], Q]:
    """The column holds the value; ``unknown`` means that it is empty."""
    return lambda value: Q(**{column: "" if value == "unknown" else value})


def holds(column: str) -> Callable[[str], Q]:
    """The array holds the value; ``unknown`` means that it holds none."""
    return lambda value: Q(**{column: []}) if value == "unknown" else Q(**{f"{column}__contains": [value]})


def in_band(column: str, bands: Iterable[tuple[str, str, int, int]]) -> Callable[[str], Q]:
    """The number lies in the band; ``known`` and ``unknown`` ask whether there is one."""
    bounds = {band: (first, last) for band, _label, first, last in bands}

    def condition(value: str) -> Q:
        if value in ("known", "unknown"):
            return Q(**{f"{column}__isnull": value == "unknown"})
        first, last = bounds.get(value, (1, 0))
        return Q(**{f"{column}__gte": first, f"{column}__lte": last})

    return condition


def of_age(value: str) -> Q:
    """The age lies in the band. Each year is named: an index over many columns looks up values, not stretches."""
    if value in ("known", "unknown"):
        return Q(age__isnull=value == "unknown")
    first, last = next(((first, last) for band, _label, first, last in AGE_BANDS if band == value), (1, 0))
    years = Q(has_number("age", range(first, min(last, _OLDEST) + 1), small=True))
    return years | Q(age__gt=_OLDEST, age__lte=last) if last > _OLDEST else years


def has_decision(value: str) -> Q:
    """The item's decision."""
    return Q(overturned={"overturned": True, "upheld": False}.get(value))


def cites_family(column: str) -> Callable[[str], Q]:
    """One side cites a guideline of the family; ``none`` means that it cites nothing."""

    def condition(value: str) -> Q:
        bit = {str(family): bit for family, bit in FAMILY_BITS.items()}.get(value, 15 if value == "any" else 0)
        # Four bits make sixteen values: a list of them is plain to the planner, arithmetic is not.
        bits = [0] if value == "none" else [bits for bits in range(1, 16) if bits & bit]
        return Q(has_number(column, bits, small=True))

    return condition


def without_family(column: str) -> Callable[[str], Q]:
    """One side cites no guideline of the family."""

    def condition(value: str) -> Q:
        bit = {str(family): bit for family, bit in FAMILY_BITS.items()}.get(value, 0)
        return Q(**{f"{column}__in": [bits for bits in range(16) if not bits & bit]})

    return condition


def cites_part(side: Side, **lookup: str) -> Callable[[str], Q]:
    """One side cites a part of an authority, given as ``key@part``; ``lookup``: the column that holds it."""
    ((column, kind),) = lookup.items()

    def condition(value: str) -> Q:
        key, _, part = value.partition("@")
        cited = CitationFact.objects.filter(
            fact=OuterRef("pk"), side=side, authority__in=Authority.objects.filter(key=key).values("pk")
        )
        return Q(Exists(cited.filter(**{column: [part] if kind == "array" else part})))

    return condition


def cites_superseded(side: Side) -> Callable[[str], Q]:
    """One side cites an edition that was no longer in force: one given as ``key@edition``, or ``any``."""

    def condition(value: str) -> Q:
        key, _, edition = value.partition("@")
        ended = EditionValidity.objects.filter(
            authority=OuterRef("authority__key"), edition=OuterRef("edition"), valid_to__lt=OuterRef("on_date")
        )
        cited = CitationFact.objects.filter(Exists(ended), fact=OuterRef("pk"), side=side)
        return Q(Exists(cited if key == "any" else cited.filter(authority__key=key, edition=edition)))

    return condition


def several_items(value: str) -> Q:
    """The item's letter decides more than one item."""
    return Q(case_items__gt=1) if value == "yes" else Q(case_items=1)


def yes_or_no(column: str) -> Callable[[str], Q]:
    """A column that is true or false."""
    return lambda value: Q(**{column: value == "yes"})


_UNDATED = {
    "decided": "decision_date",
    "injured": "date_of_injury",
    "denied": "ur_denial_date",
    "received": "application_received",
}


def without_date(value: str) -> Q:
    """A date that the letter does not give."""
    column = _UNDATED.get(value)
    return Q(**{f"{column}__isnull": True}) if column else Q(pk__in=[])


class LetterFilters(django_filters.FilterSet):
    """What a letter holds once; these columns have the same names in cases and in fact rows.

    Only the filters that the address sets are made: a tenth of the work. Filter sets of one request may share their
    ``lookups``.
    """

    def __init__(
        self,
        data: QueryDict,
        queryset: QuerySet[Any],
        *,
        lookups: Lookups | None = None,
    ) -> None:
        self.lookups = lookups or Lookups()
        every = type(self).base_filters
        self.__dict__["base_filters"] = {name: every[name] for name in every if any(data.getlist(name))}
        super().__init__(data, queryset=queryset)

    decided_from = DayFilter("decision_date", "Decided from", "gte")
    decided_to = DayFilter("decision_date", "Decided to", "lte")
    injured_from = DayFilter("date_of_injury", "Injured from", "gte")
    injured_to = DayFilter("date_of_injury", "Injured to", "lte")
    denied_from = DayFilter("ur_denial_date", "UR denial from", "gte")
    denied_to = DayFilter("ur_denial_date", "UR denial to", "lte")
    received_from = DayFilter("application_received", "Application received from", "gte")
    received_to = DayFilter("application_received", "Application received to", "lte")
    undated = ValuesFilter("undated", "Without a date", without_date)
    outcome = ValuesFilter("outcome", "Case outcome", lambda value: Q(outcome=value))  # "unknown" is an outcome
    specialty = ValuesFilter("specialty", "Reviewer's specialty", holds("specialties"))
    licensure = ValuesFilter("licensure", "Reviewer's licensure", holds("licensure"))
    age = ValuesFilter("age", "Age", of_age)
    sex = ValuesFilter("sex", "Sex", equals("sex"))
    priority = ValuesFilter("priority", "Priority", equals("priority"))

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Rows that pass every filter."""
        return self.passed_by(queryset, self.form.cleaned_data)

    def but_for(self, names: Collection[str]) -> QuerySet[Any]:
        """Rows that pass every filter but these."""
        given = {name: value for name, value in self.form.cleaned_data.items() if name not in names}
        return self.passed_by(self.queryset.all(), given)

    def passed_by(self, rows: QuerySet[Any], given: Mapping[str, Any]) -> QuerySet[Any]:
        """Rows that pass the filters given with their values."""
        for name, value in given.items():
            rows = self.filters[name].filter(rows, value)
        return rows


class RestFilter(django_filters.Filter):
    """Everything but the items of another address: "MRI against the rest"."""

    kind = "rest"
    field_class = ValuesField

    def __init__(self) -> None:
        super().__init__(label="All but", widget=forms.SelectMultiple)

    def filter(self, qs: QuerySet[Any], value: list[str]) -> QuerySet[Any]:
        """Items that are not among those of the address."""
        for address in value:
            other = QueryDict(address, mutable=True)
            other.pop("rest_of", None)
            rows = ItemFact.objects.filter(pk=OuterRef("pk"))
            among = ItemFilter(other, queryset=rows, lookups=self.parent.lookups).qs
            qs = qs.filter(~Exists(among))
        return qs


class CountedFilter(django_filters.Filter):
    """Set by numbers of the statistics that count letters: everything in the address is asked of one item of the case.

    ``CaseFilter`` acts on it; items are the same with and without it.
    """

    field_class = ValuesField

    def __init__(self) -> None:
        self.kind = "yes_no"
        super().__init__(label="Letters as statistics count them, by their items", widget=forms.SelectMultiple)

    def filter(self, qs: QuerySet[Any], value: list[str]) -> QuerySet[Any]:
        """All rows."""
        return qs


class ItemFilter(LetterFilters):
    """Filters fact rows of items. Give it ``request.GET`` and any queryset of ``ItemFact``; ``.qs`` is the result."""

    decision = ValuesFilter("decision", "Decision", has_decision)
    category = CategoryFilter("category", "Category")
    subcategory = CategoryFilter("subcategory", "Subcategory")
    region = ValuesFilter("region", "Body region", equals("body_region"))
    claims_family = ValuesFilter("family", "Claims administrator cites", cites_family("claims_families"))
    reviewer_family = ValuesFilter("family", "Reviewer cites", cites_family("reviewer_families"))
    claims_authority = AuthorityFilter("claims_authority_ids", "Claims administrator's guideline")
    reviewer_authority = AuthorityFilter("reviewer_authority_ids", "Reviewer's guideline")
    claims_section = SectionFilter(Side.CLAIMS, "Claims administrator's section")
    reviewer_section = SectionFilter(Side.REVIEWER, "Reviewer's section")
    same_guideline = ValuesFilter("yes_no", "Both sides cite the same guideline", yes_or_no("same_authority"))
    partly_approved = ValuesFilter("yes_no", "Partly approved by UR", yes_or_no("partly_approved"))
    problem = ValuesFilter("problem", "Doubt", holds("problem_codes"))
    state = ValuesFilter("state", "State", equals("state"))
    corrected = ValuesFilter("yes_no", "Corrected by staff", yes_or_no("corrected"))
    upload = UploadFilter("case_id")
    q = WordsFilter(item_words())
    by_item = CountedFilter()
    rest_of = RestFilter()
    # What numbers of the statistics open, besides: the same list a second time over, or finer than anybody would pick.
    also_specialty = AllValuesFilter("specialty", "Reviewer's specialty too", holds("specialties"))
    also_licensure = AllValuesFilter("licensure", "Reviewer's licensure too", holds("licensure"))
    also_claims_family = AllValuesFilter("family", "Claims administrator cites too", cites_family("claims_families"))
    also_reviewer_family = AllValuesFilter("family", "Reviewer cites too", cites_family("reviewer_families"))
    also_claims_authority = AllAuthoritiesFilter("claims_authority_ids", "Claims administrator's guideline too")
    also_reviewer_authority = AllAuthoritiesFilter("reviewer_authority_ids", "Reviewer's guideline too")
    claims_without = AllValuesFilter("family", "Claims administrator does not cite", without_family("claims_families"))
    reviewer_without = AllValuesFilter("family", "Reviewer does not cite", without_family("reviewer_families"))
    claim_age = ValuesFilter("claim_age", "Claim's age at decision", in_band("claim_age", CLAIM_AGES))
    days_from_denial = ValuesFilter("days", "UR denial to decision", in_band("days_from_denial", DAY_BANDS))
    days_from_application = ValuesFilter(
        "days", "Application to decision", in_band("days_from_application", DAY_BANDS)
    )
    days_from_assignment = ValuesFilter("days", "Assignment to decision", in_band("days_from_assignment", DAY_BANDS))
    several_items = ValuesFilter("yes_no", "Several items in the letter", several_items)
    claims_edition = AllValuesFilter("part", "Claims administrator's edition", cites_part(Side.CLAIMS, edition="text"))
    reviewer_edition = AllValuesFilter("part", "Reviewer's edition", cites_part(Side.REVIEWER, edition="text"))
    claims_cites = AllValuesFilter(
        "part", "Claims administrator cites the section", cites_part(Side.CLAIMS, sections__contains="array")
    )
    reviewer_cites = AllValuesFilter(
        "part", "Reviewer cites the section", cites_part(Side.REVIEWER, sections__contains="array")
    )
    claims_page = AllValuesFilter(
        "part", "Claims administrator cites the page", cites_part(Side.CLAIMS, pages__contains="array")
    )
    reviewer_page = AllValuesFilter(
        "part", "Reviewer cites the page", cites_part(Side.REVIEWER, pages__contains="array")
    )
    claims_superseded = AllValuesFilter(
        "part", "Claims administrator cites a superseded edition", cites_superseded(Side.CLAIMS)
    )
    reviewer_superseded = AllValuesFilter(
        "part", "Reviewer cites a superseded edition", cites_superseded(Side.REVIEWER)
    )

    class Meta:
        model = ItemFact
        fields: ClassVar[list[str]] = []


#: What is said of an item: of a case it asks for one item of which all of it is true.
OF_ITEMS = frozenset(ItemFilter.base_filters) - frozenset(LetterFilters.base_filters) - {
    "problem", "state", "corrected", "upload", "q", "by_item",
}  # fmt: skip


class CaseFilter(LetterFilters):
    """Filters cases by the parameters of ``ItemFilter``."""

    state = ValuesFilter("state", "State", equals("state"))
    corrected = ValuesFilter("yes_no", "Corrected by staff", yes_or_no("corrected"))
    problem = ValuesFilter("problem", "Doubt", holds("all_problem_codes"))
    upload = UploadFilter("pk")
    q = WordsFilter(case_words())
    by_item = CountedFilter()
    locals().update({name: ItemFilter.base_filters[name] for name in sorted(OF_ITEMS)})

    class Meta:
        model = Case
        fields: ClassVar[list[str]] = []

    def passed_by(self, rows: QuerySet[Any], given: Mapping[str, Any]) -> QuerySet[Any]:
        """Cases that match, and that have one item which matches all that is said of items."""
        if given.get("by_item"):
            address = self.data.copy()
            for name in self.form.cleaned_data.keys() - given.keys():
                address.pop(name, None)
            items = ItemFact.objects.filter(case=OuterRef("pk"))
            return rows.filter(Exists(ItemFilter(address, queryset=items, lookups=self.lookups).qs))
        asked = {name for name in OF_ITEMS if given.get(name)}
        for name, value in given.items():
            if name not in OF_ITEMS:
                rows = self.filters[name].filter(rows, value)
        if not asked:
            return rows
        implied = {name: self._implied(name, given) for name in sorted(asked)}
        rows = rows.filter(*(said for said in implied.values() if said is not None))
        one = asked <= {"category", "subcategory"} or len(asked) == 1
        if one and None not in implied.values():
            return rows
        facts: QuerySet[ItemFact] = ItemFact.objects.filter(case=OuterRef("pk"))
        for name in sorted(asked):
            facts = self.filters[name].filter(facts, given[name])
        return rows.filter(Exists(facts))

    def _implied(self, name: str, given: Mapping[str, Any]) -> Q | HasOneOf | None:
        """What the case's own row says of a filter of items: exact if no other filter is of the same item.

        None where it says nothing.
        """
        if name in ("category", "subcategory"):
            ids = self.lookups.category_ids(given.get("category", []), given.get("subcategory", []))
            return Q(category_ids__overlap=ids)
        if name in ("claims_authority", "reviewer_authority"):
            return Q(**{f"{name}_ids__overlap": self.lookups.authority_ids(given[name])})
        if name in ("claims_section", "reviewer_section"):
            section: SectionFilter = self.filters[name]
            return section.condition(case_sections(section.side.value), given[name])
        marks = marks_of(name, given[name])
        return Q(said_of_items__overlap=marks) if marks is not None else None


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter in words, and the address without it."""

    label: str
    value: str
    query: str


def active_filters(query: QueryDict) -> Iterator[tuple[str, str]]:
    """The filters that an address sets, as (name, value), in the order of the filter set."""
    for name in ItemFilter.base_filters:
        for value in dict.fromkeys(query.getlist(name)):
            if value:
                yield name, value


def chips(query: QueryDict, labels: Labels) -> list[Chip]:
    """Each active filter as a chip that shows and removes it."""
    return [
        Chip(
            label=str(ItemFilter.base_filters[name].label),
            value=labels.of(ItemFilter.base_filters[name].kind, value),
            query=without(query, name, value),
        )
        for name, value in active_filters(query)
    ]


def without(query: QueryDict, name: str, value: str) -> str:
    """The address without one value of one filter, at the top of the list."""
    link = first_page(query)
    link.setlist(name, [each for each in link.getlist(name) if each != value])
    return f"?{link.urlencode()}"


def filters_only(query: QueryDict) -> QueryDict:
    """Only the filters of an address: what a saved view, an export or a link between lists carries over."""
    kept = QueryDict(mutable=True)
    for name in ItemFilter.base_filters:
        values = [value for value in query.getlist(name) if value]
        if values:
            kept.setlist(name, values)
    return kept


def first_page(query: QueryDict) -> QueryDict:
    """The same list from its top."""
    link = query.copy()
    for name in ("after", "before"):
        link.pop(name, None)
    return link


def mistakes(filterset: django_filters.FilterSet) -> list[str]:
    """What in the address was not understood, and is therefore left out of the filter."""
    return [f"{filterset.filters[name].label}: {' '.join(errors)}" for name, errors in filterset.errors.items()]
