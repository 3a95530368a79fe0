"""Receiving and reading letters. At most ``WINDOW`` letters of a lane are in the broker at once: each finished task
sends the next ones."""

import logging

from celery import shared_task
from django.db import OperationalError as DatabaseUnavailable
from django.db import connection, transaction
from django.db.models.functions import Now
from kombu.exceptions import OperationalError
from psycopg.errors import LockNotAvailable

from determinations.access.scope import all_letters
from determinations.arrivals import looking
from determinations.extraction.scanning.engine import missing_engine
from determinations.intake import opening
from determinations.intake.store_health import StoreUnavailable
from determinations.models import Letter
from determinations.models.clock import database_now
from determinations.models.letters import OPEN_STATES, Lane
from determinations.models.locks import holding_alone
from determinations.operations.counters import counting_letters
from determinations.reading import readiness
from determinations.reading.ingest import ingest_letters
from determinations.reading.scans import read_scans
from determinations.replica.workers import note_uploaders
from determinations.tasks.guards import (
    SECONDS_PER_TURN,
    WAITS_FOR_READINESS,
    memory_may_run_out,
    send_quietly,
    when_ready,
    worker_name,
)

log = logging.getLogger(__name__)

#: Letters of one lane that may be in the broker at once.
WINDOW = 1_000
#: A scan takes seconds per page. The window is small, so that each is started before its message counts as lost.
SCANS_WINDOW = 20
#: Letters per message. Small messages show users their first cases sooner; large ones speed up imports.
LETTERS_A_TASK = {Lane.INTERACTIVE: 10, Lane.BULK: 200, Lane.SCANS: 1}
#: Seconds to wait for another sender of the same lane, who needs a few milliseconds.
SENDER_SECONDS = 3


@shared_task(name="determinations.tasks.parse_letters", ignore_result=True)
@when_ready
def parse_letters(ids: list[int], lane: str = Lane.INTERACTIVE) -> None:
    """Read these letters, then send the next ones of the lane."""
    with counting_letters(ids):
        memory_may_run_out(ingest_letters)(ids)  # the letters are requeued, with one attempt fewer left
    note_uploaders(ids)
    send_waiting(lane)
    send_waiting(Lane.SCANS)


@shared_task(name="determinations.tasks.scan_letters", ignore_result=True, soft_time_limit=3_000, time_limit=3_300)
@when_ready
def scan_letters(ids: list[int], lane: str = Lane.SCANS) -> None:
    """Recognize and read these scans, then send the next ones."""
    with counting_letters(ids):
        memory_may_run_out(read_scans)(ids)
    note_uploaders(ids)
    if missing_engine() is None:  # without the engine they wait for the sweep
        send_waiting(lane)


@shared_task(name="determinations.tasks.open_files", ignore_result=True)
@memory_may_run_out
def open_files() -> None:
    """Open archives and messages that were uploaded, for a while. One such task runs at a time, so that a slow file
    occupies one process."""
    if not readiness.wait_until_ready(worker_name(), seconds=WAITS_FOR_READINESS):
        return  # the sweep sends it again
    began_at = database_now()
    with holding_alone("opening files") as alone:
        if not alone:
            return
        try:
            for lane in opening.open_waiting(seconds=SECONDS_PER_TURN):
                send_waiting(lane)
        except (StoreUnavailable, opening.OpeningStopped) as fault:
            log.error("Uploaded files wait to be opened: %s", fault)
            return  # the sweep sends it again
    if opening.any_due(began_at):  # also what arrived after the last look, while this task held the lock
        send_openings()


def send_openings() -> None:
    """Have a worker open what waits. If the broker is down, the sweep will send it later."""
    send_quietly(open_files, queue=Lane.INTERACTIVE)


@shared_task(name="determinations.tasks.look_for_letters", ignore_result=True)
@memory_may_run_out
def look_for_letters(source_id: int) -> None:
    """Take letters from a source where they arrive by themselves, for a while; one task of a source at a time."""
    if not readiness.wait_until_ready(worker_name(), seconds=WAITS_FOR_READINESS):
        return  # the sweep sends it again
    with holding_alone(f"looking at source {source_id}") as alone:
        if not alone:
            return
        for lane in looking.look_at(source_id, seconds=SECONDS_PER_TURN):
            send_waiting(lane)
            if opening.any_waiting():
                send_openings()
    if looking.is_due(source_id):
        send_look(source_id)


def send_look(source_id: int) -> None:
    """Have a worker look at a source. If the broker is down, the sweep will send it later."""
    looking.note_sent(source_id)
    send_quietly(look_for_letters, source_id)


@all_letters
def send_waiting(lane: str) -> int:
    """Queue unsent letters, oldest first, as far as the lane's window allows; returns how many.

    Call it after the rows are committed. Concurrent callers send different letters. If another one does not end, as a
    worker that was suspended, nothing is sent: the sweep will.
    """
    try:
        return _send_waiting(lane)
    except DatabaseUnavailable as fault:
        if not isinstance(fault.__cause__, LockNotAvailable):
            raise
        log.warning("Another sender holds up the lane %s; the sweep will send its letters.", lane)
        return 0


def _send_waiting(lane: str) -> int:
    with transaction.atomic():
        _one_sender_at_a_time(lane)
        in_flight = Letter.objects.filter(lane=lane, state__in=OPEN_STATES, queued_at__isnull=False).count()
        room = (SCANS_WINDOW if lane == Lane.SCANS else WINDOW) - in_flight
        if room <= 0:
            return 0
        waiting = Letter.objects.filter(lane=lane, state=Lane(lane).waiting, queued_at=None).order_by("pk")
        ids = list(waiting.values_list("pk", flat=True)[:room])
        Letter.objects.filter(pk__in=ids).update(queued_at=Now())
        transaction.on_commit(lambda: _send(ids, lane))
    return len(ids)


def _send(ids: list[int], lane: str) -> None:
    """Send messages to the broker. If it is down, the sweep will send the rest later."""
    size = LETTERS_A_TASK[Lane(lane)]
    task = scan_letters if lane == Lane.SCANS else parse_letters
    for start in range(0, len(ids), size):
        try:
            task.apply_async((ids[start : start + size], lane), queue=lane, ignore_result=True)
        except OperationalError as fault:
            log.error("The broker is unavailable (%s); the sweep will queue %d letters.", fault, len(ids) - start)
            Letter.objects.filter(pk__in=ids[start:], state=Lane(lane).waiting).update(queued_at=None)
            return


def _one_sender_at_a_time(lane: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{SENDER_SECONDS}s'")
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"sending {lane}"])
