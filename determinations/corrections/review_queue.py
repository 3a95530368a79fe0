"""The review queue: which letters need review, in which order, and who works on them."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Q, QuerySet

from determinations.access import audit
from determinations.access.roles import check_permission
from determinations.cases.review_entries import REASONS, note_report
from determinations.models import ProblemReport, ReviewEntry

#: Entries of the queue that counts by reason look at, the most urgent first.
_COUNTED = 50_000


def queue(*, now: datetime, reason: str = "", person: int | None = None, rest: str = "") -> QuerySet[ReviewEntry]:
    """Entries to work on. ``person``: theirs only. ``rest``: ``snoozed`` those that rest, ``free``: nobody's."""
    entries = ReviewEntry.objects.all()
    resting = Q(snoozed_until__gt=now)
    entries = (
        entries.filter(resting) if rest == "snoozed" else entries.exclude(resting & Q(snoozed_until__isnull=False))
    )
    if reason:
        entries = entries.filter(reasons__contains=[reason])
    if person is not None:
        entries = entries.filter(assigned_to=person)
    if rest == "free":
        entries = entries.filter(assigned_to=None)
    return entries


def counts_by_reason(*, now: datetime) -> dict[str, int]:
    """How many entries have each reason, among the most urgent ``_COUNTED``."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT code, count(*) FROM (
                SELECT reasons FROM determinations_reviewentry
                WHERE snoozed_until IS NULL OR snoozed_until <= %s ORDER BY urgency DESC, letter_id DESC LIMIT %s
            ) AS entry, unnest(reasons) AS code GROUP BY code
            """,
            [now, _COUNTED],
        )
        counted = dict(cursor.fetchall())
    return {code: counted[code] for code in [*REASONS, *sorted(counted.keys() - REASONS.keys())] if code in counted}


def neighbours(entries: QuerySet[ReviewEntry], *, urgency: int, letter_id: int) -> tuple[int | None, int | None]:
    """The letters before and after this place of the queue, whether or not the letter itself is still in it."""
    before = entries.extra(where=["(urgency, letter_id) > (%s, %s)"], params=[urgency, letter_id])
    after = entries.extra(where=["(urgency, letter_id) < (%s, %s)"], params=[urgency, letter_id])
    return (
        before.order_by("urgency", "letter_id").values_list("letter_id", flat=True).first(),
        after.order_by("-urgency", "-letter_id").values_list("letter_id", flat=True).first(),
    )


def assign(letter_id: int, person: User | None, *, by: User, now: datetime) -> None:
    """Give the letter to a person, or to nobody."""
    check_permission(by, "correct_cases")
    ReviewEntry.objects.filter(pk=letter_id).update(assigned_to=person.pk if person else None)
    audit.record("review.assigned", by=by, at=now, letter_id=letter_id, to=person.pk if person else None)


def snooze(letter_id: int, *, days: int, by: User, now: datetime) -> None:
    """Let the letter rest; 0 days wakes it."""
    check_permission(by, "correct_cases")
    until = now + timedelta(days=days) if days else None
    ReviewEntry.objects.filter(pk=letter_id).update(snoozed_until=until)
    audit.record("review.snoozed", by=by, at=now, letter_id=letter_id, days=days)


def answer_report(report_id: int, state: str, *, answer: str, by: User, now: datetime) -> None:
    """Answer a reader's report: accepted or declined, with words for the reader."""
    check_permission(by, "correct_cases")
    report = ProblemReport.objects.select_for_update().get(pk=report_id)
    report.state, report.answer, report.answered_by_id, report.answered_at = state, answer[:2000], by.pk, now
    report.save(update_fields=["state", "answer", "answered_by", "answered_at"])
    note_report(report.letter_id)
    audit.record("report.answered", by=by, at=now, letter_id=report.letter_id, report=report.pk, state=state)
