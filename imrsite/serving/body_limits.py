"""How large a request's body may be, decided from the head of the request, before any of the body is read.

Anyone may send a small form. More is accepted from users who signed in, and files only at the upload page from users
with permission to upload. The web server decides by a signed cookie, because it must not wait for the database; the
middleware decides again by the user (``imrsite.middleware.refuse_large_bodies``). Tokens of the API are signed for the
same purpose; whether one is still valid, the database says afterwards.
"""

import hmac
from dataclasses import dataclass
from enum import StrEnum
from http.cookies import CookieError, SimpleCookie
from typing import Self

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils.crypto import salted_hmac

#: Where the API begins.
API_PATH = "/api/"
#: What tokens of the API begin with, by which leaks are found.
TOKEN_PREFIX = "imr_"  # noqa: S105 - no secret
COOKIE = "imrsite_bodies"
#: Seconds. A form that was open when its session ended may still be sent, and its page then says so.
FORMS_VALID = 24 * 3600
#: An active user's cookie is renewed when it is this old.
_RENEWED_AFTER = 300
_signer = Signer(salt="imrsite.bodies")


class Allowance(StrEnum):
    """What a user may send beyond small forms."""

    FORMS = "forms"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A user's allowance, and when it was issued, in seconds since 1970: what the signed cookie says."""

    allowance: Allowance
    issued_at: float

    def sign(self) -> str:
        """The cookie's value."""
        return _signer.sign(f"{self.allowance}:{self.issued_at:.0f}")

    @classmethod
    def read(cls, value: str) -> Self | None:
        """The ticket in the cookie's value; None unless we signed it."""
        try:
            allowance, _, issued_at = _signer.unsign(value).partition(":")
            return cls(Allowance(allowance), float(issued_at))
        except (BadSignature, ValueError):
            return None

    def allows(self, now: float) -> Allowance | None:
        """What the ticket still allows: files as long as a session lasts, forms for a day."""
        age = now - self.issued_at
        if age > FORMS_VALID:
            return None
        return Allowance.FORMS if age > settings.SESSION_COOKIE_AGE else self.allowance

    def serves(self, allowance: Allowance, now: float) -> bool:
        """Whether the ticket is recent and allows exactly this."""
        return self.allowance is allowance and now - self.issued_at < _RENEWED_AFTER


def most_bytes(path: str, allowance: Allowance | None) -> int:
    """How many bytes the body of a request for this path may have."""
    if allowance is None:
        return settings.SMALL_FORM_BYTES
    if allowance is Allowance.FILES and path in (reverse("upload_list"), reverse("api:api_letters")):
        return settings.UPLOAD_BYTES
    return settings.FORM_BYTES


def signed_token(secret: str) -> str:
    """A token with our signature at its end."""
    return f"{TOKEN_PREFIX}{secret}{_signature(secret, settings.SECRET_KEY)}"


def bearer_token(authorization: str) -> str:
    """The token of an ``Authorization`` header; empty for none."""
    kind, _, token = authorization.partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def allowance_of_token(token: str) -> Allowance | None:
    """What the bearer of a token may send: files, if we signed it."""
    if not token.startswith(TOKEN_PREFIX) or not token.isascii():
        return None
    secret, signature = token.removeprefix(TOKEN_PREFIX)[:-_SIGNATURE], token[-_SIGNATURE:]
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    signed = any(hmac.compare_digest(_signature(secret, key), signature) for key in keys)
    return Allowance.FILES if signed else None


_SIGNATURE = 12


def _signature(secret: str, key: str) -> str:
    return salted_hmac("imrsite.tokens", secret, secret=key, algorithm="sha256").hexdigest()[:_SIGNATURE]


def cookie_in(header: str) -> str:
    """The ticket cookie in a ``Cookie`` header; empty if there is none."""
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def limits_in_words() -> dict[str, str]:
    """The limits of bodies for pages that report them."""
    sizes = {"small": settings.SMALL_FORM_BYTES, "form": settings.FORM_BYTES, "upload": settings.UPLOAD_BYTES}
    return {
        name: f"{size // 1024**2:,} MB" if size >= 1024**2 else f"{size // 1024} KB" for name, size in sizes.items()
    }
