"""The sweep: messages that were lost, workers that died, sweeps that piled up. Each failure is provoked."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from celery.signals import worker_ready
from django.db import connection
from django.utils import timezone

from determinations import tasks
from determinations.models import Export, Letter
from determinations.models.browsing import ExportState
from determinations.reading import readiness, turns
from determinations.tasks import parse_letters, send_waiting, sweep
from imrsite.celery import app
from tests.browsing.test_exports import export_of
from tests.fixtures.people import People
from tests.fixtures.services import broker_client
from tests.reading.sending import bring, later, messages

pytestmark = pytest.mark.django_db(transaction=True)


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
    return [json.loads(message)["headers"]["task"] for message in broker_client().lrange("interactive", 0, -1)]
