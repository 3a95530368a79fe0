"""Copies of all rows in a schema of their own, and back: to begin many tests with the same rows.

What a table holds already is left there, and a table that no test wrote is not looked into: to write a thousand rows
of the migrations again takes longer than most tests that commit.
"""

from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

#: Where it is kept which tables a copy has rows for, from which copy they come, and what the tables held at last.
BOOKS = "snapshots"

#: Every table of the application and of Django but the record of migrations, with its columns that can be written.
#: Those of which indexes keep what a function says come last: it reads the rows of other tables.
_PREPARE = f"""
CREATE SCHEMA {BOOKS};
CREATE TABLE {BOOKS}.source (
    snapshot text, relname text, source text NOT NULL, columns text NOT NULL, place serial,
    PRIMARY KEY (snapshot, relname)
);
CREATE TABLE {BOOKS}.held (relname text PRIMARY KEY, source text NOT NULL, signature text NOT NULL);

CREATE FUNCTION {BOOKS}.tables() RETURNS TABLE (relname text, columns text) LANGUAGE sql AS $$
    SELECT relname, string_agg(quote_ident(attname), ', ' ORDER BY attnum)
    FROM pg_class JOIN pg_namespace space ON space.oid = relnamespace JOIN pg_attribute ON attrelid = pg_class.oid
    WHERE nspname = 'public' AND relkind = 'r' AND relname <> 'django_migrations'
        AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    GROUP BY pg_class.oid, relname
    ORDER BY EXISTS (SELECT FROM pg_index WHERE indrelid = pg_class.oid AND indexprs IS NOT NULL), relname
$$;

-- How many rows a table has, and the first and last transaction that wrote any: each change makes it another.
CREATE FUNCTION {BOOKS}.signature(name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE said text;
BEGIN
    EXECUTE format(
        'SELECT concat_ws('' '', count(*), min(xmin::text::bigint), max(xmin::text::bigint)) FROM public.%I', name
    ) INTO said;
    RETURN said;
END $$;

CREATE FUNCTION {BOOKS}.note(name text, its_source text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO {BOOKS}.held VALUES (name, its_source, {BOOKS}.signature(name))
    ON CONFLICT (relname) DO UPDATE SET source = excluded.source, signature = excluded.signature
$$;

CREATE FUNCTION {BOOKS}.take(name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE known record; filled boolean; before text;
BEGIN
    EXECUTE format('CREATE SCHEMA %I', name);
    FOR known IN SELECT * FROM {BOOKS}.tables() LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', known.relname) INTO filled;
        CONTINUE WHEN NOT filled;
        SELECT source INTO before FROM {BOOKS}.held
        WHERE relname = known.relname AND signature = {BOOKS}.signature(known.relname);
        IF before IS NULL THEN
            EXECUTE format('CREATE TABLE %I.%I AS SELECT %s FROM public.%2$I', name, known.relname, known.columns);
            PERFORM {BOOKS}.note(known.relname, name);
        END IF;
        INSERT INTO {BOOKS}.source (snapshot, relname, source, columns)
        VALUES (name, known.relname, coalesce(before, name), known.columns);
    END LOOP;
END $$;

-- A superuser, as in the embedded PostgreSQL, deletes without triggers and without checks of foreign keys. Any other
-- role empties the tables, which takes twenty times as long.
CREATE FUNCTION {BOOKS}.restore(name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE wanted record; every text;
BEGIN
    IF current_setting('is_superuser') = 'on' THEN
        PERFORM set_config('session_replication_role', 'replica', true);
        FOR wanted IN
            SELECT pg_class.relname, kept.relname IS NOT NULL
                AND held.signature = {BOOKS}.signature(kept.relname) AS is_there
            FROM pg_class
            LEFT JOIN {BOOKS}.source kept ON kept.snapshot = name AND kept.relname = pg_class.relname
            LEFT JOIN {BOOKS}.held ON held.relname = kept.relname AND held.source = kept.source
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_class.relname <> 'django_migrations'
                AND (kept.relname IS NOT NULL OR pg_relation_size(pg_class.oid) > 0)
        LOOP
            CONTINUE WHEN wanted.is_there;
            EXECUTE format('DELETE FROM public.%I', wanted.relname);
            DELETE FROM {BOOKS}.held WHERE relname = wanted.relname;
        END LOOP;
    ELSE
        SELECT string_agg(format('public.%I', relname), ', ') INTO every FROM {BOOKS}.tables();
        EXECUTE format('TRUNCATE %s', every);
        DELETE FROM {BOOKS}.held;
    END IF;
    FOR wanted IN
        SELECT * FROM {BOOKS}.source AS kept
        WHERE snapshot = name AND NOT EXISTS (SELECT FROM {BOOKS}.held WHERE relname = kept.relname)
        ORDER BY place
    LOOP
        EXECUTE format(
            'INSERT INTO public.%I (%s) SELECT %2$s FROM %I.%1$I', wanted.relname, wanted.columns, wanted.source
        );
        PERFORM {BOOKS}.note(wanted.relname, wanted.source);
    END LOOP;
END $$;
"""


def prepare(cursor: Any) -> None:
    """Make what copies are kept with, in a database that has none."""
    cursor.execute(_PREPARE)


def take(cursor: Any, schema: str) -> None:
    """Copy the rows of all tables that hold any into a new schema."""
    cursor.execute(f"SELECT {BOOKS}.take(%s)", [schema])


def restore(cursor: Any, schema: str) -> None:
    """Make all tables hold the schema's rows and no others."""
    with transaction.atomic():
        cursor.execute(f"SELECT {BOOKS}.restore(%s)", [schema])


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
