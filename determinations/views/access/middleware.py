"""Ends sessions, leads users who must replace a password or set up a second factor there first, and limits each
request to what its user may see."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import cast

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from determinations.access.audit import record
from determinations.access.demands import Demand, demands
from determinations.access.open_pages import opens
from determinations.access.roles import scope_of
from determinations.access.scope import Scope, current_scope, within
from determinations.access.sign_in import address_of
from determinations.views.requests import token_of, wants_part

Answer = Callable[[HttpRequest], HttpResponse]
#: An active user is noted as seen once in this time, instead of with every request.
NOTED_EVERY = timedelta(minutes=5)
#: Where each demand is met, and what else opens meanwhile.
_PAGES = {Demand.PASSWORD: "password_change", Demand.FACTOR: "set_up_factor"}
_OPEN = ("logout", "account_reauthenticate", "health")
_OF_FACTORS = ("mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes", "mfa_download_recovery_codes")


def session_ends(get_response: Answer) -> Answer:
    """End a session some hours after its sign-in; until then, extend that of an active user.

    An idle session ends by its expiry date, which is written anew at most every five minutes.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        user = getattr(request, "user", None)
        if isinstance(user, User) and token_of(request) is None:
            now = timezone.now()
            signed_in_at = _time(request, "signed_in_at") or user.last_login
            seen_at = _time(request, "seen_at") or user.last_login
            if signed_in_at is not None and now - signed_in_at > timedelta(hours=settings.SESSION_HOURS):
                record("signin.expired", by=user, at=now, address=address_of(request))
                logout(request)
            elif seen_at is not None and now - seen_at > NOTED_EVERY:
                request.session["seen_at"] = now.isoformat()
                UserSession.objects.create_from_request(request)
        return get_response(request)

    return answer


def _time(request: HttpRequest, key: str) -> datetime | None:
    noted = request.session.get(key)
    return datetime.fromisoformat(noted) if noted else None


def meet_demands(get_response: Answer) -> Answer:
    """Redirect to the page of the first open demand."""

    def answer(request: HttpRequest) -> HttpResponse:
        open_demands = demands(request)
        if not open_demands or not request.user.is_authenticated:
            return get_response(request)
        demand = Demand(open_demands[0])
        allowed = [_PAGES[demand], *_OPEN, *(_OF_FACTORS if demand == Demand.FACTOR else ())]
        if request.path in {reverse(name) for name in allowed}:
            return get_response(request)
        address = reverse(_PAGES[demand])
        return HttpResponseClientRedirect(address) if wants_part(request) else redirect(address)

    return answer


class LimitToScope:
    """Every query of a request sees what its user may see; pages of the whole installation need an account that sees
    all letters, and outside parties have pages of their own (``open_pages``)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        scope = scope_of(request.user)
        if scope.is_everything:
            return self.get_response(request)
        with within(scope):
            response = self.get_response(request)
        if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
            response.streaming_content = _read_within(scope, cast(Iterable[bytes], response.streaming_content))
        return response

    def process_view(self, request: HttpRequest, *details: object) -> None:
        """Raises PermissionDenied for a page that is not open to this user."""
        match = request.resolver_match
        if match is not None and not opens(match, current_scope()):
            raise PermissionDenied


def _read_within(scope: Scope, parts: Iterable[bytes]) -> Iterator[bytes]:
    """The parts of a response that is sent while it is read: they are read after the request."""
    with within(scope):
        yield from parts
