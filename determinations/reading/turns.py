"""Whose turn it is to read a letter: rows are claimed, and held by advisory locks.

Whoever claims a letter holds an advisory lock on it from the statement that counts the attempt until its outcome is
committed; the lock ends with the reader's connection. So a row in state ``parsing`` whose lock is free has lost its
reader, and a message that comes twice never counts an attempt. The lock belongs to the connection: workers connect to
PostgreSQL itself, not through a transaction pooler.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import DatabaseError, connection

log = logging.getLogger(__name__)

#: The first key of the advisory locks on letters being read; the second is the letter's number.
LOCK = 1_145_918
#: A letter that took its worker down this often is set aside.
ATTEMPTS = 2
_KILLED = "Reading it ended its worker twice. The other letters went on."


@contextmanager
def claimed(ids: Sequence[int], *, begun: bool, scans: bool = False) -> Iterator[list[int]]:
    """Count an attempt and take the letters that nobody reads now, committed before any work is done.

    Inside, this connection holds their locks. What nobody could take is left out, and so are scans, or with ``scans``
    all letters but these.
    """
    mine: list[int] = []
    try:
        mine += _claim(ids, begun=begun, scans=scans)
        yield mine
    finally:
        if mine and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, id) FROM unnest(%s::int[]) AS t (id)", [LOCK, mine])


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
            [list(ids), scans, begun, ATTEMPTS, LOCK],
        )
        return sorted(pk for (pk,) in cursor.fetchall())


def set_aside_killers(ids: Sequence[int]) -> list[int]:
    """Set aside the letters that ended their worker too often and that nobody reads now; returns which."""
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
    """Those of the letters that nobody reads now, and nobody begins to until the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM unnest(%s::int[]) AS t (id) WHERE pg_try_advisory_xact_lock(%s, id)", [list(ids), LOCK]
        )
        return [pk for (pk,) in cursor.fetchall()]


def give_back(ids: Sequence[int]) -> None:
    """It was not for these letters' fault that they were not read: they wait as before, and no attempt counts."""
    if not ids:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE determinations_letter SET attempts = attempts - 1,
                    state = CASE WHEN lane = 'scans' THEN 'scan_waiting' ELSE 'received' END
                WHERE id = ANY(%s) AND state = 'parsing' AND attempts > 0
                """,
                [list(ids)],
            )
    except DatabaseError:
        log.warning("%d letters could not be given back; the sweep will find them.", len(ids))
