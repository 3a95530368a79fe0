"""Cases, items and citations."""

from typing import Annotated

from django.http import Http404, HttpRequest
from ninja import Query, Router

from determinations.access import audit
from determinations.browsing.lists import CASES, ITEMS
from determinations.filters.lookups import Lookups
from determinations.models import Case, ItemFact, TokenScope
from determinations.views.api.case_schemas import (
    CasePage,
    CasesOut,
    CitationPage,
    ItemPage,
    WholeCase,
    WholeItem,
    citations_of,
    listed_item,
)
from determinations.views.api.checks import needs
from determinations.views.api.document import filter_parameters
from determinations.views.api.lists import CountOut, Limit, check_parameters, filtered_page, neighbors
from determinations.views.api.whole_cases import damaged_case, shown_cases, shown_rows, whole_cases, whole_item
from determinations.views.requests import person_of

router = Router(tags=["Cases"])
_IDS = r"^[0-9]{1,18}(,[0-9]{1,18}){0,99}$"
_MAY_BE_DAMAGED = {"responses": {409: {"description": "A stored text of the case is damaged"}}}
#: What lists read: whole rows take twice as long to fetch and to build.
_OF_FACTS = ("item", "case", "case_items", *{order.column for order in ITEMS.orders.values()})
_OF_ITEMS = (
    "case", "number", "request", "disputed", "partly_approved", "decision", "category", "body_region", "grounds",
    "problem_codes",
)  # fmt: skip


@router.get("/cases", response=CasePage, url_name="api_cases", openapi_extra=filter_parameters(CASES))
@needs(TokenScope.READ, "browse_cases")
def list_cases(request: HttpRequest, limit: Limit = 50) -> CasePage:
    """Cases that match all filters, one per letter that counts."""
    labels = Lookups(user=person_of(request)).labels
    page, count = filtered_page(request, CASES, shown_rows(Case.objects.current(), labels), limit)
    audit.note_list(request, CASES.name, [case.pk for case in page.rows], total=str(count))
    return CasePage(count=CountOut.of(count), results=shown_cases(page.rows, labels), **neighbors(request, page))


@router.get("/cases/batch", response=CasesOut, url_name="api_cases_batch")
@needs(TokenScope.READ, "browse_cases")
def read_cases(
    request: HttpRequest,
    ids: Annotated[str, Query(alias="id", pattern=_IDS, description="up to 100 IDs, separated by commas")],
) -> CasesOut:
    """Several cases with their summaries and items, in the order of their IDs."""
    check_parameters(request, ("id",))
    wanted = {int(number) for number in ids.split(",")}
    whole = whole_cases(request, wanted)
    seen = {*(case.id for case in whole.cases), *whole.damaged}
    return CasesOut(results=whole.cases, missing=sorted(wanted - seen), damaged=whole.damaged)


@router.get("/cases/{int:case_id}", response=WholeCase, url_name="api_case", openapi_extra=_MAY_BE_DAMAGED)
@needs(TokenScope.READ, "browse_cases")
def read_case(request: HttpRequest, case_id: int) -> WholeCase:
    """A case with its summary, and its items with rationales, guideline lines and citations."""
    check_parameters(request, ())
    whole = whole_cases(request, {case_id})
    if whole.damaged:
        raise damaged_case()
    if not whole.cases:
        raise Http404
    return whole.cases[0]


@router.get("/items", response=ItemPage, url_name="api_items", openapi_extra=filter_parameters(ITEMS))
@needs(TokenScope.READ, "browse_cases")
def list_items(request: HttpRequest, limit: Limit = 50) -> ItemPage:
    """Disputed items that match all filters. Their rationales are in the case."""
    rows = ItemFact.objects.select_related("item", "case").only(
        *_OF_FACTS, "claims_authority_ids", "reviewer_authority_ids", "case__case_number",
        *(f"item__{name}" for name in _OF_ITEMS),
    )  # fmt: skip
    page, count = filtered_page(request, ITEMS, rows, limit)
    audit.note_list(request, ITEMS.name, [fact.case_id for fact in page.rows], total=str(count))
    labels = Lookups(user=person_of(request)).labels
    results = [listed_item(fact, labels) for fact in page.rows]
    return ItemPage(count=CountOut.of(count), results=results, **neighbors(request, page))


@router.get("/citations", response=CitationPage, url_name="api_citations", openapi_extra=filter_parameters(ITEMS))
@needs(TokenScope.READ, "browse_cases")
def list_citations(request: HttpRequest, limit: Limit = 50) -> CitationPage:
    """The citations of disputed items that match all filters. ``limit`` and the cursor count items."""
    rows = ItemFact.objects.select_related("item").only(*_OF_FACTS, "item__case", "item__number")
    page, count = filtered_page(request, ITEMS, rows, limit)
    audit.note_list(request, ITEMS.name, [fact.case_id for fact in page.rows], total=str(count), what="citations")
    labels = Lookups(user=person_of(request)).labels
    cited = citations_of([fact.item for fact in page.rows], labels)
    results = [citation for fact in page.rows for citation in cited[fact.item_id]]
    return CitationPage(count=CountOut.of(count), results=results, **neighbors(request, page))


@router.get(
    "/cases/{int:case_id}/items/{int:number}",
    response=WholeItem,
    url_name="api_item",
    openapi_extra=_MAY_BE_DAMAGED,
)
@needs(TokenScope.READ, "browse_cases")
def read_item(request: HttpRequest, case_id: int, number: int) -> WholeItem:
    """One item of a case with its texts and citations."""
    check_parameters(request, ())
    item = whole_item(case_id, number, Lookups(user=person_of(request)).labels)
    audit.note(request, "case.viewed", case_id, item=number)
    return item
