"""Exports: a small list is sent at once; a large one is written by a worker and listed with the user's exports."""

import logging
from collections.abc import Sequence

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    QueryDict,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_POST, require_safe

from determinations.access.scope import current_scope
from determinations.browsing.export_formats import csv_lines
from determinations.browsing.exported_rows import AT_ONCE, ExportedList
from determinations.browsing.exports import (
    KEPT_DAYS,
    has_file,
    may_download,
    open_export,
    record_export,
    record_of_file,
    scratch_folder,
)
from determinations.browsing.lists import LISTS, ListKind
from determinations.browsing.workbooks import write_xlsx
from determinations.datasets.exported import FORMATS, Request
from determinations.datasets.files import Format
from determinations.duties.worklist import Part
from determinations.filters import filters_in_words, filters_only
from determinations.filters.lookups import Lookups
from determinations.models import Case, Export
from determinations.models.browsing import DATA_SET, REPORT, WORKLIST, ExportFormat, ExportState
from determinations.paging.addresses import with_query
from determinations.paging.counts import count_up_to
from determinations.reports.schedules import is_scheduled
from determinations.storage.sealed import KeyUnknown, NotAuthentic
from determinations.tasks import send_export
from determinations.views.access.confirmation import is_resumed, need_confirmation
from determinations.views.requests import person_of, token_of
from determinations.wording.labels import Labels

log = logging.getLogger(__name__)

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@require_POST
@permission_required(["determinations.browse_cases", "determinations.export_cases"], raise_exception=True)
def export_list_rows(request: HttpRequest, list_name: str) -> HttpResponseBase:
    """All rows of a filtered list, in the requested format."""
    kind = LISTS.get(list_name)
    form = request.POST.get("format", "")
    if kind is None or form not in (ExportFormat.CSV, ExportFormat.XLSX):
        raise Http404
    query = _query_of(kind, request)
    masked = current_scope().masked or bool(request.POST.get("masked"))
    most = settings.CONFIRM_EXPORT_ROWS
    count = count_up_to(kind.filterset(query, by=person_of(request)).qs, cap=max(AT_ONCE, most))
    if most and (count.capped or count.number > most):
        need_confirmation(request)
    if count.capped or count.number > AT_ONCE or is_resumed(request):
        return queue_export(request, kind, query, form, masked=masked)
    exported = ExportedList(kind, query, person_of(request), masked)
    letters = exported.letters()
    record_export(
        by=person_of(request),
        list_name=kind.name,
        query=query.urlencode(),
        format=form,
        rows=count.number,
        letter_ids=letters,
        masked=masked,
        at=timezone.now(),
    )
    return _send(exported, form, letters)


@require_safe
@permission_required("determinations.export_cases", raise_exception=True)
def export_list(request: HttpRequest) -> HttpResponse:
    """The user's large exports and their states."""
    exports = list(Export.objects.filter(by=person_of(request)).select_related("by").order_by("-pk")[:100])
    in_progress = any(export.state in (ExportState.WAITING, ExportState.WRITING) for export in exports)
    labels, now = Lookups(user=person_of(request)).labels, timezone.now()
    rows = [
        (export, has_file(export, now=now) and may_download(export, current_scope()), *_described(export, labels))
        for export in exports
    ]
    template = "browsing/_exports.html" if request.headers.get("HX-Request") else "browsing/export_list.html"
    context = {"exports": rows, "in_progress": in_progress, "kept_days": KEPT_DAYS, "formats": FORMATS}
    return render(request, template, {**context, "offers_data_set": not current_scope().masked})


def _described(export: Export, labels: Labels) -> tuple[str, str]:
    """Where its list is, and what was asked for in words."""
    if export.list_name == DATA_SET:
        return "", str(Request.of(export.query))
    if export.list_name == REPORT:
        return "", export.title
    if export.list_name == WORKLIST:
        part = Part.of(QueryDict(export.query), me=export.by)
        return with_query(reverse("worklist"), part.query), part.in_words
    return (
        f"{reverse(LISTS[export.list_name].url_name)}?{export.query}",
        filters_in_words(QueryDict(export.query), labels),
    )


