"""The accounts page: accounts made, invited, given one role, deactivated; and what is asked before."""

import re
import threading
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from determinations.access import accounts
from determinations.access.accounts import LastAdmin
from determinations.access.roles import role_of
from determinations.models import AuditEvent
from tests.access.conftest import Postbox, link_in, sign_in
from tests.accessibility import faults_of
from tests.fixtures.people import PASSWORD, People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]

NEW = {"username": "erica", "name": "Erica Vance", "email": "erica@example.org", "role": "supervisor"}


@pytest.fixture
def admin(people: People) -> Client:
    """An administrator's browser, signed in a moment ago."""
    client = Client()
    sign_in(client, "admin", PASSWORD)
    return client


def actions_recorded() -> list[str]:
    events = AuditEvent.objects.exclude(action__startswith="signin").exclude(action="access.refused")
    return list(events.order_by("pk").values_list("action", flat=True))


def test_only_administrators_open_the_page(admin: Client, people: People, client: Client) -> None:
    page = admin.get(reverse("people")).content.decode()
    for name in ("casemanager", "supervisor", "admin", "outsider"):
        assert f">{name}</a>" in page
    assert f'href="{reverse("people")}"' in admin.get(reverse("profile")).content.decode()
    client.force_login(people.supervisor)
    for name in ("people", "add_person"):
        assert client.get(reverse(name)).status_code == 403
    for name in ("person", "act_on_person"):
        assert client.post(reverse(name, args=[people.admin.pk])).status_code == 403
    assert client.post(reverse("change_sign_in_policy")).status_code == 403


@pytest.mark.parametrize("words", ["ERICA", "vance", "example.org", "erica vance", "%", "a\0b"])
def test_people_are_found_by_name_and_address(admin: Client, words: str) -> None:
    User.objects.create_user("erica", email="erica@example.org", first_name="Erica", last_name="Vance")
    page = admin.get(reverse("people"), {"q": words}).content.decode()
    assert (">erica</a>" in page) == (words not in {"%", "a\0b"})
    assert ">supervisor</a>" not in page


def test_the_list_makes_the_same_queries_for_many_people(admin: Client, django_assert_max_num_queries: Any) -> None:
    User.objects.bulk_create(User(username=f"user{number:03}") for number in range(70))
    with django_assert_max_num_queries(9):
        page = admin.get(reverse("people")).content.decode()
    assert page.count('class="main-link"') == 50
    assert "The first 50 are shown" in page


@pytest.mark.usefixtures("mail_at_once")
def test_an_invited_person_chooses_a_password_and_has_the_role(admin: Client, postbox: Postbox) -> None:
    answer = admin.post(reverse("add_person"), NEW | {"opening": "link"})
    erica = User.objects.get(username="erica")
    assert answer.headers["Location"] == reverse("person", args=[erica.pk])
    assert sign_in(Client(), "erica", "").status_code == 200
    invited = Client()
    form = invited.get(link_in(postbox.messages[0]), follow=True)
    chosen = {"new_password1": "lantern moss orbit quill", "new_password2": "lantern moss orbit quill"}
    invited.post(form.request["PATH_INFO"], chosen)
    assert sign_in(invited, "erica", chosen["new_password1"]).headers["Location"] == "/"
    assert invited.get(reverse("statistics")).status_code == 200
    assert invited.get(reverse("people")).status_code == 403
    assert actions_recorded() == ["person.added", "link.sent", "password.chosen_by_link", "statistics.viewed"]


def test_an_issued_password_is_shown_once_and_replaced_at_the_first_sign_in(admin: Client) -> None:
    page = admin.post(reverse("add_person"), NEW | {"opening": "password"}).content.decode()
    password = re.search(r'class="secret-key">([^<]+)<', page)
    assert password
    client = Client()
    sign_in(client, "erica", password[1])
    assert client.get("/").headers["Location"] == reverse("password_change")
    assert password[1] not in str(list(AuditEvent.objects.values()))


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"username": "ADMIN"}, "There is an account with this user name"),
        ({"username": "a b"}, "valid username"),
        ({"username": ""}, "required"),
        ({"role": "root"}, "valid choice"),
        ({"email": "no address"}, "valid email"),
        ({"opening": "link"}, "valid choice"),
        ({"name": "x" * 200}, "at most 150"),
    ],
)
def test_wrong_input_is_explained_and_kept(admin: Client, typed: dict[str, str], says: str) -> None:
    page = admin.post(reverse("add_person"), NEW | {"opening": "password"} | typed).content.decode()
    assert says in page
    assert 'value="Erica Vance"' in page or "name" in typed
    assert not User.objects.filter(username="erica").exists()


def test_a_role_is_one_choice_and_takes_effect_at_once(admin: Client, people: People) -> None:
    theirs = Client()
    sign_in(theirs, "casemanager", PASSWORD)
    people.casemanager.groups.add(Group.objects.get(name="supervisor"))
    address = reverse("person", args=[people.casemanager.pk])
    admin.post(address, {"name": "Cass", "email": "", "role": "admin"})
    assert theirs.get(reverse("people")).status_code == 200
    assert [group.name for group in people.casemanager.groups.all()] == ["admin"]
    admin.post(address, {"name": "Cass", "email": "", "role": "case manager"})
    assert theirs.get(reverse("people")).status_code == 403
    assert theirs.get("/admin/").status_code == 302
    last = AuditEvent.objects.filter(action="role.changed").latest("pk").detail
    assert (last["person"], last["before"], last["after"]) == ("casemanager", "admin", "case manager")


