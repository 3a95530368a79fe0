"""Requests similar to one request, and how they were decided."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from determinations.browsing.similar_requests import COMPARED, LEAST, MOST, similar_requests
from determinations.models import DisputedItem
from determinations.statistics.intervals import wilson
from determinations.wording.labels import read_labels


@require_safe
@permission_required("determinations.browse_cases", raise_exception=True)
def similar_request_list(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """The most similar requests of other cases, with the share overturned."""
    item = get_object_or_404(DisputedItem.objects.select_related("case", "category"), case=pk, number=number)
    similar = similar_requests(item)
    labels = read_labels()
    by_id = labels.authority_by_id
    rows = [
        {
            "fact": request_.fact,
            "percent": round(100 * request_.similarity),
            "reviewer": [str(by_id[pk]) for pk in request_.fact.reviewer_authority_ids if pk in by_id],
            "claims": [str(by_id[pk]) for pk in request_.fact.claims_authority_ids if pk in by_id],
        }
        for request_ in similar.rows
    ]
    interval = wilson(similar.overturned, similar.decided)
    context = {
        "item": item,
        "category": labels.category_by_id.get(item.category_id),
        "rows": rows,
        "similar": similar,
        "share": 100 * similar.overturned / similar.decided if similar.decided else None,
        "interval": interval and [100 * bound for bound in interval],
        "compared": COMPARED,
        "least": round(100 * LEAST),
        "most": MOST,
    }
    return render(request, "cases/similar_requests.html", context)
