"""Alarms: raised after a while, shown, sent once, and said to be over."""

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core.cache import cache
from django.core.management import call_command
from django.db import DatabaseError, connections
from django.test import Client
from django.utils import timezone

from determinations.management.commands import watch
from determinations.models import Alarm
from determinations.operations import alarms, watching
from determinations.operations.findings import Finding, Level
from tests.fixtures.people import People

pytestmark = pytest.mark.django_db

NOW = timezone.now()
DOWN = Finding(Level.FAILING, "No worker is running.", "Start one.")
FINE = Finding(Level.OK, "A worker is running.")


class Mailbox:
    """A mail server on this machine; ``refuses``: it takes nothing."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.refuses = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """One message."""
        if self.refuses:
            return "451 try later"
        self.messages.append(message_from_bytes(envelope.content))
        return "250 OK"

    def subjects(self) -> list[str]:
        """The subjects of all messages."""
        return [str(message["Subject"]) for message in self.messages]


@pytest.fixture
def mail(settings: Any) -> Iterator[Mailbox]:
    """A real mail server that the settings name."""
    box = Mailbox()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.SITE_URL = "https://imrsite.example.org"
    with socket.create_server(("127.0.0.1", 0)) as free:
        settings.EMAIL_HOST, settings.EMAIL_PORT = free.getsockname()
    server = Controller(box, hostname=settings.EMAIL_HOST, port=settings.EMAIL_PORT)
    server.start()
    yield box
    server.stop()


def look(finding: Finding, minutes: float) -> None:
    assert alarms.look({"worker": finding}, now=NOW + timedelta(minutes=minutes))


@pytest.mark.usefixtures("broker")
def test_an_alarm_is_sent_once_and_again_when_it_is_over(mail: Mailbox, people: People) -> None:
    people.admin.email = "admin@example.org"
    people.admin.save()
    look(DOWN, 0)
    assert not mail.messages, "a moment is no alarm yet"
    assert alarms.shown_alarms() == []
    look(DOWN, 1)
    for minute in range(2, 6):
        look(DOWN, minute)
    assert mail.subjects() == ["imrsite: Worker"]
    (message,) = mail.messages
    text = str(message.get_payload(decode=True), "utf-8")  # type: ignore[arg-type]  # bytes, of one part
    assert message["To"] == "admin@example.org"
    for words in ("No worker is running.", "Start one.", "not read", "https://imrsite.example.org/status/"):
        assert words in text
    assert [shown.what for shown in alarms.shown_alarms()] == ["Worker: No worker is running."]
    look(Finding(Level.UNKNOWN, "Unknown."), 6)
    assert Alarm.objects.get().resolved_at is None, "what cannot be known ends nothing"
    look(FINE, 7)
    assert mail.subjects() == ["imrsite: Worker", "imrsite: over: Worker"]
    assert alarms.shown_alarms() == []
    look(DOWN, 8)
    look(DOWN, 10)
    assert len(mail.messages) == 2, "the same fault within the hour is shown, but not sent"
    assert len(alarms.shown_alarms()) == 1
    look(DOWN, 70)
    assert mail.subjects()[2:] == ["imrsite: Worker"]


@pytest.mark.usefixtures("broker")
def test_a_message_that_could_not_be_sent_is_sent_later(mail: Mailbox, settings: Any) -> None:
    settings.ALARM_EMAIL = ["ops@example.org"]
    mail.refuses = True
    look(DOWN, 0)
    look(DOWN, 1)
    assert Alarm.objects.get().mailed_at is None
    mail.refuses = False
    look(DOWN, 2)
    assert mail.subjects() == ["imrsite: Worker"]
    assert mail.messages[0]["To"] == "ops@example.org"


@pytest.mark.usefixtures("broker")
def test_a_fault_of_a_moment_leaves_nothing(mail: Mailbox, settings: Any) -> None:
    settings.ALARM_EMAIL = ["ops@example.org"]
    look(DOWN, 0)
    look(FINE, 0.5)
    assert not Alarm.objects.exists()
    assert not mail.messages


@pytest.mark.usefixtures("broker")
def test_a_database_that_does_not_answer_is_told_by_mail(mail: Mailbox, settings: Any) -> None:
    settings.ALARM_EMAIL = ["ops@example.org"]
    database = watching.DatabaseWatch()
    for _ in range(4):
        database.did_not_answer(DatabaseError())
    assert mail.subjects() == ["imrsite: Database"]
    database.answered()
    database.answered()
    assert mail.subjects() == ["imrsite: Database", "imrsite: over: Database"]


@pytest.mark.usefixtures("broker")
def test_watch_counts_looks_for_alarms_and_outlives_the_database(
    mail: Mailbox, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ALARM_EMAIL = ["ops@example.org"]
    call_command("watch", looks=1, every=0.01)
    assert cache.get("alarms-watched")
    assert Alarm.objects.filter(code="worker", raised_at=None).exists()
    assert cache.get("operations-figures")["letters"]["parsed"] == 0

    def no_database() -> datetime:
        raise DatabaseError

    monkeypatch.setattr(watch, "database_now", no_database)
    monkeypatch.setattr(connections, "close_all", lambda: None)  # the test's own is kept
    call_command("watch", looks=2, every=0.01)
    assert mail.subjects() == ["imrsite: Database"]


@pytest.mark.usefixtures("broker")
def test_administrators_see_alarms_on_every_page_and_others_do_not(
    client: Client, people: People, settings: Any
) -> None:
    for minute in (0, 2):
        alarms.look(
            {"space": Finding(Level.FAILING, "The disk is <full>.", "Free space.")},
            now=NOW + timedelta(minutes=minute),
        )
    for person, sees in ((people.admin, True), (people.supervisor, False), (people.casemanager, False)):
        client.force_login(person)
        page = client.get("/cases/").content.decode()
        assert ("Free space: The disk is &lt;full&gt;." in page) is sees
