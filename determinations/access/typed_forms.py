"""Keeps what a user typed when it cannot be saved: the session ended, or the letter is damaged.

A larger form carries a signed note of whose page it is (``{% keep_typed %}``). If the form arrives after the session
ended, the note says for whom to keep it; without one nothing is kept, so that a stranger cannot store anything.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core import signing
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.http import urlencode

from determinations.models import TypedForm

#: The hidden input with the signed note, and the query parameter of a page that shows what was kept.
FIELD, RESTORED = "kept-for", "typed"
#: The hidden input of a form that shows what was kept.
SHOWN = "kept-shown"
#: A form may wait this long to be sent, and what was kept is deleted after this long.
KEPT_FOR = timedelta(hours=24)
_LARGEST = 400_000  # characters
_SALT = "imrsite.typed-forms"
#: ``secret`` and ``private_key`` are of other systems (sources of letters): they are stored encrypted, or not at all.
_NOT_KEPT = {"csrfmiddlewaretoken", FIELD, SHOWN, "secret", "private_key"}


def note_of(user: AbstractBaseUser, path: str) -> str:
    """The signed note for a form on the page ``path`` that was shown to this user."""
    return signing.dumps([user.pk, path], salt=_SALT)


def keep(request: HttpRequest) -> bool:
    """Keep the form of this request for the user whom its note names; False if nothing can be kept."""
    try:
        user_id, path = signing.loads(request.POST.get(FIELD, ""), salt=_SALT, max_age=KEPT_FOR)
    except signing.BadSignature:
        return False
    if path != request.path or (request.user.is_authenticated and request.user.pk != user_id):
        return False
    text = _body(request)
    if len(text) > _LARGEST:
        return False
    TypedForm.objects.update_or_create(by_id=user_id, path=path, defaults={"body": text, "kept_at": timezone.now()})
    return True


def address_of_kept(request: HttpRequest) -> str:
    """The address at which the page of this form shows what was kept."""
    query = {**request.GET.dict(), RESTORED: "1"}
    return f"{request.path}?{urlencode(query)}"


def kept_form(request: HttpRequest) -> QueryDict | None:
    """What the user typed on this page and could not save, at its address; None if nothing was kept."""
    if RESTORED not in request.GET or request.method != "GET":
        return None
    body = _of(request.user, request.path).values_list("body", flat=True).first()
    return QueryDict(body) if body is not None else None


def is_kept(request: HttpRequest) -> bool:
    """Whether something is kept for this page, which was opened at another address."""
    return request.method == "GET" and RESTORED not in request.GET and _of(request.user, request.path).exists()


def shows_kept(request: HttpRequest) -> bool:
    """Whether the forms of this page show what was kept, or were sent from a page that did."""
    return RESTORED in request.GET or SHOWN in request.POST


def forget(request: HttpRequest) -> None:
    """Delete what was kept for this page if it was saved: from a page that showed it, or by sending it again.

    Another form of the page leaves it: its user may not have seen it.
    """
    kept = _of(request.user, request.path)
    (kept if shows_kept(request) else kept.filter(body=_body(request))).delete()


def forget_about(*, letters: Iterable[int], duties: Iterable[int], pairs: Iterable[int]) -> None:
    """Delete what any user typed on pages about these letters, their duties and their pairs of duplicates."""
    about = {"(cases|letters|review|erase|holds)": letters, "worklist": duties, "versions": pairs}
    for page, numbers in about.items():
        if joined := "|".join(str(number) for number in numbers):
            TypedForm.objects.filter(path__regex=f"/{page}/({joined})/").delete()


def delete_expired(now: datetime) -> None:
    """Delete what nobody came back for."""
    TypedForm.objects.filter(kept_at__lt=now - KEPT_FOR).delete()


def _body(request: HttpRequest) -> str:
    body = request.POST.copy()
    for name in _NOT_KEPT:
        body.pop(name, None)
    return body.urlencode().replace("%00", "")


def _of(user: AbstractBaseUser | AnonymousUser, path: str) -> QuerySet[TypedForm]:
    oldest = timezone.now() - KEPT_FOR
    return TypedForm.objects.filter(by_id=user.pk, path=path, kept_at__gte=oldest)
