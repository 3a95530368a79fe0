"""The worklist as a file: all duties of the tab, not just those of the page."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from io import BytesIO
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from determinations.browsing.export_formats import Cell, csv_lines
from determinations.browsing.exported_rows import AT_ONCE
from determinations.browsing.exports import record_export
from determinations.browsing.workbooks import Sheet, rows_as_xml, write_workbook
from determinations.duties import worklist
from determinations.models import Duty, DutyState, OfficeField
from determinations.models.browsing import ExportFormat
from determinations.paging.addresses import with_query
from determinations.paging.keyset import rows_from
from determinations.views.access.confirmation import is_resumed, need_confirmation
from determinations.views.duties.worklist import Part, requests_of
from determinations.views.office_fields.shown import list_fields
from determinations.views.requests import person_of
from determinations.wording.labels import value_texts

_CSV = "text/csv; charset=utf-8"
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

#: The columns before the request; then the request; then those after it, and the fields of the office.
_BEFORE: Sequence[tuple[str, Callable[[Duty], Cell]]] = (
    ("Due", lambda duty: duty.due_on),
    ("Due at the earliest", lambda duty: duty.earliest_on if duty.due_on is None else None),
    ("Due at the latest", lambda duty: duty.latest_on if duty.due_on is None else None),
    ("Duty", lambda duty: duty.rule.title),
    ("Source", lambda duty: duty.rule.source),
    ("Letter", lambda duty: duty.letter_id),
    ("Case number", lambda duty: _of_case(duty, "case_number")),
    ("Item", lambda duty: duty.item_number),
)
_AFTER: Sequence[tuple[str, Callable[[Duty], Cell]]] = (
    ("Decided", lambda duty: _of_case(duty, "decision_date")),
    ("Letter received", lambda duty: duty.received_on),
    ("Receipt presumed", lambda duty: "yes" if duty.presumed else "no"),
    ("Assigned to", lambda duty: duty.assigned_to.get_username() if duty.assigned_to else None),
    ("State", lambda duty: duty.get_state_display()),
    ("Closed on", lambda duty: duty.closed_on),
    ("Closed by", lambda duty: duty.closed_by_name if duty.closed_on else None),
    ("Days late", lambda duty: duty.days_late if duty.state == DutyState.DONE else None),
    ("Note", lambda duty: duty.note),
)


@require_POST
@permission_required(["determinations.work_duties", "determinations.export_cases"], raise_exception=True)
def export_worklist(request: HttpRequest) -> HttpResponse:
    """The duties that the worklist with this ``query`` lists, as CSV or Excel, with the fields of the office.

    It is a field of the form: of an address with a query, nothing is resumed once the user confirmed who they are.
    """
    form, today = request.POST.get("format", ""), timezone.localdate()
    if form not in (ExportFormat.CSV, ExportFormat.XLSX):
        raise Http404
    query = QueryDict(request.POST.get("query", ""))
    part = Part.of(query, me=person_of(request))
    duties = rows_from(worklist.rows(part.condition(today)), part.order, None, AT_ONCE + 1, forward=True)
    back = redirect(with_query(reverse("worklist"), query))
    if len(duties) > AT_ONCE:
        messages.error(
            request, f"This list has more than {AT_ONCE:,} duties. Choose a tab or a user, then export again."
        )
        return back
    if settings.CONFIRM_EXPORT_ROWS and len(duties) > settings.CONFIRM_EXPORT_ROWS:
        need_confirmation(request)
    if is_resumed(request):
        messages.info(request, "You confirmed who you are. Choose the format again to export the worklist.")
        return back
    duties = list(worklist.in_letter_order(duties, part.order))
    record_export(
        by=person_of(request),
        list_name="worklist",
        query=query.urlencode()[:2_000],
        format=form,
        rows=len(duties),
        letter_ids=sorted({duty.letter_id for duty in duties}),
        masked=False,
        at=timezone.now(),
    )
    office = list_fields(request)
    heads = [*(head for head, _cell in _BEFORE), "Days until due", "Request", *(head for head, _cell in _AFTER)]
    heads += [field.name for field in office]
    return _sent(form, today, heads, _rows(duties, office, today))


def _rows(duties: Sequence[Duty], office: Iterable[OfficeField], today: date) -> Iterator[Sequence[Cell]]:
    requests = requests_of(duties)
    texts = value_texts(_of_case(duty, field.column) for duty in duties for field in office)
    for duty in duties:
        yield [
            *(cell(duty) for _head, cell in _BEFORE),
            (duty.due_on - today).days if duty.due_on and duty.state == DutyState.OPEN else None,
            requests.get((duty.letter_id, duty.item_number), ""),
            *(cell(duty) for _head, cell in _AFTER),
            *(texts.get(_of_case(duty, field.column) or 0, "") for field in office),
        ]


def _of_case(duty: Duty, column: str) -> Any:
    """The value of a column of the duty's case; None without a case."""
    return getattr(worklist.case_of(duty), column, None)


def _sent(form: str, today: date, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> HttpResponse:
    if form == ExportFormat.CSV:
        response = HttpResponse("".join(csv_lines(heads, rows)), content_type=_CSV)
    else:
        file = BytesIO()
        write_workbook(file, [Sheet("Worklist", heads, rows_as_xml(rows))])
        response = HttpResponse(file.getvalue(), content_type=_EXCEL)
    response["Content-Disposition"] = f'attachment; filename="worklist-{today}.{form}"'
    return response
