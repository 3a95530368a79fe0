"""Notifications by e-mail: at once or daily, and a mail server that refuses."""

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from determinations import tasks
from determinations.casework import digests, notes, work
from determinations.models import (
    MailPreference,
    Notification,
)
from tests.casework.conftest import Store, told
from tests.fixtures.people import People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


class Inbox:
    """A mail server that keeps what it gets, or refuses it."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.refuses = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuses:
            return "451 Try again later"
        self.messages.append(envelope.content.decode())
        return "250 OK"


@pytest.fixture
def inbox(settings: Any) -> Iterator[Inbox]:
    """A real SMTP server."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with socket.create_server(("127.0.0.1", 0)) as free:
        settings.EMAIL_HOST, settings.EMAIL_PORT = free.getsockname()
    handler = Inbox()
    controller = Controller(handler, hostname=settings.EMAIL_HOST, port=settings.EMAIL_PORT)
    controller.start()
    yield handler
    controller.stop()


def prefer(client: Client, person: Any, choice: str) -> None:
    person.email = f"{person.username}@example.org"
    person.save()
    client.post("/notifications/mail/", {"choice": choice})


def test_e_mail_at_once_gathers_a_minute_and_names_no_case(
    as_casemanager: Client, people: People, store: Store, inbox: Inbox, now: datetime
) -> None:
    assert (
        "no e-mail address"
        in as_casemanager.post("/notifications/mail/", {"choice": "daily"}, follow=True).content.decode()
    )
    prefer(as_casemanager, people.casemanager, "at_once")
    pk = store(1)
    work.assign([pk], people.casemanager, by=people.supervisor, now=now)
    notes.add_note(pk, "@casemanager secret words", by=people.supervisor, now=now)
    assert digests.send_due(now=now) == 0
    later = now + timedelta(minutes=2)
    assert digests.send_due(now=later) == 1
    (message,) = inbox.messages
    assert "Subject: 2 new notifications in imrsite" in message
    assert "- 1 assignment" in message
    assert "http://testserver/notifications/" in message
    for private in ("CM26", "secret", "supervisor"):
        assert private not in message
    assert digests.send_due(now=later + timedelta(hours=1)) == 0, "nothing new"


def test_a_daily_message_is_sent_once_in_the_morning(
    as_casemanager: Client, people: People, store: Store, inbox: Inbox
) -> None:
    prefer(as_casemanager, people.casemanager, "daily")
    morning = timezone.localtime().replace(hour=7, minute=5) + timedelta(days=1)
    pk = store(1)
    work.assign([pk], people.casemanager, by=people.supervisor, now=morning - timedelta(hours=2))
    assert digests.send_due(now=morning - timedelta(hours=1)) == 0
    assert digests.send_due(now=morning) == 1
    notes.add_note(pk, "@casemanager", by=people.supervisor, now=morning)
    assert digests.send_due(now=morning + timedelta(hours=3)) == 0
    assert digests.send_due(now=morning + timedelta(days=1)) == 1
    assert len(inbox.messages) == 2
    prefer(as_casemanager, people.casemanager, "off")
    notes.add_note(pk, "@casemanager", by=people.supervisor, now=morning)
    assert digests.send_due(now=morning + timedelta(days=3)) == 0


def test_a_mail_server_that_refuses_is_tried_again_and_given_up_in_the_end(
    as_casemanager: Client, people: People, store: Store, inbox: Inbox, now: datetime
) -> None:
    # An address that no message can have, and that a directory may send, stops no other message.
    User.objects.filter(pk=people.supervisor.pk).update(email="synthetic@example.org\nBcc: other@example.org")
    MailPreference.objects.create(user=people.supervisor, choice="at_once")
    prefer(as_casemanager, people.casemanager, "at_once")
    pk = store(1)
    for to in (people.supervisor, people.casemanager):
        work.assign([pk], to, by=people.admin, now=now - timedelta(hours=1))
    inbox.refuses = True
    tasks.send_digests()
    assert MailPreference.objects.get(user=people.supervisor).failures == 1
    preference = MailPreference.objects.get(user=people.casemanager)
    assert preference.failures == 1
    assert preference.next_try_at
    assert preference.next_try_at > now
    assert digests.send_due(now=now) == 0, "not before the next try"
    assert "could not be sent" in as_casemanager.get("/notifications/").content.decode()
    inbox.refuses = False
    assert digests.send_due(now=now + timedelta(hours=1)) == 1
    assert len(inbox.messages) == 1
    work.assign([store(2)], people.casemanager, by=people.supervisor, now=now)
    inbox.refuses = True
    for hours in range(2, 3 + digests.MOST_FAILURES):
        digests.send_due(now=now + timedelta(hours=2 * hours))
    assert not Notification.objects.filter(mailed_at=None).exists(), "given up"
    assert told(as_casemanager, "/notifications/?unread=yes"), "still in the product"
