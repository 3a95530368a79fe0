"""The rows of a list as an export holds them: its columns, and every row read through a server-side cursor."""

from collections.abc import Callable, Iterator, MutableSequence, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

from django.contrib.auth.models import User
from django.db.models import F, Model, QuerySet
from django.http import QueryDict

from determinations.access.scope import Scope, current_scope, within
from determinations.browsing.export_formats import Cell
from determinations.browsing.letter_order import in_letter_order
from determinations.browsing.lists import ListKind, with_work
from determinations.filters.lookups import Lookups
from determinations.models import Case, DisputedItem, OfficeField, WorkStatus
from determinations.paging.keyset import Order
from determinations.wording.labels import Labels, value_texts

#: Lists up to this many rows are sent at once; larger ones are written by a worker.
AT_ONCE = 5_000
_READ_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its head, and a row's cell; ``outside``: an employer or another outside party may have it."""

    head: str
    cell: Callable[[Any, Labels], Cell]
    outside: bool = False


def _authorities(column: str) -> Callable[[object, Labels], Cell]:
    def cell(row: object, labels: Labels) -> Cell:
        by_id = labels.authority_by_id
        return "; ".join(str(by_id[pk]) for pk in getattr(row, column) if pk in by_id)

    return cell


def _field(column: str) -> Callable[[object, Labels], Cell]:
    return lambda row, labels: getattr(row, column)


def _named(column: str, words: str) -> Callable[[object, Labels], Cell]:
    return lambda row, labels: labels.of(words, getattr(row, column))


def _joined(column: str) -> Callable[[object, Labels], Cell]:
    return lambda row, labels: ", ".join(getattr(row, column))


def _case_categories(case: Case, labels: Labels) -> Cell:
    by_id = labels.category_by_id
    return "; ".join(dict.fromkeys(by_id[pk].name for pk in case.category_ids if pk in by_id))


def _status(row: Any, labels: Labels) -> Cell:
    return labels.of("status", row.work_status or WorkStatus.NEW)


_WORK_COLUMNS = (
    Column("Owner", _field("work_owner")),
    Column("Status", _status),
    Column("Tags", lambda row, labels: ", ".join(row.work_tags or ())),
)


def _whole_request(item: DisputedItem) -> str:
    """The request, if only part of it is in dispute."""
    return item.request if item.partly_approved or item.request != (item.disputed or item.request) else ""


_LETTER_COLUMNS = (
    Column("Decided", _field("decision_date"), outside=True),
    Column("Injured", _field("date_of_injury")),
    Column("UR denial", _field("ur_denial_date"), outside=True),
    Column("Application received", _field("application_received"), outside=True),
    Column("Assigned", _field("date_assigned"), outside=True),
    Column("Priority", _named("priority", "priority"), outside=True),
    Column("Age", _field("age")),
    Column("Sex", _named("sex", "sex")),
    Column("Reviewer's specialty", _joined("specialties")),
    Column("Reviewer's licensure", _joined("licensure")),
    Column("Claims administrator cites", _authorities("claims_authority_ids"), outside=True),
    Column("Reviewer cites", _authorities("reviewer_authority_ids"), outside=True),
)
CASE_COLUMNS: Sequence[Column] = (
    Column("Letter", _field("pk"), outside=True),
    Column("Case number", _field("case_number"), outside=True),
    Column("Outcome", lambda case, labels: case.get_outcome_display(), outside=True),
    Column("Items", _field("item_count"), outside=True),
    Column("Items overturned", _field("overturned_count"), outside=True),
    Column("Categories", _case_categories, outside=True),
    *_LETTER_COLUMNS,
    Column("Doubts", _field("problem_count")),
    Column("State", lambda case, labels: labels.of("state", case.state)),
    Column("Corrected by staff", lambda case, labels: labels.of("yes_no", "yes" if case.corrected else "no")),
    *_WORK_COLUMNS,
)
ITEM_COLUMNS: Sequence[Column] = (
    Column("Letter", _field("case_id"), outside=True),
    Column("Case number", lambda fact, labels: fact.case.case_number, outside=True),
    Column("Item", lambda fact, labels: fact.item.number, outside=True),
    Column("Request in dispute", lambda fact, labels: fact.item.disputed or fact.item.request, outside=True),
    Column("Whole request, if UR approved part of it", lambda fact, labels: _whole_request(fact.item), outside=True),
    Column("Decision", lambda fact, labels: fact.item.get_decision_display(), outside=True),
    Column(
        "Partly approved by UR",
        lambda fact, labels: labels.of("yes_no", "yes" if fact.partly_approved else "no"),
        outside=True,
    ),
    Column("Category", lambda fact, labels: labels.category_by_id[fact.category_id].name, outside=True),
    Column("Subcategory", lambda fact, labels: labels.category_by_id[fact.category_id].subcategory, outside=True),
    Column("Body region", _field("body_region")),
    Column("Grounds", lambda fact, labels: "; ".join(labels.of("ground", code) for code in fact.grounds)),
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

    def rows(
        self, *, letters: Sequence[int] | None = None, seen: MutableSequence[int] | None = None
    ) -> Iterator[list[Cell]]:
        """Every row, streamed from the database.

        ``letters``: of these letters alone. The letters of the rows are added to ``seen`` as they are read.
        """
        with within(self._scope):
            yield from self._rows(letters, seen)

    def _rows(self, letters: Sequence[int] | None, seen: MutableSequence[int] | None) -> Iterator[list[Cell]]:
        labels, columns, fields = self.lookups.labels, self._columns, self._fields
        letter_of = letter_column(self.kind)
        rows = iter(_rows(self.kind, self.query, self.lookups, letters))
        while chunk := list(islice(rows, _READ_AT_ONCE)):
            texts = value_texts(getattr(row, field.column) for row in chunk for field in fields)
            for row in chunk:
                if seen is not None:
                    seen.append(getattr(row, letter_of))
                office = [texts.get(getattr(row, field.column) or 0, "") for field in fields]
                yield [*(column.cell(row, labels) for column in columns), *office]


def letter_column(kind: ListKind) -> str:
    """The column of a list's rows that holds the letter."""
    return "case_id" if kind.of_items else "pk"


def _rows(kind: ListKind, query: QueryDict, lookups: Lookups, letters: Sequence[int] | None) -> Iterator[Model]:
    filterset = kind.filterset(query, lookups=lookups)
    order = kind.orders[kind.sort_of(query)]
    rows: QuerySet[Model] = _ordered(filterset.qs, order)
    if kind.of_items:
        rows = rows.select_related("item", "case")
    letter_of = letter_column(kind)
    if letters is not None:
        rows = rows.filter(**{f"{letter_of}__in": letters})
    streamed: Iterator[Any] = with_work(kind, rows).iterator(chunk_size=_READ_AT_ONCE)
    yield from in_letter_order(streamed, order) if kind.of_items else streamed


def _ordered(rows: QuerySet[Model], order: Order) -> QuerySet[Model]:
    column, key = F(order.column), F(order.key)
    if order.descending:
        return rows.order_by(column.desc(nulls_last=True), key.desc())
    return rows.order_by(column.asc(nulls_last=True), key.asc())
