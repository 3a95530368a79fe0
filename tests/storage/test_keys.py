"""The keys of stored files: from the environment, and what happens without them."""

import base64
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.test import Client

from determinations.intake.receiving import receive_files
from determinations.intake.store_health import StoreUnavailable
from determinations.intake.stored_files import FileChanged, KeyMissing, stored_bytes
from determinations.models import FileKeyInUse, Letter, UploadedFile
from determinations.reading import breaker, readiness
from determinations.storage.keys import key_ring
from determinations.storage.sealed import MAGIC
from determinations.tasks import guards, parse_letters
from imrsite import env
from tests.fixtures.stored import stored_path
from tests.letters_made import letter_pdf

KEYS = [bytes([number]) * 32 for number in range(1, 4)]


def in_base64(key: bytes) -> str:
    return base64.b64encode(key).decode()


def test_keys_come_from_the_environment_or_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/imrsite")
    monkeypatch.delenv("FILE_KEYS", raising=False)
    assert env.file_keys("FILE_KEYS", kept_in=tmp_path / "file_key") == []
    monkeypatch.setenv("FILE_KEYS", f"{in_base64(KEYS[0])}, {base64.urlsafe_b64encode(KEYS[1]).decode()}")
    assert env.file_keys("FILE_KEYS", kept_in=tmp_path / "file_key") == KEYS[:2]
    monkeypatch.setenv("FILE_KEYS", f"none,{in_base64(KEYS[0])}")
    assert env.file_keys("FILE_KEYS", kept_in=tmp_path / "file_key") == [b"", KEYS[0]]
    (tmp_path / "keys").write_text(f"{in_base64(KEYS[2])}\n{in_base64(KEYS[0])}\n")
    monkeypatch.setenv("FILE_KEYS_FILE", str(tmp_path / "keys"))
    assert env.file_keys("FILE_KEYS", kept_in=tmp_path / "file_key") == [KEYS[2], KEYS[0]]


def test_without_an_external_database_a_key_is_made_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DATABASE_URL", "FILE_KEYS"):
        monkeypatch.delenv(name, raising=False)
    made = env.file_keys("FILE_KEYS", kept_in=tmp_path / "file_key")
    assert env.file_keys("FILE_KEYS", kept_in=tmp_path / "file_key") == made
    assert (tmp_path / "file_key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("value", "says"),
    [("short", "32 bytes in Base64"), (f"{in_base64(KEYS[0])},{in_base64(KEYS[0])}", "a key twice"),
     (in_base64(bytes(31)), "32 bytes in Base64")],
)  # fmt: skip
def test_a_faulty_key_says_how_to_write_it_and_not_what_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str, says: str
) -> None:
    monkeypatch.setenv("FILE_KEYS", value)
    with pytest.raises(ImproperlyConfigured, match=says) as refused:
        env.file_keys("FILE_KEYS", kept_in=tmp_path / "file_key")
    assert value not in str(refused.value)


def test_a_file_of_keys_that_is_missing_or_empty_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FILE_KEYS_FILE", str(tmp_path / "none"))
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        env.file_keys("FILE_KEYS", kept_in=tmp_path / "file_key")
    (tmp_path / "none").write_text("\n")
    with pytest.raises(ImproperlyConfigured, match="empty file"):
        env.file_keys("FILE_KEYS", kept_in=tmp_path / "file_key")


# What happens with and without a key


def bring(number: int) -> Letter:
    upload = receive_files(by=None, files=[ContentFile(letter_pdf(number), name="letter.pdf")])
    return Letter.objects.get(arrivals__upload=upload)


def on_disk(letter: Letter) -> bytes:
    return stored_path(letter.store_name).read_bytes()


@pytest.mark.django_db
def test_without_a_key_files_are_stored_as_they_are_and_read_later_with_one(settings: Any) -> None:
    settings.FILE_KEYS = []
    letter = bring(1)
    assert on_disk(letter) == letter_pdf(1) == stored_bytes(letter)
    settings.FILE_KEYS = KEYS[:1]
    assert stored_bytes(letter) == letter_pdf(1)
    encrypted = bring(2)
    assert b"PDF" not in on_disk(encrypted)
    assert stored_bytes(encrypted) == letter_pdf(2)
    assert FileKeyInUse.objects.get().name == key_ring().current.name  # type: ignore[union-attr]  # there are keys
    again = receive_files(by=None, files=[ContentFile(letter_pdf(2), name="again.pdf")])
    assert again.files.get().outcome == "duplicate", "duplicates go by what was received"


@pytest.mark.django_db(transaction=True)
def test_without_the_key_nothing_is_read_received_or_set_aside(
    settings: Any, monkeypatch: pytest.MonkeyPatch, as_admin: Client
) -> None:
    monkeypatch.setattr(guards, "WAITS_FOR_READINESS", 0.0)
    settings.FILE_KEYS = KEYS[:1]
    letter = bring(1)
    for wrong in ([], KEYS[1:]):
        settings.FILE_KEYS = wrong
        [reason] = readiness.obstacles()
        assert reason.code == "file_key_missing"
        parse_letters([letter.pk])
        assert Letter.objects.get().state == "received"
        with pytest.raises(StoreUnavailable, match="FILE_KEYS"):
            bring(2)
        with pytest.raises(KeyMissing):
            stored_bytes(letter)
        refused = as_admin.get(f"/letters/{letter.pk}/original/")
        assert refused.status_code == 409
        assert b"FILE_KEYS" in refused.content
    settings.FILE_KEYS = [KEYS[1], KEYS[0]]
    assert readiness.obstacles() == []
    parse_letters([letter.pk])
    assert Letter.objects.get().state == "parsed"
    breaker.breaker.succeeded()
    readiness._reported.clear()


@pytest.mark.django_db
def test_a_file_whose_key_id_was_changed_is_damaged_not_a_missing_key(settings: Any) -> None:
    letter = bring(1)
    path = stored_path(letter.store_name)
    data = bytearray(path.read_bytes())
    data[10] ^= 1
    path.write_bytes(data)
    assert readiness.obstacles() == []
    with pytest.raises(FileChanged):
        stored_bytes(letter)
    restored = receive_files(by=None, files=[ContentFile(letter_pdf(1), name="again.pdf")])
    assert "replaced it" in restored.files.get().message
    assert stored_bytes(letter) == letter_pdf(1)
    data = bytearray(path.read_bytes())
    data[8] ^= 1  # the version
    path.write_bytes(data)
    with pytest.raises(FileChanged):
        stored_bytes(letter)


@pytest.mark.django_db
def test_an_upload_that_looks_like_one_of_our_files_is_refused(settings: Any) -> None:
    settings.FILE_KEYS = []
    receive_files(by=None, files=[ContentFile(MAGIC + b"%PDF-1.4 synthetic", name="sealed.pdf")])
    row = UploadedFile.objects.get()
    assert (row.outcome, row.reason) == ("refused", "unsupported")
    assert "encrypted file" in row.message


def test_the_test_run_itself_encrypts(settings: Any) -> None:
    assert len(settings.FILE_KEYS) == 1
    assert os.environ["FILE_KEYS"]
