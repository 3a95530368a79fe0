"""Stored files in a bucket of a real S3 server: whatever fails, nothing is lost, and nobody is told what is not so."""

import hashlib
import itertools
import logging
import os
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from determinations.api.tokens import make_token
from determinations.cases import page_pictures
from determinations.intake import leftovers
from determinations.intake.receiving import receive_files
from determinations.intake.store import letter_store
from determinations.intake.store_health import StoreUnavailable, store_obstacle
from determinations.intake.stored_files import FileChanged, stored_bytes
from determinations.models import Case, Installation, Letter
from determinations.reading.ingest import ingest_letters
from determinations.storage import bucket as buckets
from determinations.storage import inventory, survey
from determinations.storage.files import areas, documents_area, exports_area, letters_area
from determinations.storage.keys import key_ring
from determinations.storage.locking import lock_store
from determinations.storage.moving import MoveRefused, move
from determinations.storage.places import MARKER, StoreFault
from determinations.storage.ranges import PIECE
from determinations.storage.sealed import MAGIC
from imrsite.store_address import Bucket
from tests.fixtures.object_storage import ObjectStorage
from tests.fixtures.people import People
from tests.letters_made import letter_pdf

KEYS = [bytes([number]) * 32 for number in range(1, 3)]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


@pytest.fixture
def bucket(own_bucket: Bucket, settings: Any, tmp_path: Path) -> Bucket:
    """A part of a bucket that is the letter store, with a key; local folders are empty."""
    settings.STORE_BUCKET = own_bucket
    settings.MEDIA_ROOT, settings.SCRATCH_DIR = tmp_path, tmp_path / "scratch"
    settings.FILE_KEYS = KEYS[:1]
    return own_bucket


def bring(*numbers: int) -> list[Letter]:
    upload = receive_files(by=None, files=[ContentFile(letter_pdf(number), name="letter.pdf") for number in numbers])
    return list(Letter.objects.filter(arrivals__upload=upload).order_by("pk"))


