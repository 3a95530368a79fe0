"""Workers claim nothing while the fault is not the letters': another schema, no store, a full disk, faults alike."""

import os
import time
from collections.abc import Callable, Iterator
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
from determinations.intake.receiving import receive_files
from determinations.models import Installation, Letter, StoppedWorker
from determinations.parsing import parse_file
from determinations.reading import breaker, ingest, one_letter, readiness
from determinations.reading.writing import write_readings
from determinations.storage.files import letters_area
from determinations.storage.places import MARKER
from determinations.tasks import guards, parse_letters, send_waiting, sweep
from tests.fixtures.people import People
from tests.fixtures.stored import stored_path
from tests.fixtures.worker import Worker
from tests.letters_made import letter_text

pytestmark = pytest.mark.django_db(transaction=True)


def bring(count: int, first: int = 1) -> list[int]:
    """Upload letters; returns their IDs."""
    files = [ContentFile(letter_text(first + number).encode(), name="letter") for number in range(count)]
    upload = receive_files(by=None, files=files, lane="interactive")
    return list(upload.files.order_by("id").values_list("letter_id", flat=True))


def stored_files() -> set[Path]:
    return {path for path in stored_path("").rglob("*") if path.is_file()}


def states() -> set[str]:
    return set(Letter.objects.values_list("state", flat=True))


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A worker that is not ready leaves its letters at once; the process starts without earlier failures."""
    monkeypatch.setattr(guards, "WAITS_FOR_READINESS", 0.0)
    yield
    breaker.breaker.succeeded()
    readiness._reported.clear()


@pytest.fixture
def store() -> Iterator[Path]:
    """The folder of letters, with its marker."""
    store_health.check_store()
    folder = stored_path("")
    yield folder
    aside = folder.with_name("letters-aside")
    if aside.exists():
        aside.rename(folder)


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
    ids = bring(20)
    mend = break_it()
    try:
        for _ in range(3):
            parse_letters(ids)
        assert states() == {"received"}
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
    assert states() == {"parsed"}
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
    bring(3)
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
    bring(5)
    mount = break_mount()
    try:
        send_waiting("interactive")
        wait_until(lambda: bool(readiness.stopped_workers()), worker)
        assert states() == {"received"}
    finally:
        mount()
    wait_until(lambda: states() == {"parsed"}, worker)
    wait_until(lambda: not readiness.stopped_workers(), worker)


def wait_until(true: Callable[[], bool], worker: Worker, within: float = 30) -> None:
    give_up_at = time.monotonic() + within
    while not true():
        assert time.monotonic() < give_up_at, worker.log.read_text()[-3000:]
        time.sleep(0.1)


# Faults alike


def fail(*details: Any) -> Any:
    raise KeyError("no letter text")


def test_a_parser_that_fails_on_every_letter_costs_none_its_place(
    no_worker: None, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = bring(60)
    with monkeypatch.context() as patch:
        patch.setattr(one_letter, "parse_file", fail)
        for _ in range(3):
            parse_letters(ids)
        assert states() == {"received"}
        assert set(Letter.objects.values_list("attempts", flat=True)) == {0}
        (reason,) = readiness.obstacles()
        assert reason.code == "failing_alike"
        assert "KeyError" in reason.what
    monkeypatch.setattr(breaker.breaker, "try_again_at", 0.0)
    parse_letters(ids)
    assert states() == {"parsed"}


def test_a_database_that_refuses_every_result_costs_no_letter_its_place(
    no_worker: None, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = bring(12)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE 'words of the letter' USING ERRCODE = 'check_violation'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER refuse_all BEFORE INSERT OR UPDATE ON determinations_parseddocument"
            " FOR EACH ROW EXECUTE FUNCTION refuse_all()"
        )
    try:
        for _ in range(3):
            parse_letters(ids)
        assert states() == {"received"}
        assert set(Letter.objects.values_list("attempts", flat=True)) == {0}
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION refuse_all CASCADE")
    monkeypatch.setattr(breaker.breaker, "try_again_at", 0.0)
    parse_letters(ids)
    assert states() == {"parsed"}


def test_letters_that_fail_alike_in_a_row_stop_reading_and_are_returned(
    no_worker: None, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A known good letter can be read, and yet several letters in a row fail alike."""
    ids = bring(30)
    parse = parse_file

    def fail_on_therapy(source: Any, *details: Any) -> Any:
        return fail() if "This letter is synthetic." in source.text else parse(source, *details)

    with monkeypatch.context() as patch:
        patch.setattr(one_letter, "parse_file", fail_on_therapy)
        parse_letters(ids)
        assert states() == {"received"}
        assert readiness.obstacles()[0].code == "failing_alike"
        patch.setattr(breaker.breaker, "try_again_at", 0.0)
        parse_letters(ids)  # one is tried after the pause; those behind it keep their place
        assert Letter.objects.filter(state="received", attempts=0).count() == 29
    monkeypatch.setattr(breaker.breaker, "try_again_at", 0.0)
    parse_letters(ids)
    assert Letter.objects.filter(state="parsed").count() == 29


