"""Notifications in the product and by e-mail, what users watch, shared views, and what the home page counts."""

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NoReturn
from unittest.mock import Mock

import pytest
from aiosmtpd.controller import Controller
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone
from redis.exceptions import RedisError

from determinations import tasks
from determinations.access.sign_in import SIGNED_IN_BEFORE
from determinations.browsing import alerts
from determinations.cases.effective import write_cases
from determinations.casework import digests, notes, notifications, work
from determinations.corrections import actions
from determinations.models import (
    Case,
    CaseChange,
    Letter,
    MailPreference,
    Notification,
    SavedView,
    Watch,
    WatchedCase,
)
from determinations.operations.checking.upkeep import upkeep
from tests.casework.conftest import Store
from tests.duties.conftest import letter_text
from tests.fixtures.people import PASSWORD, People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


def told(client: Client, address: str = "/notifications/") -> list[str]:
    return [row.said for row in client.get(address).context["rows"]]


def test_owner_and_mentioned_users_are_told_and_no_one_of_their_own_acts(
    as_casemanager: Client, client: Client, people: People, store: Store
) -> None:
    one, other, now = store(1), store(2), timezone.now()
    work.assign([one, other], people.casemanager, by=people.supervisor, now=now)
    work.assign([one], people.supervisor, by=people.supervisor, now=now)
    notes.add_note(one, "@casemanager please call @supervisor", by=people.supervisor, now=now)
    assert told(as_casemanager) == [
        "supervisor mentioned you in a note on CM26-0000001.", "supervisor assigned 2 cases to you.",
    ]  # fmt: skip
    assert "Notifications, 2 unread" in as_casemanager.get("/cases/").content.decode()
    mention, assigned = Notification.objects.filter(user=people.casemanager).order_by("-pk")
    listed = as_casemanager.get(f"/notifications/{assigned.pk}/", follow=True)
    assert listed.context["count"].number == 2
    case = as_casemanager.get(f"/notifications/{mention.pk}/")
    assert case.headers["Location"].startswith(f"/cases/{one}/#note-")
    assert told(as_casemanager, "/notifications/?unread=yes") == []
    assert not Notification.objects.filter(user=people.supervisor).exists()
    client.force_login(people.supervisor)
    assert client.get(f"/notifications/{assigned.pk}/").status_code == 404


def test_notifications_are_marked_read(as_casemanager: Client, people: People, store: Store) -> None:
    pk, now = store(1), timezone.now()
    for _ in range(3):
        notes.add_note(pk, "@casemanager", by=people.supervisor, now=now)
    first = Notification.objects.earliest("pk")
    as_casemanager.post("/notifications/read/", {"notification": first.pk})
    assert len(told(as_casemanager, "/notifications/?unread=yes")) == 2
    as_casemanager.post("/notifications/read/")
    assert told(as_casemanager, "/notifications/?unread=yes") == []
    Notification.objects.update(at=now - timedelta(days=100))
    assert notifications.delete_old(now=now) > 0
    assert not Notification.objects.exists()


def test_who_watches_a_case_is_told_of_changes(as_casemanager: Client, people: People, store: Store) -> None:
    pk, now = store(1), timezone.now()
    as_casemanager.post(f"/cases/{pk}/watch/")
    assert "Stop watching" in as_casemanager.get(f"/cases/{pk}/").content.decode()
    work.set_status([pk], "done", by=people.supervisor, now=now)
    work.set_status([pk], "disputed", by=people.casemanager, now=now)  # one's own change
    notes.add_note(pk, "Hello", by=people.supervisor, now=now)
    actions.correct_field(pk, "age", 44, by=people.admin, now=now, reason="misread")
    store(1, text=letter_text(1, {"A synthetic brace": "Upheld"}, timezone.localdate() + timedelta(days=1)))
    assert told(as_casemanager) == [
        "imrsite changed CM26-0000001, which you watch: another letter of the case counts now.",
        "admin changed CM26-0000001, which you watch: values.",
        "supervisor changed CM26-0000001, which you watch: a note.",
        "supervisor changed CM26-0000001, which you watch: status.",
    ]
    counting = Case.objects.current().get().pk
    assert Watch.objects.get().letter_id == counting
    as_casemanager.post(f"/cases/{counting}/watch/", {"do": "stop"})
    assert not Watch.objects.exists()


