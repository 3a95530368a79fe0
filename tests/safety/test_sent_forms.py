"""A form that is sent twice is carried out once: by a double click, after Back, or again when no answer came."""

import re
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_network

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from determinations.access import sent_forms
from determinations.access.sent_forms import AtWork, Outcome
from determinations.models import (
    ApiToken,
    AuditEvent,
    CaseNote,
    Duty,
    DutyDocument,
    Letter,
    Office,
    ReportSchedule,
    SavedReport,
    SentForm,
    Upload,
    Webhook,
)
from determinations.views import sent_forms as middleware
from tests.access.conftest import sign_in
from tests.access.offices import letter_of, limit
from tests.fixtures.people import PASSWORD, People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]
TOKEN = "csrfmiddlewaretoken"


class Page:
    """A page in a tab of a browser: all its forms have its token."""

    def __init__(self, client: Client, address: str) -> None:
        self.client = client
        content = client.get(address).content.decode()
        self.token = re.findall(rf'name="{TOKEN}" value="(\w+)"', content)[-1]

    def send(self, address: str, fields: Mapping[str, object] = {}, accept: str = "text/html") -> HttpResponse:
        typed = {TOKEN: self.token, **{name: value() if callable(value) else value for name, value in fields.items()}}
        return self.client.post(address, typed, headers={"Accept": accept})  # type: ignore[return-value] # of a test


def text_file(content: bytes = b"A synthetic letter.") -> SimpleUploadedFile:
    return SimpleUploadedFile("a.txt", content, "text/plain")


def pdf_file() -> SimpleUploadedFile:
    return SimpleUploadedFile("a.pdf", b"%PDF-1.4 synthetic authorization", "application/pdf")


@pytest.fixture
def admin(people: People) -> Client:
    """One who has just signed in, and need not confirm who they are."""
    client = Client()
    sign_in(client, "admin", PASSWORD)
    return client


def test_what_a_form_makes_is_made_once_and_the_second_answer_is_the_first(admin: Client, people: People) -> None:
    office = Office.objects.create(name="North")
    letter = letter_of(office, "north", "CM26-0000001")
    case, duty = f"/cases/{letter.pk}/", Duty.objects.get(letter=letter)
    reports = "/statistics/reports/"
    begun = Page(admin, reports).send(f"{reports}begin/", {"query": ""})
    report = begun.headers["Location"]
    made = [
        (CaseNote, case, f"{case}notes/", {"text": "A synthetic note."}),
        (SavedReport, reports, f"{reports}begin/", {"query": ""}),
        (ReportSchedule, f"{report}schedules/", f"{report}schedules/", {
            "frequency": "daily", "weekday": "0", "day": "0", "at": "06:00", "format": "pdf",
            "recipients": people.admin.pk,
        }),
        (DutyDocument, f"/worklist/{duty.pk}/", f"/worklist/{duty.pk}/", {"do": "attach", "document": pdf_file}),
    ]  # fmt: skip
    for model, page, address, fields in made:
        tab = Page(admin, page)
        before = model._default_manager.count()

        first, second = tab.send(address, fields), tab.send(address, fields)
        assert (first.status_code, model._default_manager.count() - before) == (302, 1), model
        assert second.headers["Location"] == first.headers["Location"]
        assert "This form was sent before, and was carried out once." in admin.get("/profile/").content.decode()
        assert AuditEvent.objects.latest("pk").action != "form.sent"
    assert AuditEvent.objects.filter(action="form.repeated").count() == len(made)
    other_tab = Page(admin, case)  # the same words there, and other words here, are other notes
    for tab, text in ((other_tab, "A synthetic note."), (other_tab, "Another note.")):
        assert tab.send(f"{case}notes/", {"text": text}).status_code == 302
    assert CaseNote.objects.count() == 3
    limited = Client()  # whose statements see the rows of one office
    limit(people.casemanager, office)
    limited.force_login(people.casemanager)
    tab = Page(limited, case)
    answers = [tab.send(f"{case}notes/", {"text": "Of an office."}).status_code for _again in range(2)]
    assert (answers, CaseNote.objects.count()) == ([302, 302], 4)
    assert "synthetic" not in str(list(SentForm.objects.values_list("key", "location", "body")))


