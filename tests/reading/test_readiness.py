"""Workers claim nothing while the fault is not the letters': another schema, no store, a full disk."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from determinations.intake import store_health
from determinations.models import Installation, Letter, StoppedWorker
from determinations.reading import readiness
from determinations.storage.files import letters_area
from determinations.storage.places import MARKER
from determinations.tasks import guards, parse_letters, send_waiting, sweep
from tests.fixtures.people import People
from tests.fixtures.stored import stored_path
from tests.fixtures.worker import Worker
from tests.letters_made import letter_text
from tests.reading.conftest import bring_letters, states_of_all

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_waiting")]


def stored_files() -> set[Path]:
    return {path for path in stored_path("").rglob("*") if path.is_file()}


def break_pending() -> Callable[[], object]:
    recorder = MigrationRecorder(connection)
    names = ("0001_squashed_0076_damaged_texts_failing_views", "0076_damaged_texts_failing_views")
    for name in names:
        recorder.record_unapplied("determinations", name)

    def record() -> None:
        for name in names:
            recorder.record_applied("determinations", name)

    return record


def break_ahead() -> Callable[[], object]:
    recorder = MigrationRecorder(connection)
    recorder.record_applied("determinations", "9999_of_a_newer_program")
    return lambda: recorder.record_unapplied("determinations", "9999_of_a_newer_program")


def break_mount() -> Callable[[], object]:
    folder = stored_path("")
    aside = folder.with_name("letters-aside")
    folder.rename(aside)
    folder.mkdir()

    def mount() -> None:
        folder.rmdir()
        aside.rename(folder)

    return mount


def break_sharing() -> Callable[[], object]:
    marker = stored_path(MARKER)
    before = marker.read_text()
    marker.write_text("of another database\n")
    return lambda: marker.write_text(before)


def break_disk() -> Callable[[], object]:
    patch = pytest.MonkeyPatch()
    patch.setattr(store_health, "free_bytes", lambda folder: 0)
    return patch.undo


BROKEN = [
    ("schema_behind", break_pending, "manage.py migrate"),
    ("schema_ahead", break_ahead, "Restart the worker"),
    ("store_missing", break_mount, "Mount the storage"),
    ("store_foreign", break_sharing, "same installation"),
    ("disk_full", break_disk, "Free space"),
]


@pytest.mark.parametrize(("code", "break_it", "remedy"), BROKEN, ids=[code for code, *_ in BROKEN])
def test_no_letter_is_claimed_or_set_aside_and_reading_goes_on_when_it_is_mended(
    no_worker: None, store: Path, people: People, client: Client, code: str, break_it: Callable[[], Any], remedy: str
) -> None:
    ids = bring_letters(20)
    mend = break_it()
    try:
        for _ in range(3):
            parse_letters(ids)
        assert states_of_all() == {"received"}
        assert set(Letter.objects.values_list("attempts", "queued_at")) == {(0, None)}
        (stopped,) = readiness.stopped_workers()
        assert stopped.reasons[0]["code"] == code
        client.force_login(people.casemanager)
        page = client.get("/uploads/").content.decode()
        assert "Letters are not being read." in page
        assert "Tell an administrator." in page
        client.force_login(people.admin)
        assert remedy in client.get("/uploads/").content.decode()
    finally:
        mend()
    parse_letters(ids)
    assert states_of_all() == {"parsed"}
    assert readiness.stopped_workers() == []
    assert "Letters are not being read." not in client.get("/uploads/").content.decode()


@pytest.mark.parametrize("break_it", [break_mount, break_disk])
def test_an_upload_to_an_unusable_store_is_refused_with_the_reason(
    no_worker: None, store: Path, people: People, client: Client, break_it: Callable[[], Any]
) -> None:
    client.force_login(people.casemanager)
    before = stored_files()
    mend = break_it()
    try:
        files = {"files": ContentFile(letter_text(1).encode(), name="letter.txt")}
        page = client.post("/uploads/", files, follow=True).content.decode()
        assert "Files cannot be received now." in page
        answer = client.post(
            "/uploads/",
            {"files": ContentFile(letter_text(1).encode(), name="letter.txt")},
            headers={"Accept": "application/json"},
        )
        assert answer.status_code == 503
        assert stored_files() <= before
    finally:
        mend()
    assert not Letter.objects.exists()


def test_a_report_that_another_process_made_disappears_when_all_is_well(no_worker: None, store: Path) -> None:
    name = guards.worker_name()
    StoppedWorker.objects.create(name=name, since=timezone.now(), seen_at=timezone.now() - timedelta(seconds=20))
    sweep()
    assert readiness.stopped_workers() == []


def test_a_folder_without_any_of_our_letters_is_not_taken_for_the_store(no_worker: None, store: Path) -> None:
    bring_letters(3)
    Installation.objects.all().delete()  # as after an upgrade from a release without markers
    mount = break_mount()
    try:
        obstacle = store_health.store_obstacle()
        assert obstacle
        assert obstacle.code == "store_missing"
        with pytest.raises(store_health.StoreUnavailable):
            store_health.tie_store()
    finally:
        mount()
    assert store_health.store_obstacle() is None
    assert Installation.objects.get().store_id == letters_area().place.marker()


def test_a_worker_waits_with_a_message_until_the_store_is_mounted_again(
    worker: Worker, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_letters(5)
    mount = break_mount()
    try:
        send_waiting("interactive")
        wait_until(lambda: bool(readiness.stopped_workers()), worker)
        assert states_of_all() == {"received"}
    finally:
        mount()
    wait_until(lambda: states_of_all() == {"parsed"}, worker)
    wait_until(lambda: not readiness.stopped_workers(), worker)


def wait_until(true: Callable[[], bool], worker: Worker, within: float = 30) -> None:
    give_up_at = time.monotonic() + within
    while not true():
        assert time.monotonic() < give_up_at, worker.log.read_text()[-3000:]
        time.sleep(0.1)
