"""The user's own account: name and role, password, second factor, sessions."""

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from determinations.access.accounts import end_sessions
from determinations.access.audit import note
from determinations.access.browsers import browser_in_words
from determinations.access.demands import Demand, demands, has_factor, met, roles_with_factor
from determinations.access.roles import role_of
from determinations.views.requests import person_of


@dataclass(frozen=True, slots=True)
class Session:
    """One of the user's sessions, as the page lists it."""

    pk: int
    browser: str
    address: str
    row: UserSession
    is_current: bool


@require_safe
def profile(request: HttpRequest) -> HttpResponse:
    """Everything about the user's own account, on one page."""
    user = person_of(request)
    factors = list(Authenticator.objects.filter(user=user).order_by("pk"))
    context = {
        "role": role_of(user),
        "has_password": settings.LOCAL_PASSWORDS and user.has_usable_password(),
        "app": next((factor for factor in factors if factor.type == "totp"), None),
        "passkeys": [factor for factor in factors if factor.type == "webauthn"],
        "codes_left": next(
            (len(factor.wrap().get_unused_codes()) for factor in factors if factor.type == "recovery_codes"), None
        ),
        "factor_needed": role_of(user) in roles_with_factor(),
        "sessions": _sessions(request),
        "hours": settings.SESSION_HOURS,
        "idle_minutes": settings.SESSION_COOKIE_AGE // 60,
    }
    return render(request, "access/profile.html", context)


def _sessions(request: HttpRequest) -> list[Session]:
    """The user's sessions that are still open, this one first."""
    rows = UserSession.objects.purge_and_list(person_of(request))
    current = request.session.session_key
    sessions = [
        Session(row.pk, browser_in_words(row.user_agent), row.ip, row, row.session_key == current) for row in rows
    ]
    return sorted(sessions, key=lambda session: (not session.is_current, -session.row.last_seen_at.timestamp()))


@require_POST
def end_session(request: HttpRequest) -> HttpResponse:
    """End one of the user's own sessions, or all others."""
    user = person_of(request)
    chosen = request.POST.get("session", "")
    if chosen == "others":
        ended = end_sessions(user, but=request)
    else:
        session = UserSession.objects.filter(user=user, pk=int(chosen) if chosen.isdecimal() else 0).first()
        ended = 1 if session is not None else 0
        if session is not None and session.session_key == request.session.session_key:
            note(request, "session.ended", sessions=1)
            logout(request)
            return redirect("login")
        if session is not None:
            session.end()
    note(request, "session.ended", sessions=ended)
    messages.success(request, "1 session was ended." if ended == 1 else f"{ended} sessions were ended.")
    return redirect(f"{reverse('profile')}#sessions")


@require_safe
def set_up_factor(request: HttpRequest) -> HttpResponse:
    """After sign-in of a user who needs a second factor: choose which kind. Leads on once there is one."""
    if Demand.FACTOR not in demands(request):
        return redirect("profile")
    if has_factor(person_of(request)):
        met(request, Demand.FACTOR)
        messages.success(request, f"Your second factor works since {timezone.localtime():%-I:%M %p}.")
        return redirect("home")
    return render(request, "access/set_up_factor.html")
