"""Alerts for administrators: bulk viewing, bulk export, a broken chain, a stream that stands still.

One alert per kind, user and day, however often it recurs; on pages, and by e-mail without any case in it.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db.models import BigIntegerField, Count, Max, Q, QuerySet, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from determinations.access.audit import record
from determinations.access.roles import people_with
from determinations.models import AlertKind, AuditAlert, AuditEvent, AuditState

log = logging.getLogger(__name__)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: Events are counted this often.
_EVERY = timedelta(minutes=1)
#: A stream that fails for so long is reported.
_STREAM_FAILS_FOR = timedelta(minutes=15)
#: Events that open one case.
VIEWING = (
    "case.viewed",
    "pages.opened",
    "pages.downloaded",
    "original.downloaded",
    "original.bundled",
    "review.opened",
    "pair.opened",
    "case.printed",
)
EXPORTING = ("list.exported",)


@dataclass(frozen=True, slots=True)
class Excess:
    """A user reached a threshold."""

    kind: AlertKind
    by_id: int
    by_name: str
    hours: int
    number: int
    threshold: int


def watch(*, now: datetime) -> list[AuditAlert]:
    """Count what users did, and add the alerts that are due; returns the new ones. At most once a minute."""
    state, _ = AuditState.objects.get_or_create(pk=1)
    if state.watched_at is not None and timedelta() <= now - state.watched_at < _EVERY:
        return []
    AuditState.objects.filter(pk=1).update(watched_at=now)
    since = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    added = [_add(excess, since, now) for excess in (*_excesses(now), *_of_trail(state, now))]
    return [alert for alert in added if alert is not None]


def _add(excess: Excess, since: datetime, now: datetime) -> AuditAlert | None:
    """The alert if there is none yet for this kind, user and day."""
    alert, is_new = AuditAlert.objects.get_or_create(
        kind=excess.kind, by_id=excess.by_id, since=since,
        defaults={
            "by_name": excess.by_name, "at": now, "hours": excess.hours, "number": excess.number,
            "threshold": excess.threshold,
        },
    )  # fmt: skip
    return alert if is_new else None


def _excesses(now: datetime) -> Iterator[Excess]:
    cases = {1: settings.ALERT_CASES_PER_HOUR, 24: settings.ALERT_CASES_PER_DAY}
    rows = {1: settings.ALERT_EXPORTED_PER_HOUR, 24: settings.ALERT_EXPORTED_PER_DAY}
    of_day = AuditEvent.objects.filter(at__gt=now - DAY, at__lte=now, by_id__isnull=False)
    last_hour = Q(at__gt=now - HOUR)
    viewed = of_day.filter(action__in=VIEWING).values("by_id").order_by("by_id").annotate(
        name=Max("by_name"), day=Count("letter_id", distinct=True),
        hour=Count("letter_id", distinct=True, filter=last_hour),
    )  # fmt: skip
    number = Cast(KT("detail__rows"), BigIntegerField())
    exported = of_day.filter(action__in=EXPORTING).values("by_id").order_by("by_id").annotate(
        name=Max("by_name"), day=Sum(number, default=0), hour=Sum(number, filter=last_hour, default=0),
    )  # fmt: skip
    for kind, counted, limits in ((AlertKind.VIEWING, viewed, cases), (AlertKind.EXPORT, exported, rows)):
        for row in counted:
            for hours, reached in ((1, row["hour"]), (24, row["day"])):
                if limits[hours] and reached > limits[hours]:
                    yield Excess(kind, row["by_id"] or 0, row["name"], hours, reached, limits[hours])
                    break


def _of_trail(state: AuditState, now: datetime) -> Iterator[Excess]:
    """What is wrong with the trail itself."""
    if state.fault:
        yield Excess(AlertKind.CHAIN, 0, "", 0, 0, 0)
    if state.stream_fault and (state.streamed_at is None or now - state.streamed_at > _STREAM_FAILS_FOR):
        yield Excess(AlertKind.STREAM, 0, "", 0, 0, 0)


def open_alerts() -> QuerySet[AuditAlert]:
    """Alerts that nobody closed, newest first."""
    return AuditAlert.objects.filter(closed_at=None).order_by("-pk")


def close(alert: AuditAlert, *, by: User, at: datetime) -> None:
    """An administrator has looked into it."""
    if AuditAlert.objects.filter(pk=alert.pk, closed_at=None).update(closed_at=at, closed_by=by.get_username()):
        record("alert.closed", by=by, at=at, kind=alert.kind, person=alert.by_name, pk=alert.pk)


def in_words(alert: AuditAlert) -> str:
    """What happened, in one sentence without any case."""
    period = "an hour" if alert.hours == 1 else "24 hours"
    match alert.kind:
        case AlertKind.VIEWING:
            return f"{alert.by_name} opened {alert.number:,} cases within {period} (alert above {alert.threshold:,})."
        case AlertKind.EXPORT:
            return f"{alert.by_name} exported {alert.number:,} rows within {period} (alert above {alert.threshold:,})."
        case AlertKind.CHAIN:
            return "The audit trail does not verify: an event was changed or removed outside the product."
        case _:
            return "The audit trail is not sent on: its file or server cannot be reached."


def send_mail(*, now: datetime) -> int:
    """Mail alerts of the last day that were not mailed to the administrators; returns how many alerts.

    One message for all of them. If the mail server is away, the next turn tries again.
    """
    if not settings.EMAIL_HOST:
        return 0
    alerts = list(AuditAlert.objects.filter(mailed_at=None, at__gt=now - DAY).order_by("pk"))
    to = sorted(user.email for user in people_with("view_audit_trail") if user.email)
    if not alerts or not to:
        return 0
    context = {
        "sentences": [in_words(alert) for alert in alerts],
        "link": f"{settings.SITE_URL}{reverse('audit_alerts')}",
    }
    message = EmailMessage(
        "imrsite: the audit trail needs a look", render_to_string("audit/mail_alert.txt", context), bcc=to
    )
    try:
        message.send()
    except (OSError, SMTPException) as fault:
        log.warning("Alerts could not be mailed (%s); they are tried again.", type(fault).__name__)
        return 0
    AuditAlert.objects.filter(pk__in=[alert.pk for alert in alerts]).update(mailed_at=now)
    return len(alerts)