@pytest.fixture
def few_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store has the folders of these letters and two more: each look at a folder of a bucket is a request."""
    named = {hashlib.sha256(letter_pdf(number)).hexdigest()[:2] for number in range(1, 5)}
    monkeypatch.setattr(inventory, "_PREFIXES", tuple(sorted({*named, "00", "ff"})))


def test_every_folder_is_a_unit() -> None:
    names = {f"{purpose}/{number:02x}" for purpose in ("letters", "pictures") for number in range(256)}
    assert set(inventory.units()) == {*names, "documents", "exports"}


def objects(storage: ObjectStorage, bucket: Bucket) -> dict[str, bytes]:
    """All objects of this part of the bucket."""
    listed = storage.client.list_objects_v2(Bucket=bucket.name, Prefix=bucket.prefix).get("Contents", [])
    return {
        item["Key"].removeprefix(bucket.prefix): storage.client.get_object(Bucket=bucket.name, Key=item["Key"])[
            "Body"
        ].read()
        for item in listed
    }


def replace(storage: ObjectStorage, bucket: Bucket, letter: Letter, content: bytes) -> None:
    storage.client.put_object(
        Bucket=bucket.name, Key=f"{bucket.prefix}letters/{letter.store_name}", Body=content
    )  # fmt: skip


def test_files_are_sent_encrypted_and_read_by_range(
    bucket: Bucket, object_storage: ObjectStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    area, content = exports_area(), os.urandom(3 * PIECE + 200_000)
    with area.write("7.csv") as file:
        file.write(content)
    with area.write("8.csv") as file:
        pass
    stored = objects(object_storage, bucket)
    assert set(stored) == {"exports/7.csv", "exports/8.csv"}
    assert stored["exports/7.csv"].startswith(MAGIC)
    assert content[:100] not in stored["exports/7.csv"]
    fetched: list[int] = []
    fetch = buckets.BucketPlace._fetch

    def counted(place: buckets.BucketPlace, name: str, start: int, size: int, version: str) -> Any:
        fetched.append(start)
        return fetch(place, name, start, size, version)

    monkeypatch.setattr(buckets.BucketPlace, "_fetch", counted)
    with area.open("7.csv") as file:
        file.seek(PIECE)
        assert file.read(10) == content[PIECE : PIECE + 10]
        assert fetched == [0, 3 * PIECE, PIECE], "its header, its end, and the piece that was read"
        file.seek(0)
        assert hashlib.file_digest(file, "sha256").digest() == hashlib.sha256(content).digest()
    assert area.read("8.csv") == b""
    with area.open("7.csv") as file, area.write("7.csv") as another:
        another.write(bytes(3 * PIECE))
    with area.place.open("7.csv") as raw:
        with area.write("7.csv") as another:
            another.write(content)
        raw.seek(2 * PIECE)
        with pytest.raises(StoreFault, match="replaced while it was read"):
            raw.read(10)
    assert [entry.name for entry in area.place.entries()] == ["7.csv", "8.csv"]
    area.delete("7.csv")
    area.delete("7.csv")
    assert not area.has("7.csv")
    with pytest.raises(FileNotFoundError):
        area.open("7.csv")
    plain = letters_area().place
    for marker in ("the first", "the second"):
        plain.write_marker(marker)
    assert plain.marker() == "the first"


def test_a_listing_has_more_than_one_page(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "_PAGE", 2)
    place = documents_area().place
    unfinished = {}
    for number in range(5):
        unfinished[f"{number:04}"] = path = place.unfinished()
        path.write_bytes(b"synthetic")
    place.put(unfinished)
    assert [entry.name for entry in place.entries()] == sorted(unfinished)
    assert not any(path.exists() for path in unfinished.values())
    for area in areas():
        area.place.delete_below("")
        assert area.place.is_empty()


def test_letters_are_received_read_and_restored(
    bucket: Bucket, object_storage: ObjectStorage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cut, swapped, whole = bring(1, 2, 3)
    assert store_obstacle() is None
    stored = objects(object_storage, bucket)
    assert {f"letters/{letter.store_name}" for letter in (cut, swapped, whole)} | {f"letters/{MARKER}"} == set(stored)
    assert not (tmp_path / "letters").exists()
    assert not list((tmp_path / "scratch" / "unfinished").iterdir())
    page_pictures.keep_page(whole, 1, b"synthetic picture")
    page_pictures.delete_pictures(whole.sha256)
    replace(object_storage, bucket, cut, stored[f"letters/{cut.store_name}"][:-20])
    replace(object_storage, bucket, swapped, stored[f"letters/{whole.store_name}"])
    for letter in (cut, swapped):
        with pytest.raises(FileChanged):
            stored_bytes(letter)
    with pytest.raises(CommandError, match="2 faults"):
        call_command("check_store", stdout=StringIO())
    assert bring(1, 2) == [cut, swapped]
    assert [stored_bytes(letter) for letter in (cut, swapped, whole)] == [letter_pdf(n) for n in (1, 2, 3)]


def test_files_without_a_row_are_swept_and_keys_are_counted_and_changed(
    bucket: Bucket, few_folders: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, lost = bring(1, 2)
    survey.begin()
    while survey.count_files(seconds=60, now=timezone.now()):
        pass
    assert [count.current for count in survey.encryption_state().files] == [2, 0, 0, 0]
    assert not survey.is_due(timezone.now() + timedelta(days=2)), "each file is a request"
    first = key_ring().current
    assert first
    settings.FILE_KEYS = [KEYS[1], KEYS[0]]
    out = StringIO()
    call_command("rotate_file_key", stdout=out)
    assert f"No file needs the key {first.name} any longer" in out.getvalue()
    settings.FILE_KEYS = KEYS[1:]
    assert stored_bytes(kept) == letter_pdf(1)
    lost.arrivals.all().delete()
    Letter.objects.filter(pk=lost.pk).delete()
    folders = [letter.store_name.rpartition("/")[0] for letter in (kept, lost)]
    assert leftovers.delete_files_without_row(folders) == 0, "it may be arriving"
    monkeypatch.setattr(leftovers, "WITHOUT_ROW_AFTER", timedelta(seconds=-10))
    assert leftovers.delete_files_without_row(folders) == 1
    assert [letter_store().exists(letter.store_name) for letter in (kept, lost)] == [True, False]


def _wrong_secret(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    buckets._client_of.cache_clear()


def _no_keys(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    buckets._client_of.cache_clear()


def _no_bucket(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    ours = settings.STORE_BUCKET
    settings.STORE_BUCKET = Bucket("no-such-bucket", ours.prefix, ours.endpoint, ours.region)


def _another_part(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    ours = settings.STORE_BUCKET
    settings.STORE_BUCKET = Bucket(ours.name, f"{ours.prefix}more/", ours.endpoint, ours.region)


def _another_database(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    Installation.objects.update(store_id="of another database")


@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (_wrong_secret, "store_unreadable", "refuses access: SignatureDoesNotMatch"),
        (_no_keys, "store_unreadable", "no access keys are configured"),
        (_no_bucket, "store_unreadable", "the bucket does not exist"),
        (_another_part, "store_missing", "it has no object store-id"),
        (_another_database, "store_foreign", "belongs to another database"),
    ],
)
def test_a_bucket_that_cannot_be_used_is_told_in_words_and_nothing_is_received(
    bucket: Bucket,
    new_client: None,
    spoil: Callable[[pytest.MonkeyPatch, Any], None],
    code: str,
    words: str,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bring(1)
    spoil(monkeypatch, settings)
    obstacle = store_obstacle()
    assert obstacle
    assert (obstacle.code, words in str(obstacle), "STORE_URL" in str(obstacle)) == (code, True, True)
    with pytest.raises(StoreUnavailable):
        bring(2)
    assert Letter.objects.count() == 1


def test_a_server_that_is_killed_costs_nothing_and_work_goes_on_when_it_is_back(
    bucket: Bucket,
    new_client: None,
    object_storage: ObjectStorage,
    as_admin: Client,
    people: People,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(buckets, "_ATTEMPTS", 1)  # its repetitions would take seconds here
    (letter,) = bring(1)
    _, token = make_token(people.admin, "test", ["originals"], days=30, by=people.admin, now=timezone.now())
    object_storage.kill()
    try:
        with caplog.at_level(logging.CRITICAL):
            answer = as_admin.get(reverse("letter_original", args=[letter.pk]))
            assert answer.status_code == 503
            assert "Files cannot be reached now" in answer.content.decode()
            api = Client(headers={"authorization": f"Bearer {token}"}, raise_request_exception=False)
            problem = api.get(f"/api/v1/letters/{letter.pk}/original")
            assert (problem.status_code, problem["Content-Type"]) == (503, "application/problem+json")
            sent = as_admin.post(
                "/uploads/",
                {"files": ContentFile(letter_pdf(2), name="2.pdf")},
                headers={"Accept": "application/json"},
            )
            assert sent.status_code == 503
            with pytest.raises(StoreUnavailable, match="does not answer"):
                stored_bytes(letter)
            ingest_letters([letter.pk])
        letter.refresh_from_db()
        assert letter.state == "received", "it waits, and no attempt counts"
        assert letter.attempts == 0
    finally:
        object_storage.restart()
    assert store_obstacle() is None
    ingest_letters([letter.pk])
    assert Case.objects.filter(pk=letter.pk).exists()


def moved(to: object) -> str:
    out = StringIO()
    call_command("move_store", to=str(to), stdout=out)
    return out.getvalue()


def test_a_store_moves_to_a_bucket_and_back_while_letters_arrive(
    bucket: Bucket, few_folders: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = settings.MEDIA_ROOT = tmp_path / "first"
    monkeypatch.setenv("S3_ENDPOINT_URL", bucket.endpoint)
    monkeypatch.setenv("S3_REGION", bucket.region)
    settings.STORE_BUCKET = None
    with pytest.raises(CommandError, match="nothing to move"):
        moved(bucket)
    letters = bring(1, 2)
    with documents_area().write("ab" * 16) as file:
        file.write(b"synthetic document")
    with pytest.raises(CommandError, match="are there already"):
        moved(folder)
    steps = move(bucket)
    next(steps)  # then it is stopped
    steps.close()
    settings.STORE_BUCKET = bucket
    assert "not complete here" in str(store_obstacle())
    (erased,) = [letter for letter in letters if letters_area().has(letter.store_name)]
    settings.STORE_BUCKET = None
    letters += bring(3)
    letter_store().delete(erased.store_name)
    letters.remove(erased)
    kept = {letter: stored_bytes(letter) for letter in letters}
    steps = move(bucket)
    for _ in itertools.islice(steps, 2):
        pass
    steps.close()
    assert store_obstacle() is None, "nothing is switched before the end"
    said = moved(bucket)
    with pytest.raises(CommandError, match="moved there already"):
        moved(bucket)
    assert f"STORE_URL={bucket}" in said
    assert f"was moved to {bucket}" in str(store_obstacle())
    with pytest.raises(StoreUnavailable):
        bring(4)
    with pytest.raises(StoreFault, match="moved"):
        lock_store(to_delete=False)
    settings.STORE_BUCKET = bucket
    assert store_obstacle() is None
    assert not letters_area().has(erased.store_name), "what was erased meanwhile is not there"
    assert {letter: stored_bytes(letter) for letter in letters} == kept
    assert documents_area().read("ab" * 16) == b"synthetic document"
    kept |= {letter: stored_bytes(letter) for letter in bring(4)}
    (tmp_path / "strange" / "exports").mkdir(parents=True)
    (tmp_path / "strange" / "exports" / "1.csv").write_text("of another program")
    with pytest.raises(CommandError, match="is not empty"):
        moved(tmp_path / "strange")
    assert f"DATA_DIR={folder}" in moved(folder), "the place where it came from takes it back"
    assert f"was moved to {folder}" in str(store_obstacle())
    settings.STORE_BUCKET = None
    assert store_obstacle() is None
    assert {letter: stored_bytes(letter) for letter in kept} == kept
    assert not list((folder / "letters" / "unfinished").iterdir())


def test_a_move_is_refused_where_another_installation_has_its_files(bucket: Bucket, tmp_path: Path) -> None:
    bring(1)
    (tmp_path / "other" / "letters").mkdir(parents=True)
    (tmp_path / "other" / "letters" / MARKER).write_text("of another\n")
    with pytest.raises(MoveRefused, match="another installation"):
        next(move(tmp_path / "other"))
    with pytest.raises(CommandError, match="neither a bucket nor a folder"):
        moved("elsewhere")
