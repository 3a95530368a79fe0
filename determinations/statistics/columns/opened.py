"""What a process has open: the column file that this host has, and in memory what changed since it was written.

A process opens a file once and keeps it until the next one is complete. For each version of the facts it has a schema
in memory, in which the tables' names mean the file's rows without those that changed, and the changed rows.
"""

import logging
import os
from collections import OrderedDict
from threading import Lock

import duckdb
from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

from determinations.access.scope import current_scope
from determinations.statistics.columns.cited import CITATIONS_ALONE, CITED, DEFINITION, cited_items
from determinations.statistics.columns.combinations import FileCombinations
from determinations.statistics.columns.engine import memory_only
from determinations.statistics.columns.files import folder, known_folder_id, size_of
from determinations.statistics.columns.found.reading import FoundInFile
from determinations.statistics.columns.horizon import FileState, changed_items, read_state
from determinations.statistics.columns.layout import CITATIONS, FACTS, ITEMS, REFERENCE
from determinations.statistics.columns.letters import BLOCK, BLOCKS, place_changed
from determinations.statistics.columns.sets.reading import SetsOfFile
from determinations.statistics.columns.sets.rows import OF_CHANGED, OF_FILE, RowsOfFile
from determinations.statistics.columns.version import Columns

log = logging.getLogger(__name__)

#: With more changed items than this, reading them takes longer than counting in PostgreSQL.
MOST_CHANGED = 20_000
#: Versions of the facts that a process keeps ready, for requests that began before the last change.
_VERSIONS = 3
_REMEMBERED_SECONDS = 24 * 60 * 60
#: Errors of one statement, or of the memory that it may use; others are of the file.
_OF_A_STATEMENT = (
    duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError, duckdb.OutOfMemoryException,
    duckdb.InterruptException, duckdb.TransactionException, duckdb.DependencyException, duckdb.ResourceInUseException,
    MemoryError,
)  # fmt: skip


class Unavailable(Exception):
    """The column file cannot answer now, and why; PostgreSQL does."""


