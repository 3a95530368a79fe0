"""Page pictures of a letter and the places of its values, for users who may open the original."""

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from determinations.access.audit import note_once
from determinations.cases.open_letter import open_letter
from determinations.cases.page_pictures import WIDTH, NoPicture, boxes_of, page_picture
from determinations.cases.same_case import letters_of_file, shown_pages
from determinations.cases.sheet import sheet_of
from determinations.intake.stored_files import StoredFileFault
from determinations.models import Letter, LetterText
from determinations.wording.labels import read_labels


@require_safe
@permission_required(["determinations.browse_cases", "determinations.read_original"], raise_exception=True)
@cache_control(private=True, no_cache=True)
def letter_page(request: HttpRequest, pk: int, number: int) -> HttpResponseBase:
    """One page as a PNG; of a file with several letters, only the letter's own pages.

    Browsers that cache it revalidate it, so that the permission is checked each time.
    """
    letter = get_object_or_404(Letter, pk=pk)
    if number not in shown_pages(letter, letters_of_file(letter)):
        raise Http404("The letter has no such page.")
    note_once(request, "pages.opened", letter.pk)
    mark = f'"{letter.sha256[:32]}-{number}-{WIDTH}-{letter.pages_scanned or 0}"'
    if (unchanged := get_conditional_response(request, etag=mark)) is not None:
        return unchanged
    try:
        picture = page_picture(letter, number)
    except (NoPicture, StoredFileFault) as reason:
        raise Http404("There is no picture of this page.") from reason
    return HttpResponse(picture, content_type="image/png", headers={"X-Content-Type-Options": "nosniff", "ETag": mark})


@require_safe
@permission_required(["determinations.browse_cases", "determinations.read_original"], raise_exception=True)
def letter_boxes(request: HttpRequest, pk: int) -> JsonResponse:
    """Where every value is on the pages."""
    opened = open_letter(get_object_or_404(Letter, pk=pk).pk)
    note_once(request, "pages.opened", pk)
    stored = LetterText.objects.of(pk)
    if stored is None:  # nothing was read: the pages are shown without any marks
        return JsonResponse({"boxes": []})
    sheet = sheet_of(opened, read_labels())
    try:
        boxes = boxes_of(opened.letter, stored.page_offsets, len(stored.text), sheet.spans)
    except (NoPicture, StoredFileFault):
        boxes = []
    return JsonResponse({"boxes": boxes})
