"""What workers do: read letters, and send again what was lost on the way.

Messages hold ids only and may come twice, late or never: the rows say what is to be done. At most ``WINDOW`` letters
of a lane are in the broker at once; each finished task sends the next ones, and the sweep mends whatever broke.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec

from celery import shared_task
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from determinations.browsing import exports
from determinations.corrections import duplicates, removal
from determinations.extraction.scanning.engine import missing_engine
from determinations.models import Export, Letter, LetterState, ReparseRun
from determinations.models.browsing import ExportState
from determinations.models.letters import OPEN_STATES, Lane
from determinations.models.reparsing import AT_WORK
from determinations.reading import reparsing
from determinations.reading.ingest import ingest_letters
from determinations.reading.scans import read_scans
from determinations.reading.turns import without_reader
from determinations.statistics.precompute import precompute_first_pages

log = logging.getLogger(__name__)

P = ParamSpec("P")

#: Letters of one lane that may be in the broker at once.
WINDOW = 1_000
#: A scan takes seconds a page: the few that are sent are begun before their messages count as lost.
SCANS_WINDOW = 20
#: Letters in one message. People see their first cases sooner in small ones; imports run faster in large ones.
LETTERS_A_TASK = {Lane.INTERACTIVE: 10, Lane.BULK: 50, Lane.SCANS: 1}
#: A letter that nobody reads, though its reader began this long ago: the reader died.
READER_DIED_AFTER = timedelta(seconds=30)
#: A letter that was sent this long ago and not begun: the message is lost, or stands behind many others.
MESSAGE_LOST_AFTER = timedelta(minutes=3)
#: An export that was begun this long ago and not finished, longer than a task may run: its writer died.
EXPORT_DIED_AFTER = timedelta(minutes=10)
#: A run that moved last this long ago has lost its message or its worker.
RUN_STALE_AFTER = timedelta(minutes=1)
#: Seconds that one message keeps a worker with reading again or comparing.
_SECONDS_A_TURN = 20.0
_COMPARED_AT_ONCE = 200


def memory_may_run_out(work: Callable[P, None]) -> Callable[P, None]:
    """For a task: memory that runs out ends it with a line in the log.

    Left to Celery under late acknowledgement, ``MemoryError`` would block this slot for good. The rows say what is
    left to do, and the sweep sends it again.
    """

    @wraps(work)
    def guarded(*words: P.args, **named: P.kwargs) -> None:
        try:
            work(*words, **named)
        except MemoryError:
            log.error("Out of memory in %s.", work.__name__)

    return guarded


@shared_task(ignore_result=True)
def parse_letters(ids: list[int], lane: str = Lane.INTERACTIVE) -> None:
    """Read these letters, then send the next ones of the lane."""
    memory_may_run_out(ingest_letters)(ids)  # the letters come again, with one attempt fewer
    send_waiting(lane)
    send_waiting(Lane.SCANS)


@shared_task(ignore_result=True, soft_time_limit=3_000, time_limit=3_300)
def scan_letters(ids: list[int], lane: str = Lane.SCANS) -> None:
    """Recognize and read these scans, then send the next ones."""
    memory_may_run_out(read_scans)(ids)
    if missing_engine() is None:  # without it they wait for the sweep
        send_waiting(lane)


@shared_task(ignore_result=True)
@memory_may_run_out
def sweep() -> None:
    """Send again what went stale, and fill every lane."""
    for lane in Lane.values:
        _release_stale(lane)
        send_waiting(lane)
    _send_exports_again()
    stale = Q(stepped_at=None) | Q(stepped_at__lt=timezone.now() - RUN_STALE_AFTER)
    for run_id in ReparseRun.objects.filter(stale, state__in=AT_WORK).values_list("pk", flat=True)[:20]:
        send_reparse(run_id)
    if duplicates.unsigned(1):
        _send_quietly(find_pairs)
    _send_quietly(count_statistics)
    removal.delete_files(now=timezone.now())
    exports.delete_old_files(now=timezone.now())


@shared_task(ignore_result=True)
@memory_may_run_out
def count_statistics() -> None:
    """Have the first pages of statistics wait for nobody after a change."""
    precompute_first_pages()


@shared_task(ignore_result=True)
@memory_may_run_out
def write_export(export_id: int) -> None:
    """Write a long list into its file, unless somebody did or does."""
    exports.write_export(export_id, now=timezone.now)


def send_export(export_id: int) -> None:
    """Have a worker write an export, behind the letters that somebody waits for. A broker that is away is no loss:
    the sweep sends it."""
    try:
        write_export.apply_async((export_id,), queue=Lane.BULK, ignore_result=True)
    except OperationalError as fault:
        log.error("The broker is away (%s): export %d waits for the sweep.", fault, export_id)


def _send_exports_again() -> None:
    """Exports whose message was lost, or whose writer died."""
    now = timezone.now()
    died = Export.objects.filter(state=ExportState.WRITING, started_at__lt=now - EXPORT_DIED_AFTER)
    died.update(state=ExportState.WAITING)
    lost = Export.objects.filter(state=ExportState.WAITING, requested_at__lt=now - MESSAGE_LOST_AFTER)
    for export_id in lost.order_by("pk").values_list("pk", flat=True)[:WINDOW]:
        send_export(export_id)


@shared_task(ignore_result=True)
@memory_may_run_out
def reparse(run_id: int) -> None:
    """Read letters of a run again for a while, then leave room for others. The row says how far it is."""
    until = time.monotonic() + _SECONDS_A_TURN
    while time.monotonic() < until:
        if not reparsing.step(run_id, now=timezone.now()):
            return
    send_reparse(run_id)


def send_reparse(run_id: int) -> None:
    """Have a worker go on with a run. What the broker does not take, the sweep sends when it is back."""
    _send_quietly(reparse, run_id)


@shared_task(ignore_result=True)
@memory_may_run_out
def find_pairs() -> None:
    """Compare letters that were read with all others, for a while. One at a time: a second one ends at once, and
    with it the chain of messages that it would have gone on."""
    with _alone("finding pairs") as alone:
        if not alone or not _find_pairs_for_a_turn():
            return
    _send_quietly(find_pairs)


def _find_pairs_for_a_turn() -> bool:
    """Whether letters are left when the time is over."""
    until = time.monotonic() + _SECONDS_A_TURN
    while time.monotonic() < until:
        waiting = duplicates.unsigned(_COMPARED_AT_ONCE)
        if not waiting:
            return False
        duplicates.find_pairs(waiting, now=timezone.now())
    return True


@contextmanager
def _alone(work: str) -> Iterator[bool]:
    """Whether nobody else does this work now; nobody will until the block ends, or this process's connection does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [work])
        (alone,) = cursor.fetchone()
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [work])


