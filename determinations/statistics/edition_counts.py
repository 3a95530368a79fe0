"""Counts of editions by PostgreSQL: whether each was in force on the day that matters for a side.

For the claims administrator's citations it is the day of the UR denial, for the reviewer's that of the decision. What
sets tell, of the same meaning, is in ``columns.editions``.
"""

from collections.abc import Iterator
from datetime import date
from functools import cached_property
from typing import Protocol

from determinations.statistics.answer_cache import Rows
from determinations.statistics.citation_code import decode_citations
from determinations.statistics.columns.dialect import Value
from determinations.statistics.columns.editions import Validities
from determinations.statistics.interface import CITING, TABLE, TALLY, CitationGroup, Selection, Sums


class Ask(Protocol):
    """Answers a statement with its parameters, ``shared`` with other processes or not."""

    def __call__(self, sql: str, params: tuple[Value, ...], *, shared: bool) -> Rows: ...


class EditionCounts:
    """Counts editions of these validities."""

    def __init__(self, ask: Ask, validities: Validities) -> None:
        self._ask = ask
        self._validities = validities

    def statuses(self, selection: Selection) -> list[CitationGroup]:
        """As ``Engine.count_edition_statuses``."""
        sums = Sums()
        for cited, _year, *intervals, items, decided, overturned in self._count(selection):
            for key in {(side, status) for side, _, _, status in self._statuses(cited, *intervals)}:
                sums.add(key, items, decided, overturned)
        return [CitationGroup(key, *counts) for key, counts in sums.items()]

    def editions(self, selection: Selection, authority_id: int | None) -> list[CitationGroup]:
        """As ``Engine.count_editions``."""
        sums = Sums()
        for cited, year, *intervals, items, decided, overturned in self._count(selection, authority_id):
            for side, authority, edition, status in self._statuses(cited, *intervals):
                if authority_id is None or authority == authority_id:
                    sums.add((side, authority, edition, year, status), items, decided, overturned)
        return [CitationGroup(key, *counts) for key, counts in sums.items()]

    def _count(self, selection: Selection, authority_id: int | None = None) -> Rows:
        """Items by what they cite, year of decision, and the intervals that contain the UR denial and the decision.

        The dates on which some edition starts or ends divide time into intervals. Within an interval the status of
        every edition is constant.
        """
        rows, params = selection.rows
        only, of_one = (f"AND ({CITING})", (authority_id, authority_id)) if authority_id is not None else ("", ())
        sql = f"""
            SELECT cited, decision_year, width_bucket(ur_denial_date, %s::date[]) AS denied,
                width_bucket(decision_date, %s::date[]) AS decided, {TALLY}
            FROM (SELECT {TABLE}.* {rows}) AS selected
            WHERE cited <> '' {only} GROUP BY cited, decision_year, denied, decided
        """  # noqa: S608 - constants and the ORM's own SQL
        days, _bounds = self._intervals
        return self._ask(sql, (days, days, *params, *of_one), shared=selection.is_everything and authority_id is None)

    @cached_property
    def _intervals(self) -> tuple[list[date], dict[tuple[int, str], tuple[int, int | None]]]:
        """The dates on which editions start or end; each edition's first interval in force and the first after."""
        days = sorted({day for validity in self._validities.values() for day in validity if day}) or [date.max]
        return days, {
            (authority, edition): (days.index(first) + 1 if first else 0, days.index(after) + 1 if after else None)
            for (authority, edition), (first, after) in self._validities.items()
        }

    def _statuses(self, cited: str, denied: int | None, decided: int | None) -> Iterator[tuple[str, int, str, str]]:
        """Side, authority, edition and status of every citation in ``ItemFact.cited``."""
        _days, bounds = self._intervals
        for side, authority, edition in decode_citations(cited):
            interval = denied if side == "claims" else decided
            yield side, authority, edition, _status(bounds.get((authority, edition)), interval)


def _status(bounds: tuple[int, int | None] | None, interval: int | None) -> str:
    """Classify an edition as current, superseded or not yet in force in the given interval."""
    if bounds is None:
        return "unjudged"
    if interval is None:
        return "undated"
    first, after = bounds
    if after is not None and interval >= after:
        return "superseded"
    return "early" if interval < first else "current"
