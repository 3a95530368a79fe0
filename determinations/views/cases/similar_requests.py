"""Requests similar to one request, how they were decided, and on which grounds."""

from dataclasses import dataclass

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from determinations.browsing.similar_requests import (
    COMPARED,
    LEAST,
    LONGEST,
    MOST,
    SimilarRequest,
    SimilarRequests,
    similar_requests,
)
from determinations.models import Category, DisputedItem, ItemFact
from determinations.paging.addresses import changed, link_to
from determinations.parsing.grounds import GROUNDS
from determinations.statistics.intervals import wilson
from determinations.wording.labels import Labels, read_labels


@dataclass(frozen=True)
class SimilarRow:
    """A similar request as the page lists it."""

    fact: ItemFact
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
    similar = similar_requests(item.disputed, item.category_id, but_case=pk)
    own = {"item": item, "request_text": item.disputed, "own_grounds": item.grounds}
    return _show(request, similar, item.category, own)


@require_safe
@permission_required("determinations.browse_cases", raise_exception=True)
def similar_to_text(request: HttpRequest) -> HttpResponse:
    """Requests for a treatment that are worded most like a text that the user typed."""
    name, _, subcategory = request.GET.get("treatment", "").partition("/")
    category = Category.objects.filter(name=name, subcategory=subcategory).first()
    if category is None:
        raise Http404("This treatment does not exist.")
    text = request.GET.get("request", "").strip()[:LONGEST]
    similar = similar_requests(text, category.pk) if text else SimilarRequests(())
    own: dict[str, object] = {"request_text": text, "treatment": f"{name}/{subcategory}", "own_grounds": []}
    return _show(request, similar, category, own)


def _show(request: HttpRequest, similar: SimilarRequests, category: Category, own: dict[str, object]) -> HttpResponse:
    labels = read_labels()
    chosen = [code for code in request.GET.getlist("ground") if code in GROUNDS]
    shown = similar.with_grounds(chosen) if chosen else similar
    interval = wilson(shown.overturned, shown.decided)
    context = {
        **own,
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
        "least": round(100 * LEAST),
        "most": MOST,
    }
    return render(request, "cases/similar_requests.html", context)


def _row(row: SimilarRequest, labels: Labels) -> SimilarRow:
    fact, by_id = row.fact, labels.authority_by_id
    return SimilarRow(
        fact=fact,
        percent=round(100 * row.similarity),
        grounds=tuple(labels.of("ground", code) for code in fact.grounds),
        reviewer=tuple(str(by_id[pk]) for pk in fact.reviewer_authority_ids if pk in by_id),
        claims=tuple(str(by_id[pk]) for pk in fact.claims_authority_ids if pk in by_id),
    )
