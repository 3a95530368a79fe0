"""What the home page counts, and since when."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from determinations.access.sign_in import SIGNED_IN_BEFORE
from determinations.casework import work
from determinations.models import (
    Case,
    Letter,
)
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
