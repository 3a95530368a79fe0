"""``/go?case=...``: opens a case from another system, by its number, or by a field of the office as a claim number."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from determinations.access import audit
from determinations.browsing.lists import CASES
from determinations.browsing.search import cases_numbered
from determinations.filters.lookups import Lookups
from determinations.models import Case
from determinations.views.requests import person_of

#: Cases that the page offers to choose from.
_MOST = 20
_LONGEST = 100


@require_safe
@permission_required("determinations.browse_cases", raise_exception=True)
def go(request: HttpRequest) -> HttpResponse:
    """Open the case, or offer those that it may be. Cases that the user may not see do not exist here."""
    field = next((name for name in request.GET if name != "case"), "case")
    typed = request.GET.get(field, "").replace("\x00", "").strip()[:_LONGEST]
    cases, is_exact = _found(request, field, typed)
    audit.note(request, "search.made", letter_ids=[case.pk for case in cases], query=f"go {field}", rows=len(cases))
    if is_exact and len(cases) == 1:
        return redirect("case_detail", pk=cases[0].pk)
    context = {"typed": typed, "field": field, "cases": cases, "is_exact": is_exact}
    return render(request, "cases/go.html", context, status=200 if cases else 404)


def _found(request: HttpRequest, name: str, typed: str) -> tuple[list[Case], bool]:
    """Cases with this number or value, and whether it is exactly theirs."""
    if name == "case" or not typed:
        return cases_numbered(typed) if typed else ([], False)
    fields = Lookups(user=person_of(request)).labels.office_fields
    field = next((one for one in fields if one.key == name), None)
    if field is None:
        return [], False
    query = QueryDict(mutable=True)
    query[field.column] = typed
    return list(CASES.filterset(query, by=person_of(request)).qs.order_by("-decision_date", "pk")[:_MOST]), True
