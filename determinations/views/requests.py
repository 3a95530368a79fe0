"""What views ask of a request: which user it is from, and whether htmx asks for part of the page."""

from typing import cast

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django_htmx.middleware import HtmxDetails


class HtmxRequest(HttpRequest):
    """A request as the htmx middleware leaves it."""

    htmx: HtmxDetails


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page. When it restores its history it needs the whole page."""
    htmx = cast(HtmxRequest, request).htmx
    return bool(htmx) and not htmx.history_restore_request


def person_of(request: HttpRequest) -> User:
    """The signed-in user. Every page requires a sign-in, so there always is one."""
    assert isinstance(request.user, User)
    return request.user


def url_if_any(name: str, *args: int) -> str:
    """The address of a page; empty if this installation has no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
