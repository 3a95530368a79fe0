"""What users see when stored files cannot be reached, or a stored text is damaged."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from determinations.access import typed_forms
from determinations.cases.open_letter import DamagedLetter
from determinations.intake.store_health import StoreUnavailable
from determinations.packing.codec import UnreadableValue
from determinations.storage.places import StoreFault
from imrsite.logs import shown_path

log = logging.getLogger(__name__)


class StoreFaults:
    """Responds with 503 if the place of stored files does not answer or refuses, with 500 if a text is damaged."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return a page that needs no files; ignore other exceptions."""
        if isinstance(exception, UnreadableValue):
            log.error("%s %s", exception, shown_path(request.path))
            return _damaged(request, exception)
        if not isinstance(exception, StoreFault | StoreUnavailable):
            return None
        log.error("Stored files cannot be reached: %s", shown_path(request.path))
        return HttpResponse(render_to_string("503_files.html"), status=503, headers={"Retry-After": "60"})


def _damaged(request: HttpRequest, fault: UnreadableValue) -> HttpResponse:
    """The page about a damaged text. What was typed into a larger form is kept, to be shown when it is restored."""
    context = {
        "is_kept": request.method == "POST" and typed_forms.keep(request),
        "again": typed_forms.address_of_kept(request),
        "letter": fault.letter_id if isinstance(fault, DamagedLetter) else None,
    }
    return HttpResponse(render_to_string("500_text.html", context), status=500)
