"""Passwords: which are refused, changing one's own, issued ones, and links by e-mail."""

import re

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from determinations.access import accounts
from determinations.access.passwords import issued_password
from determinations.models import AuditEvent
from tests.access.conftest import Postbox, link_in, sign_in
from tests.fixtures.people import PASSWORD, People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]

NEW = "lantern moss orbit quill"


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("short", "at least 12 characters"),
        ("aaaaaaaaaaaa", "repeats"),
        ("abcabcabcabcabc", "repeats"),
        ("passwordpassword", "repeats"),
        ("letmein letmein", "easy to guess|common"),
        ("123456789012", "common"),
        ("abcdefghijkl", "sequence"),
        ("Password1234!", "common"),
        ("Summer2026!!", "common"),
        ("qwertyuiop12", "common|keyboard"),
        ("ericavance2026", "similar|common"),
        ("x" * 5_000, "repeats"),
    ],
)
def test_passwords_that_are_easy_to_guess_are_refused_in_plain_words(password: str, says: str) -> None:
    user = User(username="ericavance", email="erica.vance@example.org")
    with pytest.raises(ValidationError) as refused:
        validate_password(password, user)
    assert re.search(says, " ".join(refused.value.messages))


@pytest.mark.parametrize(
    "password", ["lantern moss orbit quill", "tall ships sail at dawn", "vG7#kd02!mmQx", "ünïcödé wörds ärë fïne"]
)
def test_passphrases_and_random_passwords_are_accepted(password: str) -> None:
    validate_password(password, User(username="ericavance"))


def test_issued_passwords_satisfy_the_rules_and_differ() -> None:
    issued = {issued_password() for _ in range(50)}
    assert len(issued) == 50
    for password in issued:
        validate_password(password)


def test_a_user_changes_their_password_and_is_signed_out_elsewhere(client: Client, people: People) -> None:
    elsewhere = Client()
    for browser in (client, elsewhere):
        sign_in(browser, "casemanager", PASSWORD)
    typed = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    wrong = client.post(reverse("password_change"), typed | {"old_password": "not it"})
    assert "This is not your old password" in wrong.content.decode()
    answer = client.post(reverse("password_change"), typed)
    assert answer.headers["Location"] == reverse("profile")
    assert client.get(reverse("case_list")).status_code == 200
    assert elsewhere.get(reverse("case_list")).status_code == 302
    assert sign_in(Client(), "casemanager", PASSWORD).status_code == 200
    assert sign_in(Client(), "casemanager", NEW).status_code == 302
    assert AuditEvent.objects.get(action="password.changed").by_id == people.casemanager.pk


def test_an_issued_password_is_replaced_before_anything_else(client: Client, people: People) -> None:
    issued = accounts.issue_password(people.supervisor, by=people.admin, at=timezone.now())
    sign_in(client, "supervisor", issued)
    for address in ("/", reverse("case_list"), reverse("profile"), reverse("statistics")):
        assert client.get(address).headers["Location"] == reverse("password_change"), address
    part = client.get(reverse("case_list"), headers={"HX-Request": "true"})
    assert part.headers["HX-Redirect"] == reverse("password_change")
    page = client.get(reverse("password_change")).content.decode()
    assert "Choose your password" in page
    assert "old_password" not in page, "it was typed a moment ago"
    assert client.post(reverse("password_change"), {"new_password1": NEW, "new_password2": NEW}).status_code == 302
    assert client.get(reverse("case_list")).status_code == 200
    assert sign_in(Client(), "supervisor", issued).status_code == 200
    again = Client()
    sign_in(again, "supervisor", NEW)
    assert again.get(reverse("case_list")).status_code == 200


@pytest.mark.usefixtures("mail_at_once")
def test_a_forgotten_password_is_replaced_through_a_link_that_works_once(
    client: Client, people: People, postbox: Postbox
) -> None:
    User.objects.filter(pk=people.casemanager.pk).update(email="cm@example.org", last_login=timezone.now())
    signed_in = Client()
    sign_in(signed_in, "casemanager", PASSWORD)
    assert reverse("request_password_link") in client.get(reverse("login")).content.decode()
    answer = client.post(reverse("request_password_link"), {"email": "CM@example.org"})
    assert "a link is on its way" in answer.content.decode()
    (message,) = postbox.messages
    assert message["To"] == "cm@example.org"
    address = link_in(message)
    form = client.get(address, follow=True)
    refused = client.post(
        form.request["PATH_INFO"], {"new_password1": "aaaaaaaaaaaa", "new_password2": "aaaaaaaaaaaa"}
    )
    assert "repeats the same" in refused.content.decode()
    chosen = client.post(form.request["PATH_INFO"], {"new_password1": NEW, "new_password2": NEW})
    assert chosen.headers["Location"] == reverse("password_chosen")
    assert signed_in.get(reverse("case_list")).status_code == 302
    assert "no longer works" in Client().get(address, follow=True).content.decode()
    assert sign_in(client, "casemanager", NEW).status_code == 302
    assert AuditEvent.objects.filter(action__in=("link.sent", "password.chosen_by_link")).count() == 2


@pytest.mark.usefixtures("mail_at_once")
def test_asking_for_a_link_tells_nothing_about_accounts(client: Client, people: People, postbox: Postbox) -> None:
    User.objects.filter(pk=people.admin.pk).update(email="admin@example.org", is_active=False)
    unknown, inactive = (
        client.post(reverse("request_password_link"), {"email": email}).content.decode()
        for email in ("nobody@example.org", "admin@example.org")
    )
    hidden = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
    assert hidden.sub("", unknown) == hidden.sub("", inactive)
    assert postbox.messages == []


@pytest.mark.usefixtures("mail_at_once")
def test_links_are_not_sent_without_bound(client: Client, people: People, postbox: Postbox) -> None:
    User.objects.filter(pk=people.admin.pk).update(email="admin@example.org")
    asked = [client.post(reverse("request_password_link"), {"email": "admin@example.org"}) for _ in range(8)]
    assert [answer.status_code for answer in asked].count(429) == 3
    assert len(postbox.messages) == 5


def test_without_a_mail_server_the_page_says_whom_to_ask(client: Client) -> None:
    page = client.get(reverse("request_password_link")).content.decode()
    assert "Ask an administrator for a new password" in page
    assert client.post(reverse("request_password_link"), {"email": "a@example.org"}).status_code == 200
