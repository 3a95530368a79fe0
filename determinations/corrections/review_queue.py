"""The review queue: which letters need review, in which order, and who they are assigned to."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Literal

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F, IntegerField, Q, QuerySet

from determinations.access import audit
from determinations.access.roles import check_permission
from determinations.cases.holding import Held, holding
from determinations.cases.review_entries import REASONS, note_report
from determinations.models import ProblemReport, ReviewEntry
from determinations.models.browsing import ReportState
from determinations.paging.sql import beyond

#: How many of the most urgent entries the counts by reason cover.
COUNTED = 50_000

Scope = Literal["", "snoozed", "unassigned"]


def queue(
    *, now: datetime, reason: str = "", assigned_to: int | None = None, scope: Scope = ""
) -> QuerySet[ReviewEntry]:
    """Entries that are not snoozed, or with ``scope`` only snoozed or only unassigned ones."""
    snoozed = Q(snoozed_until__gt=now, snoozed_until__isnull=False)
    entries = ReviewEntry.objects.filter(snoozed) if scope == "snoozed" else ReviewEntry.objects.exclude(snoozed)
    if reason:
        entries = entries.filter(reasons__contains=[reason])
    if assigned_to is not None:
        entries = entries.filter(assigned_to=assigned_to)
    if scope == "unassigned":
        entries = entries.filter(assigned_to=None)
    return entries


def counts_by_reason(*, now: datetime, most: int = COUNTED) -> dict[str, int]:
    """How many entries have each reason, among the ``most`` most urgent ones."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT code, count(*) FROM (
                SELECT reasons FROM determinations_reviewentry
                WHERE snoozed_until IS NULL OR snoozed_until <= %s ORDER BY urgency DESC, letter_id DESC LIMIT %s
            ) AS entry, unnest(reasons) AS code GROUP BY code
            """,
            [now, most],
        )
        counts: dict[str, int] = dict(cursor.fetchall())
    return {code: counts[code] for code in [*REASONS, *sorted(counts.keys() - REASONS.keys())] if code in counts}


def neighbors(entries: QuerySet[ReviewEntry], *, urgency: int, letter_id: int) -> tuple[int | None, int | None]:
    """The letters before and after this place in the queue, whether or not the letter itself is still in it."""
    column, key = F("urgency"), F("letter_id")
    field = IntegerField()
    before = entries.filter(beyond(column, key, urgency, letter_id, field=field, falling=False))
    after = entries.filter(beyond(column, key, urgency, letter_id, field=field, falling=True))
    return (
        before.order_by("urgency", "letter_id").values_list("letter_id", flat=True).first(),
        after.order_by("-urgency", "-letter_id").values_list("letter_id", flat=True).first(),
    )


def assign(letter_id: int, user: User | None, *, by: User, now: datetime) -> None:
    """Assign the letter to a user, or unassign it."""
    check_permission(by, "correct_cases")
    ReviewEntry.objects.filter(pk=letter_id).update(assigned_to=user.pk if user else None)
    audit.record("review.assigned", by=by, at=now, letter_id=letter_id, to=user.pk if user else None)


def snooze(letter_id: int, *, days: int, by: User, now: datetime) -> None:
    """Hide the letter from the queue for some days; 0 days ends the snooze."""
    check_permission(by, "correct_cases")
    until = now + timedelta(days=days) if days else None
    ReviewEntry.objects.filter(pk=letter_id).update(snoozed_until=until)
    audit.record("review.snoozed", by=by, at=now, letter_id=letter_id, days=days)


#: The user and the end of the snooze that entries had before a change, by letter.
_Entry = tuple[int | None, datetime | None]
#: What entries had before and after a change; the release before stored only the former.
Changes = Mapping[int, tuple[_Entry, _Entry | None]]


def assign_all(letter_ids: Collection[int], user: User | None, *, by: User, now: datetime) -> Changes:
    """Assign the letters of a list to a user, or unassign them; returns those that changed."""
    to = user.pk if user else None
    with transaction.atomic():
        changes = _change_all(letter_ids, lambda entry: setattr(entry, "assigned_to_id", to), by=by)
        audit.record_each("review.assigned", changes, by=by, at=now, to=to)
    return changes


def snooze_all(letter_ids: Collection[int], *, days: int, by: User, now: datetime) -> Changes:
    """Snooze the letters of a list for some days; 0 days ends the snooze. Returns those that changed."""
    until = now + timedelta(days=days) if days else None
    with transaction.atomic():
        changes = _change_all(letter_ids, lambda entry: setattr(entry, "snoozed_until", until), by=by)
        audit.record_each("review.snoozed", changes, by=by, at=now, days=days)
    return changes


def restore_all(changes: Changes, *, by: User, now: datetime) -> int:
    """Give entries back what they had; returns of how many letters that are still in the queue.

    What others changed since stays.
    """

    def restore(entry: ReviewEntry) -> None:
        (user, until), after = changes[entry.letter_id]
        if after is None or (user != after[0] == entry.assigned_to_id):
            entry.assigned_to_id = user
        if after is None or (until != after[1] == entry.snoozed_until):
            entry.snoozed_until = until

    with transaction.atomic():
        changed = _change_all(changes, restore, by=by)
        audit.record_each("review.change_undone", changed, by=by, at=now)
    return len(changed)


def _change_all(letter_ids: Collection[int], change: Callable[[ReviewEntry], None], *, by: User) -> Changes:
    check_permission(by, "correct_cases")
    changes: dict[int, tuple[_Entry, _Entry]] = {}
    entries = ReviewEntry.objects.filter(pk__in=list(letter_ids)).select_for_update().order_by("pk")
    with transaction.atomic():
        changed = []
        for entry in entries:
            had = (entry.assigned_to_id, entry.snoozed_until)
            change(entry)
            if had != (has := (entry.assigned_to_id, entry.snoozed_until)):
                changes[entry.letter_id] = (had, has)
                changed.append(entry)
        ReviewEntry.objects.bulk_update(changed, ["assigned_to", "snoozed_until"])
    return changes


def open_reports(letter_id: int) -> QuerySet[ProblemReport]:
    """The open problem reports of a letter and of its copies, which are answered where the letter is corrected."""
    of_copies = Q(letter__case__superseded_by=letter_id, letter__case__is_copy=True)
    return ProblemReport.objects.filter(Q(letter=letter_id) | of_copies, state=ReportState.OPEN)


def answer_report(report_id: int, state: str, *, answer: str, by: User, now: datetime) -> None:
    """Accept or decline a user's problem report, with a reply."""
    check_permission(by, "correct_cases")

    def save(held: Held) -> None:
        letter_id = ProblemReport.objects.values_list("letter_id", flat=True).get(pk=report_id)
        held.require(letters=[letter_id])  # a report moves to another copy when its letter is removed
        ProblemReport.objects.filter(pk=report_id).update(
            state=state, answer=answer[:2000], answered_by=by.pk, answered_at=now
        )
        note_report(letter_id)
        audit.record("report.answered", by=by, at=now, letter_id=letter_id, report=report_id, state=state)

    holding((), save)
