"""Views and treatments that users watch, what they are told of them, and views that are shared."""

from datetime import datetime, timedelta
from typing import Any, NoReturn
from unittest.mock import Mock

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone
from redis.exceptions import RedisError

from determinations import tasks
from determinations.access.scope import Scope, within
from determinations.browsing import alerts
from determinations.cases.effective import write_cases
from determinations.casework import work
from determinations.models import (
    Case,
    CaseChange,
    Notification,
    SavedView,
    Watch,
    WatchedCase,
)
from determinations.operations.checking.upkeep import upkeep
from tests.access.offices import limit, two_offices
from tests.casework.conftest import Store, told
from tests.duties.conftest import letter_text
from tests.fixtures.people import People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


def view_of(person: Any, query: str, list_name: str = "cases", **values: Any) -> SavedView:
    return SavedView.objects.create(
        by=person, name=f"{list_name} {query}", list_name=list_name, query=query, saved_at=timezone.now(), **values
    )


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


def test_a_watched_view_whose_dates_move_is_told_of_on_the_day_on_which_it_gains_cases(
    people: People, store: Store, now: datetime
) -> None:
    today = store(1)
    view = view_of(people.casemanager, "decided_to=2013-01-01&moving=decided%3Adays..-1")
    alerts.watch(people.casemanager, view=view, now=now)
    step(now)
    assert gained(people.casemanager) == []
    assert not alerts.any_waiting(now)
    for _again in range(2):
        assert alerts.any_waiting(now + timedelta(days=1)) is not _again
        step(now + timedelta(days=1))
        assert gained(people.casemanager) == [today], "decided through yesterday"
    view.refresh_from_db()
    assert f"decided_to={timezone.localdate(now)}" in view.query
    alerts.watch(people.supervisor, view=view, now=now + timedelta(days=9))
    step(now + timedelta(days=9))
    assert gained(people.supervisor) == [], "what it has on the day on which one begins is known"


def test_what_others_know_of_a_view_does_not_depend_on_the_offices_of_who_changes_it(
    people: People, now: datetime, as_casemanager: Client
) -> None:
    offices, later = two_offices(), now + timedelta(days=1)
    view = view_of(people.casemanager, "decided_to=2013-01-01&moving=decided%3Adays..-1", role="admin")
    alerts.watch(people.admin, view=view, now=now)
    limit(people.casemanager, offices.north)
    with within(Scope((offices.north.pk,))):
        alerts.watch(people.casemanager, view=view, now=later)
    step(later)
    assert gained(people.admin) == [], "the other office's case was known"
    as_casemanager.post("/cases/views/save/", {"name": view.name, "query": "decided_to=2013-01-01"})
    assert not WatchedCase.objects.exists(), "of the other office's case, too"


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
