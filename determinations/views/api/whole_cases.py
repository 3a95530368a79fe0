"""Cases with all that they say: read one, several by ID, or with the changes that tell of them."""

from collections.abc import Collection, Sequence
from typing import cast

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from determinations.access import audit
from determinations.access.scope import current_scope
from determinations.browsing.lists import CASES, with_work
from determinations.filters.lookups import Lookups
from determinations.models import Case, CaseText, DisputedItem
from determinations.views.api.case_schemas import (
    CaseOut,
    CitationOut,
    WholeCase,
    WholeItem,
    case_out,
    citations_of,
    item_out,
)
from determinations.views.requests import person_of
from determinations.wording.labels import Labels, value_texts

#: What lists read: whole rows take twice as long to fetch and to build.
_OF_CASES = (
    "case_number", "outcome", "item_count", "overturned_count", "decision_date", "date_of_injury", "ur_denial_date",
    "application_received", "date_assigned", "priority", "age", "sex", "licensure", "specialties", "category_ids",
    "claims_authority_ids", "reviewer_authority_ids", "state", "all_problem_codes", "problem_count", "corrected",
    "due_on", "added_at", "superseded_by",
)  # fmt: skip


def shown_rows(cases: QuerySet[Case], labels: Labels) -> QuerySet[Case]:
    """The cases with what is shown of them: what staff added, and fields of the office, unless that is masked."""
    if current_scope().masked:
        return cases.only(*_OF_CASES)
    shown = cases.only(*_OF_CASES, *(field.column for field in labels.shown_fields()))
    return cast("QuerySet[Case]", with_work(CASES, shown))


def shown_cases(cases: Sequence[Case], labels: Labels) -> list[CaseOut]:
    """The cases as lists show them."""
    masked = current_scope().masked
    fields = [] if masked else labels.shown_fields()
    texts = value_texts(getattr(case, field.column) for case in cases for field in fields)
    return [case_out(case, labels, fields, texts, with_work=not masked) for case in cases]


def whole_cases(request: HttpRequest, ids: Collection[int]) -> list[WholeCase]:
    """Those of these cases that the user sees, with summaries and items, by ID; each is recorded as viewed."""
    by, masked = person_of(request), current_scope().masked
    labels = Lookups(user=by).labels
    cases = list(shown_rows(Case.objects.filter(pk__in=ids), labels).order_by("pk"))
    seen = [case.pk for case in cases]
    audit.record_each("case.viewed", seen, by=by, at=timezone.now(), masked=masked)
    summaries = dict(CaseText.objects.filter(pk__in=seen).values_list("pk", "summary"))
    items = list(DisputedItem.objects.filter(case__in=seen).select_related("text").order_by("case", "number"))
    cited = citations_of(items, labels)
    by_case: dict[int, list[WholeItem]] = {pk: [] for pk in seen}
    for item in items:
        by_case[item.case_id].append(whole_item(item, labels, cited[item.pk]))
    return [
        WholeCase(
            **dict(shown),
            summary=summaries.get(case.pk, ""),
            superseded_by=case.superseded_by_id,
            items=by_case[case.pk],
        )
        for case, shown in zip(cases, shown_cases(cases, labels), strict=True)
    ]


def whole_item(item: DisputedItem, labels: Labels, citations: list[CitationOut]) -> WholeItem:
    """An item with its texts and citations."""
    return WholeItem(
        **dict(item_out(item, labels)), rationale=item.text.rationale, claims_text=item.text.claims_text,
        reviewer_text=item.text.reviewer_text, citations=citations,
    )  # fmt: skip
