"""Counts the fact rows in SQL: the one definition of every count.

PostgreSQL is the reference, and answers whatever the column engine (``statistics.columns``) cannot.
``one_snapshot`` makes all numbers of a page come from one snapshot of the database. Answers are cached, see
``statistics.answer_cache``.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from typing import Any

from django.db import connection, transaction
from pyroaring import BitMap

from determinations.parsing.results import SIDES
from determinations.statistics.answer_cache import Rows, cached_answers, data_version
from determinations.statistics.cited_counts import CitedCounts
from determinations.statistics.columns.dialect import Value, translates
from determinations.statistics.columns.editions import EDITIONS, STATUSES, Validities
from determinations.statistics.columns.reading import ColumnReader
from determinations.statistics.columns.selected import SelectedItems
from determinations.statistics.columns.tallies import letters_and_items, letters_by_problem
from determinations.statistics.edition_counts import EditionCounts
from determinations.statistics.element_counts import (
    citing_by_column,
    elements_of,
    has_arrays,
    told_citing,
    told_elements,
)
from determinations.statistics.interface import (
    CITING,
    TABLE,
    TALLY,
    CitationGroup,
    ElementCounts,
    ItemGroup,
    LetterGroup,
    NewestItem,
    Problems,
    Selection,
    Sums,
)
from determinations.statistics.letter_counts import count_letters


class SqlEngine:
    """Counts in PostgreSQL, or by column where a reader of column files can. An engine belongs to one snapshot, see
    ``one_snapshot``.
    """

    def __init__(self, columns: ColumnReader | None = None) -> None:
        self._version: str | None = None
        self._columns = columns

    @property
    def version(self) -> str:
        """The version of the data that everything is counted from."""
        if self._version is None:
            self._version = data_version()
        return self._version

    @property
    def _cited(self) -> CitedCounts:
        """Not kept: in a cycle of references, what the library has open might be closed by a child, which crashes."""
        return CitedCounts(self._ask_columns)

    @property
    def _kept(self) -> CitedCounts:
        """What was counted of citations by statements already, such as by workers in advance."""
        return CitedCounts(
            lambda sql, params, shared: cached_answers.find((self.version, sql, repr(params)), shared=shared)
        )

    def prepare(self) -> None:
        """Open what answers are counted from, so that a benchmark measures counts alone."""
        if self._columns is not None:
            self._columns.columns()

    def lists_by_column(self, selection: Selection) -> bool:
        """Whether pages of the selection's rows, and their whole number, are found by column."""
        return self._columns is not None and self._columns.lists_quicker(selection)

    def groups_by_column(self, selection: Selection) -> bool:
        """Whether statements over the selection's rows are answered by column."""
        return self._columns is not None and translates(*selection.rows)

    def rows_by_column(self, sql: str, params: Sequence[Value]) -> Rows | None:
        """The answer to a statement of the caller's own; None if it is not counted by column."""
        return None if self._columns is None else self._columns.rows(sql, params)

    def kept_by_column(self, sql: str, params: tuple[Value, ...], *, shared: bool) -> Rows | None:
        """The same, counted once per version of the data; ``shared`` with other processes."""
        return self._ask_columns(sql, params, shared)

    def kept_by_postgresql(self, sql: str, *, shared: bool = True) -> Rows:
        """The answer to a statement of the caller's own about all letters, counted once per version of the data.

        It is ``shared`` with other processes, unless it has words of letters, which are kept in the process only.
        """
        return cached_answers.get((self.version, sql, ""), lambda: _count(sql, ()), shared=shared)

    def items_by_column(self, selection: Selection) -> SelectedItems | None:
        """The items of the selection, to be counted by their values and named; None if no file tells them."""
        if self._columns is None:
            return None
        return self._columns.items_of(selection.items.query.where, *selection.rows)

    def newest_by_sets(self, selection: Selection, most: int) -> list[NewestItem] | None:
        """At most so many items, most recent decision first; None if sets do not tell them."""
        return None if self._columns is None else self._columns.newest(selection, most)

    def cases_by_column(self, queries: Sequence[str]) -> BitMap | None:
        """The places of the cases whose words match all of some queries; None if no file tells them."""
        return None if self._columns is None else self._columns.cases_matching(queries)

    def _ask(self, sql: str, params: tuple[Any, ...], *, shared: bool = False) -> Rows:
        """The rows, counted once per version of the data; ``shared`` with other processes."""
        return cached_answers.get((self.version, sql, repr(params)), lambda: self._count(sql, params), shared=shared)

    def _count(self, sql: str, params: tuple[Any, ...]) -> Rows:
        rows = None if self._columns is None else self._columns.rows(sql, params)
        return _count(sql, params) if rows is None else rows

    def _ask_columns(
        self, sql: str, params: tuple[Value, ...], shared: bool, told: Callable[[], Rows | None] | None = None
    ) -> Rows | None:
        """The rows of a statement that PostgreSQL does not know, kept as others are; None if no file answers it.

        ``told`` gives them without the statement, or None.
        """
        if self._columns is None:
            return None
        question = (self.version, sql, repr(params))
        answer = cached_answers.find(question, shared=shared)
        if answer is None:
            answer = None if told is None else told()
            answer = self._columns.rows(sql, params) if answer is None else answer
            if answer is not None:
                cached_answers.put(question, answer, shared=shared)
        return answer

    def count_problems(self) -> Problems:
        """See ``Engine``. By column, letters without items, which have no facts, are read beside: they are few."""
        by_code = Counter[str]()
        letters = items = empty = 0
        reader = self._columns
        of_items, totals = (
            self._ask_columns(sql, (), True, None if reader is None else partial(reader.of_all, tell))
            for sql, tell in ((_PROBLEMS, letters_by_problem), (_LETTERS_WITH_ITEMS, letters_and_items))
        )
        sql = _CASES.format("")
        if of_items is not None and totals is not None:
            by_code.update(dict(of_items))
            letters, items = totals[0]
            sql = _CASES.format("AND item_count = 0")
        answer = self.kept_by_postgresql(sql)
        for codes, cases, of_cases, empty_cases in answer:
            letters, items, empty = letters + cases, items + int(of_cases), empty + empty_cases
            for code in codes:
                by_code[code] += cases
        return Problems(by_code, letters, items, empty)

    def count_items(self, selection: Selection, columns: Sequence[str]) -> list[ItemGroup]:
        """See ``Engine``."""
        sql, params = _items_by(selection, columns)
        rows = cached_answers.get(
            (self.version, sql, repr(params)),
            lambda: self._count(sql, params) if (told := self._tallies(selection, columns)) is None else told,
            shared=selection.is_everything,
        )
        return [ItemGroup(row[: len(columns)], *row[len(columns) :]) for row in rows]

    def count_elements(self, selection: Selection, groupings: Sequence[tuple[str, ...]]) -> ElementCounts:
        """See ``Engine``. Without sets, items are counted by all the columns together, arrays as a whole."""
        columns = tuple(dict.fromkeys(column for grouping in groupings for column in grouping))
        told = None if self._is_kept(selection, columns) else self._elements(selection, groupings)
        if told is not None:
            return told_elements(told, len(groupings))
        return elements_of(groupings, columns, self.count_items(selection, columns))

    def _is_kept(self, selection: Selection, columns: Sequence[str]) -> bool:
        """Whether the answer of ``count_items`` is there, such as what workers count in advance."""
        sql, params = _items_by(selection, columns)
        shared = selection.is_everything
        return cached_answers.find((self.version, sql, repr(params)), shared=shared) is not None

    def _tallies(self, selection: Selection, columns: Sequence[str]) -> Rows | None:
        """What ``count_items`` answers, from sets; None if these do not tell."""
        return None if self._columns is None else self._columns.tallies(selection, columns)

    def _elements(self, selection: Selection, groupings: Sequence[tuple[str, ...]]) -> Rows | None:
        """What ``count_elements`` answers, from sets; None if these do not tell."""
        return self._tell(selection, f"elements {groupings}", lambda reader: reader.elements(selection, groupings))

    def _tell(self, selection: Selection, what: str, tell: Callable[[ColumnReader], Rows | None]) -> Rows | None:
        """What sets tell of the selection, kept as other answers are; None if they do not."""
        if self._columns is None:
            return None
        sql, params = selection.rows
        question, shared = (self.version, f"{what} {sql}", repr(params)), selection.is_everything
        answer = cached_answers.find(question, shared=shared)
        if answer is None:
            answer = tell(self._columns)
            if answer is not None:
                cached_answers.put(question, answer, shared=shared)
        return answer

    def precompute(self, selection: Selection, groupings: Collection[tuple[str, ...]]) -> None:
        """See ``Engine``. What sets tell is no part of the statement."""
        questions = {grouping: (self.version, sql, repr(params))
                     for grouping in groupings for sql, params in [_items_by(selection, grouping)]}  # fmt: skip
        shared = selection.is_everything
        missing = [
            grouping for grouping in questions if cached_answers.find(questions[grouping], shared=shared) is None
        ]
        if len(missing) < 2:
            return
        for grouping in tuple(missing):
            if has_arrays(grouping):
                if self._elements(selection, (grouping,)) is not None:
                    missing.remove(grouping)
                continue
            told = self._tallies(selection, grouping)
            if told is not None:
                cached_answers.put(questions[grouping], told, shared=shared)
                missing.remove(grouping)
        for some in _at_once(missing):
            answers = self._count_groupings(selection, some)
            for grouping in some:
                cached_answers.put(questions[grouping], answers[grouping], shared=shared)

    def _count_groupings(
        self, selection: Selection, groupings: Sequence[tuple[str, ...]]
    ) -> dict[tuple[str, ...], Rows]:
        """What ``count_items`` answers for each group of columns, in one statement."""
        same = {frozenset(grouping): grouping for grouping in groupings}
        columns = list(dict.fromkeys(column for grouping in groupings for column in grouping))
        selected, params = _selected(selection, columns)
        named = ", ".join(columns)
        sql = f"""
            SELECT GROUPING({named}), {named}, {TALLY} FROM ({selected}) AS selected
            GROUP BY GROUPING SETS ({", ".join(f"({', '.join(grouping)})" for grouping in same.values())})
        """  # noqa: S608 - constants and the ORM's own SQL
        # GROUPING sets a bit for every column that a row is not grouped by; the first column has the highest bit.
        by_bits: dict[int, Rows] = {}
        for grouping_bits, *row in self._count(sql, params):
            by_bits.setdefault(grouping_bits, []).append(tuple(row))
        answers = {}
        for grouping in groupings:
            bits = sum(1 << at for at, column in enumerate(reversed(columns)) if column not in grouping)
            places = [*map(columns.index, grouping), *range(len(columns), len(columns) + 3)]
            answers[grouping] = [tuple(row[at] for at in places) for row in by_bits.get(bits, [])]
        return answers

    def count_letters(self, selection: Selection) -> list[LetterGroup]:
        """See ``Engine``.

        In a selection of whole letters, the first item of a letter counts the letter. Otherwise the items of letters
        with several items are first grouped by letter; letters with one item need no grouping. By column, letters are
        counted by sets or by their places.
        """
        reader = self._columns
        told = partial(reader.letters, selection) if reader is not None else None
        by_column = count_letters(partial(self._ask_columns, told=told), selection)
        if by_column is not None:
            return by_column
        if selection.whole_letters:
            selected, params = _selected(selection, ["decision_month", "outcome", "first_of_case", "case_items"])
            sql = f"""
                SELECT decision_month, outcome, {TALLY}, count(*) FILTER (WHERE first_of_case),
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

    def count_parts(self, selection: Selection, authority_id: int, part: str) -> list[CitationGroup]:
        """See ``Engine``. One query groups by both lists and serves sections and pages."""
        index = ("sections", "pages").index(part)
        by_column = self._cited.parts(selection, authority_id, index)
        if by_column is not None:
            return by_column
        condition, params = _among(selection)
        sql = f"""
            SELECT side, sections, pages, {TALLY} FROM determinations_citationfact AS cited
            WHERE authority_id = %s {condition}
            GROUP BY side, sections, pages
        """  # noqa: S608 - constants and the ORM's own SQL
        sums = Sums()
        for side, *lists, items, decided, overturned in self._ask(sql, (authority_id, *params)):
            for part_name in lists[index]:
                sums.add((side, part_name), items, decided, overturned)
        return [CitationGroup(key, *counts) for key, counts in sums.items()]

    def count_sections(self, selection: Selection) -> list[CitationGroup]:
        """See ``Engine``."""
        by_column = self._cited.sections(selection)
        if by_column is not None:
            return by_column
        condition, params = _among(selection)
        sql = f"""
            SELECT side, authority_id, sections, {TALLY} FROM determinations_citationfact AS cited
            WHERE sections <> '{{}}' {condition}
            GROUP BY side, authority_id, sections
        """  # noqa: S608 - constants and the ORM's own SQL
        sums = Sums()
        for side, authority_id, sections, *counts in self._ask(sql, params):
            for section in sections:
                sums.add((side, authority_id, section), *counts)
        return [CitationGroup(key, *counts) for key, counts in sums.items()]

    def count_citing(
        self, selection: Selection, authority_id: int, columns: Sequence[str]
    ) -> list[list[CitationGroup]]:
        """See ``Engine``."""
        told = self._tell(
            selection,
            f"citing {authority_id} {columns}",
            lambda reader: reader.citing(selection, authority_id, columns),
        )
        if told is not None:
            return told_citing(told, len(columns))
        return citing_by_column(self._count_citing(selection, authority_id, columns), len(columns))

    def _count_citing(self, selection: Selection, authority_id: int, columns: Sequence[str]) -> list[CitationGroup]:
        """Items that cite an authority by side and all columns. One query serves both sides."""
        by_column = self._cited.citing(selection, authority_id, columns)
        if by_column is not None:
            return by_column
        rows, params = selection.rows
        named = ", ".join(columns)
        sides = ", ".join(f"%s = ANY({side}_authority_ids) AS {side}" for side in SIDES)
        sql = f"""
            SELECT claims, reviewer, {named}, {TALLY}
            FROM (
                SELECT {named}, overturned, {sides} FROM (SELECT {TABLE}.* {rows}) AS selected WHERE {CITING}
            ) AS citing
            GROUP BY claims, reviewer, {named}
        """  # noqa: S608 - constants and the ORM's own SQL
        authority = (authority_id, authority_id)
        sums = Sums()
        for claims, reviewer, *raw in self._ask(sql, (*authority, *params, *authority)):
            for side, cites in zip(SIDES, (claims, reviewer), strict=True):
                if cites:
                    sums.add((side, *raw[: len(columns)]), *raw[len(columns) :])
        return [CitationGroup(key, *counts) for key, counts in sums.items()]

    def count_edition_statuses(self, selection: Selection) -> list[CitationGroup]:
        """See ``Engine``."""
        kept = self._kept.edition_statuses(selection) if selection.is_everything else None
        told = self._editions_by_column(selection, None, STATUSES) if kept is None else kept
        if told is not None:
            return told
        by_column = self._cited.edition_statuses(selection)
        if by_column is not None:
            return by_column
        return self._by_interval.statuses(selection)

    def count_editions(self, selection: Selection, authority_id: int | None = None) -> list[CitationGroup]:
        """See ``Engine``."""
        kept = self._kept.editions(selection, authority_id) if selection.is_everything else None
        told = self._editions_by_column(selection, authority_id, EDITIONS) if kept is None else kept
        if told is not None:
            return told
        by_column = self._cited.editions(selection, authority_id)
        if by_column is not None:
            return by_column
        return self._by_interval.editions(selection, authority_id)

    def _editions_by_column(
        self, selection: Selection, authority_id: int | None, question: int
    ) -> list[CitationGroup] | None:
        """What sets tell of editions; None if they do not."""
        rows = self._tell(
            selection,
            f"editions {authority_id}",
            lambda reader: reader.editions(selection, self._validities, authority_id),
        )
        if rows is None:
            return None
        return [CitationGroup(raw, *counts) for number, raw, *counts in rows if number == question]

    @cached_property
    def _by_interval(self) -> EditionCounts:
        return EditionCounts(self._ask, self._validities)

    @cached_property
    def _validities(self) -> Validities:
        rows = self.kept_by_postgresql(_VALIDITY)
        return {(authority, edition): (first, after) for authority, edition, first, after in rows}


#: A fact has the problems of its item, and those of its letter as a whole.
_PROBLEMS = """
SELECT code, count(DISTINCT case_id)
FROM (SELECT case_id, unnest("problem_codes") AS code FROM determinations_itemfact WHERE problem_codes <> '{}') AS told
GROUP BY code
"""
_LETTERS_WITH_ITEMS = "SELECT count(*) FILTER (WHERE first_of_case), count(*) FROM determinations_itemfact"
_CASES = """
SELECT all_problem_codes, count(*), sum(item_count), count(*) FILTER (WHERE item_count = 0)
FROM determinations_case WHERE superseded_by_id IS NULL {} GROUP BY all_problem_codes
"""
_VALIDITY = """
SELECT authority.id, validity.edition, validity.valid_from, validity.valid_to + 1
FROM determinations_editionvalidity AS validity
JOIN determinations_authority AS authority ON authority.key = validity.authority_id
"""


#: PostgreSQL's GROUPING takes no more columns.
_MOST_GROUPED = 31


def _at_once(groupings: Sequence[tuple[str, ...]]) -> Iterator[list[tuple[str, ...]]]:
    """The groups of columns, in parts that one statement can count."""
    part: list[tuple[str, ...]] = []
    for grouping in groupings:
        if part and len({*grouping, *(column for other in part for column in other)}) > _MOST_GROUPED:
            yield part
            part = []
        part.append(grouping)
    if part:
        yield part


def _items_by(selection: Selection, columns: Sequence[str]) -> tuple[str, tuple[Any, ...]]:
    """The query for items by columns."""
    selected, params = _selected(selection, columns)
    named = ", ".join(columns)
    return f"SELECT {named}, {TALLY} FROM ({selected}) AS selected GROUP BY {named}", params  # noqa: S608 - constants


def _selected(selection: Selection, columns: Sequence[str]) -> tuple[str, tuple[Any, ...]]:
    """SQL for the columns and ``overturned`` of the selected rows."""
    rows, params = selection.rows
    named = dict.fromkeys((*columns, "overturned"))
    return f"SELECT {', '.join(f'{TABLE}.{column}' for column in named)} {rows}", params


def _among(selection: Selection) -> tuple[str, tuple[Any, ...]]:
    """A condition on ``cited.fact_id``; empty if every item is selected."""
    if selection.is_everything:
        return "", ()
    rows, params = selection.rows
    return f"AND cited.fact_id IN (SELECT {TABLE}.item_id {rows})", params


#: Counting reads many rows into few groups, and the planner overestimates their number. These settings make it use
#: parallel workers and skip JIT compilation, which would take longer than the query.
_FOR_COUNTING = """
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SET LOCAL jit = off;
SET LOCAL work_mem = '64MB';
SET LOCAL parallel_setup_cost = 10;
SET LOCAL parallel_tuple_cost = 0;
"""


@contextmanager
def one_snapshot() -> Iterator[SqlEngine]:
    """An engine whose answers all come from one snapshot of the database (unless a transaction is already open)."""
    if connection.in_atomic_block:
        yield SqlEngine()
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_FOR_COUNTING)
        yield SqlEngine(ColumnReader())


def _count(sql: str, params: tuple[Any, ...]) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [tuple(tuple(value) if isinstance(value, list) else value for value in row) for row in cursor]
