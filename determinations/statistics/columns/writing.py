"""Writes the contents of column files: from PostgreSQL alone, or from the previous file and what changed since."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
from django.db import connection, transaction

from determinations.statistics.columns import files
from determinations.statistics.columns.cited import CITED, DEFINITION, cited_items
from determinations.statistics.columns.counted import define_denied_since
from determinations.statistics.columns.digest import layout_digest
from determinations.statistics.columns.engine import memory_only
from determinations.statistics.columns.found.writing import write_found
from determinations.statistics.columns.horizon import EDITIONS, changed_items
from determinations.statistics.columns.layout import CITATIONS, ITEMS, REFERENCE
from determinations.statistics.columns.letters import (
    LETTERS,
    LETTERS_ROWS,
    OF_PLACE,
    PLACE,
    place_letters,
    with_places,
)
from determinations.statistics.columns.opened import MOST_CHANGED
from determinations.statistics.columns.sets.writing import write_sets

#: Items that are copied at a time, about: they are in memory meanwhile.
_ROWS_AT_ONCE = 60_000


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
    """The changed items and their facts; None if any item may have changed, or more than there is memory for and the
    file answers with.
    """
    with snapshot() as (horizon, layout):
        items = changed_items(folder)
        if items is None:
            return None
        engine = memory_only()
        try:
            _read_changed(engine, items)
        except BaseException as error:
            engine.close()
            if isinstance(error, duckdb.OutOfMemoryException | MemoryError) and len(items) > MOST_CHANGED:
                return None
            raise
    return Changes(horizon, layout, len(items), engine)


def _read_changed(engine: duckdb.DuckDBPyConnection, items: Sequence[int]) -> None:
    numbers = ",".join(map(str, items))
    engine.execute(f"CREATE TABLE changed AS SELECT unnest([{numbers}]::BIGINT[]) AS item")
    _read_reference(engine)
    of_items = f"= ANY('{{{numbers}}}'::bigint[])"
    _read_facts(engine, f"WHERE {ITEMS.key} {of_items}", f"WHERE {CITATIONS.key} {of_items}")


def write_merged(changes: Changes, before: str) -> Written:
    """The rows of the file ``before`` without those that changed, and the changed rows. Errors of the library mean
    that the file cannot be read."""
    name, engine = files.new_name(), changes.engine
    with files.writing(name) as path:
        engine.execute(f"ATTACH '{files.folder() / before}' AS before (READ_ONLY)")
        with _new_file(engine, path):
            unchanged = {
                table: f"SELECT {columns} FROM before.{table} WHERE {ITEMS.key} NOT IN (SELECT item FROM changed)"  # noqa: S608 - names of our own
                for table, columns in ((ITEMS.name, f"* EXCLUDE ({PLACE})"), (CITED, "*"))
            }
            rows = {table: f"{unchanged[table]} UNION ALL {_NOW[table]}" for table in _NOW}
            place_letters(engine, f"SELECT * FROM ({rows[ITEMS.name]}) WHERE first_of_case")  # noqa: S608 - names of our own
            dates = engine.execute(_DATES.format(f"({rows[ITEMS.name]})")).fetchall()
            for some in slices(dates):
                _insert(engine, {table: f"SELECT * FROM ({rows[table]}) WHERE {some}" for table in rows})  # noqa: S608 - names of our own
            items = _number_of_items(engine)
            _finish(engine, [item for (item,) in engine.execute("SELECT item FROM changed").fetchall()])
        engine.execute("DETACH before")
    return Written(name, changes.horizon, changes.layout, items, merged=True)


def write_all() -> Written:
    """All facts of PostgreSQL, in one snapshot."""
    name = files.new_name()
    with files.writing(name) as path, memory_only() as engine, _new_file(engine, path):
        with snapshot() as (horizon, layout):
            _read_reference(engine)
            LETTERS.create(engine, "letters")
            LETTERS.copy_rows(engine, "letters", LETTERS_ROWS)
            place_letters(engine, "FROM letters")
            engine.execute("DROP TABLE letters")
            with connection.cursor() as cursor:
                cursor.execute(_DATES.format(ITEMS.name))
                dates = cursor.fetchall()
            for some in slices(dates):
                of_items = f"SELECT {ITEMS.key} FROM {ITEMS.name} WHERE {some}"  # noqa: S608 - names and dates of our own
                _read_facts(engine, f"WHERE {some}", f"WHERE {CITATIONS.key} IN ({of_items})")
                _insert(engine, _NOW)
        _finish(engine)
        return Written(name, horizon, layout, _number_of_items(engine), merged=False)


#: The rows of the file's tables, from those that ``_read_facts`` read.
_NOW = {
    ITEMS.name: f"SELECT * FROM {ITEMS.name}_now",  # noqa: S608 - a name of our own
    CITED: cited_items(f"{ITEMS.name}_now", f"{CITATIONS.name}_now", "memory.main"),
}
_DATES = "SELECT decision_date, count(*) FROM {} AS items GROUP BY decision_date ORDER BY decision_date"


def slices(dates: Iterable[tuple[date | None, int]]) -> Iterator[str]:
    """Conditions that each hold for some items, of neighboring dates of decision, and together for all; ``dates``
    are in order, each with its number of items.

    Rows are written in the order of these dates: what a count does not need for its dates is then not read.
    """
    days, items, undated = list[date](), 0, 0
    for day, of_day in dates:
        if day is None:
            undated = of_day
            continue
        if days and items + of_day > _ROWS_AT_ONCE:
            yield from _parts(_decided_on(days), items)
            days, items = [], 0
        days.append(day)
        items += of_day
    if days:
        yield from _parts(_decided_on(days), items)
    yield from _parts("decision_date IS NULL", undated)


def _decided_on(days: Sequence[date]) -> str:
    return f"decision_date BETWEEN DATE '{days[0]}' AND DATE '{days[-1]}'"


def _parts(some: str, items: int) -> Iterator[str]:
    """The condition, in as many parts as are needed to keep each of them in memory."""
    parts = -(-items // (2 * _ROWS_AT_ONCE))
    for part in range(parts):
        yield f"{some} AND {ITEMS.key} % {parts} = {part}" if parts > 1 else some


def _insert(engine: duckdb.DuckDBPyConnection, rows: Mapping[str, str]) -> None:
    """Add a slice to the file's tables, items by category and citations by authority: most counts are of some."""
    items, citations = with_places(rows[ITEMS.name]), rows[CITED]
    engine.execute(f"INSERT INTO file.{ITEMS.name} {items} ORDER BY category_id, decision_date, {ITEMS.key}")
    engine.execute(f"INSERT INTO file.{CITED} SELECT * FROM ({citations}) ORDER BY authority_id, side")  # noqa: S608 - names of our own


