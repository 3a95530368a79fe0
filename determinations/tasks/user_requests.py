"""What users ask for and wait for: exports, readings anew, page pictures, imports, actions on many cases."""

import logging
import time
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.models import User
from django.db import OperationalError as DatabaseUnavailable
from django.http import QueryDict
from kombu.exceptions import OperationalError

from determinations.access import audit
from determinations.access.roles import scope_of
from determinations.access.scope import within
from determinations.browsing import exports, large_actions
from determinations.browsing.exported_duties import write_duties
from determinations.browsing.lists import CASES
from determinations.datasets.exported import write_exported
from determinations.duties import actions as duty_actions
from determinations.duties.actions import MOST_AT_ONCE, DutyRefused
from determinations.intake.offices import MOVED_AT_ONCE, move_letters
from determinations.models import AuditEvent, Case, Export, Office, OfficeImport, UploadedFile
from determinations.models.browsing import DATA_SET, REPORT, WORKLIST, ExportState
from determinations.models.clock import database_now
from determinations.models.letters import Lane
from determinations.models.locks import holding_alone
from determinations.office_fields import imports as office_imports
from determinations.reading import drawings, readiness, reparsing
from determinations.reading.turns import MESSAGE_LOST_AFTER
from determinations.replica.own_writes import note_writes
from determinations.reports import schedules
from determinations.reports.exported import write_report
from determinations.tasks.guards import SECONDS_PER_TURN, memory_may_run_out, send_quietly
from determinations.tasks.letters import WINDOW
from determinations.tasks.upkeep import send_office_values, send_settling
from imrsite.celery import PICTURES

log = logging.getLogger(__name__)

#: If an export started this long ago, is not finished, and nobody holds its lock, its worker died.
EXPORT_DIED_AFTER = timedelta(seconds=10)
#: What writes exports that are no lists.
_WRITERS: Mapping[str, exports.Writer] = {
    DATA_SET: write_exported,
    REPORT: write_report,
    WORKLIST: write_duties,
}
#: Page pictures yield sooner: letters that arrive are read first.
_SECONDS_OF_DRAWING = 5.0


@shared_task(name="determinations.tasks.write_export", ignore_result=True)
@memory_may_run_out
def write_export(export_id: int) -> None:
    """Write a long list to its file, unless it is already written or another worker is writing it."""
    with holding_alone(_writing(export_id)) as alone:
        if alone:
            exports.write_export(export_id, now=database_now, writers=_WRITERS)


def _writing(export_id: int) -> str:
    return f"writing export {export_id}"


@shared_task(name="determinations.tasks.make_due_reports", ignore_result=True)
@memory_may_run_out
def make_due_reports() -> None:
    """Store which reports are owed now, send them to workers, and tell recipients of those that are finished.

    A worker that dies in between loses nothing: what it stored is sent by the sweep, as every export.
    """
    if not readiness.schema_is_ours():
        return  # the sweep sends it again
    for export_id in schedules.start_due(now=database_now()):
        send_export(export_id)
    schedules.tell_recipients(now=database_now())


def send_export(export_id: int) -> None:
    """Queue an export on the bulk lane. If the broker is down, the sweep will queue it later."""
    try:
        write_export.apply_async((export_id,), queue=Lane.BULK, ignore_result=True)
    except OperationalError as fault:
        log.error("The broker is unavailable (%s); the sweep will queue export %d.", fault, export_id)


def send_exports_again(queued: Mapping[str, Collection[int]] | None, now: datetime) -> None:
    """Requeue exports whose message was lost or whose worker died."""
    died = Export.objects.filter(state=ExportState.WRITING, started_at__lt=now - EXPORT_DIED_AFTER)
    for export_id in died.order_by("pk").values_list("pk", flat=True)[:20]:
        with holding_alone(_writing(export_id)) as alone:
            if alone:
                died.filter(pk=export_id).update(state=ExportState.WAITING)
    if queued is None:
        return
    lost = Export.objects.filter(state=ExportState.WAITING, requested_at__lt=now - MESSAGE_LOST_AFTER)
    lost = lost.exclude(pk__in=queued.get(write_export.name, ()))
    for export_id in lost.order_by("pk").values_list("pk", flat=True)[:WINDOW]:
        send_export(export_id)


@shared_task(name="determinations.tasks.reparse", ignore_result=True)
@memory_may_run_out
def reparse(run_id: int) -> None:
    """Reparse letters of a run for a while, then yield to other tasks. The row records the progress."""
    if not readiness.schema_is_ours():
        return  # the sweep sends the run again
    until = time.monotonic() + SECONDS_PER_TURN
    with holding_alone(f"reparsing {run_id}") as alone:  # a second message would only read the same letters
        if not alone:
            return
        while time.monotonic() < until:
            if not reparsing.step(run_id, now=database_now()):
                return
    send_reparse(run_id)


def send_preview(run_id: int) -> None:
    """Queue the first step of a preview, which a user waits for, ahead of imports."""
    send_quietly(reparse, run_id, queue=Lane.INTERACTIVE)


def send_reparse(run_id: int) -> None:
    """Queue the next step of a run. If the broker is down, the sweep will queue it later."""
    send_quietly(reparse, run_id)


@shared_task(name="determinations.tasks.draw_pages", ignore_result=True)
@memory_may_run_out
def draw_pages() -> None:
    """Draw the pages that users wait for. One such task runs at a time, so that a slow file occupies one process."""
    if not readiness.schema_is_ours():
        return  # the sweep sends it again
    with holding_alone("drawing pages") as alone:
        if not alone:
            return
        drawings.draw_waiting(seconds=_SECONDS_OF_DRAWING)
    if drawings.any_waiting():  # also what was requested after the last look, while this task held the lock
        send_drawings()


