"""Requests similar to one request, how they were decided, and on which grounds."""

from dataclasses import dataclass

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from determinations.access import audit
from determinations.browsing.lists import ITEMS
from determinations.browsing.similar_requests import (
    COMPARED,
    LONGEST,
    MOST,
    SimilarRequest,
    SimilarRequests,
    similar_requests,
)
from determinations.filters import ListFilters, chips, filters_only, mistakes
from determinations.models import Category, DisputedItem, ItemFact
from determinations.paging.addresses import changed, link_to, with_query
from determinations.parsing.grounds import GROUNDS
from determinations.statistics.intervals import wilson
from determinations.views.requests import person_of
from determinations.views.statistics.context import selection_form_url
from determinations.wording.labels import Labels, read_labels


@dataclass(frozen=True)
class SimilarRow:
    """A similar request as the page lists it."""

    fact: ItemFact
    likeness: str
    percent: int
    grounds: tuple[str, ...]
    reviewer: tuple[str, ...]
    claims: tuple[str, ...]


@dataclass(frozen=True)
class GroundLink:
    """A ground of similar requests: how many have it, how many of these were overturned; the link shows only these."""

    label: str
    requests: int
    overturned: int
    url: str
    is_chosen: bool


@require_safe
@permission_required("determinations.browse_cases", raise_exception=True)
def similar_request_list(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Requests of other cases that are most similar to an item's; ``ground`` shows those decided on it."""
    item = get_object_or_404(DisputedItem.objects.select_related("case", "category"), case=pk, number=number)
    filters = _filters(request, item.category)
    similar = similar_requests(item.disputed, item.category_id, but_case=pk, filters=filters)
    own = {"item": item, "request_text": item.disputed, "own_grounds": item.grounds}
    return _show(request, similar, item.category, own, filters)


@require_safe
@permission_required("determinations.browse_cases", raise_exception=True)
def similar_to_text(request: HttpRequest) -> HttpResponse:
    """Requests for a treatment that are worded most like a text that the user typed."""
    name, _, subcategory = request.GET.get("treatment", "").partition("/")
    category = Category.objects.filter(name=name, subcategory=subcategory).first()
    if category is None:
        raise Http404("This treatment does not exist.")
    text = request.GET.get("request", "").strip()[:LONGEST]
    filters = _filters(request, category)
    similar = similar_requests(text, category.pk, filters=filters) if text else SimilarRequests(())
    own: dict[str, object] = {"request_text": text, "treatment": f"{name}/{subcategory}", "own_grounds": []}
    return _show(request, similar, category, own, filters)


def _own_filters(query: QueryDict) -> QueryDict:
    """The filters of the address, but for those that the page applies itself."""
    return changed(filters_only(query), without=("ground", "category", "subcategory"))


def _filters(request: HttpRequest, category: Category) -> ListFilters | None:
    """The item list's filters with the category; None if the address has no filter."""
    query = _own_filters(request.GET)
    if not query:
        return None
    query = changed(query, {"subcategory": f"{category.name}/{category.subcategory}"})
    return ITEMS.filterset(query, by=person_of(request))


def _selection(
    request: HttpRequest, category: Category, filters: ListFilters | None, labels: Labels
) -> dict[str, object]:
    """What the chips and the form of filters need."""
    query = _own_filters(request.GET)
    kept = {name: request.GET[name] for name in ("request", "treatment", "ground") if name in request.GET}
    of_category = changed(query, {"subcategory": f"{category.name}/{category.subcategory}"})
    return {
        "ignored": mistakes(filters) if filters else (),
        "chips": [
            {"label": chip.label, "value": chip.value, "query": link_to(changed(QueryDict(chip.query[1:]), kept))}
            for chip in chips(query, labels)
        ],
        "clear_url": with_query(request.path, QueryDict(), **kept),
        "selection_url": selection_form_url(request.path, of_category, **kept),
        "item_list_url": with_query(reverse("item_list"), of_category),
    }


def _show(
    request: HttpRequest,
    similar: SimilarRequests,
    category: Category,
    own: dict[str, object],
    filters: ListFilters | None,
) -> HttpResponse:
    labels = read_labels()
    chosen = [code for code in request.GET.getlist("ground") if code in GROUNDS]
    shown = similar.with_grounds(chosen) if chosen else similar
    audit.note_list(request, "similar requests", [row.fact.case_id for row in shown.rows])
    interval = wilson(shown.overturned, shown.decided)
    context = {
        **own,
        **_selection(request, category, filters, labels),
        "category": category,
        "treatment_url": reverse("treatment", args=[category.name, category.subcategory]),
        "rows": [_row(row, labels) for row in shown.rows],
        "similar": shown,
        "every": similar,
        "grounds": [
            GroundLink(
                label=labels.of("ground", count.code),
                requests=count.requests,
                overturned=count.overturned,
                url=link_to(changed(request.GET, {"ground": count.code})),
                is_chosen=count.code in chosen,
            )
            for count in similar.by_ground()
        ],
        "chosen": [labels.of("ground", code) for code in chosen],
        "all_url": link_to(changed(request.GET, without=("ground",))),
        "share": 100 * shown.overturned / shown.decided if shown.decided else None,
        "interval": interval and [100 * bound for bound in interval],
        "compared": COMPARED,
        "most": MOST,
    }
    return render(request, "cases/similar_requests.html", context)


def _row(row: SimilarRequest, labels: Labels) -> SimilarRow:
    fact, by_id = row.fact, labels.authority_by_id
    return SimilarRow(
        fact=fact,
        likeness=row.likeness,
        percent=round(100 * row.similarity),
        grounds=tuple(labels.of("ground", code) for code in fact.grounds),
        reviewer=tuple(str(by_id[pk]) for pk in fact.reviewer_authority_ids if pk in by_id),
        claims=tuple(str(by_id[pk]) for pk in fact.claims_authority_ids if pk in by_id),
    )
