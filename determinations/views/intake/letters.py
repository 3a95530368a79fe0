"""Letters of all batches by state, and reading them again."""

from collections.abc import Iterable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import Min, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from determinations.intake.batches import GROUPS, Tab, files_of, letters_in
from determinations.models import Letter, Upload, UploadedFile
from determinations.models.letters import Lane
from determinations.paging.counts import count_up_to, whole_number
from determinations.paging.keyset import page_of
from determinations.reading.ingest import retry_letters
from determinations.tables.uploads import row_of_letter
from determinations.tasks import send_waiting
from determinations.views.intake.file_lists import (
    NEWEST_FIRST,
    file_list,
    known_of,
    letter_tabs,
    may_upload,
    whole_or_part,
    with_links,
)
from determinations.views.requests import back_of, person_of
from determinations.wording.figures import counted
from determinations.wording.states import RETRY_STATES, STATES


@require_safe
@may_upload
def letter_list(request: HttpRequest) -> HttpResponse:
    """Letters of all batches by state; by default those that need attention."""
    letters = letters_in(request.GET)
    page = page_of(letters, NEWEST_FIRST, request.GET)
    names = _first_names(page.rows)
    known = known_of(page.rows)
    rows = [row_of_letter(letter, names.get(letter.pk, "(no name)"), known) for letter in page.rows]
    context = {
        "count": count_up_to(letters),
        "tabs": with_links(request.GET, letter_tabs()),
        "reasons": with_links(request.GET, _stopped_tabs()),
        "retry_count": count_up_to(letters.filter(state__in=RETRY_STATES)),
        **file_list(request, page, rows),
    }
    return whole_or_part(request, "intake/letter_list.html", "intake/_letters.html", context)


@require_POST
@permission_required("determinations.retry_letters", raise_exception=True)
def retry(request: HttpRequest) -> HttpResponse:
    """Requeue one letter, or all retryable letters of a list."""
    retried = retry_letters(by=person_of(request), letters=_letters_to_retry(request))
    for lane in Lane.values:
        send_waiting(lane)
    if retried:
        messages.success(request, f"{counted(retried, 'letter')} will be read again.")
    else:
        messages.info(request, "None of these letters can be read again.")
    return redirect(back_of(request, reverse("letter_list")))


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


def _stopped_tabs() -> list[Tab]:
    """The states in which letters stopped, each with its count."""
    stopped = next(group for group in GROUPS if group.key == "failed")
    tabs = [
        Tab(state, STATES[state].label, count_up_to(Letter.objects.filter(state=state))) for state in stopped.states
    ]
    return [tab for tab in tabs if tab.count]


def _first_names(letters: Iterable[Letter]) -> dict[int, str]:
    """The file name under which each letter was first received."""
    first = (
        UploadedFile.objects.filter(letter__in=list(letters))
        .values("letter")
        .annotate(first=Min("id"))
        .values("first")
    )
    return dict(UploadedFile.objects.filter(pk__in=first).values_list("letter_id", "name"))
