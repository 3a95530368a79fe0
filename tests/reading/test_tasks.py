"""Sending letters to workers: windows, lanes, lost messages, duplicates. Each failure is provoked.

Where a worker runs it is a real one, and it dies by the signals that end real workers.
"""

import base64
import gc
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from celery.signals import worker_ready
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from determinations import tasks
from determinations.duties.working_days import state_holidays
from determinations.intake.receiving import receive_files
from determinations.models import Export, Letter
from determinations.models.browsing import ExportState
from determinations.models.letters import Lane
from determinations.reading import ingest, readiness, turns
from determinations.reading.one_letter import Reading, read_letter
from determinations.reading.schema import known_migrations
from determinations.searching.terms import forms_by_first
from determinations.tasks import letters, parse_letters, send_waiting, sweep
from imrsite.celery import app, warm_up
from imrsite.local.processes import stop_process
from tests.browsing.test_exports import export_of
from tests.fixtures.people import People
from tests.fixtures.services import broker_client
from tests.fixtures.worker import Worker, start_worker
from tests.letters_made import THERAPY, letter_text

pytestmark = pytest.mark.django_db(transaction=True)


def bring(*marks: str, lane: str = "interactive", first: int = 1) -> list[int]:
    """Upload one letter per mark, which appears in its item line; returns the IDs in order."""
    texts = [letter_text(number, item=f"{THERAPY} ({mark})") for number, mark in enumerate(marks, first)]
    files = [ContentFile(text.encode(), name="letter") for text in texts]
    upload = receive_files(by=None, files=files, lane=lane)
    return list(upload.files.order_by("id").values_list("letter_id", flat=True))


def messages(queue: str) -> list[list[int]]:
    """The IDs in the messages of a queue, oldest message first."""
    with broker_client() as client:
        raw_messages = client.lrange(queue, 0, -1)
    bodies = [base64.b64decode(json.loads(message)["body"]) for message in reversed(raw_messages)]
    return [json.loads(body)[0][0] for body in bodies]


def states(ids: list[int]) -> list[str]:
    state_of = dict(Letter.objects.filter(pk__in=ids).values_list("pk", "state"))
    return [state_of[pk] for pk in ids]


def wait_until(true: Callable[[], bool], worker: Worker | None = None, within: float = 60) -> None:
    give_up_at = time.monotonic() + within
    while not true():
        if time.monotonic() > give_up_at:
            pytest.fail(
                "the condition was not met in time" + (f":\n{worker.log.read_text()[-3000:]}" if worker else "")
            )
        time.sleep(0.05)


# Sending


def test_letters_are_sent_once_and_only_as_ids(no_worker: None) -> None:
    ids = bring(*["x"] * 25)
    assert send_waiting("interactive") == 25
    assert messages("interactive") == [ids[:10], ids[10:20], ids[20:]]
    assert send_waiting("interactive") == 0
    assert len(messages("interactive")) == 3


def test_the_lanes_are_separate(no_worker: None) -> None:
    bulk = bring("a", "b", lane="bulk")
    bring("c", first=3)
    send_waiting("bulk")
    assert messages("bulk") == [bulk]
    assert messages("interactive") == []


def test_the_broker_holds_at_most_one_window(no_worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "WINDOW", 20)
    ids = bring(*["x"] * 30)
    send_waiting("interactive")
    assert messages("interactive") == [ids[:10], ids[10:20]]
    parse_letters(ids[:10])  # finished, so there is room for as many more
    assert messages("interactive") == [ids[:10], ids[10:20], ids[20:]]


