"""Single sign-on by OpenID Connect: which account an identity opens, with which role and offices, as settings say."""

import time
from collections.abc import Collection

from allauth.account.internal.flows.login import record_authentication
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import redirect, render
from django.utils import timezone

from determinations.access import accounts
from determinations.access.audit import record
from determinations.access.roles import ROLES, role_of
from determinations.access.sign_in import address_of
from determinations.models import Office

_REFUSALS = {
    "no_account": "There is no account for you here. Ask an administrator to add you.",
    "no_role": "Your company account is in no group that has access here. Ask an administrator.",
    "no_office": "Your company account is in no group of an office that has access here. Ask an administrator.",
    "unverified": "Your company account has no verified e-mail address, so it cannot be told whose account it is.",
    "taken": "An account here has your e-mail address already. Ask an administrator.",
    "not_asked": "The company account did not ask who you are again. Nothing was changed. Try again.",
    "other": "You confirmed as another user than the one who is signed in here. Nothing was changed.",
}


#: Marks a walk to the provider that was started to confirm who the user is.
CONFIRMATION = "confirmation"


class SingleSignOnAdapter(DefaultSocialAccountAdapter):
    """Finds or makes the account of an identity. The provider's groups decide the role, where they are mapped."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """After the provider vouched for an identity, before the sign-in. Raises the page that refuses it."""
        process = sociallogin.state.get("process")
        if process == AuthProcess.REDIRECT:
            _confirm(request, sociallogin)
            return
        if process == AuthProcess.CONNECT:
            raise ImmediateHttpResponse(redirect("profile"))
        role = role_of_claims(claims_of(sociallogin))
        if settings.OIDC_ROLES and not role:
            raise _refused(request, "no_role", sociallogin)
        offices = offices_of_claims(claims_of(sociallogin))
        if settings.OIDC_OFFICES and offices == []:
            raise _refused(request, "no_office", sociallogin)
        if not sociallogin.is_existing:
            _match_or_allow(request, sociallogin)
        if sociallogin.is_existing:
            _update_role(sociallogin.user, role)
            _update_offices(sociallogin.user, offices)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Where accounts are made at the first sign-in; what they need was checked before."""
        return bool(settings.OIDC_CREATE_ACCOUNTS)

    @transaction.atomic
    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: object = None) -> User:
        """Make the account, with the role of its groups."""
        user: User = super().save_user(request, sociallogin, form)
        role = role_of_claims(claims_of(sociallogin))
        accounts.person_came(user, role=role, at=timezone.now())
        _update_offices(user, offices_of_claims(claims_of(sociallogin)))
        return user


def claims_of(sociallogin: SocialLogin) -> dict[str, object]:
    """What the provider says of the identity."""
    data = sociallogin.account.extra_data
    return {**data.get("id_token", {}), **data.get("userinfo", {})}


def role_of_claims(claims: dict[str, object]) -> str:
    """The role with most rights among those that the claimed groups map to; empty for none."""
    held = {settings.OIDC_ROLES.get(group) for group in _groups(claims, settings.OIDC_ROLES_CLAIM)}
    return next((role for role in reversed(ROLES) if role in held), "")


def offices_of_claims(claims: dict[str, object]) -> list[Office] | None:
    """The active offices that the claimed groups map to; None if one of the groups stands for all letters."""
    names = {settings.OIDC_OFFICES.get(group) for group in _groups(claims, settings.OIDC_OFFICES_CLAIM)}
    return None if "*" in names else list(Office.objects.filter(name__in=names - {None}, active=True))


def _groups(claims: dict[str, object], claim: str) -> list[str]:
    """The values of a claim, whose name may lead into objects."""
    value: object = claims
    for part in claim.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    groups = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [str(group) for group in groups]


def _match_or_allow(request: HttpRequest, sociallogin: SocialLogin) -> None:
    """Connect the identity to the one account with its verified address, or see whether one may be made."""
    email = next((entry.email for entry in sociallogin.email_addresses if entry.verified), "")
    same = list(User.objects.filter(email__iexact=email)[:2]) if email else []
    if settings.OIDC_MATCH_EMAIL and len(same) == 1:
        sociallogin.connect(request, same[0])
        record("person.connected", by=same[0], at=timezone.now(), address=address_of(request))
    elif not settings.OIDC_CREATE_ACCOUNTS:
        raise _refused(request, "no_account", sociallogin)
    elif not email:
        raise _refused(request, "unverified", sociallogin)
    elif same:
        raise _refused(request, "taken", sociallogin)


def _update_role(user: User, role: str) -> None:
    """Give the user the role of their groups. The last administrator keeps theirs, and that is recorded."""
    if not settings.OIDC_ROLES or role == role_of(user):
        return
    now = timezone.now()
    try:
        accounts.change_role(user, role, by=user, at=now, source="single sign-on")
    except accounts.LastAdmin:
        record("role.kept", by=user, at=now, person=user.get_username(), wanted=role, reason="last administrator")


def _update_offices(user: User, offices: Collection[Office] | None) -> None:
    """Limit the user to the offices of their groups. The last administrator stays without a limit, on record."""
    if not settings.OIDC_OFFICES:
        return
    now = timezone.now()
    try:
        accounts.limit_to_offices(user, offices, by=user, at=now)
    except accounts.LastAdmin:
        names = sorted(office.name for office in offices or ())
        record("limit.kept", by=user, at=now, person=user.get_username(), wanted=names, reason="last administrator")


def _confirm(request: HttpRequest, sociallogin: SocialLogin) -> None:
    """The signed-in user confirmed who they are at the provider, on our page's demand and just now."""
    if not sociallogin.is_existing or sociallogin.user != request.user:
        raise _refused(request, "other", sociallogin)
    signed_in_at = claims_of(sociallogin).get("auth_time")
    old = isinstance(signed_in_at, int) and time.time() - signed_in_at > settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    if sociallogin.state.get("data") != CONFIRMATION or old:
        raise _refused(request, "not_asked", sociallogin)
    record_authentication(request, request.user, method="socialaccount", reauthenticated=True)


def _refused(request: HttpRequest, reason: str, sociallogin: SocialLogin) -> ImmediateHttpResponse:
    user = sociallogin.user if sociallogin.is_existing else None
    record("signin.refused", by=user, at=timezone.now(), address=address_of(request), reason=reason)
    page = render(request, "access/refused.html", {"reason": _REFUSALS[reason]}, status=403)
    return ImmediateHttpResponse(page)
