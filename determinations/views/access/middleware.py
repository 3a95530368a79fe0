"""Ends sessions, and leads users who must replace a password or set up a second factor there first."""

from collections.abc import Callable
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from determinations.access.audit import record
from determinations.access.demands import Demand, demands
from determinations.access.sign_in import address_of
from determinations.views.requests import wants_part

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
        if isinstance(user, User):
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
