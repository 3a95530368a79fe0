"""Carries out a form once, however often it is sent: by a double click, after Back, or again when no answer came.

Every form has the page's token against forged requests, which differs each time a page is made. The same user,
address, token and values are therefore the same form of the same page. In another tab, with another value, or after an
answer that asked for corrections, it is another form.
"""

import hashlib
import hmac
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest

from determinations.models import SentForm

#: A page may stay open, or be gone back to, for this long.
KEPT_FOR = timedelta(hours=24)
#: Whoever carried the form out this long ago, without an end, was killed: it may be carried out again.
_KILLED_AFTER = timedelta(minutes=3)
_LOOKS_EVERY = 0.1
_TOKEN = "csrfmiddlewaretoken"  # noqa: S105 - the name of a field


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a form ended: a redirect to ``location``, an answer to a script, or a page that is shown only once."""

    status: int
    location: str = ""
    body: dict[str, object] | None = None


class AtWork(Exception):
    """The same form is being carried out, for longer than anyone should wait."""


def key_of(request: HttpRequest) -> str:
    """What makes the form of this request what it is, as a keyed hash; empty if it came from no page."""
    token = request.POST.get(_TOKEN, "")
    if not token:
        return ""
    digest = hmac.new(settings.SECRET_KEY.encode(), b"sent form", hashlib.sha256)
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    answered_as = "json" if request.headers.get("Accept") == "application/json" else "page"
    for part in (request.get_full_path(), answered_as, *(part for field in fields for part in field)):
        _add(digest, part)
    for name, files in request.FILES.lists():
        for file in files:
            _add(digest, name)
            _add(digest, file.name or "")
            content = hashlib.sha256()
            for chunk in file.chunks():
                content.update(chunk)
            file.seek(0)
            digest.update(content.digest())
    return digest.hexdigest()


def _add(digest: hmac.HMAC, part: str) -> None:
    """Add a part so that no two lists of parts are alike."""
    encoded = part.encode(errors="surrogatepass")
    digest.update(len(encoded).to_bytes(8))
    digest.update(encoded)


def begin(user_id: int, key: str, *, now: datetime, wait: float) -> SentForm | Outcome:
    """The row of a form that is to be carried out now, or how the same form ended before.

    Waits so many seconds while another request carries it out. Raises :class:`AtWork`.
    """
    until = time.monotonic() + wait
    while True:
        row, is_new = SentForm.objects.get_or_create(by_id=user_id, key=key, defaults={"at": now})
        if is_new or _taken_over(row, now):
            return row
        if row.status:
            return Outcome(row.status, row.location, row.body)
        if time.monotonic() > until:
            raise AtWork
        time.sleep(_LOOKS_EVERY)


def _taken_over(row: SentForm, now: datetime) -> bool:
    """Whether the form is to be carried out again: it is too old to be the same, or its request was killed."""
    old = now - (KEPT_FOR if row.status else _KILLED_AFTER)
    same = SentForm.objects.filter(pk=row.pk, at=row.at, status=row.status, at__lt=old)
    return bool(same.update(at=now, status=0, location="", body=None))


def end(row: SentForm, outcome: Outcome | None) -> None:
    """Keep how the form ended. None: nothing was done, so it may be sent again."""
    same = SentForm.objects.filter(pk=row.pk)
    if outcome is None:
        same.delete()
    else:
        same.update(status=outcome.status, location=outcome.location, body=outcome.body)


def delete_old(now: datetime) -> None:
    """Delete forms whose pages nobody goes back to."""
    SentForm.objects.filter(at__lt=now - KEPT_FOR).delete()