def view_of(person: Any, query: str, list_name: str = "cases", **values: Any) -> SavedView:
    return SavedView.objects.create(
        by=person, name=f"{list_name} {query}", list_name=list_name, query=query, saved_at=timezone.now(), **values
    )


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def step(now: datetime) -> None:
    """All steps; the changes of the test's own transaction count as complete."""
    CaseChange.objects.update(xid=1)
    while alerts.step(now=now):
        pass


def gained(person: Any) -> list[int]:
    rows = Notification.objects.filter(user=person, kind="gained").order_by("pk")
    return [letter for row in rows for letter in row.cases.order_by("letter").values_list("letter_id", flat=True)]


def test_a_watched_view_tells_each_case_that_it_gains_once(people: People, store: Store, now: datetime) -> None:
    known = store(1)
    alerts.watch(people.casemanager, view=view_of(people.casemanager, "status=done"), now=now)
    alerts.watch(people.supervisor, view=view_of(people.supervisor, "decision=overturned", "items"), now=now)
    step(now)
    assert gained(people.casemanager) == gained(people.supervisor) == []
    new = store(2)
    step(now)
    assert gained(people.supervisor) == [new]
    write_cases([known, new])
    step(now)
    assert gained(people.supervisor) == [new], "known cases are written again"
    work.set_status([known], "done", by=people.admin, now=now)
    step(now)
    assert gained(people.casemanager) == [known]
    work.set_status([known], "new", by=people.admin, now=now)
    step(now)
    Notification.objects.update(read_at=now)
    work.set_status([known, new], "done", by=people.admin, now=now)
    step(now)
    assert gained(people.casemanager) == [known, known, new], "it left and came back"
    assert not CaseChange.objects.exists()


