"""The engine that counts over the fact rows in SQL: the default, and the truth that any other engine (a column store,
for millions of letters) must agree with.

``one_snapshot`` has all numbers of a page come from the same snapshot of the database; answers are kept as
``statistics.answer_cache`` says.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cached_property
from typing import Any

from django.db import connection, transaction

from determinations.parsing.results import SIDES
from determinations.statistics.answer_cache import Rows, kept_answers, state_of_data
from determinations.statistics.citation_code import mentions
from determinations.statistics.interface import TABLE, Cited, Group, LetterGroup, Selection, Sums


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
        shared = selection.is_everything
        missing = [column for column, question in questions.items() if not kept_answers.has(question, shared=shared)]
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
            kept_answers.put(questions[column], rows, shared=shared)

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
                        count(*) AS items, count(overturned) AS decided,
                        count(*) FILTER (WHERE overturned) AS overturned
                    FROM ({selected}) AS selected GROUP BY 1, 2, 3
                ) AS letters
                GROUP BY decision_month, outcome
            """  # noqa: S608 - constants and the ORM's own SQL
        return [LetterGroup(*row) for row in self._ask(sql, params, shared=selection.is_everything)]

    def latest_decision(self, selection: Selection) -> date | None:
        """See ``Engine``."""
        rows, params = selection.rows
        ((latest,),) = self._ask(f"SELECT max({TABLE}.decision_date) {rows}", params, shared=selection.is_everything)
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

    def count_citing(self, selection: Selection, authority_id: int, columns: Sequence[str]) -> list[Cited]:
        """See ``Engine``. Both sides come out of one pass."""
        rows, params = selection.rows
        named = ", ".join(columns)
        sides = ", ".join(f"%s = ANY({side}_authority_ids) AS {side}" for side in SIDES)
        sql = f"""
            SELECT claims, reviewer, {named}, {_TALLY}
            FROM (
                SELECT {named}, overturned, {sides} FROM (SELECT {TABLE}.* {rows}) AS selected WHERE {_CITING}
            ) AS citing
            GROUP BY claims, reviewer, {named}
        """  # noqa: S608 - constants and the ORM's own SQL
        authority = (authority_id, authority_id)
        found = Sums()
        for claims, reviewer, *raw in self._ask(sql, (*authority, *params, *authority)):
            for side, cites in zip(SIDES, (claims, reviewer), strict=True):
                if cites:
                    found.add((side, *raw[: len(columns)]), *raw[len(columns) :])
        return [Cited(key, *counts) for key, counts in found.items()]

    def count_standings(self, selection: Selection) -> list[Cited]:
        """See ``Engine``."""
        found = Sums()
        for cited, _year, *stretches, items, decided, overturned in self._count_stretches(selection):
            for key in {(side, standing) for side, _, _, standing in self._standings(cited, *stretches)}:
                found.add(key, items, decided, overturned)
        return [Cited(key, *counts) for key, counts in found.items()]

    def count_editions(self, selection: Selection, authority_id: int | None = None) -> list[Cited]:
        """See ``Engine``."""
        found = Sums()
        for cited, year, *stretches, items, decided, overturned in self._count_stretches(selection, authority_id):
            for side, authority, edition, standing in self._standings(cited, *stretches):
                if authority_id is None or authority == authority_id:
                    found.add((side, authority, edition, year, standing), items, decided, overturned)
        return [Cited(key, *counts) for key, counts in found.items()]

    def _count_stretches(self, selection: Selection, authority_id: int | None = None) -> Rows:
        """Items by what they cite, year, and the stretches in which the UR denial and the decision lie.

        Between two days on which some edition begins or ends, no edition's standing changes: standing is told from
        the stretch.
        """
        rows, params = selection.rows
        only, of_one = (f"AND ({_CITING})", (authority_id, authority_id)) if authority_id is not None else ("", ())
        sql = f"""
            SELECT cited, decision_year, width_bucket(ur_denial_date, %s::date[]) AS denied,
                width_bucket(decision_date, %s::date[]) AS decided, {_TALLY}
            FROM (SELECT {TABLE}.* {rows}) AS selected
            WHERE cited <> '' {only} GROUP BY cited, decision_year, denied, decided
        """  # noqa: S608 - constants and the ORM's own SQL
        days, _bounds = self._stretches
        return self._ask(sql, (days, days, *params, *of_one), shared=selection.is_everything and authority_id is None)

    @cached_property
    def _stretches(self) -> tuple[list[date], dict[tuple[int, str], tuple[int, int | None]]]:
        """The days on which editions begin or end; of each edition the first stretch in force and the first after."""
        validity = self._ask(_VALIDITY, (), shared=True)
        days = sorted({day for *_edition, first, after in validity for day in (first, after) if day}) or [date.max]
        return days, {
            (authority, edition): (days.index(first) + 1 if first else 0, days.index(after) + 1 if after else None)
            for authority, edition, first, after in validity
        }

    def _standings(self, cited: str, denied: int | None, decided: int | None) -> Iterator[tuple[str, int, str, str]]:
        """Side, authority, edition and standing of each citation of a word."""
        _days, bounds = self._stretches
        for side, authority, edition in mentions(cited):
            stretch = denied if side == "claims" else decided
            yield side, authority, edition, _standing(bounds.get((authority, edition)), stretch)


_CITING = "claims_authority_ids @> ARRAY[%s::smallint] OR reviewer_authority_ids @> ARRAY[%s::smallint]"
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
    return f"SELECT {', '.join(f'{TABLE}.{column}' for column in named)} {rows}", params


def _among(selection: Selection) -> tuple[str, tuple[Any, ...]]:
    """A condition on ``cited.fact_id``; nothing when every item is selected."""
    if selection.is_everything:
        return "", ()
    rows, params = selection.rows
    return f"AND cited.fact_id IN (SELECT {TABLE}.item_id {rows})", params


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
