"""Notes how far users have written, so that a replica serves them only once it has replayed that."""

from collections.abc import Iterable

from django.db import connection

from imrsite.connections import REPLICA, is_configured, on_primary

#: Changes that hide something, such as an erasure, are noted for everybody.
EVERYBODY = 0
# Of two notes the later one counts. One that is ahead of the log is of another cluster, from which rows were restored.
_NOTE = """
INSERT INTO determinations_ownwrite AS noted (user_id, position)
SELECT user_id, pg_current_wal_insert_lsn()::text FROM unnest(%s::bigint[]) AS t (user_id) ORDER BY user_id
ON CONFLICT (user_id) DO UPDATE
SET position = least(greatest(noted.position::pg_lsn, excluded.position::pg_lsn), pg_current_wal_insert_lsn())::text
"""


def note_writes(user_ids: Iterable[int]) -> None:
    """Note that these users have just changed something; call it after the commit. Nothing without a replica."""
    ids = sorted(set(user_ids))
    if not ids or not is_configured(REPLICA):
        return
    with on_primary(), connection.cursor() as cursor:
        cursor.execute(_NOTE, [ids])


def note_for_everybody() -> None:
    """Note that something was just hidden: no replica shows it to anyone from here on. Call it after the commit."""
    note_writes([EVERYBODY])
