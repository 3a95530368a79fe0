"""Sessions: when they end, and how users see and end their own."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from determinations.access.accounts import delete_ended_sessions
from determinations.access.browsers import browser_in_words
from determinations.access.typed_forms import FIELD, note_of
from determinations.models import AuditEvent, TypedForm
from tests.access.conftest import sign_in
from tests.fixtures.people import PASSWORD, People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"


def signed_in(username: str = "casemanager", agent: str = FIREFOX, address: str = "192.0.2.1") -> Client:
    client = Client(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    assert sign_in(client, username, PASSWORD).status_code == 302
    return client


def set_signed_in_at(client: Client, **ago: float) -> None:
    session = client.session
    session["signed_in_at"] = (timezone.now() - timedelta(**ago)).isoformat()
    session.save()


def test_a_session_ends_some_hours_after_its_sign_in_however_active(people: People) -> None:
    client = signed_in()
    set_signed_in_at(client, hours=11.9)
    assert client.get(reverse("case_list")).status_code == 200
    set_signed_in_at(client, hours=12.1)
    answer = client.get(reverse("case_list"))
    assert answer.headers["Location"].startswith(reverse("login"))
    assert client.get(reverse("case_list")).status_code == 302
    assert AuditEvent.objects.filter(action="signin.expired", by_id=people.casemanager.pk).count() == 1


def test_a_form_typed_when_the_session_reaches_its_end_is_kept(people: People) -> None:
    client = signed_in("admin")
    set_signed_in_at(client, hours=12.1)
    path = reverse("map_citation")
    answer = client.post(path, {"printed": "Typed", FIELD: note_of(people.admin, path)})
    assert answer.headers["Location"].startswith(reverse("login"))
    assert "printed=Typed" in TypedForm.objects.get(by=people.admin).body


def test_users_see_their_own_sessions_with_browser_address_and_time(people: People) -> None:
    desk, phone, _other = signed_in(), signed_in(agent=PHONE, address="198.51.100.7"), signed_in("admin")
    page = desk.get(reverse("profile")).content.decode()
    assert page.count('aria-label="End the session of') == 2
    assert page.index("Firefox on Windows") < page.index("this browser") < page.index("Safari on iPhone")
    assert "198.51.100.7" in page
    assert phone.get(reverse("profile")).status_code == 200


def test_users_end_one_session_or_all_others(people: People) -> None:
    desk, phone, tablet = signed_in(), signed_in(agent=PHONE), signed_in(agent="curl/8")
    session = UserSession.objects.get(user_agent=PHONE)
    desk.post(reverse("end_session"), {"session": session.pk})
    assert phone.get(reverse("case_list")).status_code == 302
    assert tablet.get(reverse("case_list")).status_code == 200
    desk.post(reverse("end_session"), {"session": "others"})
    assert tablet.get(reverse("case_list")).status_code == 302
    assert desk.get(reverse("case_list")).status_code == 200
    own = UserSession.objects.get(user=people.casemanager)
    assert desk.post(reverse("end_session"), {"session": own.pk}).headers["Location"] == reverse("login")
    assert desk.get(reverse("case_list")).status_code == 302
    assert AuditEvent.objects.filter(action="session.ended").count() == 3


@pytest.mark.parametrize("chosen", ["", "²", "9" * 30, "x"])
def test_a_session_of_someone_else_cannot_be_ended(people: People, chosen: str) -> None:
    desk, other = signed_in(), signed_in("admin")
    theirs = UserSession.objects.get(user=people.admin).pk
    for session in (chosen, theirs):
        assert desk.post(reverse("end_session"), {"session": session}).status_code == 302
    assert other.get(reverse("case_list")).status_code == 200


def test_a_session_is_seen_again_every_five_minutes_with_its_newest_address(people: People) -> None:
    client = signed_in()
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(hours=1))
    session = client.session
    session["seen_at"] = (timezone.now() - timedelta(minutes=6)).isoformat()
    session.save()
    client.get(reverse("case_list"), REMOTE_ADDR="203.0.113.5")
    seen = UserSession.objects.get()
    assert seen.ip == "203.0.113.5"
    assert timezone.now() - seen.last_seen_at < timedelta(minutes=1)


def test_sessions_that_have_ended_are_swept(people: People) -> None:
    signed_in()
    now = timezone.now()
    assert delete_ended_sessions(now=now) == 0
    assert UserSession.objects.count() == 1
    assert delete_ended_sessions(now=now + timedelta(hours=14)) == 1
    assert not UserSession.objects.exists()


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (PHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge on Linux"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "Unknown browser"),
        ("<script>" * 50, "<script><script><script><script><script><script><script><scr"),
    ],
)  # fmt: skip
def test_browsers_are_told_in_words(agent: str, words: str) -> None:
    assert browser_in_words(agent) == words


def test_an_odd_proxy_header_and_browser_name_do_no_harm(people: People, settings: object) -> None:
    client = signed_in(agent="<b>" * 300, address="unknown")
    page = client.get(reverse("profile")).content.decode()
    assert "0.0.0.0" in page
    assert "<b><b>" not in page
