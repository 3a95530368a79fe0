"""The filters of lists and statistics. The address holds their whole state; both filter sets use the same names.

``ItemFilter`` filters the fact rows of items: item lists and every statistic. ``CaseFilter`` filters cases by the same
parameters: what a letter holds once is asked of the case, and whatever is said of items must be true of one item.
"""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import BooleanField, Exists, Func, Model, OuterRef, Q, QuerySet
from django.http import QueryDict

from determinations.cases.item_marks import marks_of
from determinations.filters.conditions import (
    cites_family,
    cites_part,
    cites_standing,
    cites_superseded,
    equals,
    has_decision,
    holds,
    in_band,
    of_age,
    several_items,
    without_date,
    without_family,
    yes_or_no,
)
from determinations.filters.kinds import (
    AllAuthoritiesFilter,
    AllValuesFilter,
    AuthorityFilter,
    CategoryFilter,
    CountedFilter,
    DayFilter,
    PrintedFilter,
    SectionFilter,
    UploadFilter,
    ValuesField,
    ValuesFilter,
    WordsFilter,
)
from determinations.filters.lookups import HasOneOf, Lookups
from determinations.models import Case, ItemFact, Side
from determinations.models.found_by import case_sections, case_words, item_words
from determinations.wording.labels import CLAIM_AGES, DAY_BANDS


class LetterFilters(django_filters.FilterSet):
    """What a letter holds once; these columns have the same names in cases and in fact rows.

    Only the filters that the address sets are made: a tenth of the work. Filter sets of one request may share their
    ``lookups``.
    """

    def __init__(
        self,
        data: QueryDict,
        queryset: QuerySet[Model],
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

    def filter_queryset(self, queryset: QuerySet[Model]) -> QuerySet[Model]:
        """Rows that pass every filter."""
        return self.passed_by(queryset, self.form.cleaned_data)

    def but_for(self, names: Collection[str]) -> QuerySet[Model]:
        """Rows that pass every filter but these."""
        given = {name: value for name, value in self.form.cleaned_data.items() if name not in names}
        return self.passed_by(self.queryset.all(), given)

    def passed_by(self, rows: QuerySet[Model], given: Mapping[str, Any]) -> QuerySet[Model]:
        """Rows that pass the filters given with their values."""
        for name, value in given.items():
            rows = self.filters[name].filter(rows, value)
        return rows


class IsNotTrue(Func):
    """Rows for which conditions do not hold, or are not known to."""

    template = "(%(expressions)s) IS NOT TRUE"
    output_field = BooleanField()


class RestFilter(django_filters.Filter):
    """Everything but the items of another address: "MRI against the rest"."""

    #: Kinds of filters that look beyond the row: what they find is looked up once, rather than asked of each row.
    beyond = frozenset({"words", "section", "upload", "part", "standing", "printed"})

    kind = "rest"
    field_class = ValuesField

    def __init__(self) -> None:
        super().__init__(label="All but", widget=forms.SelectMultiple)

    def filter(self, qs: QuerySet[Model], value: list[str]) -> QuerySet[Model]:
        """Items that are not among those of the address."""
        for address in value:
            other = QueryDict(address, mutable=True)
            other.pop("rest_of", None)
            filterset = ItemFilter(other, queryset=ItemFact.objects.all(), lookups=self.parent.lookups)
            among = filterset.qs
            asked = {filterset.filters[name].kind for name in other if name in filterset.filters}
            if asked & self.beyond or not among.query.where:
                qs = qs.filter(~Exists(among.filter(pk=OuterRef("pk"))))
            else:
                qs = qs.filter(IsNotTrue(among.query.where))
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
    printed = PrintedFilter("case_id")
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

    claims_standing = AllValuesFilter("standing", "Claims administrator cites an edition", cites_standing(Side.CLAIMS))
    reviewer_standing = AllValuesFilter("standing", "Reviewer cites an edition", cites_standing(Side.REVIEWER))

    class Meta:
        model = ItemFact
        fields: ClassVar[list[str]] = []


#: What is said of an item: of a case it asks for one item of which all of it is true.
OF_ITEMS = frozenset(ItemFilter.base_filters) - frozenset(LetterFilters.base_filters) - {
    "problem", "state", "corrected", "upload", "printed", "q", "by_item",
}  # fmt: skip


class CaseFilter(LetterFilters):
    """Filters cases by the parameters of ``ItemFilter``."""

    state = ValuesFilter("state", "State", equals("state"))
    corrected = ValuesFilter("yes_no", "Corrected by staff", yes_or_no("corrected"))
    problem = ValuesFilter("problem", "Doubt", holds("all_problem_codes"))
    upload = UploadFilter("pk")
    printed = PrintedFilter("pk")
    q = WordsFilter(case_words())
    by_item = CountedFilter()
    locals().update({name: ItemFilter.base_filters[name] for name in sorted(OF_ITEMS)})

    class Meta:
        model = Case
        fields: ClassVar[list[str]] = []

    def passed_by(self, rows: QuerySet[Model], given: Mapping[str, Any]) -> QuerySet[Model]:
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
