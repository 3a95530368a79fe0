"""What the database says of column files: which one serves this folder, and what happened since.

A file has the facts of the transactions that its horizon (a snapshot of the database) shows as finished. What another
snapshot sees besides is in the log: its entries of transactions that the horizon does not show. So a reader's own
snapshot and the file together give exactly what PostgreSQL would answer, whatever is committed meanwhile.
"""

from dataclasses import dataclass

from django.db import connection

from determinations.statistics.columns.digest import layout_digest

#: Numbers of transactions mean something in one cluster and database only, not in a copy restored elsewhere.
DATABASE = """(
    SELECT system_identifier || '/' || pg_database.oid FROM pg_control_system(), pg_database
    WHERE datname = current_database()
)"""
#: Identifies what a file's edition statuses come from. Not by ``md5``, which databases with FIPS refuse.
EDITIONS = """(
    SELECT left(encode(sha256(convert_to(COALESCE(string_agg(
        concat_ws('|', authority.id, validity.edition, validity.valid_from, '-', validity.valid_to), ';'
        ORDER BY authority.id, validity.edition
    ), ''), 'UTF8')), 'hex'), 32)
    FROM determinations_editionvalidity AS validity
    JOIN determinations_authority AS authority ON authority.key = validity.authority_id
)"""
_UNSEEN = "NOT pg_visible_in_snapshot(log.transaction::text::xid8, file.horizon::pg_snapshot)"
_STATE = f"""
SELECT file.name, file.layout = %s || ' ' || {EDITIONS}, file.database = {DATABASE},
    (SELECT sum(mark) FROM determinations_factchange),
    EXISTS (SELECT FROM determinations_factlog AS log WHERE {_UNSEEN}), file.items
FROM determinations_columnfile AS file WHERE folder = %s AND name <> ''
"""  # noqa: S608 - constants
_ANY_CHANGED = f"EXISTS (SELECT FROM determinations_factlog AS log WHERE log.items IS NULL AND {_UNSEEN})"
_CHANGED = f"""
SELECT ARRAY(
        SELECT DISTINCT item FROM determinations_factlog AS log CROSS JOIN unnest(log.items) AS item WHERE {_UNSEEN}
        LIMIT %s
    ),
    {_ANY_CHANGED}
FROM determinations_columnfile AS file WHERE folder = %s
"""  # noqa: S608 - constants
_STALE = f"SELECT {_ANY_CHANGED} FROM determinations_columnfile AS file WHERE folder = %s"  # noqa: S608 - constants


@dataclass(frozen=True)
class FileState:
    """The column file of a folder, as this transaction sees it; ``version`` is that of the facts."""

    name: str
    #: Whether it has the columns of this program, and the edition statuses of now.
    fits: bool
    is_of_this_database: bool
    version: str
    has_changes: bool
    items: int


def read_state(folder: str) -> FileState | None:
    """The file that serves the folder; None if there is none yet."""
    with connection.cursor() as cursor:
        cursor.execute(_STATE, [layout_digest(), folder])
        row = cursor.fetchone()
    return FileState(row[0], row[1], row[2], str(row[3]), row[4], row[5]) if row else None


def changed_items(folder: str, *, most: int | None = None) -> list[int] | None:
    """The items whose facts changed since the folder's file was written; None if any may have, or over ``most``."""
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, [None if most is None else most + 1, folder])
        items, all_of_them = cursor.fetchone()
    return None if all_of_them or (most is not None and len(items) > most) else items


def is_stale(folder: str) -> bool:
    """Whether the facts of any item may have changed since the folder's file was written: nothing can be merged."""
    with connection.cursor() as cursor:
        cursor.execute(_STALE, [folder])
        return bool(cursor.fetchone()[0])
