"""Access tokens: made, found by what a request brings, revoked. Only hashes are stored."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet

from determinations.access import audit
from determinations.access.roles import check_permission, scope_of
from determinations.models import ApiToken, TokenScope
from imrsite.serving.body_limits import signed_token

#: Days that a token may be valid.
LIFETIMES = (30, 90, 365)
#: Tokens in force that one account may have.
MOST_TOKENS = 20
#: Use is noted, and use after the end recorded, at most once in these times.
_NOTED_EVERY, _REFUSED_EVERY = timedelta(minutes=1), timedelta(hours=1)
_HINT = 8
_MAY = "determinations.use_api"


class TokenRefused(Exception):
    """No token was made; the message tells the user why."""


def make_token(
    user: User, name: str, scopes: Collection[str], *, days: int, by: User, now: datetime
) -> tuple[ApiToken, str]:
    """Make a token that acts as ``user``; returns it with its text, which nobody can read again.

    Raises :class:`TokenRefused`, and PermissionDenied for the account of someone else without permission.
    """
    check_permission(by, "use_api")
    if user.pk != by.pk:
        _check_manages(by)
    name = " ".join(name.replace("\x00", "").split())
    if not name or len(name) > 80:
        raise TokenRefused("Enter a name of up to 80 characters that says what the token is for.")
    if not scopes or not set(scopes) <= set(TokenScope.values):
        raise TokenRefused("Choose what the token may be used for.")
    if days not in LIFETIMES:
        raise TokenRefused("Choose for how long the token is valid.")
    if not user.has_perm(_MAY):
        raise TokenRefused(f"{user.get_username()} may not use the API.")
    text = signed_token(secrets.token_urlsafe(32))
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if in_force(now).filter(user=user).count() >= MOST_TOKENS:
            raise TokenRefused(f"An account may have {MOST_TOKENS} tokens. Revoke one that is no longer used.")
        token = ApiToken.objects.create(
            user=user, name=name, secret_sha256=_hash(text), hint=text[:_HINT], created_at=now,
            scopes=[scope for scope in TokenScope.values if scope in scopes],
            created_by_name=by.get_username(), expires_at=now + timedelta(days=days),
        )  # fmt: skip
        audit.record("token.created", by=by, at=now, token=token.pk, of=user.get_username(), days=days)
    return token, text


def revoke(token: ApiToken, *, by: User, now: datetime) -> None:
    """Revoke a token, at once. Raises PermissionDenied for that of someone else without permission."""
    if token.user_id != by.pk:
        _check_manages(by)
    with transaction.atomic():
        revoked = ApiToken.objects.filter(pk=token.pk, revoked_at=None)
        if revoked.update(revoked_at=now, revoked_by_name=by.get_username()):
            audit.record("token.revoked", by=by, at=now, token=token.pk, of=token.user.get_username())


def _check_manages(by: User) -> None:
    check_permission(by, "manage_tokens")
    if not scope_of(by).is_everything:
        raise PermissionDenied


def in_force(now: datetime) -> QuerySet[ApiToken]:
    """Tokens that are neither expired nor revoked."""
    return ApiToken.objects.filter(revoked_at=None, expires_at__gt=now)


def find_token(text: str, *, address: str, now: datetime) -> ApiToken | None:
    """The token with this text if it is in force, with its user; its use is noted. None otherwise."""
    token = ApiToken.objects.select_related("user").filter(secret_sha256=_hash(text)).first()
    if token is None:
        return None
    if token.revoked_at is not None or token.expires_at <= now or not token.user.has_perm(_MAY):
        _record_refusal(token, address=address, now=now)
        return None
    if token.used_at is None or now - token.used_at > _NOTED_EVERY or token.used_from != address:
        ApiToken.objects.filter(pk=token.pk).update(used_at=now, used_from=address)
    return token


def _record_refusal(token: ApiToken, *, address: str, now: datetime) -> None:
    if token.refused_at is None or now - token.refused_at > _REFUSED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(refused_at=now)
        audit.record("token.refused", by=token.user, at=now, address=address, token=token.pk)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
