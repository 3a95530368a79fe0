"""The summary report as a file, for the selection of its page."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from determinations.filters import filters_only
from determinations.reports.definition import SUMMARY_TITLE, Definition
from determinations.reports.exported import FORMATS, export_of
from determinations.views.browsing.exports import queue
from determinations.views.requests import person_of
from determinations.views.statistics.overview_numbers import requested_period

may_make = permission_required(["determinations.view_statistics", "determinations.export_cases"], raise_exception=True)


@require_POST
@may_make
def request_summary(request: HttpRequest) -> HttpResponse:
    """Have a worker write the summary report of a selection; it appears with the user's exports."""
    form = request.POST.get("format", "")
    if form not in FORMATS:
        raise Http404("There is no such format.")
    query = filters_only(QueryDict(request.POST.get("query", "")))
    period = requested_period(query)
    title = f"{SUMMARY_TITLE} for {period}" if period else SUMMARY_TITLE
    definition = Definition(title=title, query=query.urlencode())
    now = timezone.now()
    queue(request, export_of(definition, form, by=person_of(request), now=now, on=timezone.localdate(now)))
    messages.info(request, "The report is being prepared in the background. It will appear here when it is ready.")
    return redirect("export_list")