def _send_quietly(task: Any, *arguments: int) -> None:
    try:
        task.apply_async(arguments, queue=Lane.BULK, ignore_result=True)
    except OperationalError:
        log.warning("The broker does not answer: the sweep will send %s again.", task.name)


def send_waiting(lane: str) -> int:
    """Send letters that no message carries yet, oldest first, as far as the lane's window allows; returns how many.

    Call it when rows are committed. Two callers at the same instant send different letters.
    """
    with transaction.atomic():
        _one_sender_at_a_time(lane)
        on_their_way = Letter.objects.filter(lane=lane, state__in=OPEN_STATES, queued_at__isnull=False).count()
        room = (SCANS_WINDOW if lane == Lane.SCANS else WINDOW) - on_their_way
        if room <= 0:
            return 0
        waiting = Letter.objects.filter(lane=lane, state=Lane(lane).waiting, queued_at=None).order_by("pk")
        ids = list(waiting.values_list("pk", flat=True)[:room])
        Letter.objects.filter(pk__in=ids).update(queued_at=timezone.now())
        transaction.on_commit(lambda: _send(ids, lane))
    return len(ids)


def _send(ids: list[int], lane: str) -> None:
    """Put messages in the broker. What it does not take, the sweep sends when it is back."""
    size = LETTERS_A_TASK[Lane(lane)]
    task = scan_letters if lane == Lane.SCANS else parse_letters
    for start in range(0, len(ids), size):
        try:
            task.apply_async((ids[start : start + size], lane), queue=lane, ignore_result=True)
        except OperationalError as fault:
            log.error("The broker is away (%s): %d letters wait for the sweep.", fault, len(ids) - start)
            Letter.objects.filter(pk__in=ids[start:], state=Lane(lane).waiting).update(queued_at=None)
            return


def _one_sender_at_a_time(lane: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"sending {lane}"])


def _release_stale(lane: str) -> None:
    """Have letters sent again whose message was lost or whose reader died: those whose lock nobody holds."""
    now = timezone.now()
    lost = Q(state=Lane(lane).waiting, queued_at__lt=now - MESSAGE_LOST_AFTER)
    died = Q(state=LetterState.PARSING, started_at__lt=now - READER_DIED_AFTER)
    with transaction.atomic():
        stale = Letter.objects.filter(lost | died, lane=lane).order_by("pk")
        ids = list(stale.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)[:WINDOW])
        ids = without_reader(ids)
        Letter.objects.filter(pk__in=ids).update(state=Lane(lane).waiting, queued_at=None)
    if ids:
        log.warning("%d letters of the lane %s went stale and are sent again.", len(ids), lane)
