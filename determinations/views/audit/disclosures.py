"""Disclosures of one case: everyone who saw, printed, exported, downloaded or corrected it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from determinations.access import audit
from determinations.audit.disclosures import disclosures_of, letters_of_case
from determinations.audit.trail import NEWEST_FIRST, entries_of
from determinations.models import Case
from determinations.paging.counts import count_up_to
from determinations.paging.keyset import page_of
from determinations.views.audit.tables import FORMATS, MOST_IN_EXCEL, NOT_IN_EXCEL, events_file
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
        "most_in_excel": MOST_IN_EXCEL,
    }
    return render(request, "audit/disclosures.html", context)


@require_POST
@may_view
def export_disclosures(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The same as CSV or Excel, complete: of more than an Excel file holds, there is no Excel file."""
    case = get_object_or_404(Case, pk=pk)
    form = request.POST.get("format", "")
    if form not in FORMATS:
        raise Http404
    events = disclosures_of(letters_of_case(case), to=person_of(request))
    if form == "xlsx" and count_up_to(events, cap=MOST_IN_EXCEL).capped:
        messages.error(request, NOT_IN_EXCEL.format(most=MOST_IN_EXCEL))
        return redirect("disclosures", pk=pk)
    audit.note(request, "disclosures.exported", pk, format=form)
    return events_file(events, form, f"disclosures-{pk}")
