"""Records who viewed, changed or exported what. Never stores letter text."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.utils import timezone

from determinations.models import AuditEvent

#: A page that fetches parts of a letter separately is recorded once within this time.
_ONE_OPENING = timedelta(hours=1)


def record(
    action: str,
    *,
    by: AbstractBaseUser | AnonymousUser | None,
    at: datetime,
    letter_id: int | None = None,
    **detail: object,
) -> None:
    """Record that a user did something, such as ``case.viewed``; ``by=None`` is a command without a user.

    ``detail`` is stored as JSON. The event joins the caller's transaction: it stays only if the action does.
    """
    AuditEvent.objects.create(
        at=at,
        by_id=by.pk if by else None,
        by_name=by.get_username() if by else "",
        action=action,
        letter_id=letter_id,
        detail=detail,
    )


def record_each(action: str, letter_ids: Iterable[int], *, by: User, at: datetime, **detail: object) -> None:
    """Record that a user did the same with each of these letters, in one statement."""
    AuditEvent.objects.bulk_create(
        AuditEvent(at=at, by_id=by.pk, by_name=by.get_username(), action=action, letter_id=pk, detail=detail)
        for pk in letter_ids
    )


def note(request: HttpRequest, action: str, letter_id: int | None = None, **detail: object) -> None:
    """Record that the user of this request did something now."""
    record(action, by=request.user, at=timezone.now(), letter_id=letter_id, **detail)


def note_once(request: HttpRequest, action: str, letter_id: int) -> None:
    """Record it unless this user already opened the letter, on any page, within the hour."""
    since = timezone.now() - _ONE_OPENING
    if not AuditEvent.objects.filter(letter_id=letter_id, by_id=request.user.pk, at__gte=since).exists():
        note(request, action, letter_id)
