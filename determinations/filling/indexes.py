"""Indexes that are dropped while many rows are copied in, and built once at the end.

What was dropped is kept in a table of the database until it is built again, so that a fill that was killed is finished
by the next one.
"""

from django.db import connection, transaction

from determinations.models import (
    Case,
    CaseText,
    Citation,
    CitationFact,
    DisputedItem,
    ItemFact,
    ItemText,
    Letter,
    LetterText,
    UploadedFile,
)

_FILLED = (
    Letter, LetterText, UploadedFile, Case, CaseText, DisputedItem, ItemText, Citation, ItemFact, CitationFact,
)  # fmt: skip
_KEPT_IN = "imrsite_indexes_to_build"
#: Columns by which rows are looked up while letters are written, and an index that begins with another one.
_NEEDED = ("case_id", "item_id", "superseded_by_id", "letter_id")
_NEEDED_INDEX = "case_by_number"
_DROPPABLE = """
SELECT index.relname, pg_get_indexdef(index.oid)
FROM pg_index JOIN pg_class AS index ON index.oid = indexrelid JOIN pg_class AS owner ON owner.oid = indrelid
WHERE owner.relname = ANY(%s) AND owner.relnamespace = current_schema()::regnamespace AND NOT indisunique
    AND index.relname <> %s AND NOT (indnatts = 1 AND indpred IS NULL AND EXISTS (
        SELECT FROM pg_attribute WHERE attrelid = indrelid AND attnum = indkey[0] AND attname = ANY(%s)
    ))
ORDER BY 1
"""


def drop_indexes() -> None:
    """Drop the indexes that only readers use, and remember them."""
    tables = [model._meta.db_table for model in _FILLED]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {_KEPT_IN} (name text PRIMARY KEY, definition text NOT NULL)")
        cursor.execute(_DROPPABLE, [tables, _NEEDED_INDEX, list(_NEEDED)])
        for name, definition in cursor.fetchall():
            cursor.execute(f"INSERT INTO {_KEPT_IN} VALUES (%s, %s)", [name, definition])  # noqa: S608 - a constant
            cursor.execute(f'DROP INDEX "{name}"')


def dropped_indexes() -> list[str]:
    """The names of the indexes that are to be built again; first those that take longest."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [_KEPT_IN])
        if cursor.fetchone() == (None,):
            return []
        cursor.execute(f"SELECT name FROM {_KEPT_IN} ORDER BY definition NOT LIKE '%USING gin%', name")  # noqa: S608 - a constant
        return [name for (name,) in cursor.fetchall()]


def build_index(name: str) -> None:
    """Build one of the dropped indexes again."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
        cursor.execute(f"DELETE FROM {_KEPT_IN} WHERE name = %s RETURNING definition", [name])  # noqa: S608 - a constant
        (definition,) = cursor.fetchone()
        cursor.execute(definition)


def forget_dropped() -> None:
    """Remove the list of dropped indexes once it is empty."""
    if not dropped_indexes():
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {_KEPT_IN}")
