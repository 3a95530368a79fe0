"""The worklist as a file: all duties of the tab, not just those of the page."""

from io import BytesIO

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from determinations.browsing.exported_duties import write_rows
from determinations.browsing.exported_rows import AT_ONCE
from determinations.browsing.exports import record_export
from determinations.duties import worklist
from determinations.models import Export
from determinations.models.browsing import WORKLIST, ExportFormat
from determinations.paging.addresses import with_query
from determinations.paging.counts import count_up_to
from determinations.views.access.confirmation import is_resumed, need_confirmation
from determinations.views.browsing.exports import queue
from determinations.views.requests import person_of

_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_LONGEST_QUERY = 2_000


@require_POST
@permission_required(["determinations.work_duties", "determinations.export_cases"], raise_exception=True)
def export_worklist(request: HttpRequest) -> HttpResponse:
    """The duties that the worklist with this ``query`` lists, as CSV or Excel, with the fields of the office: at once,
    or by a worker if they are many.

    It is a field of the form: of an address with a query, nothing is resumed once the user confirmed who they are.
    """
    form, user, now = request.POST.get("format", ""), person_of(request), timezone.now()
    if form not in (ExportFormat.CSV, ExportFormat.XLSX):
        raise Http404
    query, today, most = (
        QueryDict(request.POST.get("query", "")),
        timezone.localdate(now),
        settings.CONFIRM_EXPORT_ROWS,
    )
    part = worklist.Part.of(query, me=user)
    rows = part.rows(today)
    count = count_up_to(rows.order_by(), cap=max(AT_ONCE, most))
    if most and (count.capped or count.number > most):
        need_confirmation(request)
    if count.capped or count.number > AT_ONCE:
        queue(request, Export(list_name=WORKLIST, query=part.query.urlencode(), format=form))
        messages.info(
            request,
            "This part of the worklist is long, so the file is being prepared in the background. It will appear here "
            "when it is ready.",
        )
        return redirect("export_list")
    if is_resumed(request):
        messages.info(request, "You confirmed who you are. Choose the format again to export the worklist.")
        return redirect(with_query(reverse("worklist"), query))
    duties = list(worklist.in_letter_order(rows, part.order))
    record_export(
        by=user, list_name=WORKLIST, query=query.urlencode()[:_LONGEST_QUERY], format=form, rows=len(duties),
        letter_ids=sorted({duty.letter_id for duty in duties}), masked=False, at=now,
    )  # fmt: skip
    file = BytesIO()
    write_rows(file, form, duties, by=user, today=today)
    response = HttpResponse(file.getvalue(), content_type=_TYPES[ExportFormat(form)])
    response["Content-Disposition"] = f'attachment; filename="worklist-{today}.{form}"'
    return response
