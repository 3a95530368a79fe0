"""Reads column files: the file that this host has, and in memory what changed since it was written.

A process opens a file once and keeps it until the next one is complete. For each version of the facts it has a schema
in memory, in which the tables' names mean the file's rows without those that changed, and the changed rows.
"""

import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import duckdb
from django.conf import settings
from django.core.cache import cache
from django.db.models.sql.where import WhereNode
from pyroaring import BitMap
from redis.exceptions import RedisError

from determinations.access.scope import current_scope
from determinations.statistics.columns.bits import Order, Sets, SetsOfFile
from determinations.statistics.columns.cited import CITATIONS_ALONE, CITED, DEFINITION, cited_items
from determinations.statistics.columns.conditions import passing
from determinations.statistics.columns.dialect import NotInColumns, Value, decoded, translate, translates
from determinations.statistics.columns.editions import Validities, editions
from determinations.statistics.columns.files import folder, known_folder_id, size_of
from determinations.statistics.columns.found import FoundInFile
from determinations.statistics.columns.horizon import FileState, changed_items, read_state
from determinations.statistics.columns.layout import CITATIONS, FACTS, ITEMS, KEY, REFERENCE
from determinations.statistics.columns.letters import BLOCK, BLOCKS, place_changed
from determinations.statistics.columns.selected import ChangedItems, PlacedFacts, SelectedItems
from determinations.statistics.columns.tallies import citing, elements, letters, tallies
from determinations.statistics.interface import Selection

if TYPE_CHECKING:
    import numpy

log = logging.getLogger(__name__)

Rows: TypeAlias = list[tuple[Value, ...]]
#: With more changed items than this, reading them takes longer than counting in PostgreSQL.
MOST_CHANGED = 20_000
#: With more changed items than this, placing them takes longer than a count.
FEW_CHANGED = 100
#: Versions of the facts that a process keeps ready, for requests that began before the last change.
_VERSIONS = 3
#: Groups of whole numbers with so many bits together are counted without looking them up: blocks of 8 million letters.
_DIRECTLY_GROUPED_BITS = 17
_REMEMBERED_SECONDS = 24 * 60 * 60
#: Errors of one statement, or of the memory that it may use; others are of the file.
_OF_A_STATEMENT = (
    duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError, duckdb.OutOfMemoryException,
    duckdb.InterruptException, duckdb.TransactionException, duckdb.DependencyException, duckdb.ResourceInUseException,
    MemoryError,
)  # fmt: skip


class Unavailable(Exception):
    """The column file cannot answer now, and why; PostgreSQL does."""


Answer = TypeVar("Answer")


def memory_only() -> duckdb.DuckDBPyConnection:
    """An engine without tables, within the limits of the settings. It loads no extensions and spills to no disk."""
    return duckdb.connect(
        config={
            "threads": settings.COLUMN_THREADS,
            "memory_limit": f"{settings.COLUMN_MEMORY_MB}MB",
            "temp_directory": "",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "perfect_ht_threshold": _DIRECTLY_GROUPED_BITS,
        }
    )