def test_a_suspended_sender_holds_up_no_upload(no_worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import psycopg

    monkeypatch.setattr(letters, "SENDER_SECONDS", 1)
    ids = bring("x")
    with psycopg.connect(**connection.get_connection_params()) as suspended:
        suspended.execute("SELECT pg_advisory_xact_lock(hashtextextended('sending interactive', 0))")
        assert send_waiting("interactive") == 0
        suspended.rollback()
    sweep()
    assert messages("interactive") == [ids]


@pytest.mark.slow
def test_nothing_is_lost_while_the_broker_is_down(no_worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = bring("x")
    nowhere = app.connection_for_write("redis+socket:///nowhere/valkey.sock")
    with monkeypatch.context() as patch:
        send: Any = parse_letters.apply_async
        patch.setattr(parse_letters, "apply_async", partial(send, connection=nowhere, retry=False))
        send_waiting("interactive")
    assert states(ids) == ["received"]
    sweep()
    assert messages("interactive") == [ids]


# The sweep


def later(passed: timedelta) -> None:
    """Move all timestamps this far into the past."""
    moved = passed + timedelta(seconds=1)
    for letter in Letter.objects.all():
        letter.queued_at = letter.queued_at and letter.queued_at - moved
        letter.started_at = letter.started_at and letter.started_at - moved
        letter.save()


def test_letters_are_resent_to_a_broker_that_lost_its_messages(no_worker: None) -> None:
    ids = bring("a", "b")
    send_waiting("interactive")
    app.control.purge()
    sweep()
    assert messages("interactive") == []  # the messages may only be late
    later(turns.MESSAGE_LOST_AFTER)
    sweep()
    assert messages("interactive") == [ids]


def test_a_worker_that_starts_resends_what_its_predecessor_had_taken(no_worker: None) -> None:
    ids = bring("a", "b")
    send_waiting("interactive")
    app.control.purge()
    sweep(after_start=True)
    assert messages("interactive") == []
    later(turns.TAKEN_AND_LOST_AFTER)
    sweep()
    assert messages("interactive") == []
    sweep(after_start=True)
    assert messages("interactive") == [ids]


def test_a_letter_whose_worker_died_is_sent_again(no_worker: None) -> None:
    ids = bring("a")
    Letter.objects.update(state="parsing", attempts=1, started_at=timezone.now(), queued_at=timezone.now())
    sweep()
    assert messages("interactive") == []
    later(turns.READER_DIED_AFTER)
    sweep()
    assert messages("interactive") == [ids]


def test_an_export_is_sent_again_once_nobody_writes_it(no_worker: None, people: People) -> None:
    import psycopg

    export = export_of(people.casemanager, state=ExportState.WRITING, started_at=datetime(2026, 1, 1, tzinfo=UTC))
    with psycopg.connect(**connection.get_connection_params()) as writer:
        writer.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"writing export {export.pk}"])
        sweep()
        tasks.write_export(export.pk)
        assert Export.objects.get().state == ExportState.WRITING
    sweep()
    assert Export.objects.get().state == ExportState.WAITING


def test_a_letter_being_read_is_never_requeued_however_long_it_takes(no_worker: None) -> None:
    import psycopg

    (pk,) = bring("a")
    Letter.objects.update(state="parsing", attempts=1, started_at=timezone.now(), queued_at=timezone.now())
    later(timedelta(hours=1))
    with psycopg.connect(**connection.get_connection_params()) as reader:
        reader.execute("SELECT pg_advisory_lock(%s, %s)", [turns.LOCK, pk])
        sweep()
        assert messages("interactive") == []
        parse_letters([pk])
        assert Letter.objects.get().attempts == 1
        reader.rollback()


