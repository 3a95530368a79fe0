"""Exports: requested, followed, and their files downloaded."""

from datetime import datetime
from typing import Literal

from django.http import HttpRequest, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Router, Schema

from determinations.access.scope import current_scope
from determinations.browsing.exports import has_file, may_download
from determinations.browsing.lists import LISTS
from determinations.filters import filters_only, mistakes, unknown_parameters
from determinations.models import Export, TokenScope
from determinations.paging.keyset import Order
from determinations.views.api.answers import Reply
from determinations.views.api.checks import needs
from determinations.views.api.lists import Limit, PageOut, check_parameters, keyset_page, neighbors
from determinations.views.api.problems import Problem
from determinations.views.api.writing import IDEMPOTENT, Done, address, write
from determinations.views.browsing.exports import export_file, request_export
from determinations.views.requests import person_of

router = Router(tags=["Exports"])
_NEWEST = Order("id", descending=True, nullable=False)
_FILE = {
    "responses": {
        200: {"description": "the file", "content": {"application/octet-stream": {"schema": {}}}},
        410: {"description": "There is no file now"},
    }
}


class ExportIn(Schema):
    """A list with its filters and order, as in an address: ``decision=overturned&sort=-decided``."""

    list: Literal["cases", "items", "decisions"]
    format: Literal["csv", "xlsx"] = "csv"
    query: str = Field(default="", max_length=8_000, pattern="^[^\\x00]*$")
    masked: bool = Field(
        default=False, description="without medical narrative, for an employer or another outside party"
    )


class ExportOut(Reply):
    """An export. ``file`` is where it can be downloaded, null until it is ready, and after it was deleted."""

    id: int
    list: str
    query: str
    format: str
    masked: bool
    state: str = Field(description="waiting, writing, ready or failed")
    rows: int | None
    message: str
    requested_at: datetime
    finished_at: datetime | None
    file: str | None

    @classmethod
    def of(cls, export: Export) -> "ExportOut":
        """The export as an answer."""
        ready = has_file(export, now=timezone.now()) and may_download(export, current_scope())
        return cls(
            id=export.pk, list=export.list_name, query=export.query, format=export.format, masked=export.masked,
            state=export.state, rows=export.rows, message=export.message, requested_at=export.requested_at,
            finished_at=export.finished_at, file=address("api_export_file", export.pk) if ready else None,
        )  # fmt: skip


class ExportPage(PageOut):
    """A page of exports."""

    results: list[ExportOut]


@router.get("/exports", response=ExportPage, url_name="api_exports")
@needs(TokenScope.EXPORT, "export_cases")
def list_exports(request: HttpRequest, limit: Limit = 50) -> ExportPage:
    """The user's own exports, newest first."""
    page = keyset_page(request, Export.objects.filter(by=person_of(request)), _NEWEST, limit)
    return ExportPage(results=[ExportOut.of(export) for export in page.rows], **neighbors(request, page))


@router.post("/exports", response={201: Done}, url_name="api_exports", openapi_extra=IDEMPOTENT)
@needs(TokenScope.EXPORT, "export_cases")
def start_export(request: HttpRequest, wanted: ExportIn) -> JsonResponse:
    """Have all rows of a filtered list written to a file, in the background."""
    kind, asked = LISTS[wanted.list], QueryDict(wanted.query)
    wrong = [*mistakes(kind.filterset(asked, by=person_of(request))), *unknown_parameters(asked, kind.orders)]
    if wrong:
        raise Problem(422, "The query is not valid.", errors=[("query", each) for each in wrong])
    query = filters_only(asked)
    if "sort" in asked:
        query["sort"] = asked["sort"]
    masked = wanted.masked or current_scope().masked

    def start() -> Done:
        export = request_export(request, kind, query, wanted.format, masked=masked)
        return Done(id=export.pk, address=address("api_export", export.pk))

    return write(request, 201, start)


@router.get("/exports/{int:export_id}", response=ExportOut, url_name="api_export")
@needs(TokenScope.EXPORT, "export_cases")
def read_export(request: HttpRequest, export_id: int) -> ExportOut:
    """How far one of the user's own exports is."""
    check_parameters(request, ())
    return ExportOut.of(get_object_or_404(Export, pk=export_id, by=person_of(request)))


@router.get("/exports/{int:export_id}/file", url_name="api_export_file", openapi_extra=_FILE)
@needs(TokenScope.EXPORT, "export_cases")
def read_export_file(request: HttpRequest, export_id: int) -> HttpResponseBase:
    """The file of one of the user's own exports, while it is kept."""
    check_parameters(request, ())
    response = export_file(request, export_id)
    if response.status_code >= 300:
        raise Problem(410, "This file can no longer be opened. Export the list again.")
    return response
