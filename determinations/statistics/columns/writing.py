"""Writes the contents of column files: from PostgreSQL alone, or from the previous file and what changed since."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from django.db import connection, transaction

from determinations.statistics.columns import files
from determinations.statistics.columns.case_bits import write_bits
from determinations.statistics.columns.cited import CITED, DEFINITION, cited_items
from determinations.statistics.columns.horizon import EDITIONS, changed_items
from determinations.statistics.columns.layout import CITATIONS, FACTS, ITEMS, REFERENCE, layout_digest
from determinations.statistics.columns.reading import memory_only

#: Rows of PostgreSQL that are copied at a time: they are in memory meanwhile.
_ROWS_AT_ONCE = 100_000


@dataclass(frozen=True)
class Written:
    """A complete file. It has what ``horizon`` shows as finished; ``merged``: from the previous file."""

    name: str
    horizon: str
    layout: str
    items: int
    merged: bool


@contextmanager
def snapshot() -> Iterator[tuple[str, str]]:
    """A snapshot of the database; yields what it shows as finished, and the layout of a file with its facts.

    Not within a transaction, whose own changes no snapshot can tell from those of others.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(f"SELECT pg_current_snapshot()::text, %s || ' ' || {EDITIONS}", [layout_digest()])
        horizon, layout = cursor.fetchone()
        yield horizon, layout


@dataclass(frozen=True)
class Changes:
    """What changed since the file of a folder was written, in the memory of an engine of its own."""

    horizon: str
    layout: str
    number: int
    engine: duckdb.DuckDBPyConnection


def read_changes(folder: str) -> Changes | None:
    """The changed items and their facts; None if any item may have changed."""
    with snapshot() as (horizon, layout):
        items = changed_items(folder)
        if items is None:
            return None
        engine = memory_only()
        numbers = ",".join(map(str, items))
        engine.execute(f"CREATE TABLE changed AS SELECT unnest([{numbers}]::BIGINT[]) AS item")
        _read_reference(engine)
        _read_facts(engine, f"WHERE {{key}} = ANY('{{{{{numbers}}}}}'::bigint[])" if items else "WHERE false")
    return Changes(horizon, layout, len(items), engine)


def write_merged(changes: Changes, before: str) -> Written:
    """The rows of the file ``before`` without those that changed, and the changed rows. Errors of the library mean
    that the file cannot be read."""
    name, engine = files.new_name(), changes.engine
    with files.writing(name) as path:
        engine.execute(f"ATTACH '{files.folder() / before}' AS before (READ_ONLY)")
        with _new_file(engine, path):
            for table, rows in _NOW.items():
                engine.execute(f"""
                    CREATE TABLE file.{table} AS SELECT * FROM before.{table}
                    WHERE {ITEMS.key} NOT IN (SELECT item FROM changed) UNION ALL {rows}
                """)  # noqa: S608 - names of our own
            items = _number_of_items(engine)
            write_bits(engine)
        engine.execute("DETACH before")
    return Written(name, changes.horizon, changes.layout, items, merged=True)


def write_all() -> Written:
    """All facts of PostgreSQL, in one snapshot."""
    name = files.new_name()
    with files.writing(name) as path, memory_only() as engine, _new_file(engine, path):
        with snapshot() as (horizon, layout):
            _read_reference(engine)
            ITEMS.create(engine, f"file.{ITEMS.name}")
            engine.execute(f"CREATE TABLE file.{CITED} ({DEFINITION})")
            for some in _ranges_of_items():
                _read_facts(engine, some)
                for table, rows in _NOW.items():
                    engine.execute(f"INSERT INTO file.{table} {rows}")
        write_bits(engine)
        return Written(name, horizon, layout, _number_of_items(engine), merged=False)


#: The rows of the file's tables, from those that ``_read_facts`` read.
_NOW = {
    ITEMS.name: f"SELECT * FROM {ITEMS.name}_now",  # noqa: S608 - a name of our own
    CITED: cited_items(f"{ITEMS.name}_now", f"{CITATIONS.name}_now", "memory.main"),
}


def _read_reference(engine: duckdb.DuckDBPyConnection) -> None:
    for table in REFERENCE:
        table.create(engine, table.name)
        table.copy_rows(engine, table.name, "")


def _read_facts(engine: duckdb.DuckDBPyConnection, some: str) -> None:
    """Copy facts into memory, in place of those read before; ``some`` is a condition on ``{key}``, the item's ID."""
    for table in FACTS:
        table.create(engine, f"{table.name}_now")
        table.copy_rows(engine, f"{table.name}_now", some.format(key=table.key))


@contextmanager
def _new_file(engine: duckdb.DuckDBPyConnection, path: Path) -> Iterator[None]:
    """A new file, attached as ``file``; complete on disk at the end."""
    engine.execute("SET preserve_insertion_order = false")  # which would need memory for all rows
    engine.execute(f"ATTACH '{path}' AS file")
    yield
    engine.execute("CHECKPOINT file")
    engine.execute("DETACH file")


def _number_of_items(engine: duckdb.DuckDBPyConnection) -> int:
    row = engine.execute(f"SELECT count(*) FROM file.{ITEMS.name}").fetchone()  # noqa: S608 - a constant
    return int(row[0]) if row else 0


def _ranges_of_items() -> Iterator[str]:
    """Conditions that each hold for some items, in order, and together for all; ``{key}`` is the item's column."""
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT max({ITEMS.key}) FROM (SELECT {ITEMS.key} FROM {ITEMS.name} WHERE {ITEMS.key} > %s"  # noqa: S608 - constants
                f" ORDER BY {ITEMS.key} LIMIT {_ROWS_AT_ONCE}) AS following",
                [last],
            )
            (bound,) = cursor.fetchone()
        if bound is None:
            return
        yield f"WHERE {{key}} > {last} AND {{key}} <= {bound}"
        last = bound
