"""Retention: removes the oldest events once they are older than ``AUDIT_KEEP_YEARS``, and leaves a signed anchor.

Only a beginning of the chain is removed, after it was verified, and only by the owner of the tables (decision 0026).
The remaining chain begins at the anchor. The events of a case under a legal hold stay, and with them all later ones.
"""

from collections.abc import Sequence, Set
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from determinations.access.audit import record
from determinations.audit.chain import Head
from determinations.audit.verification import signature_of, start_of_chain, verify_link
from determinations.models import AuditAnchor, AuditEvent, AuditLink, AuditState
from determinations.retention.holds import held_letters

#: Events removed in one transaction.
BATCH = 5_000


def keep_since(now: datetime) -> datetime | None:
    """Events before this time may be removed; None to keep everything."""
    if not settings.AUDIT_KEEP_YEARS:
        return None
    year = now.year - settings.AUDIT_KEEP_YEARS
    try:
        return now.replace(year=year)
    except ValueError:  # February 29
        return now.replace(year=year, day=28)


def may_retire() -> bool:
    """Whether this database role owns the trail, as the one that migrates does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_has_role(current_user, relowner, 'USAGE') FROM pg_class"
            " WHERE oid = 'determinations_auditevent'::regclass"
        )
        (owns,) = cursor.fetchone()
    return bool(owns)


def is_due(before: datetime) -> bool:
    """Whether the oldest event in the chain is older, and not held."""
    event = _oldest()
    return event is not None and event.at < before and not _concerns(event, held_letters())


def held_from() -> datetime | None:
    """The time of the oldest event, if a legal hold keeps it from being removed."""
    event = _oldest()
    return event.at if event is not None and _concerns(event, held_letters()) else None


def _oldest() -> AuditEvent | None:
    first = AuditLink.objects.order_by("position").values_list("event_id", flat=True).first()
    return None if first is None else AuditEvent.objects.filter(pk=first).first()


def _concerns(event: AuditEvent, letter_ids: Set[int]) -> bool:
    return event.letter_id in letter_ids or not letter_ids.isdisjoint(event.letter_ids or ())


def retire(*, before: datetime, now: datetime, most: int = BATCH) -> int:
    """Remove up to ``most`` of the oldest events, as long as they are older; returns how many.

    Events that are not sent on yet, where they are to be, are kept, and so are those from the first event of a case
    under a legal hold. Raises ``ChainBroken``: what does not verify is
    evidence, and stays.
    """
    with transaction.atomic():
        start = start_of_chain()
        links = AuditLink.objects.filter(position__gt=start.position, position__lte=_most_position())
        end, ids, times = _verified_prefix(start, list(links.order_by("position")[:most]), before)
        if not ids:
            return 0
        _leave_anchor(end, times, now)
        record(
            "audit.retired", by=None, at=now, events=len(ids), to_position=end.position,
            oldest=min(times).isoformat(), newest=max(times).isoformat(),
        )  # fmt: skip
        _delete(ids, end.position)
    return len(ids)


def _most_position() -> int:
    if not settings.AUDIT_STREAM:
        return 2**63 - 1
    return AuditState.objects.values_list("streamed_to", flat=True).first() or 0


def _verified_prefix(
    start: Head, links: Sequence[AuditLink], before: datetime
) -> tuple[Head, list[int], list[datetime]]:
    events = AuditEvent.objects.in_bulk([link.event_id for link in links])
    held = held_letters()
    end, ids, times = start, list[int](), list[datetime]()
    for link in links:
        event = events.get(link.event_id)
        if event is not None and (event.at >= before or _concerns(event, held)):
            break
        end = verify_link(end, link, event)
        assert event is not None  # or it would not verify
        ids.append(event.pk)
        times.append(event.at)
    return end, ids, times


def _leave_anchor(end: Head, times: Sequence[datetime], now: datetime) -> None:
    anchor = AuditAnchor(
        position=end.position, hash=end.hash, rows=len(times), oldest=min(times), newest=max(times), removed_at=now
    )
    anchor.signature = signature_of(anchor)
    anchor.save(force_insert=True)


def _delete(ids: Sequence[int], position: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('imrsite.audit_retention', 'yes', true)")
        cursor.execute("DELETE FROM determinations_auditevent WHERE id = ANY(%s)", [list(ids)])
        cursor.execute("DELETE FROM determinations_auditlink WHERE position <= %s", [position])
        cursor.execute("SELECT set_config('imrsite.audit_retention', 'no', true)")
