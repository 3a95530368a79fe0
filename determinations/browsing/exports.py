"""Exports of lists: sent at once, or written by a worker to a file that is kept for some days.

The user, the list, its filters and the number of rows are recorded.
"""

import contextlib
import re
import shutil
import tempfile
from array import array
from collections.abc import Callable, Iterator, Mapping, MutableSequence, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.http import QueryDict

from determinations.access import audit
from determinations.access.roles import scope_of
from determinations.access.scope import Scope, within
from determinations.browsing.bundles import BundleRefused, write_bundle
from determinations.browsing.export_formats import csv_cell, csv_of_cells
from determinations.browsing.exported_rows import ExportedList, letter_column
from determinations.browsing.lists import LISTS
from determinations.browsing.workbooks import CellXml, SharedTexts, Sheet, TooManyRows, cells_as_xml, write_workbook
from determinations.casework.work import MOST_AT_ONCE
from determinations.models import Export
from determinations.models.browsing import REPORT, WORKLIST, ExportFormat, ExportState
from determinations.replica.reading import read
from determinations.storage.files import exports_area
from determinations.storage.folder import UNFINISHED, make_private
from imrsite.connections import on_session

#: Days for which a finished file is kept.
KEPT_DAYS = 7
#: Files unfinished for this long will never be finished: tasks and requests take minutes.
_UNFINISHED_AFTER = timedelta(hours=1)
_FINISHED = re.compile(r"\d+\.(csv|xlsx|zip|pdf)")


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


def has_file(export: Export, *, now: datetime) -> bool:
    """Whether the finished file is still there. In a bucket that is a request, so only of those that may be kept."""
    ended = export.finished_at
    is_kept = export.state == ExportState.READY and ended is not None and now - ended < timedelta(days=KEPT_DAYS + 1)
    return is_kept and exports_area().has(_name_of(export))


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
        rows = read(export.by_id, lambda: _write_within(scope, export, writers.get(export.list_name), now(), seen))
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


def _write_within(scope: Scope, export: Export, writer: Writer | None, now: datetime, seen: "array[int]") -> int:
    """Write the file of what may be seen in the scope; returns the number of rows. It can be done again."""
    del seen[:]
    with within(scope):
        if writer is None:
            return _write_file(export, now, seen)
        with exports_area().write(_name_of(export)) as file:
            return writer(export, file, seen)


def refusal_of(export: Export) -> str:
    """Why its user may not have an export now, whatever they might do when it was requested; empty if they may."""
    content = {REPORT: "view_statistics", WORKLIST: "work_duties"}.get(export.list_name, "browse_cases")
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
        letters = list(found.values_list(letter_column(kind), flat=True).distinct()[: MOST_AT_ONCE + 1])
        seen.extend(letters)
        with exports_area().write(_name_of(export)) as file:
            return write_bundle(file, letters, by=export.by, now=now, export=export.pk)
    exported = ExportedList(kind, QueryDict(export.query), export.by, masked=export.masked)
    write = _write_excel if export.format == ExportFormat.XLSX else _write_csv
    with exports_area().write(_name_of(export)) as file, read_as_it_comes():
        return write(file, exported, seen)


@contextlib.contextmanager
def read_as_it_comes() -> Iterator[None]:
    """A long result is read from PostgreSQL while it is worked out. Outside of a transaction PostgreSQL would work out
    all of it first, and a pooler would have this process take all of it at once."""
    with on_session(), transaction.atomic():
        yield


def _write_excel(file: BinaryIO, exported: ExportedList, seen: MutableSequence[int]) -> int:
    shared = SharedTexts(exported.heads)

    def form(column: int, repeats: bool) -> CellXml:
        return cells_as_xml(column, shared if repeats else None)

    with contextlib.closing(exported.written(form, seen=seen)) as rows, scratch_folder() as folder:
        path = folder / "export.xlsx"
        written = write_workbook(path, [Sheet(exported.kind.title, exported.heads, rows)], shared)
        with path.open("rb") as plain:
            shutil.copyfileobj(plain, file, 1024 * 1024)
    return written


def _write_csv(file: BinaryIO, exported: ExportedList, seen: MutableSequence[int]) -> int:
    written = 0
    with contextlib.closing(exported.written(lambda _column, _repeats: csv_cell, seen=seen)) as rows:
        for number, text in csv_of_cells(exported.heads, rows):
            file.write(text.encode())
            written += number
    return written
