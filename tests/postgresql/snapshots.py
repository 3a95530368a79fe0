"""Copies of all rows in a schema of their own, and back: to begin many tests with the same rows."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection, transaction

#: Every table of the application and of Django but the record of migrations, with its columns that can be written.
#: Those of which indexes keep what a function says come last: it reads the rows of other tables.
_TABLES = """
    SELECT relname, string_agg(quote_ident(attname), ', ' ORDER BY attnum)
    FROM pg_class JOIN pg_namespace space ON space.oid = relnamespace JOIN pg_attribute ON attrelid = pg_class.oid
    WHERE nspname = %s AND relkind = 'r' AND relname <> 'django_migrations'
        AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    GROUP BY pg_class.oid, relname
    ORDER BY EXISTS (SELECT FROM pg_index WHERE indrelid = pg_class.oid AND indexprs IS NOT NULL), relname
"""


def take(cursor: Any, schema: str) -> None:
    """Copy the rows of all tables that hold any into a new schema."""
    columns = _columns(cursor, "public")
    cursor.execute(f"CREATE SCHEMA {schema}")
    for table in _filled(cursor, columns):
        cursor.execute(f"CREATE TABLE {schema}.{table} AS SELECT {columns[table]} FROM public.{table}")


def restore(cursor: Any, schema: str) -> None:
    """Make all tables hold the schema's rows and no others.

    A superuser, as in the embedded PostgreSQL, deletes without triggers and without checks of foreign keys. Any other
    role empties the tables, which takes twenty times as long.
    """
    columns = _columns(cursor, "public")
    kept = _columns(cursor, schema)
    with transaction.atomic():
        cursor.execute("SELECT current_setting('is_superuser') = 'on'")
        if cursor.fetchone()[0]:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table in _filled(cursor, columns):
                cursor.execute(f"DELETE FROM public.{table}")
        else:
            cursor.execute(f"TRUNCATE {', '.join(f'public.{table}' for table in columns)}")
        for table, names in ((table, kept[table]) for table in columns if table in kept):
            cursor.execute(f"INSERT INTO public.{table} ({names}) SELECT {names} FROM {schema}.{table}")


def start_with(name: str, write: Callable[[], None]) -> None:
    """Begin a test that commits with the rows that ``write`` adds; it is called by the first test only.

    Fixtures that add other rows, such as users, come after this.
    """
    with connection.cursor() as cursor:
        if _exists(cursor, name):
            restore(cursor, name)
        else:
            write()
            take(cursor, name)


def _exists(cursor: Any, schema: str) -> bool:
    """Whether a snapshot of this name was taken."""
    cursor.execute("SELECT to_regnamespace(%s) IS NOT NULL", [schema])
    return bool(cursor.fetchone()[0])


def _columns(cursor: Any, schema: str) -> dict[str, str]:
    cursor.execute(_TABLES, [schema])
    return dict(cursor.fetchall())


def _filled(cursor: Any, tables: Iterable[str]) -> list[str]:
    cursor.execute(
        " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM public.{table})" for table in tables)
    )
    return [table for (table,) in cursor.fetchall()]