def _finish(engine: duckdb.DuckDBPyConnection, merged: Collection[int] | None = None) -> None:
    """Write what is made of all rows, once nothing else is in memory; ``merged``: the items that changed."""
    engine.execute("CHECKPOINT file")
    define_denied_since(engine, "memory.main")
    for (name,) in engine.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'memory'").fetchall():
        engine.execute(f"DROP TABLE memory.main.{name}")
    write_sets(engine)
    write_found(engine, merged)


def _read_reference(engine: duckdb.DuckDBPyConnection) -> None:
    for table in REFERENCE:
        table.create(engine, table.name)
        table.copy_rows(engine, table.name, "")


def _read_facts(engine: duckdb.DuckDBPyConnection, items: str, citations: str) -> None:
    """Copy facts into memory, in place of those read before; which, is given from ``WHERE`` on."""
    for table, some in ((ITEMS, items), (CITATIONS, citations)):
        table.create(engine, f"{table.name}_now")
        table.copy_rows(engine, f"{table.name}_now", some)


@contextmanager
def _new_file(engine: duckdb.DuckDBPyConnection, path: Path) -> Iterator[None]:
    """A new file with empty tables, attached as ``file``; complete on disk at the end."""
    engine.execute("SET preserve_insertion_order = false")  # which would need memory for all rows
    # Which the sets of bits would come to be in, together: reading one would unpack all of them.
    engine.execute("SET disabled_compression_methods = 'zstd'")
    engine.execute(f"ATTACH '{path}' AS file")
    engine.execute(f"CREATE TABLE file.{ITEMS.name} ({ITEMS.definition}, {OF_PLACE})")
    engine.execute(f"CREATE TABLE file.{CITED} ({DEFINITION})")
    yield
    engine.execute("CHECKPOINT file")
    engine.execute("DETACH file")


def _number_of_items(engine: duckdb.DuckDBPyConnection) -> int:
    row = engine.execute(f"SELECT count(*) FROM file.{ITEMS.name}").fetchone()  # noqa: S608 - a constant
    return int(row[0]) if row else 0