@dataclass(frozen=True)
class Columns:
    """The facts of one version, by column."""

    connection: duckdb.DuckDBPyConnection
    schema: str
    changed: int
    #: In the file, about.
    items: int
    sets: SetsOfFile
    found: FoundInFile
    _lock: Lock = field(default_factory=Lock)

    def items_of(self, where: WhereNode, sql: str, parameters: Sequence[Value]) -> SelectedItems | None:
        """The items that pass conditions, which are also given as a statement for PostgreSQL from ``FROM`` on; None if
        the file has no sets.

        Raises NotInColumns and errors of the library.
        """
        if self.sets.read() is None:
            return None
        facts = self._placed()
        if not where:
            return self._everything
        try:
            return SelectedItems(facts, passing(where, facts))
        except NotInColumns:
            return SelectedItems(facts, facts.places_of(self._ids(sql, parameters)))

    def told_by_sets(self, where: WhereNode) -> SelectedItems:
        """The items that pass conditions, without any statement. Raises NotInColumns and errors of the library.

        All items are told only if the process has read the sets: what is counted of them is kept for all processes,
        so that workers that only count these in advance need no memory for sets. Where many items changed, these need
        places already, as lists give them: to give them takes longer than a statement.
        """
        if not where and not self.sets.is_read:
            raise NotInColumns("has no filter, and the sets are not read yet")
        if self.changed > FEW_CHANGED and "_facts" not in vars(self):
            raise NotInColumns("has many changed items without places")
        if self.sets.read() is None:
            raise NotInColumns("has no sets")
        facts = self._placed()
        return SelectedItems(facts, passing(where, facts)) if where else self._everything

    def cases_matching(self, queries: Sequence[str]) -> BitMap | None:
        """The cases whose words match all of some queries; None if the file has no sets.

        Raises NotInColumns and errors of the library.
        """
        if self.sets.read() is None:
            return None
        first, *others = [self._placed().cases_matching(query) for query in queries]
        return first.intersection(*others)

    def _placed(self) -> PlacedFacts:
        with self._lock:  # one thread makes them, the others wait
            return self._facts

    @cached_property
    def _everything(self) -> SelectedItems:
        """All items: kept with what was counted, as every rail without filters asks for them."""
        return SelectedItems(self._facts, self._facts.everything)

    @cached_property
    def _facts(self) -> PlacedFacts:
        sets = self.sets.read() or Sets(Order((), ()))
        if not self.changed:
            return PlacedFacts(sets, found=self.found)
        with self.connection.cursor() as cursor:
            changed = ChangedItems.of_version(cursor, f"memory.{self.schema}", sets.order)
        return PlacedFacts(sets, changed, self.found)

    def _ids(self, sql: str, parameters: Sequence[Value]) -> "numpy.ndarray":
        """The IDs of the items that a statement selects, given from ``FROM`` on."""
        translated, values = translate(f"SELECT {ITEMS.name}.{ITEMS.key} {sql}", parameters)
        with self.connection.cursor() as cursor:
            cursor.execute(f"USE memory.{self.schema}")
            return cursor.execute(translated, values).fetchnumpy()[ITEMS.key]

    def rows(self, sql: str, parameters: Sequence[Value]) -> Rows:
        """The answer to a statement for PostgreSQL. Raises NotInColumns and errors of the library."""
        translated, values = translate(sql, parameters)
        with self.connection.cursor() as cursor:
            cursor.execute(f"USE memory.{self.schema}")
            cursor.execute(translated, values)
            arrays = [at for at, column in enumerate(cursor.description or ()) if column[0].endswith(KEY)]
            rows: Rows = cursor.fetchall()
        return [_with_arrays(row, arrays) for row in rows] if arrays else rows


def _with_arrays(row: tuple[Value, ...], arrays: list[int]) -> tuple[Value, ...]:
    return tuple(decoded(value) if at in arrays and isinstance(value, str) else value for at, value in enumerate(row))


