"""The upload page: earlier batches, and what arrives."""

from collections.abc import Sequence
from datetime import timedelta

from django.contrib import messages
from django.core.files import File
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from determinations.access.scope import current_scope
from determinations.intake import opening
from determinations.intake.batches import counts_of
from determinations.intake.receiving import receive_upload
from determinations.intake.store_health import StoreUnavailable
from determinations.models import Office, Upload
from determinations.models.letters import Lane
from determinations.paging.addresses import with_query
from determinations.paging.counts import whole_number
from determinations.paging.keyset import page_of
from determinations.tables.uploads import BatchRow, BatchTable
from determinations.tasks import send_openings, send_waiting
from determinations.views.intake.file_lists import NEWEST_FIRST, letter_tabs, may_upload, name_of
from determinations.views.requests import person_of

#: A batch accepts more files for this long.
_JOINED_WITHIN = timedelta(hours=12)


@require_http_methods(["GET", "HEAD", "POST"])
@may_upload
def upload_list(request: HttpRequest) -> HttpResponse:
    """The upload page with earlier batches; POST receives files."""
    if request.method == "POST":
        return _receive(request)
    if request.GET.get("state"):  # letters of all batches have a page of their own
        return redirect(with_query(reverse("letter_list"), request.GET))
    page = page_of(Upload.objects.select_related("by"), NEWEST_FIRST, request.GET, size=25)
    counts = counts_of(page.rows)
    rows = [BatchRow(upload, name_of(upload), counts[upload.pk]) for upload in page.rows]
    context = {
        "page": page,
        "table": BatchTable(rows, query=request.GET),
        "tabs": letter_tabs(),
        "offices": _offices(),
        "must_choose": current_scope().offices is not None,
    }
    return render(request, "intake/upload_list.html", context)


def _offices() -> list[Office]:
    """The offices that the user's letters may belong to."""
    return list(Office.objects.filter(active=True))


def _receive(request: HttpRequest) -> HttpResponse:
    """Receive the files of one request. A large drop arrives in several requests, joined by ``upload``."""
    files = _with_folders(request.FILES.getlist("files"), request.POST.getlist("paths"))
    scripted = _is_scripted(request)
    if not files:
        if scripted:
            return JsonResponse({"error": "No files were received."}, status=400)
        messages.error(request, "Choose one or more files first.")
        return redirect("upload_list")
    joined = joined_batch(request)
    try:
        office = joined.office if joined else office_of(request)
        upload = receive_upload(by=person_of(request), files=files, office=office, upload=joined)
    except NoOffice as refusal:
        return _refused(request, str(refusal), 400)
    except StoreUnavailable as fault:
        return _refused(
            request,
            f"Files cannot be received now. {fault} Then upload these files again; what is stored already is kept.",
            503,
        )
    for lane in Lane.values:
        send_waiting(lane)
    if opening.any_waiting():
        send_openings()
    address = reverse("upload_detail", args=[upload.pk])
    if scripted:
        return JsonResponse({"upload": upload.pk, "address": address}, status=201)
    return redirect(address)


def _with_folders(files: Sequence[File], paths: Sequence[str]) -> Sequence[File]:
    """The files named with the folders that they were chosen or dropped in, which tell files of one name apart."""
    if len(files) != len(paths):
        return files
    return [
        File(file.file, name=path) if "/" in path and path.endswith(f"/{file.name}") else file
        for file, path in zip(files, paths, strict=True)
    ]


def _is_scripted(request: HttpRequest) -> bool:
    return request.headers.get("Accept") == "application/json"


def _refused(request: HttpRequest, refusal: str, status: int) -> HttpResponse:
    if _is_scripted(request):
        return JsonResponse({"error": refusal}, status=status)
    messages.error(request, refusal)
    return redirect("upload_list")


class NoOffice(Exception):
    """The office that the letters are for is missing; the message tells the user what to do."""


def office_of(request: HttpRequest) -> Office | None:
    """The office that the user chose, or the only one that they have; None: no office. Raises :class:`NoOffice`."""
    offices, chosen = _offices(), request.POST.get("office", "")
    if chosen:
        office = next((office for office in offices if str(office.pk) == chosen), None)
        if office is None:
            raise NoOffice("Nothing was uploaded: this office is not offered. Choose another one.")
        return office
    if current_scope().offices is None:
        return None
    if len(offices) != 1:
        raise NoOffice(
            "Nothing was uploaded. Choose the office that the letters are for."
            if offices
            else "Nothing was uploaded: your account has no office. Ask an administrator to add one."
        )
    return offices[0]


def joined_batch(request: HttpRequest) -> Upload | None:
    """The batch that the request adds to: the user's own, started within the last hours."""
    number = request.POST.get("upload", "")
    if not number:
        return None
    own = Upload.objects.select_related("office").filter(
        by=person_of(request), started_at__gte=timezone.now() - _JOINED_WITHIN
    )
    return get_object_or_404(own, pk=whole_number(number))
