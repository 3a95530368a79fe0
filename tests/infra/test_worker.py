"""Pages know whether a real worker is running."""

import time
from itertools import chain
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.test import Client

from determinations.intake.receiving import receive_files
from determinations.models.letters import Lane
from determinations.reading import readiness, workers
from determinations.reading.workers import worker_is_running
from determinations.tasks import send_waiting, sweep
from imrsite.celery import INTERACTIVE
from tests.fixtures.worker import Worker
from tests.reading.sending import bring, messages, states

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_running_worker_is_noticed(worker: Worker) -> None:
    cache.clear()
    give_up_at = time.monotonic() + 30
    while not worker_is_running() and time.monotonic() < give_up_at:
        time.sleep(0.1)
    assert worker_is_running()


def test_what_is_queued_while_the_worker_is_suspended_is_read_when_it_works_again(
    broker: None, shared_worker: Any
) -> None:
    """As the tests that need none suspend it, and the next that needs one has it work again."""
    running = shared_worker.start()
    for number in (1, 3):
        shared_worker.suspend()
        cache.clear()
        ids = bring("first", "second", first=number)
        send_waiting(Lane.INTERACTIVE)
        assert sorted(chain(*messages(INTERACTIVE))) == ids
        assert not worker_is_running()
        assert shared_worker.start() is running
        running.wait_until_idle()
        assert states(ids) == ["parsed", "parsed"]


def test_a_scheduler_that_does_not_run_is_noticed(
    no_worker: None, as_casemanager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers._sweeps, "seen_at", time.monotonic() - 3_600)
    workers.note_worker()
    assert worker_is_running()
    assert "The scheduler is not running." in as_casemanager.get("/").content.decode()
    assert readiness.sweep_state().is_late
    receive_files(by=None, files=[ContentFile(b"a synthetic letter", name="letter.txt")])
    sweep()
    workers.note_worker()
    assert "The scheduler is not running." not in as_casemanager.get("/").content.decode()
    assert not readiness.sweep_state().is_late


def test_a_missing_worker_is_noticed_too(no_worker: None) -> None:
    assert not worker_is_running()
