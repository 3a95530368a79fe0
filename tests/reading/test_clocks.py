"""Leases follow the clock of the database: a worker whose clock is minutes off takes no letter from others."""

from datetime import timedelta

import psycopg
import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from determinations.intake.receiving import receive_files
from determinations.models import Letter
from determinations.reading import turns
from determinations.tasks import send_waiting, sweep
from tests.letters_made import letter_text
from tests.reading.sending import messages

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[timedelta(minutes=-10), timedelta(minutes=10)], ids=["behind", "ahead"])
def skewed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process's clock is minutes off."""
    real = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: real() + request.param)


def bring() -> int:
    receive_files(by=None, files=[ContentFile(letter_text(1).encode(), name="letter.txt")], lane="interactive")
    return Letter.objects.get().pk


def test_a_message_just_sent_is_not_lost(no_worker: None, skewed: None) -> None:
    bring()
    send_waiting("interactive")
    sent = messages("interactive")
    sweep()
    assert messages("interactive") == sent


def test_a_lost_message_is_sent_again_after_seconds(no_worker: None, skewed: None) -> None:
    from imrsite.celery import app

    pk = bring()
    send_waiting("interactive")
    app.control.purge()
    with connection.cursor() as cursor:
        lost = turns.MESSAGE_LOST_AFTER.total_seconds() + 2
        cursor.execute(f"UPDATE determinations_letter SET queued_at = queued_at - interval '{lost} seconds'")
    sweep()
    assert messages("interactive") == [[pk]]


def test_a_letter_in_a_long_queue_is_not_sent_twice(no_worker: None) -> None:
    bring()
    send_waiting("interactive")
    Letter.objects.update(queued_at=timezone.now() - timedelta(hours=1))
    sweep()
    assert len(messages("interactive")) == 1


def test_a_letter_whose_reader_died_is_requeued_and_one_being_read_is_not(no_worker: None, skewed: None) -> None:
    pk = bring()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE determinations_letter SET state = 'parsing', attempts = 1,"
            " queued_at = clock_timestamp(), started_at = clock_timestamp() - interval '6 seconds'"
        )
    with psycopg.connect(**connection.get_connection_params()) as reader:
        reader.execute("SELECT pg_advisory_lock(%s, %s)", [turns.LOCK, pk])
        sweep()
        assert messages("interactive") == []
        reader.rollback()
    sweep()
    assert messages("interactive") == [[pk]]
