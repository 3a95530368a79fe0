"""Schedules of reports: when they are due, the files that are then owed, and who is told.

The rows decide, so a stop at any moment loses and doubles nothing: what a due time owes, and the next due time, are
stored in one transaction; a worker writes each file as an export, which the sweep sends again if its worker died.
"""

import calendar
import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.contrib.auth.models import User
from django.db import OperationalError, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from determinations.access import audit
from determinations.access.roles import sees_everything
from determinations.access.scope import all_letters
from determinations.browsing.exports import record_of_file
from determinations.casework.notifications import tell
from determinations.models import (
    Export,
    Frequency,
    ReportRecipient,
    ReportRun,
    ReportSchedule,
    SavedReport,
    Told,
)
from determinations.models.browsing import REPORT, ExportState
from determinations.reports.saved import ReportRefused, export_for

log = logging.getLogger(__name__)

#: Schedules of one report, and recipients of one schedule.
MOST_SCHEDULES, MOST_RECIPIENTS = 20, 50
#: Schedules that one sweep starts, and runs whose recipients it tells.
_AT_ONCE = 50
_FAILED = (
    "It could not be made. Open the report and save it again, then make it once by hand; if that fails, tell an "
    "administrator."
)
#: The first day that every month has as its last.
_LAST_DAY = 0


@dataclass(frozen=True, slots=True)
class When:
    """The times at which a report is due: ``weekday`` of weekly ones (0 is Monday), ``day`` of monthly ones (0 is
    the last; a month without the day has its last)."""

    frequency: Frequency
    at: time
    weekday: int = 0
    day: int = _LAST_DAY

    def is_on(self, day: date) -> bool:
        """Whether the report is due on a day."""
        match self.frequency:
            case Frequency.DAILY:
                return True
            case Frequency.WEEKLY:
                return day.weekday() == self.weekday
            case _:
                last = calendar.monthrange(day.year, day.month)[1]
                return day.day == min(self.day or last, last)

    def due_times(self, after: datetime) -> Iterator[datetime]:
        """The due times after a moment, in order.

        A time that the clock skips in spring is an hour later on that day; one that it has twice in autumn is the
        first of them.
        """
        day = timezone.localdate(after) - timedelta(days=1)
        while True:
            if self.is_on(day):
                due = timezone.make_aware(datetime.combine(day, self.at)).astimezone(after.tzinfo)
                if due > after:
                    yield due
            day += timedelta(days=1)

    def after(self, moment: datetime) -> datetime:
        """The first due time after a moment."""
        return next(self.due_times(moment))

    def last_until(self, first: datetime, now: datetime) -> datetime:
        """The last due time until now, of those from ``first`` on."""
        last = first
        for due in self.due_times(first):
            if due > now:
                return last
            last = due
        return last

    def __str__(self) -> str:
        at = f"{self.at:%H:%M}"
        match self.frequency:
            case Frequency.DAILY:
                return f"every day at {at}"
            case Frequency.WEEKLY:
                return f"every {calendar.day_name[self.weekday]} at {at}"
            case _:
                day = f"day {self.day}" if self.day else "the last day"
                return f"on {day} of every month at {at}"


def when_of(schedule: ReportSchedule) -> When:
    """The due times of a stored schedule."""
    return When(Frequency(schedule.frequency), schedule.at, schedule.weekday, schedule.day)


@transaction.atomic
def begin(
    report: SavedReport, when: When, form: str, recipients: Collection[User], *, by: User, now: datetime
) -> ReportSchedule:
    """Store a schedule. Raises ``ReportRefused``, also for what the report has already."""
    SavedReport.objects.select_for_update().get(pk=report.pk)  # of two forms sent at once, one waits for the other
    if report.schedules.count() >= MOST_SCHEDULES:
        raise ReportRefused(f"A report has at most {MOST_SCHEDULES} schedules. Delete one first.")
    if not recipients:
        raise ReportRefused("Choose at least one recipient.")
    if len(recipients) > MOST_RECIPIENTS:
        raise ReportRefused(f"A schedule has at most {MOST_RECIPIENTS} recipients. Add another schedule.")
    wanted = (str(when), form, {user.pk for user in recipients})
    for known in report.schedules.prefetch_related("recipients"):
        if (str(when_of(known)), known.format, {entry.user_id for entry in known.recipients.all()}) == wanted:
            raise ReportRefused("The report has this schedule already, for the same recipients.")
    schedule = ReportSchedule.objects.create(
        report=report, by=by, format=form, frequency=when.frequency, weekday=when.weekday, day=when.day, at=when.at,
        next_at=when.after(now), saved_at=now,
    )  # fmt: skip
    ReportRecipient.objects.bulk_create(ReportRecipient(schedule=schedule, user=user) for user in recipients)
    audit.record(
        "report_schedule.began", by=by, at=now, report=report.pk, schedule=schedule.pk, when=str(when), format=form,
        recipients=sorted(user.pk for user in recipients),
    )  # fmt: skip
    return schedule


def stop(schedule: ReportSchedule, *, by: User, now: datetime) -> None:
    """Make no further files until it starts again."""
    ReportSchedule.objects.filter(pk=schedule.pk).update(next_at=None)
    audit.record("report_schedule.stopped", by=by, at=now, schedule=schedule.pk)


def start_again(schedule: ReportSchedule, *, by: User, now: datetime) -> None:
    """Go on with the next due time; those that passed meanwhile are not made up for."""
    ReportSchedule.objects.filter(pk=schedule.pk, next_at=None).update(next_at=when_of(schedule).after(now))
    audit.record("report_schedule.started", by=by, at=now, schedule=schedule.pk)


