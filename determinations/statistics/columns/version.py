"""The facts of one version, by column: counted by statements of the engine, and by sets of the selected items."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

import duckdb
from django.db.models.sql.where import WhereNode
from pyroaring import BitMap

from determinations.statistics.columns.combinations import FileCombinations
from determinations.statistics.columns.conditions import check_told, passing
from determinations.statistics.columns.dialect import NotInColumns, Value, decoded, translate
from determinations.statistics.columns.found.reading import FoundInFile
from determinations.statistics.columns.layout import ITEMS, KEY
from determinations.statistics.columns.placed import ChangedItems, PlacedFacts
from determinations.statistics.columns.selected import SelectedItems
from determinations.statistics.columns.sets.places import Order, Sets, in_all
from determinations.statistics.columns.sets.reading import SetsOfFile
from determinations.statistics.columns.sets.rows import FILE_ROW, RowsOfFile, ids_of

if TYPE_CHECKING:
    import numpy

Rows: TypeAlias = list[tuple[Value, ...]]
#: So many selections of statements are kept for a version, each half a megabyte at most.
_SELECTIONS = 16
#: With more changed items than this, placing them takes longer than a count.
FEW_CHANGED = 100


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
    numbered: FileCombinations
    rows_of_file: RowsOfFile
    _lock: Lock = field(default_factory=Lock)
    #: What statements selected, those asked for last.
    _selections: OrderedDict[tuple[str, str], BitMap] = field(default_factory=OrderedDict)
    _selections_lock: Lock = field(default_factory=Lock)

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
            return SelectedItems(facts, self._selected(facts, sql, parameters))

    def told_by_sets(self, where: WhereNode) -> SelectedItems:
        """The items that pass conditions, without any statement. Raises NotToldBySets for conditions that will not be
        told in this version, NotInColumns for what may change, and errors of the library.

        All items are told only if the process has read the sets: what is counted of them is kept for all processes,
        so that workers that only count these in advance need no memory for sets. Where many items changed, these need
        places already, as lists give them: to give them takes longer than a statement.
        """
        if not where and not self.sets.is_read:
            raise NotInColumns("has no filter, and the sets are not read yet")
        if where and not self.sets.is_read:  # to read them takes a second, and memory for as long as the file is used
            check_told(where, self.found)
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
        return in_all([self._placed().cases_matching(query) for query in queries])

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
            return PlacedFacts(sets, found=self.found, numbered=self.numbered)
        with self.connection.cursor() as cursor:
            changed = ChangedItems.of_version(cursor, f"memory.{self.schema}", sets.order)
        return PlacedFacts(sets, changed, self.found, numbered=self.numbered)

    def _selected(self, facts: PlacedFacts, sql: str, parameters: Sequence[Value]) -> BitMap:
        """What a statement selects, given from ``FROM`` on. Kept for the rail and the next page of a list."""
        question = sql, repr(parameters)
        with self._selections_lock:
            if question in self._selections:
                self._selections.move_to_end(question)
                return self._selections[question]
        rows = self._rows_of(sql, parameters)
        changed = rows[:0]
        if self.changed:
            rows, changed = rows[rows >= 0], ids_of(rows[rows < 0])
        places = facts.places_of(self.rows_of_file.places(rows, facts.file.order), changed)
        with self._selections_lock:
            self._selections[question] = places
            if len(self._selections) > _SELECTIONS:
                self._selections.popitem(last=False)
        return places

    def _rows_of(self, sql: str, parameters: Sequence[Value]) -> "numpy.ndarray":
        """The same by rows of the file, and by the negative numbers of items that changed."""
        translated, values = translate(f"SELECT {ITEMS.name}.{FILE_ROW} {sql}", parameters)
        with self.connection.cursor() as cursor:
            cursor.execute(f"USE memory.{self.schema}")
            return cursor.execute(translated, values).fetchnumpy()[FILE_ROW]

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
