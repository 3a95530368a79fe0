"""The archive: cases that daily lists leave out, by a user or by the rule of the review settings; undone at any time.

Archived cases are found by filters and searches, and count in statistics; the filter *Archived* leaves them out. A
case under a legal hold or with an open duty is not archived.
"""

import logging
from datetime import datetime

from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from redis.exceptions import RedisError

from determinations.access import audit
from determinations.access.roles import check_permission
from determinations.access.scope import EVERYTHING, within
from determinations.models import ArchivedCase, Case, Duty, DutyState, Letter, ReviewSettings
from determinations.retention.holds import held_letters, refuse_held

log = logging.getLogger(__name__)

#: Cases that the rule archives in one turn.
MOST_BY_RULE = 1_000
_EVERY_SECONDS = 6 * 60 * 60
_KEY, _RAN_KEY = "any-archived", "archive-rule-ran"


class ArchiveRefused(Exception):
    """Nothing was archived. The message says why."""


def archive_case(letter_id: int, *, reason: str, by: User, now: datetime) -> None:
    """Archive a case. Raises ``OnHold``, or ``ArchiveRefused`` if something of it is still to do."""
    check_permission(by, "archive_cases")
    with transaction.atomic():
        letter = Letter.objects.select_for_update(no_key=True).get(pk=letter_id)
        refuse_held([letter.pk])
        if Duty.objects.filter(letter=letter, state=DutyState.OPEN).exists():
            raise ArchiveRefused("The case has an open duty. Close it on the worklist first.")
        with within(EVERYTHING):  # views of offices show names, and take none
            ArchivedCase.objects.update_or_create(
                letter=letter,
                defaults={
                    "at": now, "by_name": by.get_username(), "reason": reason.strip()[:500], "restored_at": None
                },
            )  # fmt: skip
        audit.record("case.archived", by=by, at=now, letter_id=letter_id)
        transaction.on_commit(note_archived)


def restore_case(letter_id: int, *, by: User, now: datetime) -> None:
    """Bring a case back to the daily lists."""
    check_permission(by, "archive_cases")
    with transaction.atomic():
        if ArchivedCase.objects.filter(pk=letter_id, restored_at=None).update(restored_at=now):
            audit.record("case.restored", by=by, at=now, letter_id=letter_id)
            transaction.on_commit(note_archived)


def rule_is_due() -> bool:
    """Whether the rule has not run for hours; the caller runs it then."""
    try:
        return bool(ReviewSettings.now().archive_after_years) and cache.add(_RAN_KEY, 1, timeout=_EVERY_SECONDS)
    except RedisError:
        return False


def archive_by_rule(*, now: datetime) -> int:
    """Archive cases that were decided longer ago than the settings say, up to a thousand; returns how many.

    Cases that a user brought back stay on the lists.
    """
    years = ReviewSettings.now().archive_after_years
    if not years:
        return 0
    with transaction.atomic():
        ids = list(_old_cases(now, years).values_list("pk", flat=True)[:MOST_BY_RULE])
        kept = set(Letter.objects.select_for_update(no_key=True).filter(pk__in=ids).values_list("pk", flat=True))
        rows = [ArchivedCase(letter_id=pk, at=now) for pk in sorted(kept - held_letters())]
        ArchivedCase.objects.bulk_create(rows, ignore_conflicts=True)
        if rows:
            audit.record("cases.archived", by=None, at=now, number=len(rows), years=years)
            transaction.on_commit(note_archived)
    return len(rows)


def _old_cases(now: datetime, years: int) -> QuerySet[Case]:
    """Cases that count, were decided before the day so many years ago, and have nothing that keeps them."""
    try:
        day = now.date().replace(year=now.year - years)
    except ValueError:  # February 29
        day = now.date().replace(year=now.year - years, day=28)
    open_duty = Duty.objects.filter(letter=OuterRef("pk"), state=DutyState.OPEN)
    known = ArchivedCase.objects.filter(letter=OuterRef("pk"))
    cases = Case.objects.current().filter(decision_date__lt=day).exclude(pk__in=held_letters())
    return cases.exclude(Exists(open_duty)).exclude(Exists(known)).order_by("pk")


def note_archived() -> None:
    """Note for all pages whether any case is archived."""
    try:
        cache.set(_KEY, ArchivedCase.objects.filter(restored_at=None).exists(), timeout=None)
    except RedisError:
        log.warning("The cache is unavailable: links to lists show archived cases too.")


def any_archived() -> bool:
    """Whether any case is archived, as noted last."""
    try:
        return bool(cache.get(_KEY, False))
    except RedisError:
        return False
