"""Verification of the chain: the first event that was changed, removed or slipped in, and a tail that is missing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.core.signing import BadSignature, Signer
from django.db.models import Exists, OuterRef

from determinations.audit.chain import START, Head, hash_after
from determinations.models import AuditAnchor, AuditEvent, AuditLink, AuditPending

_BATCH = 2_000


class ChainBroken(Exception):
    """The trail is not what it was; the message says where and how."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was compared: events up to a head, and events that wait for the chain."""

    events: int
    head: Head


def signature_of(anchor: AuditAnchor) -> str:
    """The signature of an anchor's content by ``SECRET_KEY``."""
    return _signer().signature(_content(anchor))


def _content(anchor: AuditAnchor) -> str:
    times = (anchor.oldest, anchor.newest, anchor.removed_at)
    stamps = "|".join(str(int(time.timestamp() * 1_000_000)) for time in times)
    return f"{anchor.position}|{bytes(anchor.hash).hex()}|{anchor.rows}|{stamps}"


def _signer() -> Signer:
    """Earlier keys (``SECRET_KEY_FALLBACKS``) still verify."""
    return Signer(salt="determinations.audit.anchor")


def start_of_chain() -> Head:
    """Where the remaining chain begins: its last anchor. Raises ``ChainBroken`` if an anchor is not ours."""
    anchors = list(AuditAnchor.objects.order_by("position"))
    for anchor in anchors:
        try:
            _signer().unsign(f"{_content(anchor)}:{anchor.signature}")
        except BadSignature:
            raise ChainBroken(
                f"The anchor at position {anchor.position:,} was not signed with this installation's SECRET_KEY "
                "(or a key of SECRET_KEY_FALLBACKS)."
            ) from None
    return Head(anchors[-1].position, bytes(anchors[-1].hash)) if anchors else Head(0, START)


def verify_chain(*, heads: Iterable[Head] = (), progress: Callable[[int], None] | None = None) -> Verified:
    """Verify everything: anchors, the whole chain, events outside it, and heads that were exported earlier.

    Raises ``ChainBroken`` with the first fault.
    """
    at = start = start_of_chain()
    expected = {exported.position: exported.hash for exported in heads}
    for position, known in expected.items():
        if position == start.position and known != start.hash:
            raise ChainBroken(f"The anchor at position {position:,} has another hash than the exported head.")
    while (reached := verify_part(at, most=_BATCH, heads=expected)).position > at.position:
        at = reached
        if progress is not None:
            progress(at.position)
    _verify_end(at, expected)
    verify_outside()
    return Verified(at.position - start.position, at)


def _verify_end(end: Head, heads: Mapping[int, bytes]) -> None:
    latest = max(heads, default=0)
    if latest > end.position:
        raise ChainBroken(
            f"The chain ends at position {end.position:,}, but the exported head is at {latest:,}: "
            f"the last {latest - end.position:,} events are missing."
        )


def verify_part(start: Head, *, most: int, heads: Mapping[int, bytes] | None = None) -> Head:
    """Verify up to ``most`` events after ``start``; returns where it ended. Raises ``ChainBroken``."""
    links = list(AuditLink.objects.filter(position__gt=start.position).order_by("position")[:most])
    events = AuditEvent.objects.in_bulk([link.event_id for link in links])
    at = start
    for link in links:
        at = verify_link(at, link, events.get(link.event_id))
        if heads and heads.get(link.position, at.hash) != at.hash:
            raise ChainBroken(
                f"Position {link.position:,} (event {link.event_id:,}) has another hash than the exported head: "
                "the chain was written again from there or from an earlier event on."
            )
    return at


def verify_link(before: Head, link: AuditLink, event: AuditEvent | None) -> Head:
    """Verify that a link and its event come next after ``before``; returns its head. Raises ``ChainBroken``."""
    if link.position != before.position + 1:
        last = link.position - 1
        missing = (
            f"position {last:,}" if last == before.position + 1 else f"positions {before.position + 1:,} to {last:,}"
        )
        raise ChainBroken(f"A gap: {missing} missing from the chain.")
    where = f"Event {link.event_id:,} (position {link.position:,})"
    if event is None:
        raise ChainBroken(f"{where} was removed.")
    expected = hash_after(before.hash, event)
    if expected != bytes(link.hash):
        raise ChainBroken(f"{where} was changed, or the link before it was: its hash does not fit its content.")
    return Head(link.position, expected)


def verify_outside() -> None:
    """Every event is chained or waits to be, and what waits exists. Raises ``ChainBroken``.

    One statement sees an event with its link or its waiting row, never between the two.
    """
    linked = AuditLink.objects.filter(event_id=OuterRef("pk"))
    pending = AuditPending.objects.filter(event_id=OuterRef("pk"))
    outside = AuditEvent.objects.filter(~Exists(linked), ~Exists(pending)).order_by("pk")
    if stray := outside.values_list("pk", flat=True).first():
        raise ChainBroken(f"Event {stray:,} is not in the chain, and does not wait for it.")
    there = AuditEvent.objects.filter(pk=OuterRef("event_id"))
    if gone := AuditPending.objects.filter(~Exists(there)).order_by("pk").values_list("pk", flat=True).first():
        raise ChainBroken(f"Event {gone:,} was removed before it was chained.")
