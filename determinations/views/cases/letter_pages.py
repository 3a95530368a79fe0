"""Page pictures of a letter and the places of its values, for users who may open the original."""

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from determinations.access.audit import note_once
from determinations.cases.open_letter import open_letter
from determinations.cases.page_pictures import (
    VERSION,
    WIDTH,
    NoPicture,
    NotDrawnYet,
    boxes_of,
    evidence_of,
    page_picture,
)
from determinations.cases.same_case import letters_of_file, shown_pages
from determinations.cases.sheet import sheet_of
from determinations.models import Letter, LetterText
from determinations.tasks import send_drawings
from determinations.views.requests import person_of
from determinations.wording.labels import read_labels

#: Shown until a worker has drawn the page. It is half as wide as a page, by which the script tells them apart.
_WAITING = """<svg xmlns="http://www.w3.org/2000/svg" width="612" height="792" viewBox="0 0 612 792">
<rect width="612" height="792" fill="#fff"/><text x="306" y="390" text-anchor="middle" font-family="sans-serif"
font-size="18" fill="#4a4a4a">This page is being drawn. Reload in a moment.</text></svg>"""
_SECONDS_UNTIL_NEXT = "1"


@require_safe
@permission_required(["determinations.browse_cases", "determinations.read_original"], raise_exception=True)
@cache_control(private=True, no_cache=True)
def letter_page(request: HttpRequest, pk: int, number: int) -> HttpResponseBase:
    """One page as a PNG; of a file with several letters, only the letter's own pages.

    Until a worker has drawn it, the response is a placeholder with status 202. Browsers that cache a page revalidate
    it, so that the permission is checked each time.
    """
    letter = get_object_or_404(Letter, pk=pk)
    if number not in shown_pages(letter, letters_of_file(letter)):
        raise Http404("The letter has no such page.")
    note_once(request, "pages.opened", letter.pk)
    mark = f'"{letter.sha256[:32]}-{number}-{WIDTH}-{VERSION}-{letter.pages_scanned or 0}"'
    if (unchanged := get_conditional_response(request, etag=mark)) is not None:
        return unchanged
    try:
        picture = page_picture(letter, number, by=person_of(request), now=timezone.now())
    except NoPicture as reason:
        raise Http404("There is no picture of this page.") from reason
    except NotDrawnYet as waiting:
        _send(waiting)
        headers = {"Retry-After": _SECONDS_UNTIL_NEXT, "Cache-Control": "private, no-store"}
        return HttpResponse(_WAITING, content_type="image/svg+xml", status=202, headers=headers)
    return HttpResponse(picture, content_type="image/png", headers={"X-Content-Type-Options": "nosniff", "ETag": mark})


@require_safe
@permission_required(["determinations.browse_cases", "determinations.read_original"], raise_exception=True)
def letter_boxes(request: HttpRequest, pk: int) -> JsonResponse:
    """Where every value is on the pages. Status 202 with none until a worker has found them."""
    opened = open_letter(get_object_or_404(Letter, pk=pk).pk)
    note_once(request, "pages.opened", pk)
    stored = LetterText.objects.of(pk)
    if stored is None:  # nothing was read: the pages are shown without any marks
        return JsonResponse({"boxes": []})
    evidence = evidence_of(opened, stored, sheet_of(opened, read_labels()).spans)
    try:
        boxes = boxes_of(opened.letter, evidence, by=person_of(request), now=timezone.now())
    except NoPicture:
        return JsonResponse({"boxes": []})
    except NotDrawnYet as waiting:
        _send(waiting)
        return JsonResponse({"boxes": []}, status=202, headers={"Retry-After": _SECONDS_UNTIL_NEXT})
    return JsonResponse({"boxes": boxes})


def _send(waiting: NotDrawnYet) -> None:
    if waiting.is_new:
        send_drawings()
