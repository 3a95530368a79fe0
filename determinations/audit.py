"""Leaves a row of who saw or took what. Never letter text."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from determinations.models import AuditEvent


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
