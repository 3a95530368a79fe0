"""Upload pages: batches, their files, and letters that need attention."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.files import File
from django.db.models import Count, Min, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from determinations.access import audit
from determinations.access.roles import may_move
from determinations.access.scope import current_scope
from determinations.intake import opening
from determinations.intake.batches import (
    GROUPS,
    Progress,
    Tab,
    counts_of,
    decided_in,
    files_of,
    letters_in,
    progress_of,
    states_asked_for,
)
from determinations.intake.receiving import receive_upload
from determinations.intake.store_health import StoreUnavailable
from determinations.models import Case, Letter, Office, Upload, UploadedFile
from determinations.models.letters import Lane
from determinations.models.uploads import FileOutcome
from determinations.paging.addresses import changed, with_query
from determinations.paging.counts import count_up_to, whole_number
from determinations.paging.keyset import Order, Page, page_of
from determinations.reading.ingest import retry_letters
from determinations.reading.workers import worker_state
from determinations.tables.uploads import (
    BatchRow,
    BatchTable,
    CaseOfLetter,
    FileRow,
    FileTable,
    KnownOfLetters,
    row_of_file,
    row_of_letter,
)
from determinations.tasks import send_openings, send_waiting
from determinations.views.requests import person_of, wants_part
from determinations.wording.states import RETRY_STATES, STATES

may_upload = permission_required("determinations.upload_letters", raise_exception=True)
_NEWEST_FIRST = Order("id", descending=True, nullable=False)
#: A letter found in a file has the time of its file, so that it is listed right after it.
_AS_THEY_CAME = Order("received_at", nullable=False)
#: A batch accepts more files for this long.
_JOINED_WITHIN = timedelta(hours=12)
#: Large batches are counted less often.
_LARGE_BATCH = 10_000


@require_http_methods(["GET", "HEAD", "POST"])
@may_upload
def upload_list(request: HttpRequest) -> HttpResponse:
    """The upload page with earlier batches; POST receives files."""
    if request.method == "POST":
        return _receive(request)
    if request.GET.get("state"):  # letters of all batches have a page of their own
        return redirect(with_query(reverse("letter_list"), request.GET))
    page = page_of(Upload.objects.select_related("by"), _NEWEST_FIRST, request.GET, size=25)
    counts = counts_of(page.rows)
    rows = [BatchRow(upload, _name_of(upload), counts[upload.pk]) for upload in page.rows]
    context = {
        "page": page,
        "table": BatchTable(rows, query=request.GET),
        "tabs": _letter_tabs(),
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


@require_safe
@may_upload
def upload_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress of one batch, and its files. The page refreshes while letters are waiting."""
    upload = get_object_or_404(Upload.objects.select_related("by", "office"), pk=pk)
    files = files_of(upload, request.GET).select_related("letter")
    page = page_of(files, _AS_THEY_CAME, request.GET)
    progress = progress_of(upload, now=timezone.now())
    known = _known_of([file.letter for file in page.rows if file.letter])
    may_remove = may_remove_unopened(upload, person_of(request))
    rows = [row_of_file(file, known, may_remove=may_remove) for file in page.rows]
    context = {
        "upload": upload,
        "who": _name_of(upload),
        "progress": progress,
        "tabs": _with_links(request.GET, progress.tabs()),
        "sentence": progress.sentence(),
        "decided": decided_in(upload),
        "move_url": reverse("move_batch", args=[pk]) if may_move(person_of(request)) else "",
        "reasons": _with_links(request.GET, progress.reasons()),
        "retry_count": _retry_count(progress, files, request.GET),
        "name": request.GET.get("name", ""),
        "state": request.GET.get("state", ""),
        "every": 5 if progress.files > _LARGE_BATCH else 2,
        "worker": worker_state().value if progress.waiting else "",
        **_file_list(request, page, rows),
    }
    return _whole_or_part(request, "intake/upload_detail.html", "intake/_batch.html", context)


def may_remove_unopened(upload: Upload, user: User) -> bool:
    """Whether the user may remove what is not opened yet of the batch: their own, or with the permission."""
    return upload.by_id == user.pk or user.has_perm("determinations.delete_letter")


