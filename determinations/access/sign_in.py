"""How django-allauth signs users in: with our limits, our sessions and our audit trail."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address
from math import ceil

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.messages import add_message
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timeuntil

from determinations.access import throttle
from determinations.access.audit import record
from determinations.access.demands import demand_what_is_missing
from determinations.access.devices import device_of, remember_device
from determinations.access.roles import PATH_OF_BACKEND
from determinations.access.throttle import Attempt, Limit, Wait, limit
from determinations.models import AuditEvent, LimitKind
from imrsite.middleware import client_address

#: What the pages of allauth report; anything else it says is left out.
_MESSAGES = {
    "mfa/messages/totp_activated.txt": "The authenticator app was added.",
    "mfa/messages/totp_deactivated.txt": "The authenticator app was removed.",
    "mfa/messages/webauthn_added.txt": "The passkey was added.",
    "mfa/messages/webauthn_removed.txt": "The passkey was removed.",
    "mfa/messages/recovery_codes_generated.txt": "There are new recovery codes. Keep them in a safe place.",
}


#: What the session keeps: when the user signed in the time before, which is what "new" means on the home page.
SIGNED_IN_BEFORE = "signed_in_before"


class AttemptsWait(ValidationError):
    """No attempt counts yet; ``until`` says when the next one does."""

    def __init__(self, until: datetime, now: datetime) -> None:
        self.until = until
        self.seconds = ceil((until - now).total_seconds())
        clock = timezone.localtime(until)
        super().__init__(
            f"Too many failed attempts. The next attempt counts at {clock:%-I:%M:%S %p}, {_in_words(until, now)}. "
            "Until then passwords and codes are not checked. If you have a passkey, it works meanwhile.",
            code="attempts_wait",
        )


def _in_words(until: datetime, now: datetime) -> str:
    seconds = (until - now).total_seconds()
    return f"in {timeuntil(until, now)}" if seconds >= 60 else f"in {ceil(seconds)} seconds"


class AccountAdapter(DefaultAccountAdapter):
    """Signs in and out. Accounts are made by administrators, or by single sign-on where it is set up so."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The client's address; ``0.0.0.0`` if the server does not tell a valid one."""
        return address_of(request)

    def authenticate(self, request: HttpRequest, **credentials: str) -> User | None:
        """The user with this name and password. Raises ``AttemptsWait`` if the next attempt does not count yet."""
        if not settings.LOCAL_PASSWORDS:
            raise ValidationError("Passwords are turned off here. Sign in with your company account.", code="off")
        now = timezone.now()
        name = credentials.get("username", "")
        known = User.objects.filter(username=name).first()
        attempt = throttle.begin(password_limits(request, known, name), now=now)
        if isinstance(attempt, Wait):
            _record_held(request, known, now)
            raise AttemptsWait(attempt.until, now)
        user = authenticate(request, username=name, password=credentials.get("password", ""))
        if isinstance(user, User):
            throttle.succeeded(attempt)
            return user
        until = _record_failure(request, known, attempt, now)
        if until is not None:
            raise AttemptsWait(until, now)
        return None

    def pre_login(self, request: HttpRequest, user: User, **details: object) -> HttpResponse | None:
        """Where passwords are turned off, only the identity provider signs in."""
        records = get_authentication_records(request, user)
        if not settings.LOCAL_PASSWORDS and not any(entry["method"] == "socialaccount" for entry in records):
            raise PermissionDenied
        response: HttpResponse | None = super().pre_login(request, user, **details)
        return response

    def login(self, request: HttpRequest, user: User) -> None:
        """Start the session, by our one backend."""
        user.backend = PATH_OF_BACKEND
        before = user.last_login
        login(request, user)
        if before is not None:
            request.session[SIGNED_IN_BEFORE] = before.isoformat()
        request.session["signed_in_at"] = request.session["seen_at"] = timezone.now().isoformat()

    def post_login(self, request: HttpRequest, user: User, **details: object) -> HttpResponse:
        """After a complete sign-in: record it, know the browser, and note what the user has to do first."""
        response = super().post_login(request, user, **details)
        demand_what_is_missing(request, user)
        record(
            "signin.succeeded", by=user, at=timezone.now(), address=address_of(request), methods=methods_of(request)
        )
        remember_device(request, response, user)
        return response

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Say that the account is not active."""
        record("signin.refused", by=user, at=timezone.now(), address=address_of(request), reason="inactive")
        return render(request, "access/inactive.html", status=403)

    def logout(self, request: HttpRequest) -> None:
        """End the session."""
        if request.user.is_authenticated:
            record("signin.ended", by=request.user, at=timezone.now(), address=address_of(request))
        logout(request)

    def is_reauthentication_required(self, *, app: str, **details: object) -> bool:
        """Not shortly after signing in, which is as good a proof of who it is."""
        return not confirmed_recently(context.request)

    def get_reauthentication_methods(self, user: User | AnonymousUser) -> list[dict[str, str]]:
        """How this user can confirm who they are, in plain words."""
        words = {
            "reauthenticate": "Use your password",
            "mfa_reauthenticate": "Use a code",
            "mfa_reauthenticate:webauthn": "Use a passkey",
        }
        if not settings.LOCAL_PASSWORDS:
            words = {}
        methods = super().get_reauthentication_methods(user)
        own = [{**method, "description": words[method["id"]]} for method in methods if method["id"] in words]
        if settings.OIDC_SERVER and SocialAccount.objects.filter(user_id=user.pk).exists():
            own.append(
                {"id": "provider", "description": f"Use {settings.OIDC_NAME}", "url": reverse("confirm_by_provider")}
            )
        return own

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: Mapping[str, object] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Our own words for what allauth reports."""
        if words := message or _MESSAGES.get(message_template or ""):
            add_message(request, level, words)


