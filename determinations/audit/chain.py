"""The chain of hashes: each event's hash covers its canonical form and the hash before it.

Events are written at once and chained within seconds by one sealer at a time (decision 0026). A trigger notes each
event in ``AuditPending``, in the transaction of the event: the sealer sees exactly the committed events that are not
chained, however late they committed.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from determinations.models import AuditAnchor, AuditEvent, AuditLink, AuditPending

#: What the hash of the first event covers in place of an earlier hash.
START = bytes(32)
#: Events chained in one transaction.
BATCH = 2_000
#: An event that is not chained for so long has no sealer that works.
LATE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: position and hash of its last event."""

    position: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.position}:{self.hash.hex()}"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Events that are not chained yet: how many (counted to a limit), and the time of the first."""

    number: int
    since: datetime | None

    def is_late(self, now: datetime) -> bool:
        """Whether they wait longer than a working sealer lets them."""
        return self.since is not None and now - self.since > LATE_AFTER


def canonical_form(event: AuditEvent) -> bytes:
    """The content of an event in one exact form: JSON with sorted keys, times in UTC to the microsecond."""
    content = {
        "id": event.pk,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "by_id": event.by_id,
        "by_name": event.by_name,
        "address": event.address,
        "action": event.action,
        "letter_id": event.letter_id,
        "letter_ids": event.letter_ids,
        "detail": event.detail,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def hash_after(before: bytes, event: AuditEvent) -> bytes:
    """The event's hash, given the hash before it."""
    return hashlib.sha256(before + canonical_form(event)).digest()


def head() -> Head:
    """The end of the chain. Position 0 before the first event."""
    last = AuditLink.objects.order_by("-position").first() or AuditAnchor.objects.order_by("-position").first()
    return Head(last.position, bytes(last.hash)) if last else Head(0, START)


def seal(most: int = BATCH) -> int:
    """Chain waiting events in the order of their IDs; returns how many. 0 too if another sealer is at work."""
    with transaction.atomic():
        if not _alone():
            return 0
        waiting = AuditPending.objects.order_by("event_id").values_list("event_id", flat=True)[:most]
        events = list(AuditEvent.objects.filter(pk__in=list(waiting)).order_by("pk"))
        _chain(events)
        AuditPending.objects.filter(pk__in=[event.pk for event in events]).delete()
    return len(events)


def _chain(events: Sequence[AuditEvent]) -> None:
    end, links = head(), []
    for event in events:
        end = Head(end.position + 1, hash_after(end.hash, event))
        links.append(AuditLink(position=end.position, event_id=event.pk, hash=end.hash))
    AuditLink.objects.bulk_create(links)


def _alone() -> bool:
    """Take the sealer's lock until the transaction ends; False if another one has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('sealing the audit trail', 0))")
        (alone,) = cursor.fetchone()
    return bool(alone)


def waiting(most: int = 10_000) -> Waiting:
    """The events that are not chained yet."""
    ids = list(AuditPending.objects.order_by("event_id").values_list("event_id", flat=True)[:most])
    first = AuditEvent.objects.filter(pk__in=ids[:1]).values_list("at", flat=True).first()
    return Waiting(len(ids), first)
