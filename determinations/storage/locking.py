"""The lock that keeps adding and deleting stored files apart."""

from django.db import connection

_LOCK = 1_145_919


def lock_store(*, to_delete: bool) -> None:
    """Keep adding and deleting files apart until the caller's transaction ends.

    Otherwise the bytes of a letter that is uploaded again could be deleted after they were found in the store and
    before its row is inserted.
    """
    function = "pg_advisory_xact_lock" if to_delete else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_LOCK])
