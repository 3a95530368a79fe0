"""Alarms: what keeps failing is told to administrators, on pages and by e-mail, once, and again when it is over."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from redis.exceptions import RedisError

from determinations.models import Alarm
from determinations.models.locks import holding_alone
from determinations.operations.checking.safeguards import WATCHED_KEY
from determinations.operations.checks import CHECKS
from determinations.operations.findings import Check, Finding, Level
from determinations.operations.recipients import alarm_recipients

log = logging.getLogger(__name__)

#: A fault that comes back within this time of its last message is shown on pages, but no new message is sent yet.
QUIET_FOR = timedelta(hours=1)
#: How long what pages show counts without a new look, in seconds.
_SHOWN_FOR = 300
_SHOWN_KEY = "alarms-shown"
_CHECKS: Mapping[str, Check] = {check.code: check for check in CHECKS}
#: Ended alarms are kept for a year.
_KEPT_FOR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class ShownAlarm:
    """An alarm as the frame of every page shows it."""

    code: str
    what: str


def look(findings: Mapping[str, Finding], *, now: datetime) -> bool:
    """Open, raise, end and send alarms by what checks found. False if another process does it at this moment."""
    with holding_alone("alarms") as alone:
        if not alone:
            return False
        _record(findings, now)
        _show(Alarm.objects.filter(resolved_at=None).exclude(raised_at=None))
        _send(now)
        Alarm.objects.filter(resolved_at__lt=now - _KEPT_FOR).delete()
    return True


def shown_alarms() -> list[ShownAlarm]:
    """The alarms in force, for the notice on pages; empty if the cache is unavailable."""
    try:
        return [ShownAlarm(*shown) for shown in cache.get(_SHOWN_KEY, ())]
    except RedisError:
        return []


def label_of(code: str) -> str:
    """What the alarm is about, in words."""
    return _CHECKS[code].label if code in _CHECKS else code


def _record(findings: Mapping[str, Finding], now: datetime) -> None:
    """What cannot be known changes nothing."""
    open_alarms = {alarm.code: alarm for alarm in Alarm.objects.filter(resolved_at=None)}
    for code, finding in findings.items():
        check, alarm = _CHECKS[code], open_alarms.get(code)
        if finding.level is Level.UNKNOWN or check.alarm_after is None:
            continue
        if finding.level is Level.FAILING:
            alarm = alarm or Alarm(code=code, since=now)
            alarm.seen_at, alarm.what, alarm.remedy = now, finding.what[:500], finding.remedy[:500]
            if alarm.raised_at is None and now - alarm.since >= check.alarm_after:
                alarm.raised_at = now
                log.error("Alarm: %s: %s", check.label, finding.what)
            alarm.save()
        elif alarm is not None and alarm.raised_at is None:
            alarm.delete()
        elif alarm is not None:
            alarm.resolved_at = now
            alarm.save()
            log.warning("Alarm over: %s: %s", check.label, finding.what)


def _show(alarms: QuerySet[Alarm]) -> None:
    shown = [[alarm.code, f"{label_of(alarm.code)}: {alarm.what}"] for alarm in alarms.order_by("since")]
    with suppress(RedisError):
        cache.set(_SHOWN_KEY, shown, timeout=_SHOWN_FOR)
        cache.set(WATCHED_KEY, "yes", timeout=_SHOWN_FOR)


def _send(now: datetime) -> None:
    """Send what has not been sent. What cannot be sent now is tried again at the next look."""
    if not settings.EMAIL_HOST or not (to := alarm_recipients()):
        return
    begun = [
        alarm
        for alarm in Alarm.objects.filter(resolved_at=None, mailed_at=None).exclude(raised_at=None)
        if not _was_mailed_lately(alarm, now)
    ]
    if begun and _mailed(begun, to, over=False):
        Alarm.objects.filter(pk__in=[alarm.pk for alarm in begun]).update(mailed_at=now)
    ended = list(Alarm.objects.exclude(resolved_at=None).exclude(mailed_at=None).filter(end_mailed_at=None))
    if ended and _mailed(ended, to, over=True):
        Alarm.objects.filter(pk__in=[alarm.pk for alarm in ended]).update(end_mailed_at=now)


def _was_mailed_lately(alarm: Alarm, now: datetime) -> bool:
    return Alarm.objects.filter(code=alarm.code, mailed_at__gt=now - QUIET_FOR).exists()


def _mailed(alarms: Sequence[Alarm], to: Sequence[str], *, over: bool) -> bool:
    """Send one message about these alarms; returns whether the mail server took it."""
    labels = ", ".join(label_of(alarm.code) for alarm in alarms)
    subject = f"imrsite: {'over: ' if over else ''}{labels}"
    status = f"{settings.SITE_URL}{reverse('status')}" if settings.SITE_URL else ""
    lines = [(label_of(alarm.code), _CHECKS.get(alarm.code), alarm) for alarm in alarms]
    text = render_to_string("operations/mail_alarm.txt", {"alarms": lines, "over": over, "status": status})
    return send_message(subject[:200], text, to)


def send_message(subject: str, text: str, to: Sequence[str]) -> bool:
    """Send a message; a fault is logged, and False returned."""
    try:
        EmailMessage(subject, text, to=to).send()
    except (OSError, SMTPException) as fault:
        log.error("An alarm could not be sent by e-mail (%s); it is tried again.", type(fault).__name__)
        return False
    return True
