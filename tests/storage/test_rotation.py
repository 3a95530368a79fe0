"""All files get the current key: whatever stops the run, whoever reads and writes meanwhile."""

import os
from hashlib import sha256
from io import StringIO
from itertools import count, islice
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.utils import timezone

from determinations.cases import page_pictures
from determinations.intake.receiving import receive_files
from determinations.intake.store import letter_store
from determinations.intake.stored_files import stored_bytes
from determinations.models import FileKeyInUse, Letter
from determinations.reading import readiness
from determinations.reading.ingest import ingest_letters
from determinations.storage import files, folder, inventory, rotation
from determinations.storage.keys import key_ring
from tests.fixtures.stored import stored_path
from tests.letters_made import letter_pdf

KEYS = [bytes([number]) * 32 for number in range(1, 4)]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def without_key(own_store: None, settings: Any) -> None:
    """Files are not encrypted at first."""
    settings.FILE_KEYS = []


def bring(*numbers: int) -> list[Letter]:
    files = [ContentFile(letter_pdf(number), name="letter.pdf") for number in numbers]
    upload = receive_files(by=None, files=files)
    return list(Letter.objects.filter(arrivals__upload=upload).order_by("pk"))


def keys_in_use() -> set[str]:
    return {inventory.key_of(area, name) for unit in inventory.units() for area, name in inventory.files_of(unit)}


def current() -> str:
    key = key_ring().current
    assert key is not None
    return key.name


def rotated(**options: Any) -> str:
    out = StringIO()
    call_command("rotate_file_key", stdout=out, stderr=out, **options)
    return out.getvalue()


def test_plain_files_and_files_of_older_keys_get_the_current_key(settings: Any) -> None:
    plain, *_ = bring(1)
    settings.FILE_KEYS = KEYS[:1]
    old, *_ = bring(2)
    page_pictures.keep_page(old, 1, b"synthetic picture")
    with files.exports_area().write("7.csv") as file:
        file.write(b"synthetic,export")
    with files.documents_area().write("ab" * 16) as file:
        file.write(b"synthetic document")
    first, aged = current(), stored_path(old.store_name)
    os.utime(aged, (1_000, 1_000))
    settings.FILE_KEYS = [KEYS[1], KEYS[0]]
    bring(3)
    said = rotated(batch=1)
    assert "5 files are to be encrypted" in said
    assert "5 encrypted, 0 left" in said
    assert f"No file needs the key {first} any longer" in said
    settings.FILE_KEYS = KEYS[1:2]
    assert keys_in_use() == {current()}
    assert [stored_bytes(letter) for letter in (plain, old)] == [letter_pdf(1), letter_pdf(2)]
    assert files.pictures_area().read(page_pictures._page_name(old, 1)) == b"synthetic picture"
    assert files.exports_area().read("7.csv") == b"synthetic,export"
    assert aged.stat().st_mtime == 1_000, "the age of a file stays: leftovers and exports are deleted by it"
    assert readiness.obstacles() == []
    assert "0 files are to be encrypted" in rotated()


