"""Letters that crash their worker, and workers that are killed by the signals that end real ones."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from determinations.models import Letter
from determinations.reading import turns
from determinations.tasks import send_waiting, sweep
from imrsite.local.processes import stop_process
from tests.fixtures.worker import Worker, start_worker
from tests.reading.sending import bring, later, states, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


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
