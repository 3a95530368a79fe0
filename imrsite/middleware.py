"""What every answer carries, and how long a session lasts."""

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
    """Send the policy with every answer that has not set a stricter one of its own."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", settings.CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response

    return answer


def nothing_is_kept(get_response: Answer) -> Answer:
    """Have browsers and what stands between keep nothing that was sent to somebody who is signed in.

    After signing out nobody reads on from a browser's store. An answer that sets a rule of its own keeps it; static
    files never come this far.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return answer


class Busy:
    """Says so where a statement took longer than it may, or waited too long for what somebody else holds."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A page of its own, which asks the database nothing. Other exceptions are not this one's affair."""
        if not isinstance(exception.__cause__, QueryCanceled | LockNotAvailable):
            return None
        log.error("Took too long: %s", request.path)
        page = render_to_string("503.html", {"seconds": settings.STATEMENT_SECONDS})
        return HttpResponse(page, status=503, headers={"Retry-After": "60"})


def session_ends_when_idle(get_response: Answer) -> Answer:
    """Lengthen the session of somebody who is at work, with one write in five minutes instead of one a request."""

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
    """Where the request came from: behind a proxy, the last address of the header, which the proxy itself added."""
    if settings.HTTPS and (forwarded := request.headers.get("X-Forwarded-For")):
        return forwarded.rsplit(",", 1)[-1].strip()
    return request.META.get("REMOTE_ADDR", "")
