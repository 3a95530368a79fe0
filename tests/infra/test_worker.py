"""Pages know whether a real worker is running."""

import time

import pytest
from django.core.cache import cache

from determinations.reading.workers import worker_is_running
from tests.fixtures.worker import Worker

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_running_worker_is_noticed(worker: Worker) -> None:
    cache.clear()
    give_up_at = time.monotonic() + 30
    while not worker_is_running() and time.monotonic() < give_up_at:
        time.sleep(0.1)
    assert worker_is_running()


def test_a_missing_worker_is_noticed_too(no_worker: None) -> None:
    assert not worker_is_running()
