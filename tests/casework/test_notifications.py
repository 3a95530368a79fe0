"""Notifications in the product and by e-mail, what users watch, shared views, and what the home page counts."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from determinations.casework import notes, notifications, work
from determinations.corrections import actions
from determinations.models import (
    Case,
    Notification,
    Watch,
)
from tests.casework.conftest import Store, told
from tests.duties.conftest import letter_text
from tests.fixtures.people import People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


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