def address_of(request: HttpRequest) -> str:
    """The client's address, valid in any case."""
    try:
        return str(ip_address(client_address(request)))
    except ValueError:
        return "0.0.0.0"  # noqa: S104 - shown and stored as an unknown address


def password_limits(request: HttpRequest, user: User | None, name: str) -> list[Limit]:
    """What an attempt with this name counts for: nothing that strangers can use up, from a device of the user."""
    device, address = device_of(request), address_of(request)
    if user is not None and (device.knows(user) or request.user == user):
        return [limit(LimitKind.DEVICE, f"{user.pk} {device.name}", owner=name)]
    return [
        limit(LimitKind.PAIR, f"{address} {name}", owner=name),
        limit(LimitKind.NAME, name, owner=name),
        limit(LimitKind.ADDRESS, address),
        limit(LimitKind.OVERALL, ""),
    ]


def _record_failure(request: HttpRequest, known: User | None, attempt: Attempt, now: datetime) -> datetime | None:
    """Record it, and return when the next attempt counts if that is later.

    A name without an account may be a password typed into the wrong field, so it is not kept.
    """
    record("signin.failed", by=known, at=now, address=address_of(request), known_name=known is not None)
    return record_delay(request, known, attempt, now)


def _record_held(request: HttpRequest, known: User | None, now: datetime) -> None:
    """Record that attempts from this address are not checked: once a minute, or a stranger could fill the trail."""
    address = address_of(request)
    minute = AuditEvent.objects.filter(address=address, action="signin.held", at__gt=now - timedelta(minutes=1))
    if not minute.exists():
        record("signin.held", by=known, at=now, address=address, known_name=known is not None)


def record_delay(request: HttpRequest, user: User | None, attempt: Attempt, now: datetime) -> datetime | None:
    """If the next attempt has to wait after this failed one, record it and return until when."""
    if attempt.next_attempt_at is None or attempt.next_attempt_at <= now:
        return None
    until = attempt.next_attempt_at.isoformat(timespec="seconds")
    record("signin.delayed", by=user, at=now, address=address_of(request), until=until)
    return attempt.next_attempt_at


def methods_of(request: HttpRequest) -> list[str]:
    """How the user of this session proved who they are, such as ``password`` and ``totp``."""
    records = get_authentication_records(request, request.user)
    return list(dict.fromkeys(entry.get("type") or entry["method"] for entry in records))


def confirmed_recently(request: HttpRequest) -> bool:
    """Whether the user signed in or confirmed who they are within ``CONFIRM_MINUTES``."""
    since = timezone.now().timestamp() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    return any(entry["at"] > since for entry in get_authentication_records(request, request.user))
