"""Answers what one snapshot of the database asks, from the column file that this process has open."""

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

import duckdb
from django.conf import settings
from django.db.models.sql.where import WhereNode
from pyroaring import BitMap

from determinations.statistics.columns.conditions import NotToldBySets
from determinations.statistics.columns.dialect import NotInColumns, Value, translates
from determinations.statistics.columns.editions import Validities, editions
from determinations.statistics.columns.opened import Unavailable, process
from determinations.statistics.columns.selected import SelectedItems
from determinations.statistics.columns.tallies import citing, elements, letters, tallies
from determinations.statistics.columns.version import Columns, Rows
from determinations.statistics.interface import NewestItem, Selection

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class ColumnReader:
    """Answers the statements of one snapshot of the database, as far as the column file can."""

    def __init__(self) -> None:
        self._columns: Columns | None = None
        self._looked = False
        #: What the sets told already, by the statement that selects it, and what they will not tell.
        self._told: dict[str, SelectedItems] = {}
        self._refused: dict[str, str] = {}

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

    def newest(self, selection: Selection, most: int) -> list[NewestItem] | None:
        """The newest items; None if the sets do not tell."""
        return self._tell(selection, lambda selected: selected.newest(most))

    def _tell(self, selection: Selection, ask: Callable[[SelectedItems], Answer | None]) -> Answer | None:
        """What is told of the selected items; None if the sets do not tell, as ``ask`` says by NotInColumns."""
        return self._answer(lambda of_version: ask(self._told_items(of_version, selection)))

    def _told_items(self, columns: Columns, selection: Selection) -> SelectedItems:
        """Told, or refused, once for all counts of a page. Raises NotInColumns."""
        question = repr(selection.rows)
        if question in self._refused:
            raise NotInColumns(self._refused[question])
        if question not in self._told:
            try:
                self._told[question] = columns.told_by_sets(selection.items.query.where)
            except NotToldBySets as refusal:
                self._refused[question] = str(refusal)
                raise
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
