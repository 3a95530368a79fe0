"""Offices are added and renamed, and accounts limited to them, in the product's own pages."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from determinations.access.accounts import LastAdmin, limit_to_offices
from determinations.models import Account, AuditEvent, Office
from tests.access.conftest import sign_in
from tests.access.offices import limit
from tests.corrections.letters import NOW
from tests.fixtures.people import PASSWORD, People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


@pytest.fixture
def admin(people: People) -> Client:
    """An administrator's browser, signed in a moment ago."""
    client = Client()
    sign_in(client, "admin", PASSWORD)
    return client


def details(user: User, **changed: object) -> dict[str, object]:
    return {"name": "", "email": "", "role": user.groups.get().name, **changed}


def test_an_office_is_added_renamed_and_no_longer_offered(admin: Client) -> None:
    assert "No offices yet" in admin.get("/offices/").content.decode()
    assert admin.post("/offices/", {"name": "North desk"}).status_code == 302
    page = admin.post("/offices/", {"name": "NORTH DESK"})
    assert page.status_code == 422
    assert "There is an office with this name" in page.content.decode()
    office = Office.objects.get()
    admin.post(f"/offices/{office.pk}/", {"name": "Northern desk"})
    office.refresh_from_db()
    assert (office.name, office.active) == ("Northern desk", False)
    assert list(AuditEvent.objects.filter(action__startswith="office").values_list("action", flat=True)) == [
        "office.added", "office.changed",
    ]  # fmt: skip


def test_an_account_is_limited_to_offices_and_is_no_longer(admin: Client, people: People) -> None:
    office = Office.objects.create(name="North desk")
    address = reverse("person", args=[people.supervisor.pk])
    page = admin.post(address, details(people.supervisor, sees="offices"))
    assert "Choose at least one office" in page.content.decode()
    admin.post(address, details(people.supervisor, sees="offices", offices=[office.pk]))
    assert Account.objects.get(user=people.supervisor).office_ids == [office.pk]
    assert "checked" in admin.get(address).content.decode().split("Only letters of these offices")[0][-200:]
    client = Client()
    client.force_login(people.supervisor)
    assert "Letters of North desk" in client.get("/cases/").content.decode()
    admin.post(address, details(people.supervisor, sees="all"))
    assert Account.objects.get(user=people.supervisor).office_ids is None
    limits = AuditEvent.objects.filter(action="person.limited").order_by("pk").values_list("detail", flat=True)
    assert [(detail["before"], detail["after"]) for detail in limits] == [
        (None, ["North desk"]), (["North desk"], None),
    ]  # fmt: skip


def test_without_offices_the_accounts_page_asks_nothing_of_them(admin: Client, people: People) -> None:
    address = reverse("person", args=[people.supervisor.pk])
    assert 'name="sees"' not in admin.get(address).content.decode()
    assert admin.post(address, details(people.supervisor, role="outside party")).status_code == 302
    assert people.supervisor.groups.get().name == "outside party"


def test_the_last_administrator_who_sees_all_letters_is_not_limited(admin: Client, people: People) -> None:
    office = Office.objects.create(name="North desk")
    with pytest.raises(LastAdmin):
        limit_to_offices(people.admin, [office], by=people.admin, at=NOW)
    address = reverse("person", args=[people.admin.pk])
    page = admin.post(address, details(people.admin, sees="offices", offices=[office.pk]))
    assert "the last active administrator who sees all letters" in page.content.decode()
    other = User.objects.create_user("other")
    other.groups.set(people.admin.groups.all())
    limit_to_offices(people.admin, [office], by=other, at=NOW)


def test_a_limited_administrator_opens_no_page_of_the_whole_installation(client: Client, people: People) -> None:
    limit(people.admin, Office.objects.create(name="North desk"))
    client.force_login(people.admin)
    for address in ("/people/", "/offices/", "/admin/", "/admin/reparse/", "/admin/citations/", "/admin/categories/"):
        assert client.get(address).status_code == 403
    page = client.get("/admin/review/").content.decode()
    for address in ("/people/", "/offices/", "/admin/reparse/"):
        assert f'href="{address}"' not in page
