"""Notes where each request comes from, and records what a view itself did not: changes, and refusals."""

from collections.abc import Callable

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from determinations.access.audit import events_from, note
from determinations.access.sign_in import address_of

Answer = Callable[[HttpRequest], HttpResponse]
_CHANGES_NOTHING = ("GET", "HEAD", "OPTIONS", "TRACE")
#: Parameters of addresses that are IDs of letters.
_LETTER_ROUTES = ("cases/", "letters/", "admin/review/")


def audit_requests(get_response: Answer) -> Answer:
    """Give events the client's address. A change without an event of its own is recorded by its page, and so is
    every page that a user asks for without permission.

    Of the address only its pattern and numbers are kept: the rest may hold what a user typed.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        with events_from(address_of(request)) as origin:
            response = get_response(request)
            if not origin.events and response.status_code == 403:
                _record(request, "access.refused")
            elif not origin.events and response.status_code < 400 and request.method not in _CHANGES_NOTHING:
                _record(request, "form.sent")
            return response

    return answer


def _record(request: HttpRequest, action: str) -> None:
    user = getattr(request, "user", None)
    match = request.resolver_match
    if not isinstance(user, User) or match is None:
        return
    numbers = {name: value for name, value in match.kwargs.items() if isinstance(value, int)}
    letter_id = numbers.get("letter_id") or (numbers.get("pk") if match.route.startswith(_LETTER_ROUTES) else None)
    note(request, action, letter_id, page=match.view_name, route=match.route, method=request.method, ids=numbers)
