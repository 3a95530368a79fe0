"""What a worker does for the trail every few seconds: chain new events, and verify the chain part by part.

The state is kept in ``AuditState``; pages show it, and a fault becomes an alert.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime

from determinations.audit.chain import BATCH, Head, Waiting, head, seal, waiting
from determinations.audit.retention import is_due, keep_since, may_retire, retire
from determinations.audit.verification import ChainBroken, start_of_chain, verify_outside, verify_part
from determinations.models import AuditLink, AuditState

log = logging.getLogger(__name__)

#: Seconds of chaining in one turn, if very many events wait.
_SECONDS = 20.0
#: Events verified in one turn: a million in about an hour, without anyone noticing.
VERIFIED_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of the trail as pages and commands show it."""

    head: Head
    waiting: Waiting
    is_late: bool
    state: AuditState


def standing(now: datetime) -> Standing:
    """How the trail stands."""
    events = waiting()
    state, _ = AuditState.objects.get_or_create(pk=1)
    return Standing(head(), events, events.is_late(now), state)


def seal_all() -> int:
    """Chain what waits, for a while; returns how many events."""
    until, sealed = time.monotonic() + _SECONDS, 0
    while time.monotonic() < until:
        last = seal()
        sealed += last
        if last < BATCH:
            break
    return sealed


def verify_next(*, now: datetime, most: int = VERIFIED_AT_ONCE) -> None:
    """Verify the next part of the chain; at its end, begin again. The first fault is kept until it is gone."""
    state, _ = AuditState.objects.get_or_create(pk=1)
    try:
        reached = verify_part(_where(state.verified_to), most=most)
        at_end = reached.position == head().position
        if at_end:
            verify_outside()
    except ChainBroken as broken:
        if state.fault != str(broken):
            log.error("The audit trail is broken: %s", broken)
        AuditState.objects.filter(pk=1).update(fault=str(broken), verified_at=now, verified_to=0)
        return
    changes: dict[str, object] = {"verified_to": 0 if at_end else reached.position, "verified_at": now}
    if at_end:
        changes |= {"fault": "", "whole_verified_at": now}
    AuditState.objects.filter(pk=1).update(**changes)


def retire_due(now: datetime) -> int:
    """Remove a part of the events that are older than the settings keep, where this role may; returns how many."""
    since = keep_since(now)
    if since is None or not is_due(since) or not may_retire():
        return 0
    try:
        return retire(before=since, now=now)
    except ChainBroken as broken:
        log.error("Old events of the audit trail are kept, since it does not verify: %s", broken)
        return 0


def _where(position: int) -> Head:
    """The place in the chain to continue from: with the hash that is stored there, or its beginning."""
    start = start_of_chain()
    if position <= start.position:
        return start
    link = AuditLink.objects.filter(position=position).first()
    if link is None:
        raise ChainBroken(f"Position {position:,} was removed from the chain.")
    return Head(link.position, bytes(link.hash))
