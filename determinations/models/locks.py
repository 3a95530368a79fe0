"""Work that one process does at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from imrsite.connections import on_session


@contextmanager
def holding_alone(work: str) -> Iterator[bool]:
    """Try to take the advisory lock for this work; yields whether we got it.

    The lock is one of the session, and so is everything in the block: if the connection is lost, work and lock end
    together.
    """
    with on_session():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [work])
            (alone,) = cursor.fetchone()
        try:
            yield alone
        finally:
            if alone:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [work])
