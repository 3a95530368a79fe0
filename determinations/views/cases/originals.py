"""The original file of a letter, or its own pages of it: for users with permission, every download audited.

Browsers never run what is in them.
"""

import io

from django.contrib.auth.decorators import permission_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from determinations.access.audit import note
from determinations.cases.page_pictures import NoPicture, NotDrawnYet, excerpt_of
from determinations.cases.same_case import letters_of_file, shown_pages
from determinations.extraction.kinds import Kind
from determinations.intake.file_names import name_of_original, name_of_pages
from determinations.intake.stored_files import FileMissing, StoredFileFault, open_stored
from determinations.models import Letter
from determinations.tasks import send_drawings
from determinations.views.requests import person_of, wants_part


@require_GET
@permission_required("determinations.read_original", raise_exception=True)
def letter_original(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Download the original file: all of it, even if it holds other letters, which the link and the audit trail say.

    It is named after the letter's number or its case's, since the name it was uploaded under may be private. Browsers
    must not guess its type or run anything in it, because it is untrusted.
    """
    letter = get_object_or_404(Letter.objects.select_related("case"), pk=pk)
    try:
        file = open_stored(letter)
    except StoredFileFault as fault:
        note(request, "original.refused", letter.pk, why=fault.kind)
        status = 404 if isinstance(fault, FileMissing) else 409
        return render(request, "cases/file_fault.html", {"fault": fault, "letter": letter}, status=status)
    letters = Letter.objects.filter(sha256=letter.sha256).count()
    note(request, "original.downloaded", letter.pk, letters=letters)
    return _untrusted(
        FileResponse(
            file, as_attachment=True, filename=name_of_original(letter, letters), content_type=letter.media_type
        )
    )


@require_GET
@permission_required("determinations.read_original", raise_exception=True)
def letter_own_pages(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Download the letter's own pages of a file that holds several letters, as a PDF.

    A worker copies them from the untrusted file; until then a page that asks again by itself says so.
    """
    letter = get_object_or_404(Letter.objects.select_related("case"), pk=pk)
    pages = shown_pages(letter, letters_of_file(letter))
    if not pages:
        raise Http404("The letter has no pages of its own.")
    context = {"letter": letter, "first": pages[0], "last": pages[-1]}
    try:
        copied = excerpt_of(letter, (pages[0], pages[-1]), by=person_of(request), now=timezone.now())
    except NoPicture as reason:
        note(request, "original.refused", letter.pk, why="pages")
        status = 200 if wants_part(request) else 409  # htmx shows no part of an error
        return render(request, "cases/own_pages.html", {**context, "failure": str(reason)}, status=status)
    except NotDrawnYet as waiting:
        if waiting.is_new:
            send_drawings()
        return render(request, "cases/own_pages.html", context, status=202)
    if wants_part(request):  # the page that waits asks; the browser saves a file only when it opens the address
        return HttpResponse(status=204, headers={"HX-Redirect": request.path})
    note(request, "pages.downloaded", letter.pk, first=pages[0], last=pages[-1])
    name = name_of_pages(letter, pages[0], pages[-1])
    return _untrusted(FileResponse(io.BytesIO(copied), as_attachment=True, filename=name, content_type=Kind.PDF.value))


def _untrusted(response: FileResponse) -> FileResponse:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response
