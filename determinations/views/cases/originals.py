"""The original file of a letter: only for those who may, never run by the browser, and every reading on record."""

from django.contrib.auth.decorators import permission_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from determinations.access.audit import note
from determinations.extraction.kinds import Kind
from determinations.intake.store import letter_store
from determinations.models import Letter

_ENDINGS = {
    Kind.PDF: "pdf", Kind.TEXT: "txt", Kind.TIFF: "tif", Kind.PNG: "png", Kind.JPEG: "jpg",
    Kind.WORD: "docx", Kind.RTF: "rtf", Kind.HTML: "html",
}  # fmt: skip


@require_GET
@permission_required("determinations.read_original", raise_exception=True)
def letter_original(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file as it came, to be saved.

    It goes by the letter's number or its case's, for the name it came under is the business of whoever brought it.
    Browsers neither guess its kind nor run anything in it: strangers made it.
    """
    letter = get_object_or_404(Letter.objects.select_related("case"), pk=pk)
    try:
        file = letter_store().open(letter.store_name)
    except FileNotFoundError:
        raise Http404("The file is gone from the letter store.") from None
    note(request, "original.downloaded", letter.pk)
    response = FileResponse(file, as_attachment=True, filename=_name_of(letter), content_type=letter.media_type)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _name_of(letter: Letter) -> str:
    number = letter.case.case_number if hasattr(letter, "case") else None
    return f"{number or f'letter-{letter.pk}'}.{_ENDINGS.get(Kind(letter.media_type), 'bin')}"
