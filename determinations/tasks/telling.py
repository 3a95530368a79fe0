"""What leaves the product: alerts, webhooks, e-mail."""

import logging
import time
from smtplib import SMTPException

from celery import shared_task
from django.contrib.auth.models import User
from kombu.exceptions import OperationalError

from determinations.access.mail import send_link
from determinations.api import webhooks
from determinations.browsing import alerts as view_alerts
from determinations.casework import digests
from determinations.models.clock import database_now
from determinations.models.locks import holding_alone
from determinations.operations.failed_steps import VIEWS, WEBHOOKS, note_failed
from determinations.reading import readiness
from determinations.tasks.guards import SECONDS_PER_TURN, memory_may_run_out, send_quietly
from determinations.tasks.steps import Step, run_steps

log = logging.getLogger(__name__)


@shared_task(name="determinations.tasks.announce_changes", ignore_result=True)
@memory_may_run_out
def announce_changes() -> None:
    """Tell users which watched views gained cases, for a while; one such task at a time."""
    with holding_alone("announcing changes") as alone:
        if not alone or not _announce_for_a_turn():
            return
    send_quietly(announce_changes)


def _announce_for_a_turn() -> bool:
    """Look at changes until the time is up; returns whether any are left."""
    until, is_complete = time.monotonic() + SECONDS_PER_TURN, False
    while not is_complete and readiness.schema_is_ours() and time.monotonic() < until:
        is_complete = view_alerts.step(now=database_now()) < view_alerts.STEP
    faults = [(f"looking at watched view {pk}", fault) for pk, fault in view_alerts.failing()]
    note_failed(VIEWS, faults, now=database_now())
    return not is_complete


@shared_task(name="determinations.tasks.send_webhooks", ignore_result=True)
@memory_may_run_out
def send_webhooks() -> None:
    """Tell webhooks which cases changed, for a while; one such task at a time."""
    until = time.monotonic() + SECONDS_PER_TURN
    with holding_alone("sending webhooks") as alone:
        if alone and readiness.schema_is_ours():
            run_steps(WEBHOOKS, (
                Step("queuing changes for webhooks", lambda: webhooks.queue_changes(now=database_now())),
                Step("sending to webhooks", lambda: webhooks.send_due(now=database_now, until=until)),
            ))  # fmt: skip


def send_due_webhooks() -> None:
    """Have a worker tell webhooks what is due. If the broker is down, the sweep will send it later."""
    send_quietly(send_webhooks)


@shared_task(name="determinations.tasks.send_digests", ignore_result=True)
@memory_may_run_out
def send_digests() -> None:
    """Send notifications by e-mail. A mail server that is away is tried again by a later sweep."""
    if readiness.schema_is_ours():
        digests.send_due(now=database_now())


@shared_task(
    name="determinations.tasks.send_password_links",
    ignore_result=True,
    autoretry_for=(OSError, SMTPException),
    retry_backoff=10,
    max_retries=8,
)
def send_password_links(user_ids: list[int], site: str) -> None:
    """Send each of these users a link to choose a password; a mail server that is away is tried again for an hour."""
    for user in User.objects.filter(pk__in=user_ids, is_active=True).exclude(email=""):
        send_link(user, site, at=database_now())


def send_links(user_ids: list[int], site: str) -> bool:
    """Queue the links, for no user too, so that the time it takes tells nothing. False if the broker is down."""
    try:
        send_password_links.delay(user_ids, site)
    except OperationalError as fault:
        log.error("The broker is unavailable (%s); no link was sent.", fault)
        return False
    return True