@require_POST
@may_upload
def remove_unopened(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove an archive or message of a batch before a worker opens it."""
    upload = get_object_or_404(Upload, pk=pk)
    if not may_remove_unopened(upload, person_of(request)):
        raise PermissionDenied
    file = get_object_or_404(UploadedFile, pk=whole_number(request.POST.get("file", "")), upload=upload)
    if opening.remove_unopened(file.pk, by=person_of(request), now=timezone.now()):
        messages.success(request, "The file was removed before it was opened. Letters found in it before are kept.")
    else:
        messages.info(request, "This file was opened meanwhile. Nothing was removed.")
    return redirect("upload_detail", pk)


@require_safe
@may_upload
def letter_list(request: HttpRequest) -> HttpResponse:
    """Letters of all batches by state; by default those that need attention."""
    letters = letters_in(request.GET)
    page = page_of(letters, _NEWEST_FIRST, request.GET)
    names = _first_names(page.rows)
    known = _known_of(page.rows)
    rows = [row_of_letter(letter, names.get(letter.pk, "(no name)"), known) for letter in page.rows]
    context = {
        "count": count_up_to(letters),
        "tabs": _with_links(request.GET, _letter_tabs()),
        "reasons": _with_links(request.GET, _stopped_tabs()),
        "retry_count": count_up_to(letters.filter(state__in=RETRY_STATES)),
        **_file_list(request, page, rows),
    }
    return _whole_or_part(request, "intake/letter_list.html", "intake/_letters.html", context)


@require_POST
@permission_required("determinations.retry_letters", raise_exception=True)
def retry(request: HttpRequest) -> HttpResponse:
    """Requeue one letter, or all retryable letters of a list."""
    retried = retry_letters(by=person_of(request), letters=_letters_to_retry(request))
    for lane in Lane.values:
        send_waiting(lane)
    if retried:
        messages.success(request, f"{retried:,} letter{'' if retried == 1 else 's'} will be read again.")
    else:
        messages.info(request, "None of these letters can be read again.")
    back = request.POST.get("back", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back if safe and back.startswith("/") else reverse("letter_list"))


def _letters_to_retry(request: HttpRequest) -> QuerySet[Letter]:
    number = request.POST.get("letter", "")
    if number:
        pk = whole_number(number)
        if pk is None:
            raise Http404("no such letter")
        return Letter.objects.filter(pk=pk)
    query = QueryDict(request.POST.get("query", ""))
    batch = request.POST.get("upload", "")
    if not batch:
        return letters_in(query)
    files = files_of(get_object_or_404(Upload, pk=whole_number(batch)), query)
    return Letter.objects.filter(pk__in=files.filter(outcome="accepted").values("letter"))


# Parts of the pages


def _file_list(request: HttpRequest, page: Page[Any], rows: list[FileRow]) -> dict[str, object]:
    audit.note_list(request, "uploaded files", [row.letter.pk for row in rows if row.letter is not None])
    may_retry = request.user.has_perm("determinations.retry_letters")
    has_buttons = any(row.unopened or (may_retry and row.may_retry) for row in rows)
    hidden = [] if has_buttons else ["retry"]
    return {
        "page": page,
        "table": FileTable(rows, query=request.GET, hidden=hidden),
        "may_retry": may_retry,
        "filtered": any(request.GET.get(key) for key in ("state", "layout", "name")),
        "layout": request.GET.get("layout", ""),
        "query": changed(request.GET, without=request.GET.keys() - {"state", "layout", "name"}).urlencode(),
        "back": request.get_full_path(),
    }


def _whole_or_part(request: HttpRequest, whole: str, part: str, context: Mapping[str, object]) -> HttpResponse:
    response = render(request, part if wants_part(request) else whole, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _with_links(query: QueryDict, tabs: Iterable[Tab]) -> list[dict[str, object]]:
    chosen = query.get("state", "")
    name = str(query.get("name", ""))
    named = {"name": name} if name else {}
    return [
        {
            "label": tab.label,
            "count": tab.count,
            "query": "?" + urlencode(({"state": tab.key} if tab.key else {}) | named),
            "current": tab.key == chosen,
        }
        for tab in tabs
    ]


def _letter_tabs() -> list[Tab]:
    groups = [(group, Letter.objects.filter(state__in=group.states)) for group in GROUPS if group.key != "parsed"]
    return [Tab(group.key, group.label, count_up_to(letters)) for group, letters in groups]


def _stopped_tabs() -> list[Tab]:
    """The states in which letters stopped, each with its count."""
    stopped = next(group for group in GROUPS if group.key == "failed")
    tabs = [
        Tab(state, STATES[state].label, count_up_to(Letter.objects.filter(state=state))) for state in stopped.states
    ]
    return [tab for tab in tabs if tab.count]


def _retry_count(progress: Progress, files: QuerySet[UploadedFile], query: QueryDict) -> int:
    if query.get("name"):
        return files.filter(outcome=FileOutcome.ACCEPTED, letter__state__in=RETRY_STATES).count()
    requested_states = states_asked_for(query) if query.get("state") else RETRY_STATES
    return sum(progress.by_state.get(state, 0) for state in requested_states if state in RETRY_STATES)


def _name_of(upload: Upload) -> str:
    return upload.by.get_username() if upload.by else "import"


def _known_of(letters: Sequence[Letter]) -> KnownOfLetters:
    """The cases of the letters, and how many letters their files hold."""
    cases = Case.objects.filter(pk__in=[letter.pk for letter in letters])
    of_file = Letter.objects.filter(sha256__in={letter.sha256 for letter in letters}).values("sha256")
    columns = ("case_number", "superseded_by", "is_copy", "outcome", "item_count", "overturned_count")
    return KnownOfLetters(
        {
            case.pk: CaseOfLetter(
                case.case_number,
                case.superseded_by_id,
                case.is_copy,
                case.outcome,
                f"{case.overturned_count}/{case.item_count}" if case.item_count > 1 else "",
            )
            for case in cases.only(*columns)
        },
        dict(of_file.annotate(letters=Count("pk")).values_list("sha256", "letters")),
    )


def _first_names(letters: Iterable[Letter]) -> dict[int, str]:
    """The file name under which each letter was first received."""
    first = (
        UploadedFile.objects.filter(letter__in=list(letters))
        .values("letter")
        .annotate(first=Min("id"))
        .values("first")
    )
    return dict(UploadedFile.objects.filter(pk__in=first).values_list("letter_id", "name"))
