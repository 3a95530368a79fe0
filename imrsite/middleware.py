"""Security headers, limits of request bodies, the response to slow statements, and the address of a client."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.template.loader import render_to_string
from psycopg.errors import LockNotAvailable, QueryCanceled

from imrsite.logs import shown_path
from imrsite.request_ids import HEADER, begin_request, end_request
from imrsite.serving.body_limits import COOKIE, FORMS_VALID, Allowance, Ticket, limits_in_words, most_bytes

Answer = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger(__name__)
_requests = logging.getLogger("imrsite.requests")


def follow_requests(get_response: Answer) -> Answer:
    """Give the request its ID, and log a line about it if ``LOG_REQUESTS`` is set: its route, never its address."""

    def answer(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        request_id = begin_request(request.headers.get(HEADER, "") if settings.HTTPS else "")
        try:
            response = get_response(request)
            response.headers[HEADER] = request_id
            if settings.LOG_REQUESTS:
                _log_request(request, response, round((time.perf_counter() - began) * 1000))
            return response
        finally:
            end_request()

    return answer


def _log_request(request: HttpRequest, response: HttpResponse, ms: int) -> None:
    route, user = route_of(request), getattr(request, "user", None)
    fields = {
        "method": request.method, "route": route, "status": response.status_code, "ms": ms,
        "user": user.pk if user is not None and user.is_authenticated else None,
    }  # fmt: skip
    _requests.info("%s %s: %d in %d ms", request.method, route, response.status_code, ms, extra=fields)


def route_of(request: HttpRequest) -> str:
    """The name of the page that answered; of an address that has none, no more than its kind."""
    match = request.resolver_match
    if match is not None:
        return match.view_name or match.route
    return "static" if request.path.startswith(f"/{settings.STATIC_URL.strip('/')}/") else "none"


def content_security_policy(get_response: Answer) -> Answer:
    """Send the policy with every response that does not set its own."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", settings.CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response

    return answer


class CompressPages(GZipMiddleware):
    """Compress pages and JSON for browsers that accept it.

    Letters, page pictures and Excel files are compressed as they are. The random length that Django adds to each page
    keeps its size from telling what a page says (the BREACH attack).
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compress a response whose type is worth it."""
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        return super().process_response(request, response) if kind in _COMPRESSED else response


_COMPRESSED = frozenset({"text/html", "application/json", "application/problem+json"})


def no_store(get_response: Answer) -> Answer:
    """Tell browsers and proxies not to store responses to signed-in users.

    After sign-out, nothing can be read from a browser's cache. A response that sets its own rule keeps it; static
    files never reach this middleware.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return answer


def refuse_large_bodies(get_response: Answer) -> Answer:
    """Refuse a body that this user may not send, before any of it is read; sign what the web server may accept."""

    def answer(request: HttpRequest) -> HttpResponse:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length > settings.SMALL_FORM_BYTES and length > most_bytes(request.path, _allowance(request)):
            return _too_large(request)
        if hasattr(request, "api_token"):  # it needs no cookie
            return get_response(request)
        was = _allowance_of_user(request)
        response = get_response(request)
        _renew_ticket(request, response, signed_out=was is not None)
        return response

    return answer


def _allowance_of_user(request: HttpRequest) -> Allowance | None:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    return Allowance.FILES if user.has_perm("determinations.upload_letters") else Allowance.FORMS


def _allowance(request: HttpRequest) -> Allowance | None:
    """What the user may send. The form of a user whose session has ended is accepted, to be kept for the next one."""
    if (allowance := _allowance_of_user(request)) is not None:
        return allowance
    ticket = Ticket.read(request.COOKIES.get(COOKIE, ""))
    return Allowance.FORMS if ticket and ticket.allows(time.time()) else None


def _too_large(request: HttpRequest) -> HttpResponse:
    limits = limits_in_words()
    if request.headers.get("Accept") == "application/json":
        return HttpResponse(render_to_string("413.json", limits), status=413, content_type="application/json")
    return HttpResponse(render_to_string("413.html", limits), status=413)


def _renew_ticket(request: HttpRequest, response: HttpResponse, *, signed_out: bool) -> None:
    """Send a ticket again that is about to expire or does not fit the user; remove it when the user signs out."""
    now, allowance = time.time(), _allowance_of_user(request)
    ticket = Ticket.read(request.COOKIES.get(COOKIE, ""))
    if allowance is None:
        if signed_out:
            response.delete_cookie(COOKIE, samesite="Lax")
    elif ticket is None or not ticket.serves(allowance, now):
        response.set_cookie(
            COOKIE, Ticket(allowance, now).sign(), max_age=FORMS_VALID, httponly=True, samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )  # fmt: skip


class Busy:
    """Responds with 503 if a statement exceeded its time limit or waited too long for a lock."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return a page that needs no database; ignore other exceptions."""
        if not isinstance(exception.__cause__, QueryCanceled | LockNotAvailable):
            return None
        log.error("Statement timed out: %s", shown_path(request.path))
        page = render_to_string("503.html", {"seconds": settings.STATEMENT_SECONDS})
        return HttpResponse(page, status=503, headers={"Retry-After": "60"})


def client_address(request: HttpRequest) -> str:
    """The client's address. Behind a proxy: the last address in the header, which the proxy itself added."""
    if settings.HTTPS and (forwarded := request.headers.get("X-Forwarded-For")):
        return forwarded.rsplit(",", 1)[-1].strip()
    return request.META.get("REMOTE_ADDR", "")