def test_a_few_letters_that_fail_among_good_ones_are_set_aside(
    no_worker: None, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = bring(20)
    parse = parse_file
    bad = {"CM17-0000004", "CM17-0000005", "CM17-0000011"}

    def fail_on_some(source: Any, *details: Any) -> Any:
        return fail() if any(number in source.text for number in bad) else parse(source, *details)

    monkeypatch.setattr(one_letter, "parse_file", fail_on_some)
    parse_letters(ids)
    assert Letter.objects.filter(state="set_aside").count() == 3
    assert Letter.objects.filter(state="parsed").count() == 17
    assert readiness.obstacles() == []


# Killed workers


def test_kills_of_a_worker_cost_a_good_letter_nothing(no_worker: None, store: Path) -> None:
    (pk,) = bring(1)
    for _ in range(5):
        child = os.fork()
        if child == 0:
            _claim_and_die(pk)
        os.waitpid(child, 0)
        _wait_until_let_go(pk)
        sweep()
    assert Letter.objects.get(pk=pk).attempts == 5
    parse_letters([pk])
    assert states() == {"parsed"}


def _wait_until_let_go(pk: int) -> None:
    """The server ends the session of a dead process an instant later."""
    from determinations.reading import turns

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [turns.LOCK, pk])
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [turns.LOCK, pk])


def _claim_and_die(pk: int) -> None:
    """In a child process, as a worker does that is killed while it reads."""
    import psycopg

    from determinations.reading import turns

    parameters = connection.get_connection_params()
    try:
        with psycopg.connect(**parameters) as session:
            session.execute("SELECT pg_advisory_lock(%s, %s)", [turns.LOCK, pk])
            session.execute(
                "UPDATE determinations_letter SET state = 'parsing', attempts = attempts + 1,"
                " started_at = clock_timestamp() - interval '1 minute' WHERE id = %s",
                [pk],
            )
            session.commit()
    finally:
        os._exit(1)


def test_a_letter_that_crashes_its_own_process_is_set_aside(
    no_worker: None, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pk,) = bring(1)
    Letter.objects.update(attempts=1)
    parent = os.getpid()

    def crash(*details: Any) -> None:
        assert os.getpid() != parent
        os.kill(os.getpid(), 9)

    monkeypatch.setattr(one_letter, "parse_file", crash)
    parse_letters([pk])
    assert Letter.objects.get(pk=pk).message.startswith("Reading this letter crashed the worker twice.")


def test_letters_that_lost_their_worker_are_read_together_and_only_the_one_that_crashes_is_set_aside(
    no_worker: None, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = bring(4)
    Letter.objects.update(attempts=1)
    Letter.objects.filter(pk=ids[3]).update(attempts=9)
    crashing = letter_text(2).split("\n", 1)[0]
    assert crashing != letter_text(1).split("\n", 1)[0]
    written: list[list[int]] = []

    def parse(source: Any, *details: Any) -> Any:
        if crashing in source.text:
            os.kill(os.getpid(), 9)
        return parse_file(source, *details)

    def write(readings: Any, **details: Any) -> None:
        written.append(sorted(reading.letter_id for reading in readings))
        write_readings(readings, **details)

    monkeypatch.setattr(one_letter, "parse_file", parse)
    monkeypatch.setattr(ingest, "write_readings", write)
    parse_letters(ids)
    assert dict(Letter.objects.values_list("pk", "state")) == {
        ids[0]: "parsed", ids[1]: "set_aside", ids[2]: "parsed", ids[3]: "parsed",
    }  # fmt: skip
    assert written == [ids[:3], ids[3:]], "one that was started often is read alone"
