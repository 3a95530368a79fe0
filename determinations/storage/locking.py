"""The lock that keeps adding and deleting stored files apart."""

import errno

from django.db import connection

from determinations.storage.files import letters_area
from determinations.storage.places import MOVED, StoreFault

_LOCK = 1_145_919


def lock_store(*, to_delete: bool) -> None:
    """Keep adding and deleting files apart until the caller's transaction ends.

    Otherwise the bytes of a letter that is uploaded again could be deleted after they were found in the store and
    before its row is inserted. Raises ``StoreFault`` if all files were moved to another place while this waited.
    """
    hold_store(to_delete=to_delete)
    if letters_area().place.marker().startswith(MOVED):
        raise StoreFault(errno.ESTALE, "the letter store was moved")


def hold_store(*, to_delete: bool) -> None:
    """The lock of ``lock_store`` alone."""
    function = "pg_advisory_xact_lock" if to_delete else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_LOCK])


def may_delete_now() -> bool:
    """Try to keep adding and deleting apart until the caller's transaction ends, without waiting, as for deleting.

    False while files are added or a backup is made: then nothing may be deleted.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        (got,) = cursor.fetchone()
    return bool(got) and not letters_area().place.marker().startswith(MOVED)
