"""What views ask of a request: which user it is from, and whether htmx asks for part of the page."""

from functools import lru_cache
from typing import cast

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import NoReverseMatch, ResolverMatch, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from determinations.access.open_pages import opens
from determinations.access.scope import Scope
from determinations.models import ApiToken

#: Characters of what was typed that a refusal repeats.
_MOST_TYPED = 500


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


def held_by(user: User) -> set[str]:
    """All that the menus ask for and the user has, read once; an empty name is for everyone."""
    return {"", *user.get_all_permissions(), *(["is_staff"] if user.is_staff else [])}


def token_of(request: HttpRequest) -> ApiToken | None:
    """The access token that the request was made with; None for a browser's session."""
    token: ApiToken | None = getattr(request, "api_token", None)
    return token


def back_of(request: HttpRequest, otherwise: str) -> str:
    """The page of ours to which a form says that it leads back (``back``), or another."""
    back = request.POST.get("back", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if safe and back.startswith("/") else otherwise


def url_if_any(name: str, *args: int) -> str:
    """The address of a page; empty if this installation has no such page."""
    try:
        return reverse(name, args=args) if args else _fixed_url(name)
    except NoReverseMatch:
        return ""


@lru_cache(maxsize=256)
def _fixed_url(name: str) -> str:
    """The address of a page that has only one. Every page asks for two dozen."""
    return reverse(name)


def open_url(name: str, scope: Scope) -> str:
    """The address of a page that opens in this scope; empty otherwise."""
    url = url_if_any(name)
    return url if url and (scope.is_everything or opens(_page_at(url), scope)) else ""


@lru_cache(maxsize=256)
def _page_at(url: str) -> ResolverMatch:
    """What answers at an address of the frame. Every page asks for a dozen, each compared with all patterns."""
    return resolve(url)


def refusal_with(typed: str, refusal: Exception | str) -> str:
    """The refusal with what was typed, for a page whose form is empty again: it can be copied from there."""
    said, words = str(refusal), " ".join(typed.replace("\x00", "").split())
    if not words or words in said:
        return said
    return f"{said} You typed: “{words[:_MOST_TYPED]}{'…' if len(words) > _MOST_TYPED else ''}”."
