"""Counts over the fact rows: one interface, and the engine that answers it in SQL.

Everything that statistics show comes from the questions of ``Engine``. The SQL engine is the default, and the truth
that any other engine (a column store, for millions of letters) must agree with. ``one_snapshot`` has all numbers of a
page come from the same snapshot of the database; answers are kept as ``statistics.kept`` says.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import QuerySet

from determinations.models import ItemFact
from determinations.statistics.cited import mentions
from determinations.statistics.kept import Rows, kept_answers, state_of_data

_TABLE = '"determinations_itemfact"'
_FACTS = f"FROM {_TABLE}"


@dataclass(frozen=True)
class Selection:
    """The items that are counted.

    ``whole_letters``: every condition holds for all items of a letter or for none, so that each letter is in the
    selection with all of its items.
    """

    items: "QuerySet[ItemFact]"
    whole_letters: bool

    @cached_property
    def rows(self) -> tuple[str, tuple[Any, ...]]:
        """``FROM`` and ``WHERE`` of the selected fact rows in SQL; no row where no row can be."""
        try:
            sql, params = self.items.order_by().values_list("pk").query.sql_with_params()
        except EmptyResultSet:
            return f"{_FACTS} WHERE false", ()
        return sql[sql.index(_FACTS) :], tuple(params)

    @property
    def is_everything(self) -> bool:
        """No filter is set."""
        return not self.items.query.where

    @classmethod
    def everything(cls) -> "Selection":
        """All items of all current letters."""
        return cls(ItemFact.objects.all(), whole_letters=True)


class Group(NamedTuple):
    """Items that share ``raw``, the values of the columns grouped by; ``decided`` have a decision that was read."""

    raw: tuple[Any, ...]
    items: int
    decided: int
    overturned: int


class LetterGroup(NamedTuple):
    """Items and letters of one month and case outcome; ``several`` letters have more than one item."""

    month: date | None
    outcome: str
    items: int
    decided: int
    overturned: int
    letters: int
    several: int


class Cited(NamedTuple):
    """Items whose citations share ``raw``; ``mentions`` counts citations, several editions of one authority apart."""

    raw: tuple[Any, ...]
    items: int
    decided: int
    overturned: int


class Engine(Protocol):
    """What statistics ask of the fact rows."""

    def count_items(self, selection: Selection, columns: Sequence[str]) -> list[Group]:
        """Items by the values of columns of ``ItemFact``."""

    def count_ahead(self, selection: Selection, columns: Collection[str]) -> None:
        """Count items by each of several columns in one pass, so that ``count_items`` has them at once."""

    def count_letters(self, selection: Selection) -> list[LetterGroup]:
        """Letters and items by month of decision and outcome of the case."""

    def latest_decision(self, selection: Selection) -> date | None:
        """The day of the newest decision among the items; None where none has a date."""

    def count_parts(self, selection: Selection, authority_id: int, part: str) -> list[Cited]:
        """Items by (side, section or page) of one authority; ``part`` is ``sections`` or ``pages``."""

    def count_editions(self, selection: Selection, authority_id: int | None = None) -> list[Cited]:
        """Items by (side, authority, edition, year, standing) of their citations.

        Standing: ``current``, ``superseded`` or ``early`` on the day that matters, ``undated`` where that day is not
        known, ``unjudged`` where the edition's validity is not.
        """


class SqlEngine:
    """Counts in PostgreSQL; one object serves one snapshot, see ``one_snapshot``."""

    def __init__(self) -> None:
        self._state: str | None = None

    @property
    def state(self) -> str:
        """The name of the state of the data that everything is counted from."""
        if self._state is None:
            self._state = state_of_data()
        return self._state

    def _ask(self, sql: str, params: tuple[Any, ...], *, shared: bool = False) -> Rows:
        """The rows, counted once in each state of the data; ``shared`` with other processes."""
        return kept_answers.get((self.state, sql, repr(params)), lambda: _count(sql, params), shared=shared)

    def count_items(self, selection: Selection, columns: Sequence[str]) -> list[Group]:
        """See ``Engine``."""
        rows = self._ask(*_items_by(selection, columns), shared=selection.is_everything)
        return [Group(row[: len(columns)], *row[len(columns) :]) for row in rows]

    def count_ahead(self, selection: Selection, columns: Collection[str]) -> None:
        """See ``Engine``."""
        questions = {column: (self.state, sql, repr(params))
                     for column in columns for sql, params in [_items_by(selection, [column])]}  # fmt: skip
        missing = [column for column, question in questions.items() if question not in kept_answers]
        if len(missing) < 2:
            return
        selected, params = _selected(selection, missing)
        named = ", ".join(missing)
        sql = f"""
            SELECT GROUPING({named}), {named}, {_TALLY} FROM ({selected}) AS selected
            GROUP BY GROUPING SETS ({", ".join(f"({column})" for column in missing)})
        """  # noqa: S608 - constants and the ORM's own SQL
        found: dict[str, Rows] = {column: [] for column in missing}
        for of, *row in _count(sql, params):
            # GROUPING sets a bit for each column that a row is not grouped by, the first column's being the highest.
            place = next(place for place in range(len(missing)) if not of >> (len(missing) - 1 - place) & 1)
            found[missing[place]].append((row[place], *row[len(missing) :]))
        for column, rows in found.items():
            kept_answers.put(questions[column], rows, shared=selection.is_everything)

    def count_letters(self, selection: Selection) -> list[LetterGroup]:
        """See ``Engine``.

        A selection of whole letters needs no look at which items share a letter: each letter's first item stands for
        it. Otherwise the items of each letter that has several are put together first; letters with one item are as
        many as their items, all of a month and outcome in one group.
        """
        if selection.whole_letters:
            selected, params = _selected(selection, ["decision_month", "outcome", "first_of_case", "case_items"])
            sql = f"""
                SELECT decision_month, outcome, {_TALLY}, count(*) FILTER (WHERE first_of_case),
                    count(*) FILTER (WHERE first_of_case AND case_items > 1)
                FROM ({selected}) AS selected GROUP BY decision_month, outcome
            """  # noqa: S608 - constants and the ORM's own SQL
        else:
            selected, params = _selected(selection, ["decision_month", "outcome", "case_id", "case_items"])
            sql = f"""
                SELECT decision_month, outcome, sum(items)::bigint, sum(decided)::bigint, sum(overturned)::bigint,
                    sum(CASE WHEN several IS NULL THEN items ELSE 1 END)::bigint, count(several)
                FROM (
                    SELECT CASE WHEN case_items > 1 THEN case_id END AS several, decision_month, outcome,
                        count(*) AS items, count(overturned) AS decided, count(*) FILTER (WHERE overturned) AS overturned
                    FROM ({selected}) AS selected GROUP BY 1, 2, 3
                ) AS letters
                GROUP BY decision_month, outcome
            """  # noqa: S608 - constants and the ORM's own SQL
        return [LetterGroup(*row) for row in self._ask(sql, params, shared=selection.is_everything)]

    def latest_decision(self, selection: Selection) -> date | None:
        """See ``Engine``."""
        rows, params = selection.rows
        ((latest,),) = self._ask(f"SELECT max({_TABLE}.decision_date) {rows}", params, shared=selection.is_everything)
        return latest  # type: ignore[no-any-return]

    def count_parts(self, selection: Selection, authority_id: int, part: str) -> list[Cited]:
        """See ``Engine``. Sections and pages come out of one count by both lists as a whole."""
        place = ("sections", "pages").index(part)
        condition, params = _among(selection)
        sql = f"""
            SELECT side, sections, pages, {_TALLY} FROM determinations_citationfact AS cited
            WHERE authority_id = %s {condition}
            GROUP BY side, sections, pages
        """  # noqa: S608 - constants and the ORM's own SQL
        found = Sums()
        for side, *lists, items, decided, overturned in self._ask(sql, (authority_id, *params)):
            for each in lists[place]:
                found.add((side, each), items, decided, overturned)
        return [Cited(key, *counts) for key, counts in found.items()]

    def count_editions(self, selection: Selection, authority_id: int | None = None) -> list[Cited]:
        """See ``Engine``. Between two days on which some edition begins or ends, no edition's standing changes: rows
        are grouped by such stretches, and standing is told from the stretch."""
        validity = self._ask(_VALIDITY, (), shared=True)
        days = sorted({day for *_edition, first, after in validity for day in (first, after) if day}) or [date.max]
        rows, params = selection.rows
        citing = "AND (claims_authority_ids @> ARRAY[%s::smallint] OR reviewer_authority_ids @> ARRAY[%s::smallint])"
        only, of_one = (citing, (authority_id, authority_id)) if authority_id is not None else ("", ())
        sql = f"""
            SELECT cited, decision_year, width_bucket(ur_denial_date, %s::date[]) AS denied,
                width_bucket(decision_date, %s::date[]) AS decided, {_TALLY}
            FROM (SELECT {_TABLE}.* {rows}) AS selected
            WHERE cited <> '' {only} GROUP BY cited, decision_year, denied, decided
        """  # noqa: S608 - constants and the ORM's own SQL
        bounds = {
            (authority, edition): (days.index(first) + 1 if first else 0, days.index(after) + 1 if after else None)
            for authority, edition, first, after in validity
        }
        found = Sums()
        for cited, year, denied, decided, *counts in self._ask(sql, (days, days, *params, *of_one)):
            for side, authority, edition in mentions(cited):
                if authority_id is None or authority == authority_id:
                    stretch = denied if side == "claims" else decided
                    standing = _standing(bounds.get((authority, edition)), stretch)
                    found.add((side, authority, edition, year, standing), *counts)
        return [Cited(key, *counts) for key, counts in found.items()]


class Sums(dict[Any, list[int]]):
    """Counts of items, decided and overturned ones added up by key."""

    def add(self, key: Any, items: int, decided: int, overturned: int) -> None:
        """Add a group's counts."""
        counts = self.get(key)
        if counts is None:
            self[key] = [items, decided, overturned]
        else:
            counts[0] += items
            counts[1] += decided
            counts[2] += overturned


