"""Notes where each request comes from, and records what a view itself did not: changes, and refusals."""

from collections.abc import Callable

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch

from determinations.access.audit import events_from, note, note_statistics
from determinations.access.sign_in import address_of
from determinations.views.requests import token_of, wants_part

Answer = Callable[[HttpRequest], HttpResponse]
CHANGES_NOTHING = ("GET", "HEAD", "OPTIONS", "TRACE")
#: In addresses that begin like this, ``pk`` is the ID of a letter.
_LETTER_ROUTES = ("cases/", "letters/")
#: Parts of a page, which is recorded once however often they are fetched.
_RECORDED_ONCE = ("letter_page", "letter_boxes", "review_letter", "review_read_line")
#: Pages of statistics; their sections, which load later, belong to them.
_STATISTICS_ROUTES = ("statistics/", "citations/")
_NO_STATISTICS = (
    "glossary", "statistics_selection", "report_list", "report_editor", "report_filters", "report_schedules",
)  # fmt: skip


def audit_requests(get_response: Answer) -> Answer:
    """Give events the client's address. A change without an event of its own is recorded by its page, and so is
    every page that a user asks for without permission.

    Of the address only its pattern and numbers are kept: the rest may hold what a user typed.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        token = token_of(request)
        with events_from(address_of(request), token.pk if token else None) as origin:
            response = get_response(request)
            if not origin.events and response.status_code == 403:
                record_request(request, "access.refused")
            elif not origin.events and response.status_code < 400:
                _record_page(request, response)
            return response

    return answer


def _record_page(request: HttpRequest, response: HttpResponse) -> None:
    """Record a form that was sent, or a page about one letter."""
    if request.method not in CHANGES_NOTHING:
        record_request(request, "form.sent")
    elif request.method == "GET" and response.status_code == 200 and _is_page_of_letter(request.resolver_match):
        record_request(request, "page.viewed")
    elif request.method == "GET" and response.status_code == 200:
        _record_statistics(request)


def _record_statistics(request: HttpRequest) -> None:
    match = request.resolver_match
    shows = match is not None and match.route.startswith(_STATISTICS_ROUTES) and match.view_name not in _NO_STATISTICS
    if match is not None and shows and isinstance(request.user, User) and not wants_part(request):
        note_statistics(request, match.view_name)


def _is_page_of_letter(match: ResolverMatch | None) -> bool:
    return match is not None and _letter_of(match) is not None and match.view_name not in _RECORDED_ONCE


def _letter_of(match: ResolverMatch) -> int | None:
    """The letter that the address names."""
    letter_id = match.kwargs.get("letter_id")
    if letter_id is None and match.route.startswith(_LETTER_ROUTES):
        letter_id = match.kwargs.get("pk")
    return letter_id if isinstance(letter_id, int) else None


def record_request(request: HttpRequest, action: str) -> None:
    """Record that the user asked for this page, or sent its form."""
    user = getattr(request, "user", None)
    match = request.resolver_match
    if not isinstance(user, User) or match is None:
        return
    numbers = {name: value for name, value in match.kwargs.items() if isinstance(value, int)}
    note(
        request, action, _letter_of(match), page=match.view_name, route=match.route, method=request.method, ids=numbers
    )
