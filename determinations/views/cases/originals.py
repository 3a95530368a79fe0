"""The original file of a letter: for users with permission, never run by the browser, every download audited."""

from django.contrib.auth.decorators import permission_required
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from determinations.access.audit import note
from determinations.intake.file_names import name_of_original
from determinations.intake.stored_files import FileMissing, StoredFileFault, open_stored
from determinations.models import Letter


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
    response = FileResponse(
        file, as_attachment=True, filename=name_of_original(letter, letters), content_type=letter.media_type
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response
