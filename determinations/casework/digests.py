"""Notifications by e-mail, once a day or at once: how many there are of each kind, and a link. No case, no name.

E-mail leaves the office's systems, so a message says nothing that a stranger may not read. Workers send it; a mail
server that is away is tried again for some hours, and nothing waits for it.
"""

import logging
from collections import Counter
from datetime import datetime, time, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from determinations.access.roles import scope_of
from determinations.access.scope import within
from determinations.casework.notifications import unread_of
from determinations.models import MailChoice, MailPreference, Notification, Told
from determinations.wording.figures import counted

log = logging.getLogger(__name__)

#: When daily messages are sent.
MORNING = time(7, 0)
#: A message that is to be sent at once waits this long for others.
GATHERED_FOR = timedelta(minutes=1)
#: A worker that sends a message and does not end is given up after this.
_SENDING = timedelta(minutes=5)
#: After so many failures in a row the notifications are no longer mailed; they stay in the product.
MOST_FAILURES = 10
#: Messages that one turn sends.
_AT_ONCE = 20
_WORDS = {
    Told.ASSIGNED: ("assignment", "assignments"),
    Told.MENTIONED: ("mention", "mentions"),
    Told.CHANGED: ("change of cases that you watch", "changes of cases that you watch"),
    Told.GAINED: ("watched view with new cases", "watched views with new cases"),
    Told.REPORT: ("scheduled report that is ready", "scheduled reports that are ready"),
    Told.NO_REPORT: ("scheduled report that could not be made", "scheduled reports that could not be made"),
}


def due(now: datetime) -> QuerySet[MailPreference]:
    """The users to whom a message is to be sent now."""
    unmailed = Notification.objects.filter(user=OuterRef("user"), read_at=None, mailed_at=None)
    morning = timezone.make_aware(datetime.combine(timezone.localdate(now), MORNING))
    wanted = Q(Exists(unmailed.filter(at__lte=now - GATHERED_FOR)), choice=MailChoice.AT_ONCE)
    if now >= morning:
        wanted |= Q(Q(sent_at=None) | Q(sent_at__lt=morning), Exists(unmailed), choice=MailChoice.DAILY)
    free = Q(next_try_at=None) | Q(next_try_at__lte=now)
    return MailPreference.objects.filter(wanted, free, user__is_active=True).exclude(user__email="")


def send_due(*, now: datetime) -> int:
    """Send what is due, up to some messages; returns how many were sent. Safe to run twice at a time."""
    sent = 0
    for preference in due(now).select_related("user")[:_AT_ONCE]:
        claimed = due(now).filter(pk=preference.pk).update(next_try_at=now + _SENDING)
        if claimed:
            sent += _send(preference, now)
    return sent


def _send(preference: MailPreference, now: datetime) -> bool:
    unmailed = Notification.objects.filter(user=preference.user, mailed_at=None)
    newest = unmailed.order_by("-pk").values_list("pk", flat=True).first() or 0
    seen = unread_of(preference.user).filter(mailed_at=None, pk__lte=newest)
    with within(scope_of(preference.user)):
        numbers = Counter(seen.values_list("kind", flat=True))
    mine = MailPreference.objects.filter(pk=preference.pk)
    try:
        if numbers:
            _message(preference, numbers).send()
    except (OSError, SMTPException, ValueError) as fault:  # the last: of an address that no message can have
        failures = preference.failures + 1
        log.warning("A digest could not be sent (%s), for the %d. time.", type(fault).__name__, failures)
        mine.update(failures=failures, next_try_at=now + timedelta(minutes=min(2**failures, 60)))
        if failures < MOST_FAILURES:
            return False
    unmailed.filter(pk__lte=newest).update(mailed_at=now)
    mine.update(sent_at=now, failures=0, next_try_at=None)
    return bool(numbers)


def _message(preference: MailPreference, numbers: Counter[str]) -> EmailMessage:
    total = sum(numbers.values())
    words = [counted(numbers[kind], one, many) for kind, (one, many) in _WORDS.items() if numbers[kind]]
    site = settings.SITE_URL or preference.site
    context = {"words": words, "link": f"{site}{reverse('notifications')}", "total": total}
    subject = f"{counted(total, 'new notification')} in imrsite"
    return EmailMessage(subject, render_to_string("casework/mail_digest.txt", context), to=[preference.user.email])
