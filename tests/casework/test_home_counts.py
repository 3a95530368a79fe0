"""What the home page counts, and since when."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from determinations.access.sign_in import SIGNED_IN_BEFORE
from determinations.casework import work
from determinations.models import AuditAlert, Case, Letter
from tests.casework.conftest import Store
from tests.duties.conftest import letter_text
from tests.fixtures.people import PASSWORD, People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


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
    new = {number.label: (number, count.number) for number, count in home.context["new"]}
    assert {label: count for label, (_number, count) in new.items()} == {
        "New letters": 4, "Overturned among them": 2, "For you": 1, "Your open cases": 1,
    }  # fmt: skip
    for number, count in new.values():
        assert as_casemanager.get(number.url).context["count"].number == count


def test_new_means_since_the_sign_in_before(client: Client, people: People) -> None:
    first = timezone.now() - timedelta(hours=20)
    people.outsider.groups.add(people.casemanager.groups.get())
    type(people.outsider).objects.filter(pk=people.outsider.pk).update(last_login=first)
    client.post("/accounts/login/", {"login": "outsider", "username": "outsider", "password": PASSWORD})
    assert client.session[SIGNED_IN_BEFORE] == first.isoformat()


def test_a_change_is_counted_at_once_although_counts_are_kept(as_casemanager: Client, store: Store) -> None:
    def numbers() -> list[int]:
        context = as_casemanager.get("/?home=yes").context
        return [context[name].number for name in ("cases", "items", "overturned", "added", "added_overturned")]

    upheld = store(1, {"One synthetic knee brace": "Upheld"})
    assert numbers() == [1, 1, 0, 1, 0]
    store(2)
    counted = numbers()
    assert counted[:1] + counted[2:] == [2, 1, 2, 1]
    Case.objects.filter(pk=upheld).update(outcome="overturned")
    assert numbers() == [*counted[:2], 2, 2, 2]
    Case.objects.filter(pk=upheld).delete()
    assert numbers() == [1, counted[1] - 1, 1, 1, 1]


def test_what_is_kept_is_counted_only_of_another_version_of_the_data(
    as_casemanager: Client, store: Store, django_assert_num_queries: Any
) -> None:
    store(1)
    as_casemanager.get("/?home=yes")
    with django_assert_num_queries(9) as queries:
        as_casemanager.get("/?home=yes")
    (counting,) = [query["sql"] for query in queries if "AS counted" in query["sql"]]
    assert counting.count("CASE WHEN marks IS NOT DISTINCT FROM") == 7


def test_letters_waiting_and_unread_notifications_are_told_apart(
    as_supervisor: Client, people: People, store: Store
) -> None:
    assigned = store(1)
    for number in (2, 3):
        waiting = store(number)
        Letter.objects.filter(pk=waiting).update(state="received")
        Case.objects.filter(pk=waiting).delete()
    work.assign([assigned], people.supervisor, by=people.admin, now=timezone.now())
    home = as_supervisor.get("/?home=yes")
    assert home.context["unread"].number == 2
    assert home.context["frame"]["unread"] == 1


def test_alerts_are_counted_in_words(as_admin: Client) -> None:
    now = timezone.now()
    for person in (1, 2):
        AuditAlert.objects.create(kind="viewing", by_id=person, at=now, since=now)
    assert "2 alerts</a> about the use of cases" in as_admin.get("/?home=yes").content.decode()
