"""The rows of a list as an export holds them: its columns, and every row read through a server-side cursor."""

from collections.abc import Callable, Generator, Iterable, Iterator, MutableSequence, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, groupby
from operator import itemgetter
from typing import TypeVar, cast

from django.contrib.auth.models import User
from django.db.models import F, Func, Model, QuerySet, TextField, Value
from django.http import QueryDict

from determinations.access.scope import Scope, current_scope, within
from determinations.browsing.export_formats import Cell
from determinations.browsing.lists import ListKind, with_work
from determinations.browsing.read_ahead import Row, Rows, chunks_of
from determinations.filters.lookups import Lookups
from determinations.models import OfficeField, WorkStatus
from determinations.paging.keyset import Order
from determinations.wording.labels import Labels, value_texts

T = TypeVar("T")
#: Gives the function that turns the cells of a column, numbered from 0, into what a file has in their place. The
#: second argument says whether the values of the column repeat.
CellForm = Callable[[int, bool], Callable[[Cell], T]]

#: Lists up to this many rows are sent at once; larger ones are written by a worker.
AT_ONCE = 5_000
#: Cells of a column that are kept, if values repeat.
_MOST_KEPT = 10_000
_NUMBER = "item__number"
#: Lists come as one text with this between their elements, under the name of the column with a prefix.
_BETWEEN, _JOINED = "\x1f", "joined_"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its head, and the columns of the row it ``reads``; ``outside``: an outside party may have it.

    Without ``cell``, a value is its cell. ``few``: values repeat so often that their cells are kept. ``lists``: they
    are lists of this type, which come joined: making a list of each would take half of an export's time.
    """

    head: str
    reads: tuple[str, ...]
    cell: Callable[..., Cell] | None = None
    outside: bool = False
    few: bool = False
    lists: Callable[[str], object] | None = None

    @property
    def names(self) -> list[str]:
        """The columns as the rows have them."""
        return [_JOINED + name if self.lists else name for name in self.reads]


def _named(head: str, column: str, words: str, *, outside: bool = False) -> Column:
    return Column(head, (column,), lambda labels, value: labels.of(words, value), outside, few=True)


def _authorities(labels: Labels, ids: Sequence[int]) -> Cell:
    by_id = labels.authority_by_id
    return "; ".join(str(by_id[pk]) for pk in ids if pk in by_id)


def _joined(_labels: Labels, names: Sequence[str] | None) -> Cell:
    return ", ".join(names or ())


def _case_categories(labels: Labels, ids: Sequence[int]) -> Cell:
    by_id = labels.category_by_id
    return "; ".join(dict.fromkeys(by_id[pk].name for pk in ids if pk in by_id))


def _yes_or_no(labels: Labels, value: bool) -> Cell:
    return labels.of("yes_no", "yes" if value else "no")


_WORK_COLUMNS = (
    Column("Owner", ("work_owner",), few=True),
    Column("Status", ("work_status",), lambda labels, status: labels.of("status", status or WorkStatus.NEW), few=True),
    Column("Tags", ("work_tags",), _joined, few=True, lists=str),
)


def _whole_request(_labels: Labels, request: str, disputed: str, partly_approved: bool) -> Cell:
    """The request, if only part of it is in dispute."""
    return request if partly_approved or request != (disputed or request) else ""


_LETTER_COLUMNS = (
    Column("Decided", ("decision_date",), outside=True, few=True),
    Column("Injured", ("date_of_injury",), few=True),
    Column("UR denial", ("ur_denial_date",), outside=True, few=True),
    Column("Application received", ("application_received",), outside=True, few=True),
    Column("Assigned", ("date_assigned",), outside=True, few=True),
    _named("Priority", "priority", "priority", outside=True),
    Column("Age", ("age",), few=True),
    _named("Sex", "sex", "sex"),
    Column("Reviewer's specialty", ("specialties",), _joined, few=True, lists=str),
    Column("Reviewer's licensure", ("licensure",), _joined, few=True, lists=str),
    Column("Claims administrator cites", ("claims_authority_ids",), _authorities, outside=True, few=True, lists=int),
    Column("Reviewer cites", ("reviewer_authority_ids",), _authorities, outside=True, few=True, lists=int),
)
CASE_COLUMNS: Sequence[Column] = (
    Column("Letter", ("pk",), outside=True),
    Column("Case number", ("case_number",), outside=True),
    _named("Outcome", "outcome", "outcome", outside=True),
    Column("Items", ("item_count",), outside=True, few=True),
    Column("Items overturned", ("overturned_count",), outside=True, few=True),
    Column("Categories", ("category_ids",), _case_categories, outside=True, few=True, lists=int),
    *_LETTER_COLUMNS,
    Column("Doubts", ("problem_count",), few=True),
    _named("State", "state", "state"),
    Column("Corrected by staff", ("corrected",), _yes_or_no, few=True),
    *_WORK_COLUMNS,
)
ITEM_COLUMNS: Sequence[Column] = (
    Column("Letter", ("case_id",), outside=True),
    Column("Case number", ("case__case_number",), outside=True),
    Column("Item", (_NUMBER,), outside=True, few=True),
    Column(
        "Request in dispute", ("item__disputed", "item__request"), lambda _labels, part, whole: part or whole, True
    ),
    Column(
        "Whole request, if UR approved part of it",
        ("item__request", "item__disputed", "item__partly_approved"),
        _whole_request,
        outside=True,
    ),
    _named("Decision", "item__decision", "decision", outside=True),
    Column("Partly approved by UR", ("partly_approved",), _yes_or_no, outside=True, few=True),
    Column("Category", ("category_id",), lambda labels, pk: labels.category_by_id[pk].name, outside=True, few=True),
    Column(
        "Subcategory",
        ("category_id",),
        lambda labels, pk: labels.category_by_id[pk].subcategory,
        outside=True,
        few=True,
    ),
    Column("Body region", ("body_region",), few=True),
    Column(
        "Grounds",
        ("grounds",),
        lambda labels, codes: "; ".join(labels.of("ground", code) for code in codes),
        few=True,
        lists=str,
    ),
    *_LETTER_COLUMNS,
    *_WORK_COLUMNS,
)


@dataclass(frozen=True)
class ExportedList:
    """A list that a user exports: its columns, the same in both formats, and its rows in order."""

    kind: ListKind
    query: QueryDict
    by: User
    #: As an outside party would read it, so that filters by masked values find nothing either.
    masked: bool = False

    @property
    def _scope(self) -> Scope:
        return replace(current_scope(), masked=True) if self.masked else current_scope()

    @cached_property
    def lookups(self) -> Lookups:
        return Lookups(user=self.by)

    @property
    def heads(self) -> list[str]:
        """The headings: those of the list, then the fields of the office that the user sees."""
        with within(self._scope):
            return [column.head for column in self._columns] + [field.name for field in self._fields]

    @property
    def _columns(self) -> Sequence[Column]:
        columns = ITEM_COLUMNS if self.kind.of_items else CASE_COLUMNS
        return [column for column in columns if column.outside] if self._scope.masked else columns

    @cached_property
    def _fields(self) -> list[OfficeField]:
        return [] if self._scope.masked else self.lookups.labels.shown_fields()

    def letters(self) -> list[int]:
        """The letters of a list that is exported at once."""
        with within(self._scope):
            rows = self.kind.filterset(self.query, lookups=self.lookups).qs.order_by()
            return list(rows.values_list(letter_column(self.kind), flat=True).distinct()[:AT_ONCE])

    def rows(self, *, letters: Sequence[int] | None = None) -> Iterator[Sequence[Cell]]:
        """Every row, streamed from the database. ``letters``: of these letters alone."""
        with within(self._scope):
            yield from self._rows(letters, None, _plain)

    def written(self, form: CellForm[T], *, seen: MutableSequence[int]) -> Generator[Sequence[T], None, None]:
        """Every row with its cells as a file has them.

        The letters of the rows are added to ``seen`` as they are read; those of several rows may be there several
        times.
        """
        with within(self._scope):
            yield from self._rows(None, seen, form)

    def _rows(
        self, letters: Sequence[int] | None, seen: MutableSequence[int] | None, form: CellForm[T]
    ) -> Iterator[Sequence[T]]:
        columns, fields = self._columns, [field.column for field in self._fields]
        letter_of, order = letter_column(self.kind), self.kind.orders[self.kind.sort_of(self.query)]
        names = list(
            dict.fromkeys([letter_of, order.column, *(name for column in columns for name in column.names), *fields])
        )
        of_columns = [
            _cells_of(column, names, self.lookups.labels, form(at, column.few)) for at, column in enumerate(columns)
        ]
        of_fields = [
            (itemgetter(names.index(field)), form(at, False)) for at, field in enumerate(fields, len(columns))
        ]
        of_letter = itemgetter(names.index(letter_of))
        with chunks_of(_selected(self.kind, self.query, self.lookups, order, letters, names)) as chunks:
            if self.kind.of_items:
                block_of = itemgetter(names.index(letter_of), names.index(order.column))
                chunks = _in_letter_order(chunks, block_of, itemgetter(names.index(_NUMBER)))
            for chunk in chunks:
                texts = value_texts(value(row) for row in chunk for value, _cell in of_fields)
                if seen is not None:
                    seen.extend(letter for letter, _ in groupby(map(of_letter, chunk)))
                of_office = ([cell(texts.get(value(row) or 0, "")) for row in chunk] for value, cell in of_fields)
                yield from zip(*(cells(chunk) for cells in of_columns), *of_office, strict=True)


def _plain(_column: int, _repeats: bool) -> Callable[[Cell], Cell]:
    return lambda cell: cell


def _in_letter_order(
    chunks: Iterator[Rows], block_of: Callable[[Row], object], number: Callable[[Row], int]
) -> Iterator[Rows]:
    """Chunks of items with each block (``browsing.letter_order``) in the order of its letter. The last block of a
    chunk comes with the next one, which may have more of it."""
    rest: Rows = ()
    for chunk in filter(None, chunks):
        *blocks, rest = (list(block) for _key, block in groupby(chain(rest, chunk), key=block_of))
        yield [row for block in blocks for row in (sorted(block, key=number) if len(block) > 1 else block)]
    yield sorted(rest, key=number)


def _cells_of(
    column: Column, names: Sequence[str], labels: Labels, form: Callable[[Cell], T]
) -> Callable[[Sequence[Sequence[object]]], Iterable[T]]:
    """A function that gives the cells of a part of the rows in a form: a call for each cell takes most of an export's
    time. Rows have their values in the order of ``names``."""
    cell, read = column.cell, itemgetter(*map(names.index, column.names))
    if not column.few:
        if cell is None:
            return lambda rows: map(form, map(read, rows))
        return lambda rows: [form(cell(labels, *values)) for values in map(read, rows)]
    kept: dict[object, T] = {}

    def kept_cells(rows: Sequence[Sequence[object]]) -> Iterator[T]:
        values = list(map(read, rows))
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        for value in set(values).difference(kept):
            raw = _elements(value, column.lists) if column.lists else value
            kept[value] = form(cell(labels, raw) if cell else cast(Cell, raw))
        return map(kept.__getitem__, values)

    return kept_cells


def _elements(joined: object, of_type: Callable[[str], object]) -> list[object] | None:
    """The elements of a list that came joined; None if there is no list."""
    if joined is None:
        return None
    return [of_type(element) for element in str(joined).split(_BETWEEN)] if joined else []


def letter_column(kind: ListKind) -> str:
    """The column of a list's rows that holds the letter."""
    return "case_id" if kind.of_items else "pk"


def _selected(
    kind: ListKind,
    query: QueryDict,
    lookups: Lookups,
    order: Order,
    letters: Sequence[int] | None,
    names: Sequence[str],
) -> QuerySet[Model, Row]:
    """The rows as tuples of these columns: making objects of whole models takes most of an export's time."""
    rows: QuerySet[Model] = _ordered(kind.filterset(query, lookups=lookups).qs, order)
    if letters is not None:
        rows = rows.filter(**{f"{letter_column(kind)}__in": letters})
    joined = {
        name: Func(
            F(name.removeprefix(_JOINED)), Value(_BETWEEN), function="array_to_string", output_field=TextField()
        )
        for name in names
        if name.startswith(_JOINED)
    }
    return with_work(rows).annotate(**joined).values_list(*names)


def _ordered(rows: QuerySet[Model], order: Order) -> QuerySet[Model]:
    column, key = F(order.column), F(order.key)
    if order.descending:
        return rows.order_by(column.desc(nulls_last=True), key.desc())
    return rows.order_by(column.asc(nulls_last=True), key.asc())
