"""Imports of tables: received in a web request, read, checked, applied and undone by a worker.

The state of an import says what a worker does next; every step is one transaction and may be repeated. Nothing is
written to cases before a user has seen what the rows do and applies them. What is applied is applied as a whole.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from determinations.access import audit
from determinations.access.roles import check_permission
from determinations.extraction.spreadsheets.reader import read_table_file
from determinations.extraction.spreadsheets.results import LIMITS, Table, TableRefused
from determinations.models import ImportState, OfficeField, OfficeImport, OfficeImportRow
from determinations.models.office_fields import AT_WORK
from determinations.office_fields.applying import apply_rows, undo_rows
from determinations.office_fields.checking import check_rows
from determinations.office_fields.matching import CASE_NUMBER, NOTHING, match_columns
from determinations.office_fields.registry import MAY_IMPORT, active_fields, closed_fields, edited_fields, seen_fields

_ROWS_AT_ONCE = 5_000


class ImportRefused(Exception):
    """The import cannot do this. The message says why; nothing was changed."""


def receive_table(data: bytes, name: str, *, by: User, now: datetime) -> OfficeImport:
    """Store a file for a worker to read. Raises ``ImportRefused``."""
    check_permission(by, MAY_IMPORT)
    if not data:
        raise ImportRefused("The file is empty.")
    if len(data) > LIMITS.bytes:
        raise ImportRefused(f"The file is larger than {LIMITS.bytes // 1024**2} MB. Split it, or save it as CSV.")
    with transaction.atomic():
        stored = OfficeImport.objects.create(
            by=by, file_name=_name(name), file=data, sha256=hashlib.sha256(data).hexdigest(), uploaded_at=now
        )
        audit.record("office_import.uploaded", by=by, at=now, office_import=stored.pk)
    return stored


def _name(name: str) -> str:
    return "".join(sign for sign in name.replace("\\", "/").rpartition("/")[2] if sign.isprintable())[-200:] or "table"


def imported_fields(by: User) -> list[OfficeField]:
    """The fields that the user may import: those they see and edit."""
    return edited_fields(by, seen_fields(by, active_fields()))


def may_open(by: User, source: OfficeImport) -> bool:
    """Whether the user edits all fields that the columns hold, or would edit those that were deactivated since:
    whoever opens an import sees its cells."""
    return {str(field.slot) for field in closed_fields(by)}.isdisjoint(source.meanings)


def set_columns(import_id: int, meanings: Sequence[str], *, erase_empty: bool, by: User, now: datetime) -> None:
    """Say what each column holds; a worker checks the rows again. Raises ``ImportRefused``."""
    check_permission(by, MAY_IMPORT)
    allowed = {str(field.slot) for field in imported_fields(by)} | {CASE_NUMBER, NOTHING}
    with transaction.atomic():
        held = _held(import_id, by, ImportState.READY)
        chosen = [meaning if meaning in allowed else NOTHING for meaning in meanings][: len(held.heads)]
        named = [meaning for meaning in chosen if meaning]
        if len(set(named)) < len(named):
            raise ImportRefused("Two columns hold the same field. Choose one of them.")
        if CASE_NUMBER not in named:
            raise ImportRefused("Choose the column that holds the case number.")
        if len(named) < 2:
            raise ImportRefused("Choose at least one column that holds a field.")
        held.meanings = chosen + [NOTHING] * (len(held.heads) - len(chosen))
        held.erase_empty = erase_empty
        _to(held, ImportState.CHECKING)


def apply_import(import_id: int, *, by: User, now: datetime) -> None:
    """Have a worker apply the rows that are right. Raises ``ImportRefused``."""
    check_permission(by, MAY_IMPORT)
    with transaction.atomic():
        held = _held(import_id, by, ImportState.READY)
        if not held.counts.get("new", 0) + held.counts.get("changed", 0):
            raise ImportRefused("No row has new or changed values.")
        held.by = by
        audit.record("office_import.applied", by=by, at=now, office_import=held.pk, counts=held.counts)
        _to(held, ImportState.APPLYING)


def undo_import(import_id: int, *, by: User, now: datetime) -> None:
    """Have a worker take back what an import wrote and nobody changed since. Raises ``ImportRefused``."""
    check_permission(by, MAY_IMPORT)
    with transaction.atomic():
        held = _held(import_id, by, ImportState.APPLIED)
        held.undone_at = now
        audit.record("office_import.undone", by=by, at=now, office_import=held.pk)
        _to(held, ImportState.UNDOING)


def discard_import(import_id: int, *, by: User, now: datetime) -> None:
    """Delete the rows of an import that was not applied. Raises ``ImportRefused``."""
    check_permission(by, MAY_IMPORT)
    with transaction.atomic():
        held = _held(import_id, by, ImportState.READY, ImportState.FAILED)
        held.rows.all().delete()
        audit.record("office_import.discarded", by=by, at=now, office_import=held.pk)
        held.file = None
        _to(held, ImportState.DISCARDED)


def _held(import_id: int, by: User, *states: ImportState) -> OfficeImport:
    held = OfficeImport.objects.select_for_update(of=("self",)).defer("file").get(pk=import_id)
    if not may_open(by, held):
        raise ImportRefused("Its columns hold fields that your role does not edit. Nothing was changed.")
    if held.state not in states:
        raise ImportRefused(f"This import is {held.get_state_display()}. Refresh the page to see its state.")
    return held


def _to(held: OfficeImport, state: ImportState, message: str = "") -> None:
    held.state, held.message, held.stepped_at = state, message, None
    held.save()


def at_work() -> QuerySet[OfficeImport]:
    """Imports for which a worker has something to do."""
    return OfficeImport.objects.filter(state__in=AT_WORK).order_by("pk")


def unstarted(since: datetime) -> QuerySet[OfficeImport]:
    """Those on which no worker has begun since then: their message was lost, or their worker died."""
    return at_work().filter(Q(stepped_at=None, uploaded_at__lt=since) | Q(stepped_at__lt=since))


def work_on(import_id: int, *, now: datetime) -> None:
    """Do the next step of an import, in a worker. Only one worker works on an import at a time (the caller's lock)."""
    found = at_work().filter(pk=import_id).first()
    if found is None:
        return
    OfficeImport.objects.filter(pk=import_id).update(stepped_at=now)
    match found.state:
        case ImportState.READING:
            _read(found)
        case ImportState.CHECKING:
            with transaction.atomic():
                _check(found)
        case ImportState.APPLYING:
            with transaction.atomic():
                found.counts = {**found.counts, **apply_rows(found, now=now)}
                found.applied_at = now
                _to(found, ImportState.APPLIED)
        case ImportState.UNDOING:
            with transaction.atomic():
                found.counts = {**found.counts, **undo_rows(found, now=now)}
                _to(found, ImportState.UNDONE)


def fail(import_id: int, message: str) -> None:
    """Record that a step failed. What was applied before stays; a step that failed changed nothing."""
    for state, next_state in (
        (ImportState.READING, ImportState.FAILED),
        (ImportState.CHECKING, ImportState.FAILED),
        (ImportState.APPLYING, ImportState.READY),
        (ImportState.UNDOING, ImportState.APPLIED),
    ):
        OfficeImport.objects.filter(pk=import_id, state=state).update(state=next_state, message=message)


def _read(found: OfficeImport) -> None:
    try:
        table = read_table_file(bytes(found.file or b""))
    except TableRefused as refusal:
        found.file = None
        _to(found, ImportState.FAILED, str(refusal)[:300])
        return
    with transaction.atomic():
        found.rows.all().delete()
        rows = (
            OfficeImportRow(
                source=found,
                number=row.number,
                cells=[
                    _storable(cell.text) if not cell.odd else [_storable(cell.text), cell.odd] for cell in row.cells
                ],
            )
            for row in table.rows
        )
        OfficeImportRow.objects.bulk_create(rows, batch_size=_ROWS_AT_ONCE)
        found.file = None
        found.heads = [_storable(head)[:200] for head in table.heads]
        found.meanings = _meanings(found, table)
        _check(found)


def _storable(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _meanings(found: OfficeImport, table: Table) -> list[str]:
    """As in the last import with the same headings, or by the names of the columns."""
    fields = imported_fields(found.by)
    before = OfficeImport.objects.filter(heads=found.heads, state=ImportState.APPLIED).order_by("-pk").first()
    allowed = {str(field.slot) for field in fields} | {CASE_NUMBER, NOTHING}
    if before and set(before.meanings) <= allowed:
        return list(before.meanings)
    return match_columns(table.heads, table.rows, fields)


def _check(found: OfficeImport) -> None:
    if CASE_NUMBER not in found.meanings:
        found.counts = {"rows": found.rows.count()}
        _to(found, ImportState.READY)
        return
    found.counts = check_rows(found, {field.slot: field for field in imported_fields(found.by)})
    _to(found, ImportState.READY)
