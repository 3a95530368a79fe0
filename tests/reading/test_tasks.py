"""Tasks of workers, real ones among them: duplicate messages, memory that runs out, letters that overtake others."""

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from determinations import tasks
from determinations.duties.working_days import state_holidays
from determinations.models import Letter
from determinations.models.letters import Lane
from determinations.operations.checking.upkeep import upkeep
from determinations.operations.findings import Level
from determinations.parsing.categories import categorize, rule_book
from determinations.reading import ingest, readiness, turns
from determinations.reading.one_letter import Reading, read_letter
from determinations.reading.schema import known_migrations
from determinations.searching.terms import forms_by_first
from determinations.tasks import letters, parse_letters, send_waiting, sweep
from determinations.tasks.steps import StepsFailed
from imrsite.celery import warm_up
from tests.fixtures.worker import Worker
from tests.reading.sending import bring, messages, states, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_duplicate_message_between_claim_and_reading_counts_no_attempt(
    broker: None, monkeypatch: pytest.MonkeyPatch
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
    broker: None, monkeypatch: pytest.MonkeyPatch
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
    broker: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
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
    with pytest.raises(StepsFailed):
        sweep()
    assert readiness.sweep_state().swept_at is not None, "the scheduler runs: a failing step has an alarm of its own"
    *said, of_sweep = (record.getMessage().partition("\n")[0] for record in caplog.records if record.levelno >= 40)
    assert of_sweep == "A step of sweep failed: sending letters of the scans lane (MemoryError)."
    assert said[:4] == [f"Out of memory in {task}." for task in (
        "reparse", "write_export", "find_pairs", "count_statistics",
    )]  # fmt: skip


@pytest.mark.parametrize(
    ("task", "fails", "runs", "step"),
    [
        (tasks.tidy, "tidying.duplicates.unsigned", "tidying.delete_ended_sessions", "finding pairs"),
        (tasks.keep_audit_trail, "upkeep.audit_upkeep.seal_all", "upkeep.alerts.send_mail", "chaining events"),
    ],
)
def test_a_step_that_fails_stops_no_other_and_is_told(
    broker: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    task: Callable[[], None], fails: str, runs: str, step: str,
) -> None:  # fmt: skip
    done, words = [], "synthetic words"

    def fail(*details: Any, **named: Any) -> None:
        raise KeyError(words)

    monkeypatch.setattr(f"determinations.tasks.{runs}", lambda **named: done.append(named))
    with monkeypatch.context() as patch:
        patch.setattr(f"determinations.tasks.{fails}", fail)
        with pytest.raises(StepsFailed, match=rf"{step} \(KeyError\)"):
            task()
    assert len(done) == 1
    finding = upkeep()
    assert finding.level is Level.FAILING
    assert f"1 step fails at present: {step} (KeyError, since " in finding.what
    assert words not in caplog.text + finding.what
    task()
    assert upkeep().level is Level.OK


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
    monkeypatch.setitem(letters.LETTERS_A_TASK, Lane.BULK, 30)  # twelve tasks without as many letters
    imported = bring(*["x"] * 360, lane="bulk")
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
    rule_book.cache_clear()
    categorize.cache_clear()
    usual = gc.get_threshold()
    warm_up()
    assert gc.get_threshold()[0] >= 10 * usual[0]
    gc.unfreeze()  # this process has garbage of its own
    gc.set_threshold(*usual)
    assert known_migrations.cache_info().currsize == 1
    assert state_holidays.cache_info().currsize == 1
    assert rule_book.cache_info().currsize == 1
    assert forms_by_first.cache_info().currsize == 1
