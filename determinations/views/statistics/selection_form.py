"""The form that changes the selection of a statistics page: the filters of the item list, with counts."""

from collections.abc import Iterable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_safe

from determinations.browsing.facets import count_facets
from determinations.browsing.lists import ITEMS
from determinations.browsing.rail import Facet, rail, with_value_texts
from determinations.filters import active_filters, filters_only
from determinations.paging.addresses import changed
from determinations.views.requests import person_of, wants_part
from determinations.views.statistics.context import kept_parameters, may_read, section_tabs

#: URL names of the pages the form may submit to.
_PAGES = frozenset({
    "statistics", "breakdowns", "statistic", "statistics_compare", "statistics_report", "citations",
    "citation_editions", "citation_authority", "citation_parts", "authority_editions", "compare_table",
    "compare_side", "compare_with", "statistics_changes", "report_part", "treatments", "treatment", "grounds",
    "ground_sentences", "treatment_quantities", "similar_request_list", "similar_to_text", "timeliness",
    "cited_sections", "grounds_documentation", "report_filters",
})  # fmt: skip


@require_safe
@may_read
def selection(request: HttpRequest) -> HttpResponse:
    """All filters of the item list: an htmx part of a statistics page, or a page of its own without JavaScript."""
    query = filters_only(request.GET)
    filterset = ITEMS.filterset(query, by=person_of(request))
    counted = count_facets(ITEMS, filterset, query)
    of_page = kept_parameters(request)
    facets = rail(changed(query, of_page), with_value_texts(filterset.lookups.labels, counted), counted)
    offered = set(_offered(facets))
    kept = [(name, value) for name, value in active_filters(query) if name not in offered]
    kept += of_page.items()
    return render(
        request,
        "statistics/_form.html" if wants_part(request) else "statistics/selection.html",
        {
            "facets": facets, "counted": counted, "query": query, "kept": kept, "target": _target(request),
            "sections": section_tabs(request, query),
        },
    )  # fmt: skip


def _target(request: HttpRequest) -> str:
    path = request.GET.get("for", "")
    try:
        if resolve(path).url_name in _PAGES:
            return path
    except Resolver404:
        pass
    raise Http404("This page does not have a selection form.")


def _offered(facets: Iterable[Facet]) -> Iterable[str]:
    """The parameters that have an input in the form."""
    yield from ("q", "undated", "category", "subcategory")
    for facet in facets:
        yield facet.name
        yield from (box.name for box in facet.boxes)
