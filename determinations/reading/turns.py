"""Claims letters for reading: a row update plus an advisory lock held by the worker's connection.

A worker holds the lock from the statement that counts the attempt until the outcome is committed; the lock ends with
its connection. So a row in state ``parsing`` whose lock is free has lost its worker, and a duplicate message never
counts an attempt. Because the lock belongs to the session, what is done under a claim never goes through a
transaction pooler (``on_session``): if its connection is lost, work and lock end together.
"""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from determinations.models import Letter, LetterState
from determinations.models.any_of import array_literal
from determinations.models.letters import Lane
from imrsite.connections import on_session

log = logging.getLogger(__name__)

#: The first key of the advisory locks on letters being read; the second is the letter's ID.
LOCK = 1_145_918
#: A letter whose worker ended this often is set aside. Workers also end for other reasons: a crash is the letter's own
#: only if the letter was parsed alone in a child process (see ``trial``).
ATTEMPTS = 20
#: A letter that was sent this long ago, waits, and is in no queue has lost its message. Its message may just be on its
#: way to the broker or to a worker; a second message does no harm.
MESSAGE_LOST_AFTER = timedelta(seconds=10)
#: The same for a worker that starts: what its predecessor had taken, and not begun, is in no queue.
TAKEN_AND_LOST_AFTER = timedelta(seconds=3)
#: A letter that is being read by nobody, although a worker claimed it this long ago, has lost its worker.
READER_DIED_AFTER = timedelta(seconds=5)
_PARSE_TASKS = ("determinations.tasks.parse_letters", "determinations.tasks.scan_letters")
_KILLED = f"The worker stopped {ATTEMPTS} times while it read this letter. Other letters are not affected."


@contextmanager
def claimed(ids: Sequence[int], *, begun: bool, scans: bool = False) -> Iterator[list[int]]:
    """Claim the letters that no worker is reading and count an attempt, committed before any work is done.

    Inside the block, this connection holds their locks. Letters that could not be claimed are omitted, and so are
    scans; with ``scans``, everything else is omitted instead.
    """
    with on_session():
        mine: list[int] = []
        try:
            mine += _claim(ids, begun=begun, scans=scans)
            yield mine
        finally:
            if mine and connection.is_usable():
                with connection.cursor() as cursor:
                    unlock = "SELECT pg_advisory_unlock(%s, id) FROM unnest(%s::int[]) AS t (id)"
                    cursor.execute(unlock, [LOCK, array_literal(mine)])


def _claim(ids: Sequence[int], *, begun: bool, scans: bool) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH open AS MATERIALIZED (
                SELECT id FROM determinations_letter
                WHERE id = ANY(%s) AND state IN ('received', 'parsing', 'scan_waiting')
                    AND (lane = 'scans') = %s AND (attempts > 0) = %s AND attempts < %s
                ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
            ), mine AS MATERIALIZED (
                SELECT id FROM open WHERE pg_try_advisory_lock(%s, id::int)
            )
            UPDATE determinations_letter
            SET state = 'parsing', attempts = attempts + 1, started_at = clock_timestamp(), finished_at = NULL
            WHERE id IN (SELECT id FROM mine)
            RETURNING id
            """,
            [array_literal(ids), scans, begun, ATTEMPTS, LOCK],
        )
        return sorted(pk for (pk,) in cursor.fetchall())


def set_aside_killers(ids: Sequence[int]) -> list[int]:
    """Set aside letters that crashed their worker too often and that no worker is reading; returns their IDs."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH open AS MATERIALIZED (
                SELECT id FROM determinations_letter
                WHERE id = ANY(%s) AND state IN ('received', 'parsing', 'scan_waiting') AND attempts >= %s
                ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
            )
            UPDATE determinations_letter
            SET state = 'set_aside', message = %s, finished_at = clock_timestamp()
            WHERE id IN (SELECT id FROM open WHERE pg_try_advisory_xact_lock(%s, id::int))
            RETURNING id
            """,
            [list(ids), ATTEMPTS, _KILLED, LOCK],
        )
        return [pk for (pk,) in cursor.fetchall()]


def without_reader(ids: Sequence[int]) -> list[int]:
    """The letters that no worker is reading; none can be claimed until the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM unnest(%s::int[]) AS t (id) WHERE pg_try_advisory_xact_lock(%s, id)", [list(ids), LOCK]
        )
        return [pk for (pk,) in cursor.fetchall()]


def give_back(ids: Sequence[int]) -> None:
    """Return letters to the queue unread, without counting an attempt; the next sweep sends them."""
    if not ids:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE determinations_letter SET attempts = attempts - 1, queued_at = NULL,
                    state = CASE WHEN lane = 'scans' THEN 'scan_waiting' ELSE 'received' END
                WHERE id IN (
                    SELECT id FROM determinations_letter
                    WHERE id = ANY(%s) AND state = 'parsing' AND attempts > 0 ORDER BY id FOR NO KEY UPDATE
                )
                """,
                [list(ids)],
            )
    except DatabaseError:
        log.warning("%d letters could not be returned to the queue; the sweep will requeue them.", len(ids))


def release_stale(
    lane: str,
    queued: Mapping[str, Collection[int]] | None,
    *,
    most: int,
    lost_after: timedelta = MESSAGE_LOST_AFTER,
) -> None:
    """Requeue letters whose message was lost or whose worker died, by the database's clock.

    ``queued`` are the IDs in the broker's messages, by task; None if the broker is unavailable.
    """
    stale = Q(state=LetterState.PARSING, started_at__lt=Now() - READER_DIED_AFTER)
    if queued is not None:
        ids = [pk for task in _PARSE_TASKS for pk in queued.get(task, ())]
        stale |= Q(state=Lane(lane).waiting, queued_at__lt=Now() - lost_after) & ~Q(pk__in=ids)
    with transaction.atomic():
        letters = Letter.objects.filter(stale, lane=lane).order_by("pk")
        stale_ids = list(letters.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)[:most])
        stale_ids = without_reader(stale_ids)
        Letter.objects.filter(pk__in=stale_ids).update(state=Lane(lane).waiting, queued_at=None)
    if stale_ids:
        log.warning("Requeued %d stale letters of the lane %s.", len(stale_ids), lane)
