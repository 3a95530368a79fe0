"""What administrators do with sources. Their passwords and keys are stored encrypted, and never shown or recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from determinations.access import audit
from determinations.access.roles import check_permission
from determinations.arrivals.kinds import KINDS
from determinations.models import ArrivalSource, ArrivedItem, Office, SetAsideItem
from determinations.storage.secrets import purpose_of, seal_secret


@dataclass(frozen=True, slots=True)
class Draft:
    """A source as an administrator describes it; an empty ``secret`` keeps the stored one."""

    name: str
    options: Mapping[str, str]
    office: Office | None
    minutes: int
    secret: str = ""


def add_source(kind: str, draft: Draft, *, by: User, now: datetime) -> ArrivalSource:
    """Add a source, which is looked at soon. Raises ``PermissionDenied``, ``NoKeyForSecrets``."""
    check_permission(by, "manage_arrivals")
    with transaction.atomic():
        source = ArrivalSource(kind=kind, created_at=now, due_at=now)
        _fill(source, draft)
        source.save()
        _store_secret(source, draft.secret)
        audit.record("arrival.added", by=by, at=now, source=source.pk, kind=kind, after=_recorded(source))
    return source


def change_source(source: ArrivalSource, draft: Draft, *, by: User, now: datetime) -> None:
    """Change a source, which is looked at soon. Raises ``PermissionDenied``, ``NoKeyForSecrets``.

    A source that is somewhere else now does not keep its password: it would be sent there.
    """
    check_permission(by, "manage_arrivals")
    with transaction.atomic():
        source = ArrivalSource.objects.select_for_update(of=("self",)).select_related("office").get(pk=source.pk)
        before = _recorded(source)
        if moves(source, draft.options):
            source.sealed_secret = b""
            for rows in (ArrivedItem, SetAsideItem):
                rows.objects.filter(source=source).delete()  # they are of the other place
        _fill(source, draft)
        source.due_at = now
        source.save(update_fields=["name", "options", "office", "minutes", "sealed_secret", "due_at"])
        _store_secret(source, draft.secret)
        audit.record(
            "arrival.changed", by=by, at=now, source=source.pk, before=before, after=_recorded(source),
            secret_changed=bool(draft.secret),
        )  # fmt: skip


def moves(source: ArrivalSource, options: Mapping[str, str]) -> bool:
    """Whether these options lead somewhere else than those that the source has."""
    return any(source.options.get(name, "") != options.get(name, "") for name in KINDS[source.kind].destination)


def set_enabled(source: ArrivalSource, enabled: bool, *, by: User, now: datetime) -> None:
    """Pause a source, or go on with it. Raises ``PermissionDenied``."""
    check_permission(by, "manage_arrivals")
    with transaction.atomic():
        rows = ArrivalSource.objects.filter(pk=source.pk).exclude(enabled=enabled)
        if rows.update(enabled=enabled, due_at=now):
            action = "arrival.resumed" if enabled else "arrival.paused"
            audit.record(action, by=by, at=now, source=source.pk, name=source.name)


def look_now(source: ArrivalSource, *, by: User, now: datetime) -> bool:
    """Have a source looked at as soon as possible; False if it is paused. Raises ``PermissionDenied``."""
    check_permission(by, "manage_arrivals")
    with transaction.atomic():
        if not ArrivalSource.objects.filter(pk=source.pk, enabled=True).update(due_at=now):
            return False
        audit.record("arrival.requested", by=by, at=now, source=source.pk, name=source.name)
    return True


def remove_source(source: ArrivalSource, *, by: User, now: datetime) -> None:
    """Forget a source, its password and its runs. Its batches and letters stay. Raises ``PermissionDenied``."""
    check_permission(by, "manage_arrivals")
    with transaction.atomic():
        audit.record("arrival.removed", by=by, at=now, source=source.pk, before=_recorded(source))
        ArrivalSource.objects.filter(pk=source.pk).delete()


def _fill(source: ArrivalSource, draft: Draft) -> None:
    source.name, source.office, source.minutes = draft.name, draft.office, draft.minutes
    source.options = dict(draft.options)


def _store_secret(source: ArrivalSource, secret: str) -> None:
    if secret:
        source.sealed_secret = seal_secret(purpose_of(source), secret)
        source.save(update_fields=["sealed_secret"])


def _recorded(source: ArrivalSource) -> dict[str, object]:
    office = source.office.name if source.office else ""
    return {"name": source.name, "options": source.options, "office": office, "minutes": source.minutes}
