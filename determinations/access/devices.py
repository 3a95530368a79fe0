"""Known devices: browsers that a user has signed in with before, told by a signed cookie.

Failed sign-ins from a known device are counted by that device and user alone, so that a stranger who guesses a name
cannot delay the user it belongs to.
"""

import secrets
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

_COOKIE = "imrsite_device"
_SALT = "determinations.access.devices"
_KEPT_SECONDS = 365 * 24 * 3600
#: Users that one browser is known for; the longest ago signed in is forgotten first.
_MOST_USERS = 8


@dataclass(frozen=True, slots=True)
class Device:
    """A browser, and the users who have signed in with it."""

    name: str
    user_ids: tuple[int, ...]

    def knows(self, user: AbstractBaseUser | None) -> bool:
        """Whether this user has signed in with the browser."""
        return user is not None and user.pk in self.user_ids


def device_of(request: HttpRequest) -> Device:
    """The browser of a request; a new one without a valid cookie."""
    try:
        name, user_ids = signing.loads(request.COOKIES.get(_COOKIE, ""), salt=_SALT, max_age=_KEPT_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return Device(secrets.token_urlsafe(12), ())
    return Device(str(name), tuple(int(pk) for pk in user_ids))


def remember_device(request: HttpRequest, response: HttpResponseBase, user: AbstractBaseUser) -> None:
    """Know the browser for this user from now on."""
    device = device_of(request)
    user_ids = [user.pk, *(pk for pk in device.user_ids if pk != user.pk)][:_MOST_USERS]
    response.set_cookie(
        _COOKIE,
        signing.dumps([device.name, user_ids], salt=_SALT),
        max_age=_KEPT_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
