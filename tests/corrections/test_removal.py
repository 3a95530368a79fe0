"""Administrators remove letters uploaded by mistake; files are deleted when the retention period ends."""

import threading
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files import File
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from determinations.cases.page_pictures import pictures_folder
from determinations.corrections import actions, removal
from determinations.intake.receiving import receive_files
from determinations.intake.store import LetterStore, letter_store
from determinations.models import (
    AuditEvent,
    Case,
    Correction,
    ItemFact,
    Letter,
    LetterText,
    RemovedLetter,
    ReviewSettings,
)
from determinations.synthetic import letter_pdf, write_letter
from tests.cases.drawn import draw_all
from tests.cases.test_letter_pages import store_pdf
from tests.corrections.letters import NOW, document, item, stored_letter
from tests.fixtures.people import People
from tests.fixtures.stored import stored_path

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter(settings: Any, tmp_path: Path) -> Letter:
    settings.MEDIA_ROOT = tmp_path
    return store_pdf(letter_pdf(write_letter(40, 5)))


def has_file(letter: Letter) -> bool:
    return letter_store().exists(letter.store_name)


def test_a_letter_that_never_belonged_here_is_removed_with_its_file(
    as_admin: Client, people: People, letter: Letter, django_capture_on_commit_callbacks: Any
) -> None:
    actions.correct_field(letter.pk, "age", 44, by=people.admin, now=NOW, reason="misread")
    draw_all(letter)
    assert stored_path(pictures_folder(letter.sha256), "pictures").exists()
    address = reverse("remove_letter", args=[letter.pk])
    assert b"1 correction will be kept" in as_admin.get(address).content
    refused = as_admin.post(address, {"belonged": "no", "reason": " "})
    assert (refused.status_code, Letter.objects.count()) == (422, 1)
    with django_capture_on_commit_callbacks(execute=True):
        done = as_admin.post(
            address, {"belonged": "no", "reason": "Another office's letter", "sure": "on"}, follow=True
        )
    assert b"its file is deleted" in done.content
    assert not Letter.objects.exists()
    assert not Case.objects.exists()
    assert not ItemFact.objects.exists()
    assert not has_file(letter)
    assert not stored_path(pictures_folder(letter.sha256), "pictures").exists()
    assert Correction.objects.count() == 1
    event = AuditEvent.objects.get(action="letter.removed")
    assert event.letter_id == letter.pk
    assert "reason" not in event.detail, "what staff typed stays where it can be erased"
    removed = RemovedLetter.objects.get()
    assert (removed.reason, removed.deleted_at is not None) == ("Another office's letter", True)


def test_the_file_of_our_own_letter_is_kept_for_the_retention_period(
    people: People, letter: Letter, django_capture_on_commit_callbacks: Any
) -> None:
    ReviewSettings.objects.update_or_create(pk=1, defaults={"retention_years": 3})
    Case.objects.filter(pk=letter.pk).update(decision_date=date(2024, 2, 29), ur_denial_date=date(2024, 1, 1))
    with django_capture_on_commit_callbacks(execute=True):
        removed = removal.remove_letter(letter.pk, by=people.admin, now=NOW, reason="copy")
    assert (removed.keep_until, has_file(letter)) == (date(2027, 2, 28), True)
    assert removal.delete_files(now=datetime(2027, 2, 27, tzinfo=UTC)) == 0
    # The same file is uploaded again, so it must not be deleted.
    again = store_pdf(letter_pdf(write_letter(40, 5)))
    assert removal.delete_files(now=datetime(2027, 3, 1, tzinfo=UTC)) == 0
    again.delete()
    assert removal.delete_files(now=datetime(2027, 3, 1, tzinfo=UTC)) == 1
    assert not has_file(letter)
    assert removal.delete_files(now=datetime(2027, 3, 1, tzinfo=UTC)) == 0


def test_a_file_removed_twice_is_kept_for_the_longer_period(letter: Letter, people: People) -> None:
    def removed(letter_id: int, *, until: date) -> None:
        RemovedLetter.objects.create(
            letter_id=letter_id, sha256=letter.sha256, reason="copy", belonged=True, removed_at=NOW,
            by_id=people.admin.pk, by_name="admin", keep_until=until,
        )  # fmt: skip

    removed(letter.pk, until=date(2027, 1, 1))
    removed(letter.pk + 1, until=date(2028, 1, 1))
    letter.delete()
    assert removal.delete_files(now=datetime(2027, 6, 1, tzinfo=UTC)) == 0
    assert has_file(letter)
    assert removal.delete_files(now=datetime(2028, 6, 1, tzinfo=UTC)) == 2
    assert not has_file(letter)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_worker")
def test_a_file_uploaded_while_it_is_being_deleted_is_kept(
    people: People, letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep comes after the store found the bytes and before their row is written."""
    with letter_store().open(letter.store_name) as file:
        data = file.read()
    RemovedLetter.objects.create(
        letter_id=letter.pk, sha256=letter.sha256, reason="copy", belonged=False, removed_at=NOW,
        by_id=people.admin.pk, by_name="admin", keep_until=NOW.date(),
    )  # fmt: skip
    letter.delete()
    deleted: list[int] = []

    def sweep() -> None:
        deleted.append(removal.delete_files(now=NOW))
        connection.close()

    sweeper = threading.Thread(target=sweep)

    def keep_then_sweep(store: LetterStore, files: Mapping[str, File]) -> set[str]:
        written = keep(store, files)
        sweeper.start()
        while sweeper.is_alive() and not is_anyone_waiting():
            sweeper.join(0.01)
        return written

    keep = LetterStore.keep
    monkeypatch.setattr(LetterStore, "keep", keep_then_sweep)
    receive_files(by=people.admin, files=[SimpleUploadedFile("again.pdf", data)])
    sweeper.join()
    assert (deleted, Letter.objects.count(), has_file(letter)) == ([0], 1, True)


def is_anyone_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'advisory')")
        return bool(cursor.fetchone()[0])


def test_only_admins_remove(as_supervisor: Client, people: People, letter: Letter, django_user_model: Any) -> None:
    address = reverse("remove_letter", args=[letter.pk])
    assert as_supervisor.get(address).status_code == 403
    assert as_supervisor.post(address, {"belonged": "no", "reason": "x", "sure": "on"}).status_code == 403
    with pytest.raises(PermissionDenied):
        removal.remove_letter(letter.pk, by=people.casemanager, now=NOW, reason="x", belonged=False)
    assert has_file(letter)


def test_the_text_of_a_file_stays_while_one_of_its_letters_does(people: People) -> None:
    first = stored_letter(document(item("Knee brace")), text="the synthetic text of three letters")
    others = [
        Letter.objects.create(
            sha256=first.sha256, part=part, size=1, media_type="text/plain", received_at=NOW, state="parsed"
        )
        for part in (2, 3)
    ]
    for letter in others:
        LetterText.objects.create(letter=letter, text="", kept_with_id=first.pk, folded_sha256=letter.sha256)
    removal.remove_letter(first.pk, by=people.admin, now=NOW, reason="a synthetic mistake")
    for letter in others:
        text = LetterText.objects.of(letter.pk)
        assert text
        assert text.text == "the synthetic text of three letters"
    for letter in others:
        removal.remove_letter(letter.pk, by=people.admin, now=NOW, reason="a synthetic mistake")
    assert not LetterText.objects.exists()
