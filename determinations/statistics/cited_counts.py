"""Counts of citations from the column file, which has every citation beside its item.

Nothing is joined, and few groups come back. PostgreSQL has no such table; its statements, of the same meaning, are in
``sql_engine``.
"""

from collections.abc import Callable, Sequence

from determinations.statistics.answer_cache import Rows
from determinations.statistics.columns.cited import CITED
from determinations.statistics.columns.dialect import Value
from determinations.statistics.columns.layout import KEY
from determinations.statistics.interface import TABLE, TALLY, CitationGroup, Selection, Sums

_PARTS, _SECTIONS, _EDITION = f"parts{KEY}", f"section{KEY}", f"edition{KEY}"
_OF_AUTHORITY = "authority_id = %s AND first_of_authority"
#: Answers a statement with its parameters, ``shared`` with other processes or not; None if PostgreSQL has to.
Ask = Callable[[str, tuple[Value, ...], bool], Rows | None]


class CitedCounts:
    """Every count is None if PostgreSQL has to give it."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def parts(self, selection: Selection, authority_id: int, index: int) -> list[CitationGroup] | None:
        """As ``Engine.count_parts``; ``index``: 0 for sections, 1 for pages."""
        rows = self._count(selection, [_PARTS], _OF_AUTHORITY, authority_id)
        if rows is None:
            return None
        sums = Sums()
        for (side, _authority, *lists), *counts in rows:
            for part in lists[index]:
                sums.add((side, part), *counts)
        return _groups(sums)

    def sections(self, selection: Selection) -> list[CitationGroup] | None:
        """As ``Engine.count_sections``."""
        rows = self._count(selection, [_SECTIONS], f"{_SECTIONS} IS NOT NULL")
        if rows is None:
            return None
        sums = Sums()
        for (side, authority_id, sections), *counts in rows:
            for section in sections:
                sums.add((side, authority_id, section), *counts)
        return _groups(sums)

    def citing(self, selection: Selection, authority_id: int, columns: Sequence[str]) -> list[CitationGroup] | None:
        """As ``Engine.count_citing``."""
        rows = self._count(selection, ["side", *columns], _OF_AUTHORITY, authority_id)
        if rows is None:
            return None
        return [CitationGroup(row[: 1 + len(columns)], *row[1 + len(columns) :]) for row in rows]

    def editions(self, selection: Selection, authority_id: int | None) -> list[CitationGroup] | None:
        """As ``Engine.count_editions``."""
        rows = self._editions(selection, authority_id)
        if rows is None:
            return None
        sums = Sums()
        for (side, authority, edition, status, _first, year), *counts in rows:
            sums.add((side, authority, edition, year, status), *counts)
        return _groups(sums)

    def edition_statuses(self, selection: Selection) -> list[CitationGroup] | None:
        """As ``Engine.count_edition_statuses``."""
        rows = self._editions(selection, None)
        if rows is None:
            return None
        sums = Sums()
        for (side, _authority, _edition, status, first, _year), *counts in rows:
            if first:
                sums.add((side, status), *counts)
        return _groups(sums)

    def _editions(self, selection: Selection, authority_id: int | None) -> Rows | None:
        """Citations by edition, its status and year, and whether they are the first of an item: serves both."""
        if authority_id is None:
            return self._count(selection, [_EDITION], "true")
        return self._count(selection, [_EDITION], "authority_id = %s", authority_id)

    def _count(self, selection: Selection, columns: Sequence[str], condition: str, *values: Value) -> Rows | None:
        rows, params = selection.rows
        named, of_citations = ", ".join(columns), rows.replace(f"FROM {TABLE}", f"FROM {CITED} AS {TABLE}", 1)
        sql = f"""
            SELECT {named}, {TALLY} FROM (SELECT {TABLE}.* {of_citations}) AS selected
            WHERE {condition} GROUP BY {named}
        """  # noqa: S608 - constants and the ORM's own SQL
        return self._ask(sql, (*params, *values), selection.is_everything)


def _groups(sums: Sums) -> list[CitationGroup]:
    return [CitationGroup(key, *counts) for key, counts in sums.items()]