@pytest.mark.parametrize("step", ["sync", "replace", "utime"])
def test_a_run_that_is_stopped_leaves_whole_files_and_is_continued(
    settings: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    letters = bring(1, 2, 3, 4)
    settings.FILE_KEYS = KEYS[:1]
    done = 0

    class Killed(BaseException):
        """The process ends."""

    def at_third(function: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal done
            done += 1
            if done == 3:
                raise Killed
            return function(*arguments, **named)

        return call

    with monkeypatch.context() as patched:
        owner: Any = folder if step == "sync" else os
        steps = rotation.rotate(batch=1 if step == "sync" else 2)
        next(steps)
        patched.setattr(owner, step, at_third(getattr(owner, step)))
        with pytest.raises(Killed):
            list(steps)
    assert [stored_bytes(letter) for letter in letters] == [letter_pdf(number) for number in range(1, 5)]
    left = [inventory.key_of(letter_store().area, letter.store_name) for letter in letters].count("")
    assert 0 < left < 4
    assert f"{left} files are to be encrypted" in rotated()
    assert keys_in_use() == {current()}
    assert list((stored_path("") / folder.UNFINISHED).iterdir()) == []


def test_encryption_is_turned_off_again_also_by_a_run_that_was_stopped(settings: Any) -> None:
    settings.FILE_KEYS = KEYS[:1]
    letters, key = bring(1, 2, 3), current()
    settings.FILE_KEYS = [b"", KEYS[0]]
    letters += bring(4)
    assert [stored_bytes(letter) for letter in letters] == [letter_pdf(number) for number in range(1, 5)]
    assert [step.left for step in islice(rotation.rotate(batch=1), 2)] == [3, 2]
    assert keys_in_use() == {"", key}
    assert readiness.obstacles() == []
    said = rotated()
    assert "2 files are to be decrypted" in said
    assert f"No file needs the key {key} any longer" in said
    settings.FILE_KEYS = []
    assert keys_in_use() == {""}
    assert stored_path(letters[0].store_name).read_bytes() == letter_pdf(1)
    assert [stored_bytes(letter) for letter in letters] == [letter_pdf(number) for number in range(1, 5)]
    assert readiness.obstacles() == []


def test_letters_are_read_and_received_while_the_key_changes(settings: Any) -> None:
    settings.FILE_KEYS = KEYS[:1]
    letters, older = bring(1, 2, 3), current()
    settings.FILE_KEYS = [KEYS[1], KEYS[0]]
    steps = rotation.rotate(batch=1)
    next(steps)
    with letter_store().area.open(letters[0].store_name) as reading:
        assert [next(steps).written for _ in letters] == [1, 2, 3]
        assert reading.read() == letter_pdf(1), "who has the old file open reads on"
    ingest_letters([letter.pk for letter in letters])
    settings.FILE_KEYS = KEYS[:1]  # a worker that was not restarted yet, with the old key alone
    passed = max(letter.sha256 for letter in letters)
    number = next(number for number in count(4) if sha256(letter_pdf(number)).hexdigest() < passed)
    late = bring_by_old_worker(number)
    settings.FILE_KEYS = [KEYS[1], KEYS[0]]
    progress = list(steps)[-1]
    assert progress.released == [], "the old key was used after the run began"
    assert FileKeyInUse.objects.filter(pk=older).exists()
    assert set(Letter.objects.exclude(pk=late.pk).values_list("state", flat=True)) == {"parsed"}
    assert list(rotation.rotate())[-1].released == [older]
    assert stored_bytes(late) == letter_pdf(number)


def bring_by_old_worker(number: int) -> Letter:
    """Store a letter as a process does that was ready before the new key was used."""
    data = letter_pdf(number)
    letter = Letter.objects.create(
        sha256=sha256(data).hexdigest(), size=len(data), media_type="application/pdf", received_at=timezone.now()
    )
    letter_store().keep({letter.store_name: ContentFile(data)})
    return letter


def test_a_deleted_letter_does_not_come_back(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    [letter] = bring(1)
    settings.FILE_KEYS = KEYS[:1]
    steps = rotation.rotate()
    next(steps)
    letter_store().delete(letter.store_name)
    assert list(steps)[-1].written == 0
    assert not letter_store().exists(letter.store_name)


def test_damaged_files_stay_as_they_are_and_are_counted(settings: Any) -> None:
    settings.FILE_KEYS = KEYS[:1]
    cut, swapped, good = bring(1, 2, 3)
    older = current()
    path = stored_path(cut.store_name)
    path.write_bytes(path.read_bytes()[:-1])
    stored_path(swapped.store_name).write_bytes(b"%PDF-1.4 another file")
    settings.FILE_KEYS = [KEYS[1], KEYS[0]]
    said = rotated()
    assert "1 encrypted, 0 left" in said
    assert "2 are damaged" in said
    assert older in said
    assert stored_bytes(good) == letter_pdf(3)


def test_files_of_a_key_that_is_missing_keep_it_from_being_forgotten(settings: Any) -> None:
    settings.FILE_KEYS = KEYS[:1]
    bring(1)
    settings.FILE_KEYS = KEYS[1:2]
    with pytest.raises(CommandError, match="not configured here"):
        rotated()
    assert list(rotation.rotate())[-1].without_key == 1
    assert FileKeyInUse.objects.count() == 2


def test_without_a_key_the_command_says_what_to_set(settings: Any) -> None:
    with pytest.raises(CommandError, match="set FILE_KEYS"):
        rotated()