@require_POST
@permission_required(["determinations.browse_cases", "determinations.export_cases"], raise_exception=True)
def request_data_set(request: HttpRequest) -> HttpResponse:
    """Have a worker write the data set of what the user may see."""
    try:
        form = Format(request.POST.get("format", ""))
    except ValueError:
        raise Http404("There is no such format.") from None
    asked = Request(form, deidentified=bool(request.POST.get("deidentified")))
    most = settings.CONFIRM_EXPORT_ROWS
    if most and not asked.deidentified:
        count = count_up_to(Case.objects.current(), cap=most)
        if count.capped or count.number > most:
            need_confirmation(request)
    queue(request, Export(list_name=DATA_SET, query=asked.query, format=ExportFormat.ZIP))
    messages.info(request, "The data set is being prepared in the background. It will appear here when it is ready.")
    return redirect(reverse("export_list"))


@require_safe
@permission_required("determinations.export_cases", raise_exception=True)
def export_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file of one of the user's own exports."""
    export = get_object_or_404(Export, pk=pk, by=person_of(request), state=ExportState.READY)
    if not may_download(export, current_scope()):
        raise Http404("The file holds letters that the user may no longer see.")
    if _needs_confirmation(request, export):
        need_confirmation(request)
        if is_resumed(request):
            messages.info(request, "Confirmed. Download the file now.")
            return redirect(reverse("export_list"))
    try:
        file = open_export(export)
    except FileNotFoundError:
        raise Http404("The file was removed.") from None
    except (NotAuthentic, KeyUnknown) as fault:
        log.error("Export %d cannot be opened (%s).", export.pk, type(fault).__name__)
        messages.error(request, "This file can no longer be opened. Export the list again.")
        return redirect(reverse("export_list"))
    record_of_file("export.downloaded", export, at=timezone.now())
    if export.list_name == DATA_SET:
        name = f"imr-data-set-{timezone.localdate():%Y-%m-%d}.zip"
    elif export.list_name == REPORT:
        name = (
            f"{slugify(export.title) or 'report'}-{timezone.localdate(export.requested_at):%Y-%m-%d}.{export.format}"
        )
    elif export.list_name == WORKLIST:
        name = f"worklist-{timezone.localdate(export.requested_at)}.{export.format}"
    else:
        name = _file_name(LISTS[export.list_name], export.format, masked=export.masked)
    return FileResponse(file, as_attachment=True, filename=name, content_type=_TYPES[export.format])


def _needs_confirmation(request: HttpRequest, export: Export) -> bool:
    """Whether a file has many rows that its user did not ask for, who so was never asked to confirm who they are."""
    most = settings.CONFIRM_EXPORT_ROWS
    is_long = export.list_name in LISTS and bool(most) and (export.rows or 0) > most
    return is_long and token_of(request) is None and is_scheduled(export)


def _query_of(kind: ListKind, request: HttpRequest) -> QueryDict:
    posted = QueryDict(request.POST.get("query", ""))
    query = filters_only(posted)
    if posted.get("sort") in kind.orders:
        query["sort"] = posted["sort"]
    return query


def _send(exported: ExportedList, form: str, letters: Sequence[int]) -> HttpResponseBase:
    masked = exported.masked
    name, heads = _file_name(exported.kind, form, masked=masked), exported.heads
    rows = exported.rows(letters=letters)
    if form == ExportFormat.CSV:
        response = StreamingHttpResponse(csv_lines(heads, rows), content_type=_TYPES["csv"])
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    with scratch_folder() as folder:
        path = folder / "export.xlsx"
        write_xlsx(path, exported.kind.title, heads, rows)
        # The file stays readable through its open handle after the folder is gone.
        return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=_TYPES["xlsx"])


def request_export(request: HttpRequest, kind: ListKind, query: QueryDict, form: str, *, masked: bool) -> Export:
    """Have a worker write an export; it is listed with the user's exports."""
    export = Export(list_name=kind.name, query=query.urlencode(), format=form, masked=masked)
    queue(request, export)
    return export


def queue_export(
    request: HttpRequest, kind: ListKind, query: QueryDict, form: str, *, masked: bool = False
) -> HttpResponse:
    request_export(request, kind, query, form, masked=masked)
    what = "The letters are" if form == ExportFormat.ZIP else "This list is long, so the file is"
    messages.info(request, f"{what} being prepared in the background. The file will appear here when it is ready.")
    return redirect(reverse("export_list"))


def queue(request: HttpRequest, export: Export) -> None:
    """Store the export, and send it to a worker once it is committed."""
    export.by, export.requested_at = person_of(request), timezone.now()
    with transaction.atomic():
        export.save()
        record_of_file("export.requested", export, at=export.requested_at)
        transaction.on_commit(lambda: send_export(export.pk))


def _file_name(kind: ListKind, form: str, *, masked: bool) -> str:
    return f"imr-{kind.name}{'-for-employer' if masked else ''}-{timezone.localdate():%Y-%m-%d}.{form}"
