"""Exports: every row of a filtered list as CSV or Excel, read through a server-side cursor, never all in memory.

Cells that a spreadsheet would run as formulas are neutralized: an apostrophe in CSV, a text cell in Excel. The user,
the list, its filters and the number of rows are recorded.
"""

import contextlib
import csv
import re
import shutil
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableSequence, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Model, QuerySet
from django.http import QueryDict

from determinations.access import audit
from determinations.access.roles import scope_of
from determinations.access.scope import Scope, current_scope, within
from determinations.browsing.bundles import BundleRefused, write_bundle
from determinations.browsing.letter_order import in_letter_order
from determinations.browsing.lists import LISTS, ListKind, with_work
from determinations.casework.work import MOST_AT_ONCE
from determinations.filters.lookups import Lookups
from determinations.models import Case, DisputedItem, Export, OfficeField, WorkStatus
from determinations.models.browsing import REPORT, ExportFormat, ExportState
from determinations.paging.keyset import Order
from determinations.storage.files import exports_area
from determinations.storage.folder import UNFINISHED, make_private
from determinations.wording.labels import Labels, value_texts

Cell = str | int | date | None
#: Lists up to this many rows are sent at once; larger ones are written by a worker.
AT_ONCE = 5_000
#: Days for which a finished file is kept.
KEPT_DAYS = 7
_READ_AT_ONCE = 2_000
#: Files unfinished for this long will never be finished: tasks and requests take minutes.
_UNFINISHED_AFTER = timedelta(hours=1)
_FINISHED = re.compile(r"\d+\.(csv|xlsx|zip|pdf)")
#: Excel's own limit, less the head.
_MOST_EXCEL_ROWS = 1_048_575
#: Characters that Excel takes in a cell, and what a longer text ends with.
_LONGEST_EXCEL_TEXT, _CUT = 32_767, " … [Cut here: Excel takes no longer text. CSV has all of it.]"
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")


class TooManyRows(Exception):
    """More rows than the format allows."""


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
            return list(rows.values_list(_letter_of(self.kind), flat=True).distinct()[:AT_ONCE])

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
        letter_of = _letter_of(self.kind)
        rows = iter(_rows(self.kind, self.query, self.lookups, letters))
        while chunk := list(islice(rows, _READ_AT_ONCE)):
            texts = value_texts(getattr(row, field.column) for row in chunk for field in fields)
            for row in chunk:
                if seen is not None:
                    seen.append(getattr(row, letter_of))
                office = [texts.get(getattr(row, field.column) or 0, "") for field in fields]
                yield [*(column.cell(row, labels) for column in columns), *office]


def _letter_of(kind: ListKind) -> str:
    return "case_id" if kind.of_items else "pk"


def _rows(kind: ListKind, query: QueryDict, lookups: Lookups, letters: Sequence[int] | None) -> Iterator[Model]:
    filterset = kind.filterset(query, lookups=lookups)
    order = kind.orders[kind.sort_of(query)]
    rows: QuerySet[Model] = _ordered(filterset.qs, order)
    if kind.of_items:
        rows = rows.select_related("item", "case")
    letter_of = _letter_of(kind)
    if letters is not None:
        rows = rows.filter(**{f"{letter_of}__in": letters})
    streamed: Iterator[Any] = with_work(kind, rows).iterator(chunk_size=_READ_AT_ONCE)
    yield from in_letter_order(streamed, order) if kind.of_items else streamed


def _ordered(rows: QuerySet[Model], order: Order) -> QuerySet[Model]:
    column, key = F(order.column), F(order.key)
    if order.descending:
        return rows.order_by(column.desc(nulls_last=True), key.desc())
    return rows.order_by(column.asc(nulls_last=True), key.asc())


def harmless(cell: Cell | float) -> str | int | float:
    """A cell for CSV that no spreadsheet runs as a formula."""
    if cell is None:
        return ""
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, int | float):
        return cell
    return f"'{cell}" if cell.lstrip(" ").startswith(_RISKY) else cell


class _Echo:
    """A file that returns what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(heads: Sequence[str], rows: Iterable[Sequence[Cell | float]]) -> Iterator[str]:
    """A CSV file line by line; the mark at its start tells Excel that it is UTF-8."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow([harmless(head) for head in heads])  # an office names fields of its own
    for row in rows:
        yield writer.writerow([harmless(cell) for cell in row])