def delete(schedule: ReportSchedule, *, by: User, now: datetime) -> None:
    """Delete a schedule with the list of its runs. Files that were made stay until they expire."""
    audit.record("report_schedule.deleted", by=by, at=now, schedule=schedule.pk)
    schedule.delete()


def leave(schedule: ReportSchedule, user: User, *, now: datetime) -> None:
    """Make no further files for one recipient."""
    ReportRecipient.objects.filter(schedule=schedule, user=user).delete()
    audit.record("report_schedule.left", by=user, at=now, schedule=schedule.pk)


def received_by(user: User) -> QuerySet[ReportRecipient]:
    """What schedules make for a user."""
    mine = ReportRecipient.objects.filter(user=user, schedule__next_at__isnull=False)
    return mine.select_related("schedule__report", "schedule__by").order_by("schedule__next_at")[:100]


def manages_all(user: User) -> bool:
    """Whether the user may stop the schedules of others: of those who left, for instance."""
    return user.has_perm("determinations.manage_people") and sees_everything(user)


def running() -> QuerySet[ReportSchedule]:
    """All schedules that make files."""
    schedules = ReportSchedule.objects.filter(next_at__isnull=False).select_related("report", "by")
    return schedules.annotate(files=Count("recipients")).order_by("by__username", "pk")[:200]


def due(now: datetime) -> QuerySet[ReportSchedule]:
    """The schedules that are due."""
    return ReportSchedule.objects.filter(next_at__lte=now)


@all_letters
def start_due(*, now: datetime) -> list[int]:
    """Store what due schedules owe, and their next due times; returns the exports to write.

    Due times that passed while nothing ran are made once, as of the last of them. Safe to run twice at a time. One
    that cannot be made stops no other.
    """
    exports: list[int] = []
    for pk in list(due(now).order_by("next_at").values_list("pk", flat=True)[:_AT_ONCE]):
        try:
            exports += _start(pk, now)
        except OperationalError as fault:
            log.error("Schedule %d could not be started now (%s); it stays due.", pk, type(fault).__name__)
        except Exception as fault:
            log.error("Schedule %d cannot be made (%s).", pk, type(fault).__name__)
            _put_off(pk, str(fault) if isinstance(fault, ReportRefused) else _FAILED, now)
    return exports


@transaction.atomic
def _start(pk: int, now: datetime) -> list[int]:
    schedule = _claimed(pk, now)
    if schedule is None or schedule.next_at is None:
        return []  # another worker has it
    when = when_of(schedule)
    due_at = when.last_until(schedule.next_at, now)
    day, exports = timezone.localdate(due_at), []
    active = schedule.recipients.filter(user__is_active=True)  # nobody reads the files of the others
    for recipient in active.select_related("user").order_by("user"):
        export = export_for(schedule.report, schedule.format, by=recipient.user, now=now, on=day)
        export.save()
        record_of_file("export.requested", export, at=now)
        ReportRun.objects.create(schedule=schedule, user=recipient.user, due_at=due_at, export=export)
        exports.append(export.pk)
    ReportSchedule.objects.filter(pk=pk).update(next_at=when.after(now))
    return exports


def _claimed(pk: int, now: datetime) -> ReportSchedule | None:
    """The schedule, if it is due and no other worker has it."""
    rows = due(now).select_for_update(skip_locked=True, of=("self",)).select_related("report")
    return rows.filter(pk=pk).first()


@transaction.atomic
def _put_off(pk: int, reason: str, now: datetime) -> None:
    """Go on with the next due time of a schedule that cannot be made, and tell its user and recipients why.

    One whose times cannot be read stops.
    """
    schedule = _claimed(pk, now)
    if schedule is None or schedule.next_at is None:
        return
    try:
        next_at = when_of(schedule).after(now)
    except ValueError:
        next_at = None
    told = User.objects.filter(Q(pk=schedule.by_id) | Q(pk__in=schedule.recipients.values("user")), is_active=True)
    for user in told.order_by("pk"):
        export = Export.objects.create(
            by=user, list_name=schedule.report.list_name or REPORT, format=schedule.format, title=schedule.report.name,
            state=ExportState.FAILED, message=reason[:200], requested_at=now, finished_at=now,
        )  # fmt: skip
        ReportRun.objects.create(schedule=schedule, user=user, due_at=schedule.next_at, export=export)
    ReportSchedule.objects.filter(pk=pk).update(next_at=next_at)


def untold() -> QuerySet[ReportRun]:
    """Runs that ended, and whose recipients were not told."""
    return ReportRun.objects.filter(told_at=None, export__state__in=(ExportState.READY, ExportState.FAILED))


@transaction.atomic
def tell_recipients(*, now: datetime) -> int:
    """Tell recipients that their file is ready, or failed; returns how many. Safe to run twice at a time."""
    ended = untold().select_for_update(skip_locked=True, of=("self",)).select_related("export", "schedule__report")
    runs = list(ended.order_by("pk")[:_AT_ONCE])
    for run in runs:
        kind = Told.NO_REPORT if run.has_failed else Told.REPORT
        tell([run.user_id], kind, (), now=now, what=run.schedule.report.name[:60])
    ReportRun.objects.filter(pk__in=[run.pk for run in runs]).update(told_at=now)
    return len(runs)


def is_scheduled(export: Export) -> bool:
    """Whether a schedule made the export."""
    return ReportRun.objects.filter(export=export).exists()