def send_drawings() -> None:
    """Have a worker draw what waits. If the broker is down, the sweep will send it later."""
    send_quietly(draw_pages, queue=PICTURES)


@shared_task(name="determinations.tasks.work_on_office_import", ignore_result=True)
@memory_may_run_out
def work_on_office_import(import_id: int) -> None:
    """Do the next step of an import of office values: read, check, apply or undo it. The row says which."""
    if not readiness.schema_is_ours():
        return  # the sweep sends it again
    with holding_alone(f"office import {import_id}") as alone:
        if not alone:
            return
        try:
            office_imports.work_on(import_id, now=database_now())
        except SoftTimeLimitExceeded:
            office_imports.fail(import_id, "This took too long. Nothing was changed; split the file and try again.")
        except DatabaseUnavailable:
            raise  # the sweep sends it again
        except Exception:
            office_imports.fail(
                import_id, "This failed, and nothing was changed. Try again; if it fails again, tell an administrator."
            )
            raise
    note_writes(OfficeImport.objects.filter(pk=import_id).values_list("by", flat=True))
    send_office_values()


def send_office_import(import_id: int) -> None:
    """Queue the next step of an import, which a user waits for. If the broker is down, the sweep will."""
    send_quietly(work_on_office_import, import_id, queue=Lane.INTERACTIVE)


@shared_task(name="determinations.tasks.work_on_rows_action", ignore_result=True)
@memory_may_run_out
def work_on_rows_action(action_id: int) -> None:
    """Do the next steps of an action on many cases, for a while. Safe to run twice: each step takes its cases."""
    with holding_alone(f"rows action {action_id}") as alone:
        if not alone or not readiness.schema_is_ours():
            return
        until, more = time.monotonic() + SECONDS_PER_TURN, True
        while more and time.monotonic() < until:
            more = large_actions.step(action_id, now=database_now())
    if more:
        send_rows_action(action_id)


def send_rows_action(action_id: int) -> None:
    """Have a worker do the next steps of an action on many cases. If the broker is down, the sweep will send it."""
    send_quietly(work_on_rows_action, action_id, queue=Lane.INTERACTIVE)


@shared_task(name="determinations.tasks.enter_receipts", ignore_result=True)
@memory_may_run_out
def enter_receipts(upload_id: int, received_on: str, service: str, user_id: int, only_missing: bool) -> None:
    """Enter the date of receipt for all letters of a batch. Safe to run twice.

    Letters that were issued after it are left out: the user knows of them, or they were read after the user asked. The
    audit trail names them, once for each date.
    """
    user, day = User.objects.get(pk=user_id), date.fromisoformat(received_on)
    letters = UploadedFile.objects.filter(upload=upload_id, letter__case__isnull=False).order_by("letter")
    with within(scope_of(user)):
        ids = list(letters.values_list("letter_id", flat=True).distinct())
    for start in range(0, len(ids), MOST_AT_ONCE):
        chunk = set(ids[start : start + MOST_AT_ONCE])
        cases = Case.objects.filter(pk__in=chunk, decision_date__gt=day)
        later = set(cases.values_list("pk", flat=True))
        left_out = set(cases.filter(letter__receipt=None).values_list("pk", flat=True)) if only_missing else later
        duty_actions.enter_receipt(
            sorted(chunk - later), day, service, by=user, now=database_now(), only_missing=only_missing
        )
        _record_left_out(left_out, received_on, user)
    note_writes([user_id])


def _record_left_out(letters: set[int], received_on: str, user: User) -> None:
    """Record that these letters were left out, unless that is recorded: the task may run twice."""
    recorded = AuditEvent.objects.filter(
        action="receipt.left_out", by_id=user.pk, detail__on=received_on, letter_ids__overlap=sorted(letters)
    )
    known = {pk for ids in recorded.values_list("letter_ids", flat=True) for pk in ids or ()}
    if new := letters - known:
        audit.record("receipt.left_out", by=user, at=database_now(), letter_ids=sorted(new), on=received_on)


@shared_task(name="determinations.tasks.move_list", ignore_result=True)
@memory_may_run_out
def move_list(query: str, office_ids: list[int], user_id: int) -> None:
    """Move the letters of all cases of a list to other offices. Safe to run twice."""
    user, offices = User.objects.get(pk=user_id), Office.objects.filter(pk__in=office_ids)
    rows = CASES.filterset(QueryDict(query), by=user).qs
    letter_ids = list(rows.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(letter_ids), MOVED_AT_ONCE):
        move_letters(letter_ids[start : start + MOVED_AT_ONCE], offices, by=user, now=database_now())
    send_settling()


def send_move(query: str, office_ids: list[int], user_id: int) -> bool:
    """Queue the move of a list. False if the broker is down: then nothing is moved."""
    try:
        move_list.apply_async((query, office_ids, user_id), queue=Lane.BULK, ignore_result=True)
    except OperationalError as fault:
        log.error("The broker is unavailable (%s); no letter was moved.", fault)
        return False
    return True


def send_receipts(upload_id: int, received_on: date, service: str, user_id: int, *, only_missing: bool) -> None:
    """Queue the entry of the date of receipt for a large batch. Raises ``DutyRefused`` if the broker is down."""
    try:
        enter_receipts.apply_async(
            (upload_id, received_on.isoformat(), service, user_id, only_missing), queue=Lane.BULK, ignore_result=True
        )
    except OperationalError:
        raise DutyRefused("No worker can be reached right now. Nothing was saved; try again in a minute.") from None
