"""What users must do after signing in before they get to work: replace an issued password, set up a second factor.

It is worked out once, at sign-in, and kept in the session, so that no page asks the database again. Whatever makes a
new demand of users who are signed in (a password issued, a rule changed) ends their sessions.
"""

from enum import StrEnum

from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest

from determinations.access.roles import role_of
from determinations.models import Account, SignInPolicy

_SESSION_KEY = "sign_in_demands"


class Demand(StrEnum):
    """Something to do first."""

    PASSWORD = "password"  # noqa: S105 - no password
    FACTOR = "factor"


def demand_what_is_missing(request: HttpRequest, user: User) -> None:
    """Note in the session what this user has to do first."""
    by_provider = any(entry["method"] == "socialaccount" for entry in get_authentication_records(request, user))
    missing: list[str] = []
    if not by_provider:  # the identity provider has its own passwords and factors
        if Account.objects.filter(user=user, password_issued=True).exists():
            missing.append(Demand.PASSWORD)
        if role_of(user) in roles_with_factor() and not has_factor(user):
            missing.append(Demand.FACTOR)
    request.session[_SESSION_KEY] = missing


def demands(request: HttpRequest) -> list[str]:
    """What is still to do, in order."""
    missing: list[str] = request.session.get(_SESSION_KEY, [])
    return missing


def met(request: HttpRequest, demand: Demand) -> None:
    """The user has done it."""
    if demand in demands(request):
        request.session[_SESSION_KEY] = [entry for entry in demands(request) if entry != demand]


def has_factor(user: User) -> bool:
    """Whether the user has a passkey or an authenticator app."""
    return bool(is_mfa_enabled(user, ["totp", "webauthn"]))


def roles_with_factor() -> set[str]:
    """The roles that need a second factor: those of the setting, and those that administrators chose."""
    chosen = SignInPolicy.objects.values_list("second_factor_roles", flat=True).first()
    return {*settings.SECOND_FACTOR_ROLES, *(chosen or [])}
