"""One batch: its progress and its files."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from determinations.access.roles import may_move
from determinations.intake import opening
from determinations.intake.batches import Progress, decided_in, files_of, progress_of, states_asked_for
from determinations.models import Upload, UploadedFile
from determinations.models.uploads import FileOutcome
from determinations.paging.counts import whole_number
from determinations.paging.keyset import Order, page_of
from determinations.reading.workers import worker_state
from determinations.tables.uploads import row_of_file
from determinations.views.intake.file_lists import file_list, known_of, may_upload, name_of, whole_or_part, with_links
from determinations.views.requests import person_of
from determinations.wording.states import RETRY_STATES

#: A letter found in a file has the time of its file, so that it is listed right after it.
_AS_THEY_CAME = Order("received_at", nullable=False)
#: Large batches are counted less often.
_LARGE_BATCH = 10_000


@require_safe
@may_upload
def upload_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress of one batch, and its files. The page refreshes while letters are waiting."""
    upload = get_object_or_404(Upload.objects.select_related("by", "office"), pk=pk)
    files = files_of(upload, request.GET).select_related("letter")
    page = page_of(files, _AS_THEY_CAME, request.GET)
    progress = progress_of(upload, now=timezone.now())
    known = known_of([file.letter for file in page.rows if file.letter])
    may_remove = may_remove_unopened(upload, person_of(request))
    rows = [row_of_file(file, known, may_remove=may_remove) for file in page.rows]
    context = {
        "upload": upload,
        "who": name_of(upload),
        "progress": progress,
        "tabs": with_links(request.GET, progress.tabs()),
        "sentence": progress.sentence(),
        "decided": decided_in(upload),
        "move_url": reverse("move_batch", args=[pk]) if may_move(person_of(request)) else "",
        "reasons": with_links(request.GET, progress.reasons()),
        "retry_count": _retry_count(progress, files, request.GET),
        "name": request.GET.get("name", ""),
        "state": request.GET.get("state", ""),
        "every": 5 if progress.files > _LARGE_BATCH else 2,
        "worker": worker_state().value if progress.waiting else "",
        **file_list(request, page, rows),
    }
    return whole_or_part(request, "intake/upload_detail.html", "intake/_batch.html", context)


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


def _retry_count(progress: Progress, files: QuerySet[UploadedFile], query: QueryDict) -> int:
    if query.get("name"):
        return files.filter(outcome=FileOutcome.ACCEPTED, letter__state__in=RETRY_STATES).count()
    requested_states = states_asked_for(query) if query.get("state") else RETRY_STATES
    return sum(progress.by_state.get(state, 0) for state in requested_states if state in RETRY_STATES)
