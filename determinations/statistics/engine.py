"""Counts over the fact rows: one interface, and the engine that answers it in SQL.

Everything that statistics show comes from the four questions of ``Engine``. The SQL engine is the default, and the
truth that any other engine (a column store, for millions of letters) must agree with.

Answers are kept in this process under the name of the state of the data that they were counted from (see
``FactChange``): whatever changes what statistics read, also in another process, gives another name, so an answer that
is kept is never an old one. ``one_snapshot`` has name and rows come from the same snapshot of the database, and all
numbers of a page too.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from threading import Lock
from typing import Any, NamedTuple, Protocol

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import QuerySet

from determinations.models import ItemFact
from determinations.statistics.cited import mentions

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

    def count_letters(self, selection: Selection) -> list[LetterGroup]:
        """Letters and items by month of decision and outcome of the case."""

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

    def _ask(self, sql: str, params: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """The rows, counted once in each state of the data."""
        if self._state is None:
            self._state = state_of_data()
        return _kept.get((self._state, sql, repr(params)), lambda: _count(sql, params))

    def count_items(self, selection: Selection, columns: Sequence[str]) -> list[Group]:
        """See ``Engine``."""
        selected, params = _selected(selection, columns)
        named = ", ".join(_aliases(len(columns)))
        rows = self._ask(
            f"SELECT {named}, {_TALLY} FROM ({selected}) AS selected ({named}, overturned) GROUP BY {named}",  # noqa: S608
            params,
        )
        return [Group(row[: len(columns)], *row[len(columns) :]) for row in rows]

    def count_letters(self, selection: Selection) -> list[LetterGroup]:
        """See ``Engine``.

        A selection of whole letters needs no look at which items share a letter: each letter's first item stands for
        it. Otherwise letters with one item stand for themselves, and the items of the others are put together first.
        """
        if selection.whole_letters:
            selected, params = _selected(selection, ["decision_month", "outcome", "first_of_case", "case_items"])
            sql = f"""
                SELECT month, outcome, {_TALLY}, count(*) FILTER (WHERE first_of_case),
                    count(*) FILTER (WHERE first_of_case AND case_items > 1)
                FROM ({selected}) AS selected (month, outcome, first_of_case, case_items, overturned)
                GROUP BY month, outcome
            """  # noqa: S608 - constants and the ORM's own SQL
            return [LetterGroup(*row) for row in self._ask(sql, params)]
        alone = Selection(selection.items.filter(case_items=1), whole_letters=False)
        others = Selection(selection.items.filter(case_items__gt=1), whole_letters=False)
        selected_alone, params_alone = _selected(alone, ["decision_month", "outcome"])
        selected_others, params_others = _selected(others, ["decision_month", "outcome", "case_id"])
        sql = f"""
            SELECT month, outcome, {_TALLY}, count(*), 0
            FROM ({selected_alone}) AS selected (month, outcome, overturned)
            GROUP BY month, outcome
            UNION ALL
            SELECT month, outcome, sum(items)::bigint, sum(decided)::bigint, sum(overturned)::bigint,
                count(*), count(*)
            FROM (
                SELECT month, outcome, count(*) AS items, count(overturned) AS decided,
                    count(*) FILTER (WHERE overturned) AS overturned
                FROM ({selected_others}) AS selected (month, outcome, case_id, overturned)
                GROUP BY case_id, month, outcome
            ) AS letters
            GROUP BY month, outcome
        """  # noqa: S608 - constants and the ORM's own SQL
        return _added_up(LetterGroup(*row) for row in self._ask(sql, (*params_alone, *params_others)))

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
        validity = self._ask(_VALIDITY, ())
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


def _aliases(number: int) -> list[str]:
    return [f"k{place}" for place in range(number)]


def _selected(selection: Selection, columns: Sequence[str]) -> tuple[str, tuple[Any, ...]]:
    """The selected rows as SQL: the columns in order, then ``overturned``."""
    rows, params = selection.rows
    return f"SELECT {', '.join(f'{_TABLE}.{column}' for column in (*columns, 'overturned'))} {rows}", params


def _among(selection: Selection) -> tuple[str, tuple[Any, ...]]:
    """A condition on ``cited.fact_id``; nothing when every item is selected."""
    if not selection.items.query.where:
        return "", ()
    rows, params = selection.rows
    return f"AND cited.fact_id IN (SELECT {_TABLE}.item_id {rows})", params


def _added_up(groups: Iterable[LetterGroup]) -> list[LetterGroup]:
    """Groups of one month and outcome put together."""
    found: dict[tuple[date | None, str], list[int]] = {}
    for group in groups:
        counts = found.setdefault((group.month, group.outcome), [0] * 5)
        for place, value in enumerate(group[2:]):
            counts[place] += value
    return [LetterGroup(*key, *counts) for key, counts in found.items()]


class _Kept:
    """The latest answers, by question and state of the data."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.answers: OrderedDict[Hashable, Any] = OrderedDict()
        self.lock = Lock()

    def get(self, question: Hashable, count: Callable[[], Any]) -> Any:
        with self.lock:
            if question in self.answers:
                self.answers.move_to_end(question)
                return self.answers[question]
        answer = count()
        with self.lock:
            self.answers[question] = answer
            while len(self.answers) > self.most:
                self.answers.popitem(last=False)
        return answer


_kept = _Kept(most=400)


def forget_answers() -> None:
    """Have the next question counted anew: for benchmarks, nothing else needs it."""
    _kept.answers.clear()


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


def state_of_data() -> str:
    """The name of the state of the data that this transaction sees: another one after every change, never twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(mark) FROM determinations_factchange")
        (marks,) = cursor.fetchone()
    return f"{connection.settings_dict['NAME']} {marks}"


def _count(sql: str, params: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [tuple(tuple(value) if isinstance(value, list) else value for value in row) for row in cursor]
