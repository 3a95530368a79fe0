"""Security headers, the response to slow statements, and how long a session lasts."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from psycopg.errors import LockNotAvailable, QueryCanceled

Answer = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger(__name__)
NOTED_EVERY = timedelta(minutes=5)


def content_security_policy(get_response: Answer) -> Answer:
    """Send the policy with every response that does not set its own."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", settings.CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response

    return answer


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
        log.error("Statement timed out: %s", request.path)
        page = render_to_string("503.html", {"seconds": settings.STATEMENT_SECONDS})
        return HttpResponse(page, status=503, headers={"Retry-After": "60"})


def session_ends_when_idle(get_response: Answer) -> Answer:
    """Extend the session of an active user, with one write every five minutes instead of one per request."""

    def answer(request: HttpRequest) -> HttpResponse:
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            now = timezone.now()
            noted = request.session.get("seen_at")
            seen_at = datetime.fromisoformat(noted) if noted else user.last_login
            if seen_at is not None and now - seen_at > NOTED_EVERY:
                request.session["seen_at"] = now.isoformat()
        return get_response(request)

    return answer


def client_address(request: HttpRequest) -> str:
    """The client's address. Behind a proxy: the last address in the header, which the proxy itself added."""
    if settings.HTTPS and (forwarded := request.headers.get("X-Forwarded-For")):
        return forwarded.rsplit(",", 1)[-1].strip()
    return request.META.get("REMOTE_ADDR", "")