def write_xlsx(path: Path, title: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    """Write an Excel file row by row, in constant memory; returns the number of rows."""
    options = {"constant_memory": True, "tmpdir": str(path.parent), "default_date_format": "yyyy-mm-dd"}
    book = xlsxwriter.Workbook(str(path), options)
    try:
        return write_sheet(book, title, heads, rows)
    finally:
        book.close()


def _that_fits(text: str) -> str:
    """The text, cut with a notice where it is longer than Excel takes: the library would cut it without one."""
    if len(text) <= _LONGEST_EXCEL_TEXT:
        return text
    return text[: _LONGEST_EXCEL_TEXT - len(_CUT)] + _CUT


def write_sheet(book: xlsxwriter.Workbook, title: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    """Add a sheet with a bold head, a filter row and these rows; returns their number. Texts are never formulas."""
    sheet = book.add_worksheet(title[:31])
    bold = book.add_format({"bold": True})
    sheet.freeze_panes(1, 0)
    for at, head in enumerate(heads):
        sheet.set_column(at, at, 18)
        sheet.write_string(0, at, head, bold)
    written = 0
    for row in rows:
        written += 1
        if written > _MOST_EXCEL_ROWS:
            raise TooManyRows
        for at, cell in enumerate(row):
            match cell:
                case None | "":
                    continue
                case date():
                    sheet.write_datetime(written, at, cell)
                case bool():
                    sheet.write_boolean(written, at, cell)
                case int():
                    sheet.write_number(written, at, cell)
                case _:
                    sheet.write_string(written, at, _that_fits(str(cell)))
    sheet.autofilter(0, 0, written, max(0, len(heads) - 1))
    return written


def record_export(
    *,
    by: User,
    list_name: str,
    query: str,
    format: str,
    rows: int,
    letter_ids: Sequence[int],
    masked: bool,
    at: datetime,
) -> None:
    """Record who exported which list at once, and which letters were in it."""
    audit.record(
        "list.exported", by=by, at=at, letter_ids=letter_ids, list=list_name, query=query, format=format, rows=rows,
        **_if_masked(masked),
    )  # fmt: skip


def _if_masked(masked: bool) -> dict[str, Any]:
    return {"masked": True} if masked else {}


def record_of_file(action: str, export: Export, *, at: datetime, letter_ids: Sequence[int] | None = None) -> None:
    """Record what happened to an export that a worker writes: requested, written, downloaded."""
    audit.record(
        action, by=export.by, at=at, letter_ids=letter_ids, list=export.list_name, query=export.query,
        format=export.format, export=export.pk, rows=export.rows, **_if_masked(export.masked),
    )  # fmt: skip


def may_download(export: Export, scope: Scope) -> bool:
    """Whether a file holds nothing that its owner may no longer see, since their offices or role changed."""
    offices = None if export.office_ids is None else tuple(export.office_ids)
    return scope.includes(Scope(offices, masked=export.masked))


def has_file(export: Export) -> bool:
    """Whether the finished file is still there."""
    return exports_area().has(_name_of(export))


def open_export(export: Export) -> BufferedReader:
    """The finished file. Raises ``FileNotFoundError``, ``NotAuthentic`` or ``KeyUnknown``."""
    return exports_area().open(_name_of(export))


def _name_of(export: Export) -> str:
    return export.store_name.removeprefix("exports/")


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for an Excel file while it is written; it is deleted at the end of the block."""
    make_private(settings.SCRATCH_DIR)
    with tempfile.TemporaryDirectory(dir=settings.SCRATCH_DIR) as folder:
        yield Path(folder)


def delete_old_files(*, now: datetime) -> int:
    """Delete expired files and leftovers of killed writers; returns how many.

    It goes by the stored files, so that no file outlives its row.
    """
    deleted, area = 0, exports_area()
    with contextlib.suppress(OSError):  # the store cannot be used: the next sweep tries again
        for entry in list(area.place.entries()):
            kept = timedelta(days=KEPT_DAYS) if _FINISHED.fullmatch(entry.name) else _UNFINISHED_AFTER
            if now.timestamp() - entry.changed_ns / 1e9 >= kept.total_seconds():
                area.delete(entry.name)
                deleted += 1
    return deleted + _delete_scratch(now)


def _delete_scratch(now: datetime) -> int:
    deleted = 0
    for path in _scratch_files():
        with contextlib.suppress(
            OSError
        ):  # already deleted by another sweep, or a disk error: the next sweep tries again
            if now.timestamp() - path.stat().st_mtime < _UNFINISHED_AFTER.total_seconds():
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
            deleted += 1
    return deleted


def _scratch_files() -> Iterator[Path]:
    with contextlib.suppress(FileNotFoundError):
        yield from (path for path in settings.SCRATCH_DIR.iterdir() if path.name != UNFINISHED)


#: Writes an export that is no list into its file; adds its letters to the sequence, and returns the number of rows.
Writer = Callable[[Export, BinaryIO, MutableSequence[int]], int]


def write_export(export_id: int, *, now: Callable[[], datetime], writers: Mapping[str, Writer] = {}) -> None:
    """Write a waiting export into its file, in a worker. Safe to run twice: one run claims it, the other returns.

    ``writers`` write what is no list, by its name.
    """
    waiting = Export.objects.filter(pk=export_id, state=ExportState.WAITING)
    if not waiting.update(state=ExportState.WRITING, started_at=now()):
        return
    export = Export.objects.select_related("by").get(pk=export_id)
    if refusal := refusal_of(export):
        return _fail(export, refusal, now())
    scope = _note_scope(export)
    try:
        seen = array("q")
        with within(scope):
            if writer := writers.get(export.list_name):
                with exports_area().write(_name_of(export)) as file:
                    rows = writer(export, file, seen)
            else:
                rows = _write_file(export, now(), seen)
    except TooManyRows:
        _fail(export, "There are more rows than an Excel sheet allows. Export as CSV, or filter the list.", now())
    except BundleRefused as refusal:
        _fail(export, str(refusal), now())
    except SoftTimeLimitExceeded:
        _fail(export, "The export took too long. Filter the list, or choose CSV.", now())
    except Exception:
        _fail(export, "The file could not be written. Try again; if it fails again, tell an administrator.", now())
        raise
    else:
        with transaction.atomic():  # from here on it can be downloaded
            ready = {"state": ExportState.READY, "rows": rows, "finished_at": now()}
            if Export.objects.filter(pk=export.pk, state=ExportState.WRITING).update(**ready):
                export.refresh_from_db()
                record_of_file("list.exported", export, at=now(), letter_ids=seen)
                return
        exports_area().delete(_name_of(export))  # a case was erased while it was written


def refusal_of(export: Export) -> str:
    """Why its user may not have an export now, whatever they might do when it was requested; empty if they may."""
    content = "view_statistics" if export.list_name == REPORT else "browse_cases"
    if not export.by.is_active:
        return "This account is not active."
    if not export.by.has_perms([f"determinations.{name}" for name in (content, "export_cases")]):
        return "This account has no right to see this."
    return ""


def _note_scope(export: Export) -> Scope:
    """What the owner may see now, which may have changed since they asked; stored, to be compared at each download."""
    scope = scope_of(export.by)
    export.masked = export.masked or scope.masked
    export.office_ids = None if scope.offices is None else list(scope.offices)
    export.save(update_fields=["masked", "office_ids"])
    return replace(scope, masked=export.masked)


def _fail(export: Export, message: str, at: datetime) -> None:
    Export.objects.filter(pk=export.pk).update(state=ExportState.FAILED, message=message, finished_at=at)


def _write_file(export: Export, now: datetime, seen: MutableSequence[int]) -> int:
    """Write the file, whole or not at all; returns the number of rows. Adds their letters to ``seen``."""
    kind = LISTS[export.list_name]
    if export.format == ExportFormat.ZIP:
        found = kind.filterset(QueryDict(export.query), by=export.by).qs.order_by()
        letters = list(found.values_list(_letter_of(kind), flat=True).distinct()[: MOST_AT_ONCE + 1])
        seen.extend(letters)
        with exports_area().write(_name_of(export)) as file:
            return write_bundle(file, letters, by=export.by, now=now, export=export.pk)
    exported = ExportedList(kind, QueryDict(export.query), export.by, masked=export.masked)
    heads, rows = exported.heads, exported.rows(seen=seen)
    with exports_area().write(_name_of(export)) as file:
        return (
            _write_excel(file, kind, heads, rows)
            if export.format == ExportFormat.XLSX
            else _write_csv(file, heads, rows)
        )


def _write_excel(file: BinaryIO, kind: ListKind, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    with scratch_folder() as folder:
        path = folder / "export.xlsx"
        written = write_xlsx(path, kind.title, heads, rows)
        with path.open("rb") as plain:
            shutil.copyfileobj(plain, file, 1024 * 1024)
    return written


def _write_csv(file: BinaryIO, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    written = -1
    for line in csv_lines(heads, rows):
        file.write(line.encode())
        written += 1
    return written
