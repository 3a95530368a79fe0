"""Pages know whether a real worker is running."""

import time

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.test import Client

from determinations.intake.receiving import receive_files
from determinations.reading import readiness, workers
from determinations.reading.workers import worker_is_running
from determinations.tasks import sweep
from tests.fixtures.worker import Worker

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_running_worker_is_noticed(worker: Worker) -> None:
    cache.clear()
    give_up_at = time.monotonic() + 30
    while not worker_is_running() and time.monotonic() < give_up_at:
        time.sleep(0.1)
    assert worker_is_running()


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
