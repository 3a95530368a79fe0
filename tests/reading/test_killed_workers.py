"""Letters that crash their worker, and workers that are killed by the signals that end real ones."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from determinations.models import Letter
from determinations.parsing import parse_file
from determinations.reading import ingest, one_letter, turns
from determinations.reading.writing import write_readings
from determinations.tasks import parse_letters, send_waiting, sweep
from imrsite.local.processes import stop_process
from tests.fixtures.worker import Worker, start_worker
from tests.letters_made import letter_text
from tests.reading.conftest import bring_letters, states_of_all
from tests.reading.sending import bring, later, states, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_waiting")]


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
def test_a_killed_worker_loses_nothing_and_a_letter_that_crashes_its_worker_twice_is_set_aside(
    poisonable: Callable[[], Worker],
) -> None:
    """One after the other, as starting a worker takes most of the time."""
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

    crashing = bring("c", "d", "poison", "e", "memory", first=4)
    send_waiting("interactive")
    expected = ["parsed", "parsed", "set_aside", "parsed", "too_large"]
    wait_until(lambda: states(crashing) == expected, next_worker, within=90)
    assert Letter.objects.get(pk=crashing[2]).message.startswith("Reading this letter crashed the worker twice.")
    assert next_worker.process.poll() is None


def _swept(ids: list[int]) -> bool:
    sweep()
    return set(states(ids)) == {"parsed"}


def test_kills_of_a_worker_cost_a_good_letter_nothing(no_worker: None, store: Path) -> None:
    (pk,) = bring_letters(1)
    for _ in range(5):
        child = os.fork()
        if child == 0:
            _claim_and_die(pk)
        os.waitpid(child, 0)
        _wait_until_let_go(pk)
        sweep()
    assert Letter.objects.get(pk=pk).attempts == 5
    parse_letters([pk])
    assert states_of_all() == {"parsed"}


def _wait_until_let_go(pk: int) -> None:
    """The server ends the session of a dead process an instant later."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [turns.LOCK, pk])
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [turns.LOCK, pk])


def _claim_and_die(pk: int) -> None:
    """In a child process, as a worker does that is killed while it reads."""
    import psycopg

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
    (pk,) = bring_letters(1)
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
    ids = bring_letters(4)
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
