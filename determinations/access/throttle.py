"""Limits on failed sign-ins: by name at an address, by name, by address and overall, with delays that grow and end.

Nothing is ever locked. After some free failures each further one doubles the wait until the next attempt counts, up to
a few minutes; failures fade with time. An attempt during the wait is not checked at all. A browser that the user has
signed in with before (``devices``) has limits of its own, so that strangers who guess a name, or flood the site, never
keep its user out.

An attempt is counted as a failure before the password is checked, and taken back if it was right: any number of
parallel attempts then gets no more tries than one after the other.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from determinations.models import LimitKind, SignInLimit


@dataclass(frozen=True, slots=True)
class Rule:
    """Failures that cost nothing, the longest wait, and how long one failure takes to fade."""

    free: int
    longest: timedelta
    fades_in: timedelta
    first: timedelta = timedelta(seconds=5)

    def wait_after(self, failures: float) -> timedelta | None:
        """The wait after this many failures; None while they are free."""
        beyond = round(failures) - self.free
        if beyond < 0:
            return None
        return min(self.longest, self.first * 2 ** min(beyond, 20))


@dataclass(frozen=True, slots=True)
class Limit:
    """What an attempt is counted by."""

    kind: LimitKind
    key: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that counts: its limits, already charged, and the wait if it fails."""

    limits: tuple[Limit, ...]
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wait:
    """No attempt counts before this time."""

    until: datetime


def rule_of(kind: LimitKind) -> Rule:
    """The rule for a kind of limit; ``LOGIN_ATTEMPTS`` sets the free failures of a name at one address."""
    free: int = settings.SIGN_IN_ATTEMPTS
    match kind:
        case LimitKind.PAIR | LimitKind.DEVICE:
            return Rule(free, timedelta(minutes=15), timedelta(minutes=15))
        case LimitKind.NAME:
            return Rule(free * 5, timedelta(minutes=15), timedelta(minutes=5))
        case LimitKind.CODE:
            return Rule(min(free, 5), timedelta(minutes=15), timedelta(minutes=15))
        case LimitKind.LINK:
            return Rule(5, timedelta(hours=1), timedelta(minutes=10), first=timedelta(minutes=10))
        case LimitKind.ADDRESS:
            return Rule(free * 5, timedelta(minutes=15), timedelta(minutes=2))
        case LimitKind.OVERALL:
            return Rule(free * 50, timedelta(minutes=1), timedelta(seconds=5))


def limit(kind: LimitKind, value: object, *, owner: str = "") -> Limit:
    """The limit for a name, address or user; ``owner`` is the user name that it belongs to, if any.

    Keys are keyed digests: the table shows no name that was typed.
    """
    return Limit(kind, _digest(f"{kind}:{value}"), _digest(f"owner:{owner}") if owner else "")


def _digest(text: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(errors="replace"), "sha256").hexdigest()


def begin(limits: Sequence[Limit], *, now: datetime) -> Attempt | Wait:
    """Charge an attempt to its limits, or return how long to wait if one of them does not allow it now."""
    if until := _waits_until(limits, now):  # before a row is made, so that refused attempts leave none
        return Wait(until)
    ordered = sorted(limits, key=lambda entry: entry.key)  # concurrent attempts lock rows in one order
    with transaction.atomic():
        SignInLimit.objects.bulk_create(
            [SignInLimit(key=entry.key, kind=entry.kind, owner=entry.owner, counted_at=now) for entry in ordered],
            ignore_conflicts=True,
        )
        rows = list(
            SignInLimit.objects.select_for_update().filter(key__in=[entry.key for entry in ordered]).order_by("key")
        )
        if waits := [row.next_attempt_at for row in rows if row.next_attempt_at and row.next_attempt_at > now]:
            return Wait(max(waits))
        for row in rows:
            _charge(row, now)
        SignInLimit.objects.bulk_update(rows, ["failures", "counted_at", "next_attempt_at"])
    return Attempt(tuple(ordered), max((row.next_attempt_at for row in rows if row.next_attempt_at), default=None))


def _waits_until(limits: Sequence[Limit], now: datetime) -> datetime | None:
    rows = SignInLimit.objects.filter(key__in=[entry.key for entry in limits], next_attempt_at__gt=now)
    until: datetime | None = rows.aggregate(Max("next_attempt_at"))["next_attempt_at__max"]
    return until


def _charge(row: SignInLimit, now: datetime) -> None:
    rule = rule_of(LimitKind(row.kind))
    faded = max(0.0, (now - row.counted_at) / rule.fades_in)
    row.failures = max(0.0, row.failures - faded) + 1
    row.counted_at = now
    wait = rule.wait_after(row.failures)
    row.next_attempt_at = now + wait if wait else None


def succeeded(attempt: Attempt) -> None:
    """Take back the charge of a correct attempt, and forget the failures of its name or device."""
    own = [entry.key for entry in attempt.limits if entry.kind in _OF_ONE_USER]
    SignInLimit.objects.filter(key__in=own).delete()
    with transaction.atomic():
        shared = [entry.key for entry in attempt.limits if entry.kind not in _OF_ONE_USER]
        rows = list(SignInLimit.objects.select_for_update().filter(key__in=shared).order_by("key"))
        for row in rows:
            row.failures, row.next_attempt_at = max(0.0, row.failures - 1), None
        SignInLimit.objects.bulk_update(rows, ["failures", "next_attempt_at"])


_OF_ONE_USER = (LimitKind.PAIR, LimitKind.NAME, LimitKind.DEVICE, LimitKind.CODE)


def forget(username: str) -> int:
    """Forget all failures of a user name, as after a password reset; returns how many limits had any."""
    return SignInLimit.objects.filter(owner=_digest(f"owner:{username}")).delete()[0]


def delete_faded(*, now: datetime) -> int:
    """Delete limits whose failures have all faded; returns how many."""
    return SignInLimit.objects.filter(counted_at__lt=now - timedelta(days=1)).delete()[0]