def test_a_role_change_asks_who_it_is_and_keeps_what_was_typed(admin: Client, people: People, settings: Any) -> None:
    address = reverse("person", args=[people.casemanager.pk])
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    answer = admin.post(address, {"name": "Cass Manager", "email": "cass@example.org", "role": "supervisor"})
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert role_of(people.casemanager) == "case manager"
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
    done = admin.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": address})
    assert done.headers["Location"] == address
    saved = User.objects.get(pk=people.casemanager.pk)
    assert (role_of(saved), saved.get_full_name(), saved.email) == ("supervisor", "Cass Manager", "cass@example.org")


def test_the_last_administrator_stays(admin: Client, people: People) -> None:
    address = reverse("person", args=[people.admin.pk])
    page = admin.post(address, {"name": "", "email": "", "role": "supervisor"})
    assert page.status_code == 422
    assert "last active administrator" in page.content.decode()
    act = reverse("act_on_person", args=[people.admin.pk])
    assert "last active administrator" in admin.post(act, {"action": "deactivate"}, follow=True).content.decode()
    assert role_of(User.objects.get(pk=people.admin.pk, is_active=True)) == "admin"
    accounts.change_role(people.supervisor, "admin", by=people.admin, at=timezone.now())
    assert admin.post(address, {"name": "", "email": "", "role": "supervisor"}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_two_administrators_cannot_remove_each_other_at_once(people: People) -> None:
    accounts.change_role(people.supervisor, "admin", by=people.admin, at=timezone.now())
    outcomes: list[str] = []
    together = threading.Barrier(2)

    def remove(user: User, by: User) -> None:
        together.wait()
        try:
            accounts.set_active(user, False, by=by, at=timezone.now())
            outcomes.append("done")
        except LastAdmin:
            outcomes.append("refused")
        finally:
            connection.close()

    pairs = [(people.admin, people.supervisor), (people.supervisor, people.admin)]
    threads = [threading.Thread(target=remove, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "refused"]


def test_a_deactivated_person_is_out_at_once(admin: Client, people: People) -> None:
    theirs = Client()
    sign_in(theirs, "supervisor", PASSWORD)
    act = reverse("act_on_person", args=[people.supervisor.pk])
    admin.post(act, {"action": "deactivate"})
    assert theirs.get(reverse("case_list")).status_code == 302
    assert sign_in(Client(), "supervisor", PASSWORD).status_code == 200
    admin.post(act, {"action": "activate"})
    assert sign_in(Client(), "supervisor", PASSWORD).status_code == 302
    admin.post(act, {"action": "end_sessions"})
    for action in ("unlock", "issue", "reset_factor"):
        assert admin.post(act, {"action": action}).status_code in (201, 302)
    assert admin.post(act, {"action": "other"}).status_code == 403
    own = reverse("act_on_person", args=[people.admin.pk])
    assert admin.post(own, {"action": "issue"}).status_code == 403
    assert actions_recorded() == [
        "person.deactivated", "person.activated", "session.ended", "person.unlocked", "password.issued",
        "factor.reset",
    ]  # fmt: skip


def test_only_a_superuser_changes_a_superuser(admin: Client) -> None:
    root = User.objects.create_superuser("root", password="synthetic")
    address, act = reverse("person", args=[root.pk]), reverse("act_on_person", args=[root.pk])
    assert "Only another superuser can change it" in admin.get(address).content.decode()
    assert admin.post(address, {"name": "", "email": "", "role": "supervisor"}).status_code == 403
    assert admin.post(act, {"action": "issue"}).status_code == 403
    assert admin.get("/admin/auth/user/").status_code == 404, "nor is there another page that does"


def test_roles_that_need_a_factor_are_chosen_on_the_page(admin: Client, people: People) -> None:
    theirs = Client()
    sign_in(theirs, "supervisor", PASSWORD)
    admin.post(reverse("change_sign_in_policy"), {"roles": ["supervisor", "admin"]})
    assert theirs.get(reverse("case_list")).status_code == 302
    page = admin.get(reverse("people")).content.decode()
    assert re.findall(r'name="roles" value="([\w ]+)"[^>]* checked', page) == ["supervisor", "admin"]
    assert AuditEvent.objects.get(action="policy.changed").detail["after"] == ["supervisor", "admin"]
    refused = admin.post(reverse("change_sign_in_policy"), {"roles": ["root"]}, follow=True)
    assert "not saved" in refused.content.decode()


def test_pages_of_accounts_are_accessible_in_both_themes_and_fit_a_phone(
    page: Any, people: People, sign_in: Any
) -> None:
    found = []
    page.goto("/accounts/login/")
    found += [("login", *fault) for fault in faults_of(page, impacts=("serious", "critical"))]
    sign_in(people.admin)
    person = reverse("person", args=[people.supervisor.pk])
    for path in ("/profile/", "/people/", "/people/add/", person):
        page.goto(path)
        found += [(path, *fault) for fault in faults_of(page, impacts=("serious", "critical"))]
    assert found == []
    page.goto("/profile/")
    page.locator(".user-menu summary").click()
    assert page.get_by_role("link", name="Your account", exact=True).bounding_box()["x"] >= 0
