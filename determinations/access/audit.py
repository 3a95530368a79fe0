"""Leaves a row of who saw or took what. Never letter text."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from determinations.models import AuditEvent

#: Parts of a letter that a page asks for by themselves belong to the opening that is on record.
_ONE_OPENING = timedelta(hours=1)


def note(
    request: HttpRequest, action: str, letter_id: int | None = None, detail: Mapping[str, Any] | None = None
) -> None:
    """Record that the person of this request did something, such as ``case.viewed``."""
    AuditEvent.objects.create(
        at=timezone.now(),
        by_id=request.user.pk,
        by_name=request.user.get_username(),
        action=action,
        letter_id=letter_id,
        detail=dict(detail or {}),
    )


def note_once(request: HttpRequest, action: str, letter_id: int) -> None:
    """Record it unless this person's opening of the letter, whatever the page, is on record within the hour."""
    since = timezone.now() - _ONE_OPENING
    if not AuditEvent.objects.filter(letter_id=letter_id, by_id=request.user.pk, at__gte=since).exists():
        note(request, action, letter_id)
