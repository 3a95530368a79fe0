"""The database's clock, the only one that all workers share."""

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """The time by the database's clock: clocks of workers may be minutes ahead or behind."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