def test_a_watched_view_that_is_saved_with_other_filters_tells_what_it_gains_from_then_on(
    people: People, store: Store, now: datetime, as_casemanager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = [store(1), store(2)]
    view = view_of(people.casemanager, "status=done")
    alerts.watch(people.casemanager, view=view, now=now)
    step(now)
    as_casemanager.post("/cases/views/save/", {"name": view.name, "query": "status=new"})
    view.refresh_from_db()
    assert view.query == "status=new"
    write_cases(old)
    step(now)
    assert gained(people.casemanager) == [], "they were in it when its filters changed"
    new = store(3)
    step(now)
    assert gained(people.casemanager) == [new]

    def fail(_watch: Watch) -> NoReturn:
        raise ValueError

    with monkeypatch.context() as patched:
        patched.setattr(alerts, "cases_of", fail)
        as_casemanager.post("/cases/views/save/", {"name": view.name, "query": ""})
    Watch.objects.update(failed_at=now - alerts.TRIED_AGAIN_AFTER)
    step(now)
    assert not alerts.failing()
    assert gained(people.casemanager) == [new], "what it had when its filters changed is not told"


def test_a_view_that_fails_stops_no_other_and_is_told_afterwards_what_it_gained(
    people: People, store: Store, now: datetime, as_casemanager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, stays = store(1), store(2)
    broken = alerts.watch(people.casemanager, view=view_of(people.casemanager, "status=new"), now=now)
    alerts.watch(people.supervisor, view=view_of(people.supervisor, "status=new", "items"), now=now)
    step(now)
    cases_of = alerts.cases_of

    def fail(watch: Watch) -> Any:
        if watch == broken:
            with connection.cursor() as cursor:
                cursor.execute("SELECT words_of_a_letter")
        return cases_of(watch)

    monkeypatch.setattr(alerts, "cases_of", fail)
    new = store(3)
    work.set_status([left], "done", by=people.admin, now=now)
    step(now)
    assert (gained(people.casemanager), gained(people.supervisor)) == ([], [new])
    assert alerts.failing() == [(broken.pk, "ProgrammingError")]
    type(people.casemanager).objects.filter(pk=people.casemanager.pk).update(is_active=False)
    assert alerts.failing() == [], "those of users who were deactivated are not tried again"
    type(people.casemanager).objects.filter(pk=people.casemanager.pk).update(is_active=True)
    tasks.announce_changes()
    assert f"looking at watched view {broken.pk} (ProgrammingError" in upkeep().what
    assert "Its list could not be made." in as_casemanager.get("/notifications/").content.decode()
    later = now + alerts.TRIED_AGAIN_AFTER
    assert (alerts.any_waiting(now), alerts.any_waiting(later)) == (False, True)
    step(later)
    assert not alerts.any_waiting(later), "it failed again, and waits again"
    monkeypatch.setattr(alerts, "cases_of", cases_of)
    step(later + alerts.TRIED_AGAIN_AFTER)
    assert gained(people.casemanager) == [new]
    with monkeypatch.context() as patched:
        patched.setattr(cache, "get", Mock(side_effect=RedisError))
        tasks.announce_changes()  # what failed cannot be kept, which stops nothing
    assert set(WatchedCase.objects.filter(watch=broken).values_list("letter", flat=True)) == {stays, new}
    tasks.announce_changes()
    assert "watched view" not in upkeep().what


def test_unread_alerts_of_a_view_are_one_notification_whose_number_is_its_list(
    as_casemanager: Client, people: People, store: Store, now: datetime
) -> None:
    view = view_of(people.casemanager, "decision=overturned")
    as_casemanager.post(f"/views/{view.pk}/", {"action": "watch"})
    for number in (1, 2, 3):
        store(number)
        step(now)
    (said,) = told(as_casemanager)
    assert said == f"“{view.name}” has 3 new cases."
    page = as_casemanager.get(f"/notifications/{Notification.objects.get().pk}/", follow=True)
    assert page.context["count"].number == 3


def test_a_copy_of_a_known_case_is_no_gain(people: People, store: Store, now: datetime) -> None:
    store(1)
    alerts.watch(people.casemanager, view=view_of(people.casemanager, "decision=overturned"), now=now)
    store(1, text=letter_text(1, {"Twelve physical therapy sessions": "Overturned"}, timezone.localdate()) + "\n\n")
    step(now)
    assert gained(people.casemanager) == []
    assert WatchedCase.objects.get().letter_id == Case.objects.current().get().pk


def test_of_a_very_large_view_only_added_cases_are_told_and_pages_say_so(
    people: People, as_casemanager: Client, store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "MOST_KNOWN", 1)
    old = [store(1), store(2)]
    view = view_of(people.casemanager, "")
    said = as_casemanager.post(f"/views/{view.pk}/", {"action": "watch"}, follow=True).content.decode()
    assert "so only newly added ones are told." in said
    assert "you are told of newly added ones only." in said
    assert "newly added cases only" in as_casemanager.get("/notifications/").content.decode()
    assert Watch.objects.get().only_new
    write_cases(old)
    new = store(3)
    step(now)
    assert gained(people.casemanager) == [new]


def test_changes_of_transactions_that_still_run_wait(people: People, store: Store, now: datetime) -> None:
    store(1)
    assert alerts.step(now=now) == 0, "the test's own transaction is not complete"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        (own,) = cursor.fetchone()
    assert set(CaseChange.objects.values_list("xid", flat=True)) == {own}


def test_a_view_is_shared_with_a_role(client: Client, people: People, store: Store, now: datetime) -> None:
    view = view_of(people.supervisor, "decision=overturned")
    client.force_login(people.casemanager)
    assert client.post(f"/views/{view.pk}/", {"action": "watch"}).status_code == 404
    client.force_login(people.supervisor)
    client.post(f"/views/{view.pk}/", {"action": "share", "role": "case manager"})
    client.force_login(people.casemanager)
    assert "by supervisor" in client.get("/views/").content.decode()
    assert view.name in client.get("/cases/views/").content.decode()
    for action in ("delete", "share", "rename", "start"):
        assert client.post(f"/views/{view.pk}/", {"action": action}).status_code == 404
    client.post(f"/views/{view.pk}/", {"action": "watch"})
    pk = store(1)
    step(now)
    assert gained(people.casemanager) == [pk]
    client.force_login(people.supervisor)
    client.post(f"/views/{view.pk}/", {"action": "share", "role": ""})
    assert not Watch.objects.exists()
    assert client.post(f"/views/{view.pk}/", {"action": "share", "role": "nonsense"}).status_code == 404


def test_a_treatment_is_watched(as_casemanager: Client, people: People, store: Store, now: datetime) -> None:
    known = Case.objects.get(pk=store(1))
    category = known.facts.select_related("category").order_by("item")[0].category
    key = f"{category.name}/{category.subcategory}"
    as_casemanager.post("/watches/treatment/", {"treatment": key})
    assert as_casemanager.post("/watches/treatment/", {"treatment": "no/such"}).status_code == 404
    pk = store(2)
    step(now)
    assert gained(people.casemanager) == [pk]
    page = as_casemanager.get("/notifications/").content.decode()
    assert category.subcategory in page
    as_casemanager.post(f"/watches/{Watch.objects.get().pk}/stop/")
    assert not Watch.objects.exists()


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


def test_every_letter_is_in_one_count_of_home_and_each_number_opens_its_list(
    as_casemanager: Client, people: People, store: Store
) -> None:
    before = store(1)
    Case.objects.filter(pk=before).update(added_at=timezone.now() - timedelta(days=30))
    store(1, text=letter_text(1, {"A synthetic brace": "Upheld"}, timezone.localdate() + timedelta(days=1)))
    overturned = store(2)
    store(3, {"One synthetic knee brace": "Upheld"})
    waiting, again = store(4), store(5)
    Letter.objects.filter(pk__in=[waiting, again]).update(state="received")
    Case.objects.filter(pk=waiting).delete()
    Letter.objects.create(
        sha256="ab" * 32, size=1, media_type="text/plain", state="damaged", received_at=timezone.now()
    )
    work.assign([overturned], people.casemanager, by=people.supervisor, now=timezone.now())
    home = as_casemanager.get("/?home=yes")
    numbers = {name: home.context[name].number for name in ("cases", "unread", "unreadable", "older")}
    assert numbers == {"cases": 4, "unread": 1, "unreadable": 1, "older": 1}
    assert sum(numbers.values()) == Letter.objects.count()
    for name in ("unread", "unreadable", "older"):
        page = as_casemanager.get(f"/uploads/?state={name}", follow=True)
        assert page.context["count"].number == numbers[name]
    new = {number.label: number for number in home.context["new"]}
    assert {label: number.count.number for label, number in new.items()} == {
        "New letters": 4, "Overturned among them": 2, "For you": 1, "Your open cases": 1,
    }  # fmt: skip
    for number in new.values():
        assert as_casemanager.get(number.url).context["count"].number == number.count.number


def test_new_means_since_the_sign_in_before(client: Client, people: People) -> None:
    first = timezone.now() - timedelta(hours=20)
    people.outsider.groups.add(people.casemanager.groups.get())
    type(people.outsider).objects.filter(pk=people.outsider.pk).update(last_login=first)
    client.post("/accounts/login/", {"login": "outsider", "username": "outsider", "password": PASSWORD})
    assert client.session[SIGNED_IN_BEFORE] == first.isoformat()