_VALIDITY = """
SELECT authority.id, validity.edition, validity.valid_from, validity.valid_to + 1
FROM determinations_editionvalidity AS validity
JOIN determinations_authority AS authority ON authority.key = validity.authority_id
"""


def _standing(bounds: tuple[int, int | None] | None, stretch: int | None) -> str:
    """How an edition in force from one stretch until before another stands in a stretch."""
    if bounds is None:
        return "unjudged"
    if stretch is None:
        return "undated"
    first, after = bounds
    if after is not None and stretch >= after:
        return "superseded"
    return "early" if stretch < first else "current"


_TALLY = "count(*), count(overturned), count(*) FILTER (WHERE overturned)"


def _items_by(selection: Selection, columns: Sequence[str]) -> tuple[str, tuple[Any, ...]]:
    """The question for items by columns."""
    selected, params = _selected(selection, columns)
    named = ", ".join(columns)
    return f"SELECT {named}, {_TALLY} FROM ({selected}) AS selected GROUP BY {named}", params  # noqa: S608 - constants


def _selected(selection: Selection, columns: Sequence[str]) -> tuple[str, tuple[Any, ...]]:
    """The selected rows as SQL: the columns, and ``overturned``."""
    rows, params = selection.rows
    named = dict.fromkeys((*columns, "overturned"))
    return f"SELECT {', '.join(f'{_TABLE}.{column}' for column in named)} {rows}", params


def _among(selection: Selection) -> tuple[str, tuple[Any, ...]]:
    """A condition on ``cited.fact_id``; nothing when every item is selected."""
    if selection.is_everything:
        return "", ()
    rows, params = selection.rows
    return f"AND cited.fact_id IN (SELECT {_TABLE}.item_id {rows})", params


#: Counting reads many rows into few groups, whose number the planner overestimates: without the last lines it would
#: not share the work, and would compile what takes less time to run.
_FOR_COUNTING = """
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SET LOCAL jit = off;
SET LOCAL work_mem = '64MB';
SET LOCAL parallel_setup_cost = 10;
SET LOCAL parallel_tuple_cost = 0;
"""


@contextmanager
def one_snapshot() -> Iterator[SqlEngine]:
    """An engine whose answers all come from one snapshot of the database (unless a transaction is open already)."""
    if connection.in_atomic_block:
        yield SqlEngine()
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_FOR_COUNTING)
        yield SqlEngine()


def _count(sql: str, params: tuple[Any, ...]) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [tuple(tuple(value) if isinstance(value, list) else value for value in row) for row in cursor]