class OpenFile:
    """A column file that this process reads."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.connection = memory_only()
        self._by_version: OrderedDict[str, Columns] = OrderedDict()
        self._made = 0
        path = folder() / name
        self.sets = SetsOfFile(path)
        self.connection.execute(f"ATTACH '{path}' AS file (READ_ONLY)")
        self.found = FoundInFile(self.connection)

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
        return Columns(self.connection, schema, len(items), state.items, self.sets, self.found)

    def _fill(self, schema: str, items: list[int]) -> None:
        """Make the tables of a version in which these items changed since the file was written."""
        for table in REFERENCE:
            table.create(self.connection, f"{schema}.{table.name}")
            table.copy_rows(self.connection, f"{schema}.{table.name}", "")
        tables = {name: f"SELECT * FROM file.{name}" for name in (ITEMS.name, CITED, BLOCKS)}  # noqa: S608 - names of our own
        if items:
            self._read_changed(schema, items)
            unchanged = f"{ITEMS.key} NOT IN (SELECT item FROM {schema}.changed)"  # noqa: S608 - names of our own
            for name, now in ((ITEMS.name, f"{ITEMS.name}_placed"), (CITED, f"{CITED}_now")):
                tables[name] += f" WHERE {unchanged} UNION ALL SELECT * FROM {schema}.{now}"  # noqa: S608 - names of our own
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


class ColumnReader:
    """Answers the statements of one snapshot of the database, as far as the column file can."""

    def __init__(self) -> None:
        self._columns: Columns | None = None
        self._looked = False
        #: What the sets told already, by the statement that selects it.
        self._told: dict[str, SelectedItems] = {}

    def rows(self, sql: str, parameters: Sequence[Value]) -> Rows | None:
        """The answer to a statement for PostgreSQL; None if PostgreSQL has to give it."""
        return self._answer(lambda columns: columns.rows(sql, parameters))

    def items_of(self, where: WhereNode, sql: str, parameters: Sequence[Value]) -> SelectedItems | None:
        """The items that pass conditions, also given as a statement from ``FROM`` on; None if PostgreSQL tells."""
        told = self._told.get(repr((sql, parameters)))
        return told or self._answer(lambda columns: columns.items_of(where, sql, parameters))

    def cases_matching(self, queries: Sequence[str]) -> BitMap | None:
        """The cases whose words match all of some queries; None if PostgreSQL tells."""
        return self._answer(lambda columns: columns.cases_matching(queries))

    def tallies(self, selection: Selection, columns: Sequence[str]) -> Rows | None:
        """Items, those decided and those overturned, by columns; None if the sets do not tell."""
        return self._tell(selection, lambda selected: tallies(selected, columns))

    def letters(self, selection: Selection) -> Rows | None:
        """Letters by month and outcome, as ``LetterGroup`` has them; None if the sets do not tell."""
        return self._tell(selection, letters)

    def elements(self, selection: Selection, groupings: Sequence[Sequence[str]]) -> Rows | None:
        """Items by elements, as ``columns.tallies.elements`` has them; None if the sets do not tell."""
        return self._tell(selection, lambda selected: elements(selected, groupings))

    def citing(self, selection: Selection, authority_id: int, columns: Sequence[str]) -> Rows | None:
        """Items that cite an authority, as ``columns.tallies.citing`` has them; None if the sets do not tell."""
        return self._tell(selection, lambda selected: citing(selected, authority_id, columns))

    def editions(self, selection: Selection, validities: Validities, authority_id: int | None) -> Rows | None:
        """Editions, as ``columns.editions`` has them; None if the sets do not tell."""
        return self._tell(selection, lambda selected: editions(selected, validities, authority_id))

    def of_all(self, ask: Callable[[SelectedItems], Rows]) -> Rows | None:
        """What is told of all items; None if the sets do not tell."""
        return self._tell(Selection.everything(), ask)

    def newest(self, selection: Selection, most: int) -> list[int] | None:
        """The IDs of the newest items; None if the sets do not tell."""
        return self._tell(selection, lambda selected: selected.newest(most))

    def _tell(self, selection: Selection, ask: Callable[[SelectedItems], Answer | None]) -> Answer | None:
        """What is told of the selected items; None if the sets do not tell, as ``ask`` says by NotInColumns."""
        return self._answer(lambda of_version: ask(self._told_items(of_version, selection)))

    def _told_items(self, columns: Columns, selection: Selection) -> SelectedItems:
        """Told once for all counts of a page."""
        question = repr(selection.rows)
        if question not in self._told:
            self._told[question] = columns.told_by_sets(selection.items.query.where)
        return self._told[question]

    def _answer(self, ask: Callable[[Columns], Answer | None]) -> Answer | None:
        try:
            columns = self.columns()
            return None if columns is None else ask(columns)
        except NotInColumns:
            return None
        except (duckdb.Error, MemoryError) as error:
            self._columns = None
            process.report(error)
            return None

    def lists_quicker(self, selection: Selection) -> bool:
        """Whether lists of such rows are to be named by column: PostgreSQL's indexes are quicker for few items."""
        columns = self.columns()
        if columns is None or columns.items < settings.COLUMN_LISTS_FROM:
            return False
        if translates(*selection.rows):
            return True
        return self._answer(lambda of_version: self._told_items(of_version, selection)) is not None

    def columns(self) -> Columns | None:
        """The facts as this transaction sees them; None if they are not available."""
        if not self._looked:
            self._looked = True
            try:
                self._columns = process.columns()
            except Unavailable as reason:
                log.info("PostgreSQL counts: %s.", reason)
            except (duckdb.Error, MemoryError) as error:
                process.report(error)
        return self._columns


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
