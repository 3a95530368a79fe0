"""Disclosures of one case: everyone who saw, printed, exported, downloaded or corrected it."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from determinations.access import audit
from determinations.audit.disclosures import disclosures_of, letters_of_case
from determinations.audit.trail import NEWEST_FIRST, entries_of
from determinations.models import Case
from determinations.paging.counts import count_up_to
from determinations.paging.keyset import page_of
from determinations.views.audit.tables import FORMATS, events_file
from determinations.views.audit.trail import may_view
from determinations.views.requests import person_of

_PAGE = 200


@require_safe
@may_view
def disclosures(request: HttpRequest, pk: int) -> HttpResponse:
    """The list, to read and to print."""
    case = get_object_or_404(Case, pk=pk)
    letters = letters_of_case(case)
    events = disclosures_of(letters, to=person_of(request))
    page = page_of(events, NEWEST_FIRST, request.GET, _PAGE)
    count = count_up_to(events)
    audit.note(request, "disclosures.viewed", pk, rows=len(page.rows))
    context = {
        "case": case,
        "letters": letters,
        "page": page,
        "entries": list(entries_of(page.rows)),
        "count": count,
        "now": timezone.now(),
    }
    return render(request, "audit/disclosures.html", context)


@require_POST
@may_view
def export_disclosures(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The same as CSV or Excel."""
    case = get_object_or_404(Case, pk=pk)
    form = request.POST.get("format", "")
    if form not in FORMATS:
        raise Http404
    audit.note(request, "disclosures.exported", pk, format=form)
    return events_file(disclosures_of(letters_of_case(case), to=person_of(request)), form, f"disclosures-{pk}")
