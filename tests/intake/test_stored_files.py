"""Stored files are compared with their hash: one that was cut, emptied or swapped is neither read nor served."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from determinations.intake import leftovers
from determinations.intake.receiving import receive_files, receive_upload
from determinations.intake.stored_files import stored_bytes
from determinations.models import Case, Letter, Upload, UploadedFile
from determinations.reading.ingest import ingest_letters, retry_letters
from tests.cases.drawn import drawn
from tests.fixtures.people import People
from tests.fixtures.stored import stored_path
from tests.letters_made import letter_pdf

pytestmark = pytest.mark.django_db(transaction=True)


def bring(number: int) -> Letter:
    """Upload a letter and read it."""
    upload = receive_files(by=None, files=[ContentFile(letter_pdf(number), name="letter.pdf")])
    letter = Letter.objects.get(arrivals__upload=upload)
    ingest_letters([letter.pk])
    return Letter.objects.get(pk=letter.pk)


def path_of(letter: Letter) -> Path:
    return stored_path(letter.store_name)


def swap(path: Path) -> None:
    path.write_bytes(letter_pdf(77))


def swap_encrypted(path: Path) -> None:
    other = bring(78)
    path.write_bytes(path_of(other).read_bytes())
    Letter.objects.filter(pk=other.pk).delete()


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def delete(path: Path) -> None:
    path.unlink()


DAMAGES = pytest.mark.parametrize("damage", [swap, swap_encrypted, flip, cut, empty, delete])


@DAMAGES
def test_a_damaged_file_is_not_served_and_says_what_to_do(as_admin: Client, damage: Callable[[Path], None]) -> None:
    letter = bring(1)
    damage(path_of(letter))
    response = as_admin.get(f"/letters/{letter.pk}/original/")
    assert response.status_code in (404, 409)
    assert b"Upload the same file again" in response.content
    assert drawn(as_admin, f"/letters/{letter.pk}/pages/1.png").status_code == 404


@DAMAGES
def test_a_damaged_file_rewrites_no_case_and_the_right_bytes_mend_it(
    people: People, damage: Callable[[Path], None]
) -> None:
    letter = bring(1)
    before = Case.objects.values().get()
    damage(path_of(letter))
    Letter.objects.update(state="needs_review")
    retry_letters(by=people.admin, letters=Letter.objects.all())
    ingest_letters([letter.pk])
    after = Letter.objects.get()
    assert after.message.startswith("Reading it again failed: The stored file")
    assert Case.objects.values().get() | {"updated_at": 0} == before | {"updated_at": 0}

    upload = receive_files(by=None, files=[ContentFile(letter_pdf(1), name="again.pdf")])
    assert "replaced it" in upload.files.get().message
    assert Letter.objects.get().state == "received"
    ingest_letters([letter.pk])
    after = Letter.objects.get()
    assert (after.state, after.message) == ("parsed", "")
    assert stored_bytes(after) == letter_pdf(1)


def test_a_new_letter_with_a_damaged_file_is_set_aside_until_the_right_bytes_come() -> None:
    receive_files(by=None, files=[ContentFile(letter_pdf(1), name="letter.pdf")])
    letter = Letter.objects.get()
    swap(path_of(letter))
    ingest_letters([letter.pk])
    assert Letter.objects.get().state == "set_aside"
    assert not Case.objects.exists()
    receive_files(by=None, files=[ContentFile(letter_pdf(1), name="letter.pdf")])
    ingest_letters([letter.pk])
    assert Letter.objects.get().state == "parsed"


# Leftovers


def age(path: Path, passed: timedelta) -> None:
    changed = time.time() - passed.total_seconds() - 60
    os.utime(path, (changed, changed))


def test_files_of_killed_processes_are_deleted_and_those_at_work_are_not() -> None:
    letter = bring(1)
    unfinished, uploading = stored_path("") / "unfinished", leftovers.uploading_folder()
    for folder in (unfinished, uploading):
        folder.mkdir(exist_ok=True)
        (folder / "old").write_bytes(b"half")
        (folder / "new").write_bytes(b"half")
        age(folder / "old", leftovers.ABANDONED_AFTER)
    age(path_of(letter), timedelta(days=30))
    leftovers.delete_leftovers(now=timezone.now())
    for folder in (unfinished, uploading):
        assert not (folder / "old").exists()
        assert (folder / "new").exists()
        (folder / "new").unlink()
    assert path_of(letter).exists()


def test_a_large_upload_waits_in_a_file_that_ends_with_its_process(
    no_worker: None, as_casemanager: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    seen: list[tuple[list[Path], list[bytes]]] = []

    def look(*details: Any, **named: Any) -> Upload:
        seen.append((list(leftovers.uploading_folder().iterdir()), list(_open_files(leftovers.uploading_folder()))))
        return receive_upload(*details, **named)

    monkeypatch.setattr("determinations.views.intake.uploads.receive_upload", look)
    as_casemanager.post("/uploads/", {"files": ContentFile(letter_pdf(3), name="letter.pdf")})
    [(names, contents)] = seen
    assert names == []
    assert len(contents) == 1
    assert b"%PDF" not in contents[0], "what reaches the disk is encrypted"
    assert stored_bytes(Letter.objects.get()) == letter_pdf(3)


def _open_files(folder: Path) -> Iterator[bytes]:
    """The content of this process's open files without a name in a folder, as it is on the disk."""
    for link in Path("/proc/self/fd").iterdir():
        if link.is_symlink() and os.readlink(link).startswith(f"{folder}/"):
            yield link.read_bytes()


def test_stored_files_without_a_letter_are_deleted() -> None:
    letter, lost = bring(1), bring(2)
    folders = [path.store_name.rpartition("/")[0] for path in (letter, lost)]
    for path in (path_of(letter), path_of(lost)):
        age(path, leftovers.WITHOUT_ROW_AFTER)
    UploadedFile.objects.filter(letter=lost).delete()
    Letter.objects.filter(pk=lost.pk).delete()
    assert leftovers.delete_files_without_row(folders) == 1
    assert path_of(letter).exists()
    assert not path_of(lost).exists()


def test_empty_batches_disappear() -> None:
    bring(1)
    old = timezone.now() - leftovers.EMPTY_BATCH_AFTER - timedelta(minutes=1)
    Upload.objects.update(started_at=old)
    emptied, young = Upload.objects.create(started_at=old), Upload.objects.create(started_at=timezone.now())
    leftovers.delete_leftovers(now=timezone.now())
    assert not Upload.objects.filter(pk=emptied.pk).exists()
    assert Upload.objects.filter(pk=young.pk).exists()
    assert Upload.objects.count() == 2