class OpenFile:
    """A column file that this process reads."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.connection = memory_only()
        self._by_version: OrderedDict[str, Columns] = OrderedDict()
        self._made = 0
        path = folder() / name
        self.sets = SetsOfFile(path)
        self.numbered = FileCombinations()
        self.connection.execute(f"ATTACH '{path}' AS file (READ_ONLY)")
        self.found = FoundInFile(self.connection)
        self.rows = RowsOfFile(self.connection)

    def at(self, state: FileState, folder: str) -> Columns:
        """The facts as the transaction sees them. Raises Unavailable."""
        if state.version not in self._by_version:
            self._by_version[state.version] = self._made_for(state, folder)
            while len(self._by_version) > _VERSIONS:
                _version, old = self._by_version.popitem(last=False)
                self.connection.execute(f"DROP SCHEMA {old.schema} CASCADE")
        return self._by_version[state.version]

    def _made_for(self, state: FileState, folder: str) -> Columns:
        items = changed_items(folder, most=MOST_CHANGED) if state.has_changes else []
        if items is None:
            raise Unavailable("too much changed since the column file was written")
        self._made += 1
        schema = f"version_{self._made}"
        self.connection.execute(f"CREATE SCHEMA {schema}")
        try:
            self._fill(schema, items)
        except BaseException:  # what is there of it would take memory from all later versions
            self.connection.execute(f"DROP SCHEMA {schema} CASCADE")
            raise
        return Columns(
            self.connection, schema, len(items), state.items, self.sets, self.found, self.numbered, self.rows
        )

    def _fill(self, schema: str, items: list[int]) -> None:
        """Make the tables of a version in which these items changed since the file was written."""
        for table in REFERENCE:
            table.create(self.connection, f"{schema}.{table.name}")
            table.copy_rows(self.connection, f"{schema}.{table.name}", "")
        tables = {name: f"SELECT * FROM file.{name}" for name in (CITED, BLOCKS)}  # noqa: S608 - names of our own
        tables[ITEMS.name] = f"SELECT *, {OF_FILE} FROM file.{ITEMS.name}"  # noqa: S608 - names of our own
        if items:
            self._read_changed(schema, items)
            unchanged = f"{ITEMS.key} NOT IN (SELECT item FROM {schema}.changed)"  # noqa: S608 - names of our own
            placed = f"SELECT *, {OF_CHANGED} FROM {schema}.{ITEMS.name}_placed"  # noqa: S608 - names of our own
            for name, now in ((ITEMS.name, placed), (CITED, f"SELECT * FROM {schema}.{CITED}_now")):  # noqa: S608 - names of our own
                tables[name] += f" WHERE {unchanged} UNION ALL {now}"
            tables[BLOCKS] += f" UNION ALL SELECT {BLOCK} FROM {schema}.places WHERE is_new"  # noqa: S608 - names of our own
        tables[CITATIONS.name] = CITATIONS_ALONE.format(schema=schema)
        for name, rows in tables.items():
            self.connection.execute(f"CREATE VIEW {schema}.{name} AS {rows}")

    def _read_changed(self, schema: str, items: list[int]) -> None:
        """Copy the facts of changed items, as they are now, into tables of the version."""
        numbers = ",".join(map(str, items))
        self.connection.execute(f"CREATE TABLE {schema}.changed AS SELECT unnest([{numbers}]::BIGINT[]) AS item")
        for table in FACTS:
            now = f"{schema}.{table.name}_now"
            table.create(self.connection, now)
            table.copy_rows(self.connection, now, f"WHERE {table.key} = ANY('{{{numbers}}}'::bigint[])")
        place_changed(self.connection, schema)
        self.connection.execute(f"CREATE TABLE {schema}.{CITED}_now ({DEFINITION})")
        rows = cited_items(f"{schema}.{ITEMS.name}_now", f"{schema}.{CITATIONS.name}_now", schema)
        self.connection.execute(f"INSERT INTO {schema}.{CITED}_now {rows}")


class _Process:
    """What this process has open. Its children open files of their own."""

    def __init__(self) -> None:
        self._left: list[OpenFile | None] = []
        self._forget()
        os.register_at_fork(after_in_child=self._leave)

    def _leave(self) -> None:
        """In a child: forget what the parent has open, and never close it. Its threads are not here, and closing it
        would wait for them or crash.
        """
        self._left.append(self.file)
        self._forget()

    def _forget(self) -> None:
        self.lock = Lock()
        self.file: OpenFile | None = None
        self.folder = ""
        self.name = ""
        self.damaged = ""

    def columns(self) -> Columns | None:
        """The facts as this transaction sees them. Raises Unavailable, and errors of the library."""
        if not settings.COLUMN_ENGINE or not current_scope().is_everything:
            return None
        self.folder = self.folder or known_folder_id()
        state = read_state(self.folder) if self.folder else None
        if state is None or state.name == self.damaged:
            return None
        if not (state.is_of_this_database and state.fits):
            raise Unavailable("the column file is of another database or program, or of other dates of editions")
        with self.lock:
            if self.file is None or self.file.name != state.name:
                if size_of(state.name) < 0:
                    raise Unavailable("the column file is missing")
                self.name = state.name
                self.file = OpenFile(state.name)
            return self.file.at(state, self.folder)

    def report(self, error: duckdb.Error | MemoryError) -> None:
        """Note an error of the library, or that there is no memory.

        A damaged file is not read again; its keeper writes another.
        """
        log.warning("PostgreSQL counts, since the column file cannot (%s).", type(error).__name__)
        if isinstance(error, _OF_A_STATEMENT):
            return
        with self.lock:
            self.damaged, self.file = self.name, None
        note_damaged(self.damaged)

    def close(self) -> None:
        """Close the file, and forget what was found out about it."""
        self._forget()


process = _Process()


def note_damaged(name: str) -> None:
    """Tell the keeper that the file is damaged. A cache that is away is no loss: each reader notices by itself."""
    try:
        cache.set(f"column-file-damaged:{name}", True, timeout=_REMEMBERED_SECONDS)
    except RedisError as error:
        log.warning("The shared cache is unavailable (%s).", type(error).__name__)


def is_damaged(name: str) -> bool:
    """Whether a reader reported the file."""
    try:
        return bool(cache.get(f"column-file-damaged:{name}"))
    except RedisError:
        return False