def test_files_are_received_once_by_form_and_by_script_and_other_bytes_are_other_files(admin: Client) -> None:
    page = Page(admin, "/uploads/")
    answers = [page.send("/uploads/", {"files": text_file()}, accept="application/json") for _again in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    page.send("/uploads/", {"files": text_file(b"Another syntheticlett")}, accept="application/json")
    assert Upload.objects.count() == 2
    answers = [page.send("/uploads/", {"files": text_file()}) for _again in range(2)]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert Upload.objects.count() == 3


def test_the_same_file_of_another_folder_is_another_part_of_the_batch(admin: Client) -> None:
    page = Page(admin, "/uploads/")
    first = {"files": text_file, "paths": "north/a.txt", "part": "1"}
    batch = page.send("/uploads/", first, accept="application/json").json()  # type: ignore[attr-defined] # of a test
    joined = {"files": text_file, "upload": batch["upload"]}
    for folder, part in (("south", "2"), ("south", "2"), ("east", "3")):
        sent = {**joined, "paths": f"{folder}/a.txt", "part": part}
        assert page.send("/uploads/", sent, accept="application/json").status_code == 201
    page.send("/uploads/", {**joined, "paths": "../b.txt", "part": "4"}, accept="application/json")
    files = list(Upload.objects.get().files.order_by("pk").values_list("name", "outcome"))
    assert files == [
        ("north/a.txt", "accepted"), ("south/a.txt", "duplicate"), ("east/a.txt", "duplicate"), ("a.txt", "duplicate"),
    ]  # fmt: skip
    shown = admin.get(batch["address"]).content.decode()
    assert "south/a.txt" in shown
    assert f"already in the system as letter {Letter.objects.get().pk}" in shown


def test_what_is_shown_once_is_made_once(admin: Client, people: People, settings: Settings) -> None:
    settings.WEBHOOK_NETWORKS = (ip_network("127.0.0.0/8"),)
    webhook = {"do": "make", "name": "a", "url": "https://127.0.0.1:1/", "user": "admin", "kinds": "case", "query": ""}
    for model, address, typed in (
        (ApiToken, "/profile/tokens/", {"name": "Synthetic", "scopes": "read", "days": "90"}),
        (Webhook, "/webhooks/", webhook),
    ):
        page = Page(admin, address)
        assert page.send(address, typed).status_code == 201
        again = page.send(address, typed)
        assert again.status_code == 409
        assert "revoke what was made, and make another" in again.content.decode()
        assert model._default_manager.count() == 1


def test_a_form_that_was_not_carried_out_can_be_sent_again(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(admin, "/uploads/")
    for _again in range(2):  # an error is told by the next page
        assert page.send("/uploads/").headers["Location"] == "/uploads/"
    tokens = Page(admin, "/profile/tokens/")
    for _again in range(2):
        assert tokens.send("/profile/tokens/", {"name": ""}).status_code == 422
    monkeypatch.setattr("determinations.views.access.confirmation.confirmed_recently", lambda _: False)
    for _again in range(2):  # an exception that leads to the page which asks for the password
        answer = tokens.send("/profile/tokens/", {"name": "Synthetic", "scopes": "read", "days": "90"})
        assert answer.headers["Location"].startswith("/accounts/confirm/")
    assert not SentForm.objects.exists()
    assert "This form was sent before" not in admin.get("/profile/").content.decode()


def test_a_form_that_waited_for_the_password_is_carried_out_once(
    admin: Client, people: People, settings: Settings
) -> None:
    typed = {"name": "Synthetic", "scopes": "read", "days": "90"}
    page, confirm = Page(admin, "/profile/tokens/"), "/accounts/confirm/"
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    asked = page.send("/profile/tokens/", typed)
    assert asked.headers["Location"].startswith(confirm)
    question = Page(admin, asked.headers["Location"])
    answer = {"password": "wrong", "next": "/profile/tokens/"}
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
    assert (question.send(confirm, answer).status_code, SentForm.objects.count()) == (200, 0)
    made = question.send(confirm, {**answer, "password": PASSWORD})
    assert (made.status_code, ApiToken.objects.count()) == (201, 1)
    for tab, address, fields in (
        (question, confirm, {**answer, "password": PASSWORD}),
        (page, "/profile/tokens/", typed),
    ):
        again = tab.send(address, fields)
        assert (again.status_code, ApiToken.objects.count()) == (409, 1), "from either page"
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    SentForm.objects.exclude(status=201).delete()
    second = Page(admin, "/profile/tokens/")
    assert second.send("/profile/tokens/", {**typed, "name": "Second"}).headers["Location"].startswith(confirm)
    question = Page(admin, confirm)
    assert question.send(confirm, {"password": PASSWORD, "next": "/elsewhere/"}).status_code == 302
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
    assert second.send("/profile/tokens/", {**typed, "name": "Second"}).status_code == 201, (
        "it was not carried out before"
    )


def test_the_second_waits_for_the_first_or_is_told_that_it_is_at_work(
    admin: Client, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, user = timezone.now(), people.admin.pk
    row = sent_forms.begin(user, "a" * 64, now=now, wait=0)
    assert isinstance(row, SentForm)
    with pytest.raises(AtWork):
        sent_forms.begin(user, "a" * 64, now=now, wait=0)
    monkeypatch.setattr("time.sleep", lambda _seconds: sent_forms.end(row, Outcome(302, "/there/")))
    assert sent_forms.begin(user, "a" * 64, now=now, wait=5) == Outcome(302, "/there/")
    assert isinstance(sent_forms.begin(user, "a" * 64, now=now + timedelta(hours=25), wait=0), SentForm)
    # It was killed: it is carried out again after a while.
    assert isinstance(sent_forms.begin(user, "a" * 64, now=now + timedelta(hours=26), wait=0), SentForm)
    sent_forms.delete_old(now + timedelta(hours=51))
    assert not SentForm.objects.exists()
    page = Page(admin, "/uploads/")
    monkeypatch.setattr(middleware, "WAIT", 0.0)
    page.send("/uploads/", {"files": text_file()})
    SentForm.objects.update(status=0)
    assert "It was not started again." in page.send("/uploads/", {"files": text_file()}).content.decode()