def test_a_duplicate_message_between_claim_and_reading_counts_no_attempt(
    no_worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = bring("a", "b")
    counted: list[list[int]] = []

    def the_same_again() -> None:
        try:
            for _ in range(turns.ATTEMPTS + 1):
                ingest.ingest_letters(ids)
            counted.append(list(Letter.objects.values_list("attempts", flat=True)))
        finally:
            connection.close()

    def read(*details: Any) -> Reading:
        if not counted:
            thread = threading.Thread(target=the_same_again)
            thread.start()
            thread.join()
        return read_letter(*details)

    monkeypatch.setattr(ingest, "read_letter", read)
    ingest.ingest_letters(ids)
    assert counted == [[1, 1]]
    assert states(ids) == ["parsed", "parsed"]


def test_running_out_of_memory_is_caught_and_the_letters_are_requeued(
    no_worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = bring("a", "b")

    def run_out(ids: list[int]) -> None:
        begun = timezone.now() - timedelta(minutes=1)
        Letter.objects.filter(pk__in=ids).update(state="parsing", attempts=1, started_at=begun)
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(letters, "ingest_letters", run_out)
        parse_letters(ids)
    assert messages("interactive") == []
    sweep()
    assert messages("interactive") == [ids]
    assert states(ids) == ["received", "received"]


def test_running_out_of_memory_in_any_task_frees_its_slot(
    no_worker: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def run_out(*words: Any, **named: Any) -> None:
        raise MemoryError

    for where in (
        "user_requests.reparsing.step",
        "user_requests.exports.write_export",
        "upkeep.duplicates.unsigned",
        "upkeep.precompute_first_pages",
        "sweeping.send_waiting",
    ):
        monkeypatch.setattr(f"determinations.tasks.{where}", run_out)
    tasks.reparse(1)
    tasks.write_export(1)
    tasks.find_pairs()
    tasks.count_statistics()
    sweep()
    said = [record.getMessage() for record in caplog.records]
    assert said == [f"Out of memory in {task}." for task in (
        "reparse", "write_export", "find_pairs", "count_statistics", "sweep",
    )]  # fmt: skip


def test_pairs_are_not_found_while_words_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Together they would occupy both processes of a small worker."""
    locks = []

    @contextmanager
    def held_by_the_other(work: str) -> Iterator[bool]:
        locks.append(work)
        yield False

    monkeypatch.setattr("determinations.tasks.upkeep.holding_alone", held_by_the_other)
    tasks.find_pairs()
    tasks.count_search_words()
    assert len(locks) == 2
    assert len(set(locks)) == 1


def test_a_clock_that_is_minutes_ahead_or_behind_drops_no_sweep() -> None:
    """Expiry is worked out by the scheduler's clock and checked by the worker's."""
    for entry in app.conf.beat_schedule.values():
        assert entry["options"]["expires"] >= 3600


def test_sweeps_that_piled_up_return_immediately(no_worker: None) -> None:
    bring("a")
    sweep()
    swept_at = readiness.sweep_state().swept_at
    assert swept_at
    sweep(unless_swept_within=5)
    assert readiness.sweep_state().swept_at == swept_at


def test_a_worker_that_starts_sweeps_at_once_instead_of_waiting_for_the_scheduler(
    no_worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as only_scans:
        only_scans.setattr(app.amqp.queues, "_consume_from", {"scans": app.amqp.queues["scans"]})
        worker_ready.send(sender=None)
        assert waiting_tasks() == []
    worker_ready.send(sender=None)
    assert waiting_tasks() == ["determinations.tasks.sweep"]


def waiting_tasks() -> list[str]:
    """The names of the tasks in the interactive queue."""
    with broker_client() as client:
        return [json.loads(message)["headers"]["task"] for message in client.lrange("interactive", 0, -1)]


# With a real worker


def test_letters_become_cases(worker: Worker) -> None:
    ids = bring(*["x"] * 23)
    send_waiting("interactive")
    wait_until(lambda: set(states(ids)) == {"parsed"}, worker)


def test_a_duplicate_message_is_harmless(worker: Worker) -> None:
    ids = bring(*["x"] * 5)
    for _ in range(4):
        parse_letters.apply_async((ids, "interactive"), queue="interactive")
    wait_until(lambda: set(states(ids)) == {"parsed"}, worker)
    worker.wait_until_idle()
    assert set(Letter.objects.values_list("attempts", flat=True)) == {1}
    assert Letter.objects.filter(case__items__isnull=False).count() == 5


def test_interactive_letters_overtake_an_import(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(letters.LETTERS_A_TASK, Lane.BULK, 50)  # twelve tasks without as many letters
    imported = bring(*["x"] * 600, lane="bulk")
    send_waiting("bulk")
    wait_until(lambda: Letter.objects.filter(state="parsed").exists(), worker)
    (wanted,) = bring("y", first=1000)
    send_waiting("interactive")
    wait_until(lambda: set(states(imported)) == {"parsed"}, worker)
    letter = Letter.objects.get(pk=wanted)
    assert letter.started_at
    assert letter.queued_at
    begun_meanwhile = Letter.objects.filter(lane="bulk", started_at__range=(letter.queued_at, letter.started_at))
    assert begun_meanwhile.count() <= 2 * letters.LETTERS_A_TASK[Lane.BULK]  # one task for each of the two processes
    assert Letter.objects.filter(lane="bulk", started_at__gt=letter.started_at).exists()


def test_what_a_first_letter_would_wait_for_is_done_before_a_worker_forks() -> None:
    known_migrations.cache_clear()
    state_holidays.cache_clear()
    warm_up()
    gc.unfreeze()  # this process has garbage of its own
    assert known_migrations.cache_info().currsize == 1
    assert state_holidays.cache_info().currsize == 1
    assert forms_by_first.cache_info().currsize == 1


# Crashing workers


@pytest.fixture
def poisonable(no_worker: None, transactional_db: None, tmp_path: Path) -> Iterator[Callable[[], Worker]]:
    """Starts workers in which a letter for "poison" kills its process, and one for "slow" takes long."""
    workers: list[Worker] = []

    def start() -> Worker:
        worker = start_worker(tmp_path / f"worker{len(workers)}.log", "--include", "tests.reading.poison")
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        stop_process(worker.process, signal.SIGKILL, within=10)


@pytest.mark.slow
def test_a_letter_that_crashes_its_worker_twice_is_set_aside_and_the_rest_are_read(
    poisonable: Callable[[], Worker],
) -> None:
    worker = poisonable()
    ids = bring("a", "b", "poison", "c", "memory")
    send_waiting("interactive")
    expected = ["parsed", "parsed", "set_aside", "parsed", "too_large"]
    wait_until(lambda: states(ids) == expected, worker, within=90)
    assert Letter.objects.get(pk=ids[2]).message.startswith("Reading this letter crashed the worker twice.")
    assert worker.process.poll() is None


@pytest.mark.slow
def test_nothing_is_lost_when_a_worker_is_killed_while_reading(
    poisonable: Callable[[], Worker],
) -> None:
    worker = poisonable()
    ids = bring("a", "slow", "b")
    send_waiting("interactive")
    wait_until((Path(os.environ["IMRSITE_TEST_DIR"]) / "slow letter seen").exists, worker)
    os.killpg(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
    assert set(states(ids)) == {"parsing"}
    later(turns.READER_DIED_AFTER)
    next_worker = poisonable()
    wait_until(lambda: _swept(ids), next_worker, within=90)
    assert set(Letter.objects.values_list("attempts", flat=True)) <= {1, 2}


def _swept(ids: list[int]) -> bool:
    sweep()
    return set(states(ids)) == {"parsed"}
