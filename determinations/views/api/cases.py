"""Cases, items and citations."""

from collections.abc import Sequence
from typing import cast

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router

from determinations.access import audit
from determinations.access.scope import current_scope
from determinations.browsing.lists import CASES, ITEMS, with_work
from determinations.filters.lookups import Lookups
from determinations.models import Case, CaseText, DisputedItem, ItemFact, TokenScope
from determinations.views.api.case_schemas import (
    CaseOut,
    CasePage,
    CitationPage,
    ItemPage,
    WholeCase,
    WholeItem,
    case_out,
    citations_of,
    item_out,
    listed_item,
)
from determinations.views.api.checks import needs
from determinations.views.api.document import filter_parameters
from determinations.views.api.lists import CountOut, Limit, check_parameters, filtered_page, neighbors
from determinations.views.requests import person_of
from determinations.wording.labels import value_texts

router = Router(tags=["Cases"])


@router.get("/cases", response=CasePage, url_name="api_cases", openapi_extra=filter_parameters(CASES))
@needs(TokenScope.READ, "browse_cases")
def list_cases(request: HttpRequest, limit: Limit = 50) -> CasePage:
    """Cases that match all filters, one per letter that counts."""
    page, count = filtered_page(request, CASES, _with_work(Case.objects.current()), limit)
    audit.note_list(request, CASES.name, [case.pk for case in page.rows], total=str(count))
    return CasePage(count=CountOut.of(count), results=_cases(request, page.rows), **neighbors(request, page))


def _with_work(cases: QuerySet[Case]) -> QuerySet[Case]:
    """The cases with what staff added, unless the user may not see it."""
    return cases if current_scope().masked else cast("QuerySet[Case]", with_work(CASES, cases))


def _cases(request: HttpRequest, cases: Sequence[Case]) -> list[CaseOut]:
    masked, labels = current_scope().masked, Lookups(user=person_of(request)).labels
    fields = [] if masked else labels.shown_fields()
    texts = value_texts(getattr(case, field.column) for case in cases for field in fields)
    return [case_out(case, labels, fields, texts, with_work=not masked) for case in cases]


@router.get("/cases/{int:case_id}", response=WholeCase, url_name="api_case")
@needs(TokenScope.READ, "browse_cases")
def read_case(request: HttpRequest, case_id: int) -> WholeCase:
    """A case with its summary, and its items with rationales, guideline lines and citations."""
    check_parameters(request, ())
    case = next(iter(_with_work(Case.objects.filter(pk=case_id))), None)
    if case is None:
        raise Http404
    audit.note(request, "case.viewed", case_id, masked=current_scope().masked)
    labels = Lookups(user=person_of(request)).labels
    text = CaseText.objects.only("summary").filter(pk=case_id).first()
    (shown,) = _cases(request, [case])
    items = list(DisputedItem.objects.filter(case=case_id).select_related("text").order_by("number"))
    cited = citations_of(items, labels)
    return WholeCase(
        **shown.model_dump(),
        summary=text.summary if text else "",
        superseded_by=case.superseded_by_id,
        items=[
            WholeItem(
                **item_out(item, labels).model_dump(), rationale=item.text.rationale,
                claims_text=item.text.claims_text, reviewer_text=item.text.reviewer_text, citations=cited[item.pk],
            )
            for item in items
        ],
    )  # fmt: skip


@router.get("/items", response=ItemPage, url_name="api_items", openapi_extra=filter_parameters(ITEMS))
@needs(TokenScope.READ, "browse_cases")
def list_items(request: HttpRequest, limit: Limit = 50) -> ItemPage:
    """Disputed items that match all filters. Their rationales are in the case."""
    rows = ItemFact.objects.select_related("item", "case")
    page, count = filtered_page(request, ITEMS, rows, limit)
    audit.note_list(request, ITEMS.name, [fact.case_id for fact in page.rows], total=str(count))
    labels = Lookups(user=person_of(request)).labels
    results = [listed_item(fact, labels) for fact in page.rows]
    return ItemPage(count=CountOut.of(count), results=results, **neighbors(request, page))


@router.get("/citations", response=CitationPage, url_name="api_citations", openapi_extra=filter_parameters(ITEMS))
@needs(TokenScope.READ, "browse_cases")
def list_citations(request: HttpRequest, limit: Limit = 50) -> CitationPage:
    """The citations of disputed items that match all filters. ``limit`` and the cursor count items."""
    page, count = filtered_page(request, ITEMS, ItemFact.objects.select_related("item"), limit)
    audit.note_list(request, ITEMS.name, [fact.case_id for fact in page.rows], total=str(count), what="citations")
    labels = Lookups(user=person_of(request)).labels
    cited = citations_of([fact.item for fact in page.rows], labels)
    results = [citation for fact in page.rows for citation in cited[fact.item_id]]
    return CitationPage(count=CountOut.of(count), results=results, **neighbors(request, page))


@router.get("/cases/{int:case_id}/items/{int:number}", response=WholeItem, url_name="api_item")
@needs(TokenScope.READ, "browse_cases")
def read_item(request: HttpRequest, case_id: int, number: int) -> WholeItem:
    """One item of a case with its texts and citations."""
    check_parameters(request, ())
    item = get_object_or_404(DisputedItem.objects.select_related("text"), case=case_id, number=number)
    audit.note(request, "case.viewed", case_id, item=number)
    labels = Lookups(user=person_of(request)).labels
    return WholeItem(
        **item_out(item, labels).model_dump(), rationale=item.text.rationale, claims_text=item.text.claims_text,
        reviewer_text=item.text.reviewer_text, citations=citations_of([item], labels)[item.pk],
    )  # fmt: skip
