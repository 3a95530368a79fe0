"""Imports of tables of values: upload, preview with chosen columns, errors, application, undoing, history."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from determinations.access import audit
from determinations.browsing.export_formats import csv_lines
from determinations.extraction.spreadsheets.results import LIMITS, MOST_ROWS
from determinations.models import ImportState, OfficeImport, OfficeImportRow, RowOutcome
from determinations.models.office_fields import AT_WORK
from determinations.office_fields import imports
from determinations.office_fields.checking import preview
from determinations.office_fields.imports import ImportRefused
from determinations.office_fields.matching import CASE_NUMBER
from determinations.paging.addresses import changed, link_to
from determinations.paging.keyset import Order, page_of
from determinations.reading.workers import worker_state
from determinations.tasks import send_office_import
from determinations.views.requests import person_of, wants_part

may_import = permission_required("determinations.import_office_values", raise_exception=True)
_NEWEST_FIRST = Order("id", descending=True, nullable=False)
_IN_ORDER = Order("number", nullable=False)
#: The tabs of rows: in the address, in words.
_TABS = (("new", "new"), ("changed", "changed"), ("same", "unchanged"), ("waiting", "waiting for their letter"),
         ("error", "with errors"))  # fmt: skip
_MOST_ERRORS = MOST_ROWS


@dataclass(frozen=True, slots=True)
class ColumnOfTable:
    """A column of the file, what it holds, and some of its cells."""

    name: str
    head: str
    meaning: str
    samples: str


@require_http_methods(["GET", "HEAD", "POST"])
@may_import
def import_list(request: HttpRequest) -> HttpResponse:
    """The form that takes a file, and earlier imports."""
    refused = ""
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            if file is None:
                raise ImportRefused("Choose a file first.")
            if file.size is None or file.size > LIMITS.bytes:
                raise ImportRefused(
                    f"The file is larger than {LIMITS.bytes // 1024**2} MB. Split it, or save it as CSV."
                )
            stored = imports.receive_table(
                file.read(), file.name or "table", by=person_of(request), now=timezone.now()
            )
        except ImportRefused as refusal:
            refused = str(refusal)
        else:
            send_office_import(stored.pk)
            return redirect("office_import", stored.pk)
    page = page_of(OfficeImport.objects.select_related("by").defer("file"), _NEWEST_FIRST, request.GET, size=25)
    context = {
        "page": page,
        "refused": refused,
        "fields": imports.imported_fields(person_of(request)),
        "most_rows": MOST_ROWS,
        "most_megabytes": LIMITS.bytes // 1024**2,
    }
    return render(request, "office_fields/import_list.html", context, status=422 if refused else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@may_import
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One import: its columns, what its rows do, and what can be done with it."""
    source = _opened(request, pk)
    refused = ""
    if request.method == "POST":
        try:
            _act(request, source)
        except ImportRefused as refusal:
            refused = str(refusal)
        else:
            return redirect("office_import", pk)
    context = {
        "source": source,
        "refused": refused,
        "working": source.state in AT_WORK,
        "worker": worker_state().value,
    }
    if not context["working"]:
        context |= _rows(request, source)
    template = "office_fields/_import.html" if wants_part(request) else "office_fields/import.html"
    return render(request, template, context, status=422 if refused else 200)


def _opened(request: HttpRequest, pk: int) -> OfficeImport:
    """The import; nobody sees cells of a field that their role does not edit. Raises PermissionDenied."""
    source = get_object_or_404(OfficeImport.objects.select_related("by").defer("file"), pk=pk)
    if not imports.may_open(person_of(request), source):
        raise PermissionDenied
    return source


def _act(request: HttpRequest, source: OfficeImport) -> None:
    by, now = person_of(request), timezone.now()
    match request.POST.get("do", ""):
        case "columns":
            meanings = [request.POST.get(f"column_{at}", "") for at in range(len(source.heads))]
            imports.set_columns(source.pk, meanings, erase_empty="erase" in request.POST, by=by, now=now)
        case "apply":
            imports.apply_import(source.pk, by=by, now=now)
        case "undo":
            imports.undo_import(source.pk, by=by, now=now)
        case "discard":
            imports.discard_import(source.pk, by=by, now=now)
            messages.success(request, "The import was discarded. Nothing was changed.")
            return
        case _:
            raise ImportRefused("Choose what to do.")
    send_office_import(source.pk)


def _rows(request: HttpRequest, source: OfficeImport) -> Mapping[str, object]:
    fields = imports.imported_fields(person_of(request))
    shown = request.GET.get("rows", "")
    if shown not in dict(_TABS):
        shown = "error" if source.counts.get(RowOutcome.ERROR) and source.state == ImportState.READY else ""
    rows = source.rows.all()
    if shown == "waiting":
        rows = rows.filter(waiting=True).exclude(outcome__in=(RowOutcome.SAME, RowOutcome.ERROR))
    elif shown:
        rows = rows.filter(outcome=shown)
    page = page_of(rows, _IN_ORDER, request.GET, size=50)
    by_slot = {field.slot: field for field in fields}
    return {
        "page": page,
        "previews": preview(source, page.rows, by_slot) if source.state == ImportState.READY else [],
        "columns": _columns(source) if source.state == ImportState.READY else [],
        "fields": fields,
        "case_number": CASE_NUMBER,
        "names": {str(field.slot): field.name for field in fields},
        "has_number": CASE_NUMBER in source.meanings,
        "tabs": [
            {
                "key": key, "words": words, "count": source.counts.get(key, 0), "current": key == shown,
                "query": link_to(changed(request.GET, {"rows": key}, without=("after", "before"))),
            }
            for key, words in _TABS
        ],
        "usable": source.counts.get("new", 0) + source.counts.get("changed", 0),
        "errors": source.counts.get("error", 0),
    }  # fmt: skip


def _columns(source: OfficeImport) -> list[ColumnOfTable]:
    samples: list[OfficeImportRow] = list(source.rows.order_by("number")[:3])
    return [
        ColumnOfTable(
            f"column_{at}",
            head,
            meaning,
            ", ".join(filter(None, (_text(row.cells, at) for row in samples)))[:80],
        )
        for at, (head, meaning) in enumerate(zip(source.heads, source.meanings, strict=True))
    ]


def _text(cells: list[str | list[str]], at: int) -> str:
    cell = cells[at] if at < len(cells) else ""
    return cell if isinstance(cell, str) else cell[0]


@require_safe
@may_import
def import_errors(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The rows with errors as CSV: their number and reason, then their cells, to be corrected and imported again."""
    source = _opened(request, pk)
    audit.note(request, "list.exported", list="import errors", office_import=pk)
    rows = source.rows.filter(outcome=RowOutcome.ERROR).order_by("number")[:_MOST_ERRORS]
    lines = csv_lines(
        ["Row", "Error", *source.heads],
        (
            [row.number, row.reason, *(_text(row.cells, at) for at in range(len(source.heads)))]
            for row in rows.iterator()
        ),
    )
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="import-{pk}-errors.csv"'
    return response
