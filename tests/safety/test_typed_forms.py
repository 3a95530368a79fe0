"""What was typed is there again after the session ended, for the same user only."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from determinations.access import typed_forms
from determinations.intake.receiving import receive_files
from determinations.models import Case, Correction, Letter, TypedForm
from determinations.reading.ingest import ingest_letters
from tests.fixtures.people import PASSWORD, People
from tests.letters_made import letter_text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def case(transactional_db: None) -> Case:
    """The case of a letter that was read."""
    receive_files(by=None, files=[ContentFile(letter_text(1).encode(), name="letter.txt")])
    ingest_letters(list(Letter.objects.values_list("pk", flat=True)))
    return Case.objects.get()


def form_on(client: Client, address: str) -> dict[str, str]:
    """The hidden note of the page's form."""
    content = client.get(address).content.decode()
    marker = f'name="{typed_forms.FIELD}" value="'
    assert content.count(marker) == 1
    shown = {typed_forms.SHOWN: "1"} if f'name="{typed_forms.SHOWN}"' in content else {}
    return {typed_forms.FIELD: content.split(marker)[1].split('"')[0], **shown}


def sign_in_again(client: Client, answer_url: str, name: str = "admin") -> str:
    """Sign in where the answer leads; returns the address that sign-in leads to."""
    page = client.get(answer_url)
    assert "What you typed is kept" in page.content.decode()
    answer = client.post(
        urlsplit(answer_url).path,
        {"username": name, "password": PASSWORD, "next": page.context["next"]},
    )
    assert answer.status_code == 302
    return str(answer["Location"])


def test_a_correction_typed_before_the_session_ended_is_shown_after_sign_in_and_then_saved(
    client: Client, people: People, case: Case
) -> None:
    client.force_login(people.admin)
    address = reverse("review_letter", args=[case.pk])
    typed = {
        **form_on(client, address), "do": "save", "value:age": "47", "shown:age": "another", "seen": "",
        "note": "as printed on page 1", "reason": "misread",
    }  # fmt: skip
    Session.objects.all().delete()
    answer = client.post(address, typed)
    assert answer.status_code == 302
    assert "47" not in answer["Location"]
    assert "page 1" not in str(client.cookies)
    assert not Correction.objects.exists()
    page = client.get(sign_in_again(client, answer["Location"])).content.decode()
    assert "These values could not be saved when you sent them." in page
    assert 'value="47"' in page
    assert "as printed on page 1" in page
    assert not Correction.objects.exists()


def test_a_note_typed_before_the_session_ended_is_shown_after_sign_in(
    client: Client, people: People, case: Case
) -> None:
    client.force_login(people.admin)
    address = reverse("report_problem", args=[case.pk])
    typed = {**form_on(client, address), "note": "The age is wrong.", "path": "age"}
    Session.objects.all().delete()
    answer = client.post(address, typed)
    restored = sign_in_again(client, answer["Location"])
    page = client.get(restored).content.decode()
    assert "The age is wrong." in page
    client.post(restored, {**form_on(client, restored), "note": "The age is wrong.", "path": "age"})
    assert not TypedForm.objects.exists()


def test_what_was_typed_is_forgotten_when_it_is_sent_again(client: Client, people: People, case: Case) -> None:
    client.force_login(people.admin)
    address = reverse("report_problem", args=[case.pk])
    typed = {**form_on(client, address), "note": "The age is wrong.", "path": "age"}
    Session.objects.all().delete()
    client.post(address, typed)
    client.force_login(people.admin)
    assert "Show them" in client.get(address).content.decode()
    client.post(address, {**typed, "note": "The sex is wrong."})
    assert TypedForm.objects.exists()
    client.post(address, typed)
    assert not TypedForm.objects.exists()


def test_another_user_sees_nothing_of_it(client: Client, people: People, case: Case) -> None:
    client.force_login(people.admin)
    address = reverse("report_problem", args=[case.pk])
    typed = {**form_on(client, address), "note": "The age is wrong."}
    Session.objects.all().delete()
    answer = client.post(address, typed)
    page = client.get(sign_in_again(client, answer["Location"], "supervisor")).content.decode()
    assert "The age is wrong." not in page


def test_nothing_is_kept_for_strangers_other_pages_or_old_forms(
    client: Client, people: People, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(people.admin)
    address = reverse("report_problem", args=[case.pk])
    note = form_on(client, address)
    Session.objects.all().delete()
    client.post(address, {"note": "no signed note"})
    client.post(address, {typed_forms.FIELD: "forged", "note": "x"})
    client.post(reverse("review_letter", args=[case.pk]), {**note, "note": "of another page"})
    client.post(address, {**note, "note": "x" * 500_000})
    monkeypatch.setattr(typed_forms, "KEPT_FOR", timedelta(seconds=-1))
    client.post(address, {**note, "note": "too old"})
    assert not TypedForm.objects.exists()


def test_a_page_from_before_the_last_sign_in_shows_what_was_typed_on_a_fresh_one(people: People, case: Case) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(people.admin)
    address = reverse("report_problem", args=[case.pk])
    typed = {**form_on(browser, address), "csrfmiddlewaretoken": "a" * 64, "note": "The age is wrong."}
    answer = browser.post(address, typed)
    assert answer.status_code == 302
    assert "The age is wrong." in browser.get(answer["Location"]).content.decode()


def test_what_nobody_came_back_for_expires(people: People) -> None:
    old = timezone.now() - typed_forms.KEPT_FOR - timedelta(minutes=1)
    TypedForm.objects.create(by=people.admin, path="/", body="note=x", kept_at=old)
    typed_forms.delete_expired(timezone.now())
    assert not TypedForm.objects.exists()
