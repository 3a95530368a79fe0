"""Celery tasks: reading letters, and requeuing work whose message or worker was lost.

Messages carry IDs only and may arrive twice, late or never; the rows decide what is left to do. At most ``WINDOW``
letters of a lane are in the broker at once. Each finished task sends the next ones, and the sweep recovers the rest.
"""

import logging
import socket
import time
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, timedelta
from functools import wraps
from smtplib import SMTPException
from typing import Any, Concatenate, ParamSpec

from celery import current_app, current_task, shared_task
from celery.exceptions import SoftTimeLimitExceeded
from celery.signals import worker_ready
from django.conf import settings
from django.contrib.auth.models import User
from django.db import OperationalError as DatabaseUnavailable
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.http import QueryDict
from kombu.exceptions import OperationalError
from psycopg.errors import LockNotAvailable

from determinations.access import throttle, typed_forms
from determinations.access.accounts import delete_ended_sessions
from determinations.access.mail import send_link
from determinations.access.roles import scope_of
from determinations.access.scope import all_letters, within
from determinations.api import feed, repeats, webhooks
from determinations.arrivals import looking
from determinations.audit import alerts, streaming
from determinations.audit import upkeep as audit_upkeep
from determinations.browsing import alerts as view_alerts
from determinations.browsing import exports, large_actions, selected_rows, vocabulary
from determinations.browsing.lists import CASES
from determinations.cases import item_order
from determinations.cases.effective import rewrite_old_words
from determinations.cases.moved_letters import settle_some_moved
from determinations.cases.office_values import copy_pending
from determinations.cases.old_grounds import letters_with_old_grounds
from determinations.cases.search_words import old_words
from determinations.casework import digests, notes, notifications
from determinations.corrections import duplicates, erasure, removal
from determinations.datasets.exported import write_exported
from determinations.duties import documents as duty_documents
from determinations.duties import records as duty_records
from determinations.duties.records import MOST_AT_ONCE, DutyRefused
from determinations.extraction.scanning.engine import missing_engine
from determinations.intake import leftovers, opening
from determinations.intake.offices import MOVED_AT_ONCE, move_letters
from determinations.intake.store_health import StoreUnavailable
from determinations.models import Case, CaseValues, Export, Letter, Office, ReparseRun, UploadedFile
from determinations.models.browsing import DATA_SET, REPORT, ExportState
from determinations.models.clock import database_now
from determinations.models.letters import OPEN_STATES, Lane
from determinations.models.locks import holding_alone as _alone
from determinations.models.reparsing import AT_WORK
from determinations.office_fields import imports as office_imports
from determinations.operations import watching
from determinations.operations.counters import counting_letters
from determinations.reading import drawings, grounds_again, readiness, reparsing
from determinations.reading.ingest import ingest_letters, requeue
from determinations.reading.messages import queued_ids
from determinations.reading.scans import read_scans
from determinations.reading.turns import MESSAGE_LOST_AFTER, TAKEN_AND_LOST_AFTER, release_stale
from determinations.reports import schedules
from determinations.reports.exported import write_report
from determinations.retention import archive
from determinations.statistics.answer_cache import forget_shared_answers
from determinations.statistics.columns import keeping
from determinations.statistics.precompute import precompute_first_pages
from determinations.storage import survey
from determinations.storage.places import StoreFault
from imrsite.celery import PICTURES

log = logging.getLogger(__name__)

P = ParamSpec("P")

#: Letters of one lane that may be in the broker at once.
WINDOW = 1_000
#: A scan takes seconds per page. The window is small, so that each is started before its message counts as lost.
SCANS_WINDOW = 20
#: Letters per message. Small messages show users their first cases sooner; large ones speed up imports.
LETTERS_A_TASK = {Lane.INTERACTIVE: 10, Lane.BULK: 200, Lane.SCANS: 1}
#: Seconds that a worker which must not claim letters waits with a message before it leaves the letters to others.
WAITS_FOR_READINESS = 20.0
#: If an export started this long ago, is not finished, and nobody holds its lock, its worker died.
EXPORT_DIED_AFTER = timedelta(seconds=10)
#: A run without progress for this long has lost its message or its worker, or takes long over a step: then a second
#: message does no harm, because one worker at a time works on it.
RUN_STALE_AFTER = timedelta(seconds=10)
#: The same for an import.
IMPORT_STALE_AFTER = timedelta(seconds=20)
#: Seconds after a sweep in which a worker that starts need not sweep.
_JUST_SWEPT = 5
#: Seconds that one message may occupy a worker with reparsing or comparing.
_SECONDS_PER_TURN = 20.0
#: Page pictures yield sooner: letters that arrive are read first.
_SECONDS_OF_DRAWING = 5.0
_COMPARISON_BATCH = 200
#: Seconds to wait for another sender of the same lane, who needs a few milliseconds.
SENDER_SECONDS = 3
#: Cases written in one transaction when their search vectors are renewed.
_WORDS_BATCH = 50


def memory_may_run_out(work: Callable[P, None]) -> Callable[P, None]:
    """Decorate a task so that running out of memory ends it with a log line.

    Left to Celery under late acknowledgement, ``MemoryError`` would block this slot permanently. The rows record what
    is left to do, and the sweep requeues it.
    """

    @wraps(work)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            work(*args, **kwargs)
        except MemoryError:
            log.error("Out of memory in %s.", work.__name__)

    return guarded


def when_ready(work: Callable[Concatenate[list[int], P], None]) -> Callable[Concatenate[list[int], P], None]:
    """Decorate a task that claims letters: a worker that must not claim any waits for a while, then leaves them."""

    @wraps(work)
    def guarded(ids: list[int], *args: P.args, **kwargs: P.kwargs) -> None:
        if readiness.wait_until_ready(_worker_name(), seconds=WAITS_FOR_READINESS):
            work(ids, *args, **kwargs)
        else:
            requeue(ids)

    return guarded


def _worker_name() -> str:
    return current_task.request.hostname if current_task and current_task.request.hostname else socket.gethostname()


@shared_task(ignore_result=True)
@when_ready
def parse_letters(ids: list[int], lane: str = Lane.INTERACTIVE) -> None:
    """Read these letters, then send the next ones of the lane."""
    with counting_letters(ids):
        memory_may_run_out(ingest_letters)(ids)  # the letters are requeued, with one attempt fewer left
    send_waiting(lane)
    send_waiting(Lane.SCANS)


@shared_task(ignore_result=True, soft_time_limit=3_000, time_limit=3_300)
@when_ready
def scan_letters(ids: list[int], lane: str = Lane.SCANS) -> None:
    """Recognize and read these scans, then send the next ones."""
    with counting_letters(ids):
        memory_may_run_out(read_scans)(ids)
    if missing_engine() is None:  # without the engine they wait for the sweep
        send_waiting(lane)


@shared_task(ignore_result=True)
@memory_may_run_out
def sweep(unless_swept_within: float = 0.0, after_start: bool = False) -> None:
    """Requeue stale work, and fill every lane. Sweeps that piled up while no worker ran return immediately.

    ``after_start``: a worker has started, and its predecessor may have taken messages with it.
    """
    reasons = readiness.obstacles()
    readiness.report(_worker_name(), reasons)
    if any(reason.code in readiness.WITHOUT_DATABASE for reason in reasons):
        return
    if not reasons:
        readiness.forget_old_report(_worker_name())
    now = database_now()
    last = readiness.sweep_state().swept_at
    if unless_swept_within and last is not None and now - last < timedelta(seconds=unless_swept_within):
        return
    queued = queued_ids()
    for lane in Lane.values:
        lost_after = TAKEN_AND_LOST_AFTER if after_start else MESSAGE_LOST_AFTER
        release_stale(lane, queued, most=WINDOW, lost_after=lost_after)
        send_waiting(lane)
    _send_exports_again(queued, now)
    stale = Q(stepped_at=None) | Q(stepped_at__lt=now - RUN_STALE_AFTER)
    for run_id in ReparseRun.objects.filter(stale, state__in=AT_WORK).values_list("pk", flat=True)[:20]:
        send_reparse(run_id)
    if drawings.any_waiting():
        send_drawings()
    if opening.any_waiting():
        send_openings()
    for source_id in looking.due(now).values_list("pk", flat=True)[:20]:
        send_look(source_id)
    for import_id in office_imports.unstarted(now - IMPORT_STALE_AFTER).values_list("pk", flat=True)[:20]:
        send_office_import(import_id)
    for action_id in large_actions.unfinished(now).values_list("pk", flat=True)[:20]:
        send_rows_action(action_id)
    if CaseValues.objects.filter(pending=True).exists():
        send_office_values()
    if view_alerts.any_waiting():
        _send_quietly(announce_changes)
    if webhooks.in_force().exists():
        send_due_webhooks()
    if schedules.due(now).exists() or schedules.untold().exists():
        _send_quietly(make_due_reports)
    if digests.due(now).exists():
        _send_quietly(send_digests)
    readiness.note_sweep()


@shared_task(ignore_result=True)
@memory_may_run_out
def tidy() -> None:
    """Start slower work that nobody waits for, and delete what is no longer needed."""
    if readiness.schema_is_ours():
        now = database_now()
        if duplicates.unsigned(1):
            _send_quietly(find_pairs)
        if old_words(1) or notes.old_words(1):
            _send_quietly(write_search_words)
        if letters_with_old_grounds(1):
            _send_quietly(renew_grounds)
        if item_order.is_due():
            _send_quietly(order_items)
        if vocabulary.is_due(now):
            _send_quietly(count_search_words)
        if Letter.objects.filter(offices_changed=True).exists():
            send_settling()
        drawings.delete_outdated()
        _send_quietly(count_statistics)
        keeping.forget_changes()
        duty_records.refresh_outdated(WINDOW)
        _tidy_files(now)
        if archive.rule_is_due():
            while archive.archive_by_rule(now=now) == archive.MOST_BY_RULE:
                pass
        archive.note_archived()
        typed_forms.delete_expired(now)
        selected_rows.delete_old(now=now)
        notifications.delete_old(now=now)
        throttle.delete_faded(now=now)
        repeats.delete_old(now)
        webhooks.delete_old(now)
        looking.delete_old_runs(now)
        feed.compact()
        audit_upkeep.retire_due(now)
        if survey.is_due(now):
            send_count_of_files()
        delete_ended_sessions(now=now)
        watching.look(now=now)


def _tidy_files(now: datetime) -> None:
    """Delete stored files that are no longer needed. If their place fails meanwhile, the next run goes on."""
    try:
        removal.delete_files(now=now)
        if erasure.erase_files(now=now):
            forget_shared_answers()
        exports.delete_old_files(now=now)
        leftovers.delete_leftovers(now=now)
        duty_documents.delete_files_without_row(now=now)
    except StoreFault as fault:
        log.error("Stored files cannot be tidied now (%s).", fault.strerror)


@shared_task(ignore_result=True, soft_time_limit=3_000, time_limit=3_300)
@memory_may_run_out
def keep_column_file() -> None:
    """Keep the column file of this host current, see ``statistics.columns``."""
    if settings.COLUMN_ENGINE and readiness.schema_is_ours():
        keeping.keep_quietly()


@shared_task(ignore_result=True)
@memory_may_run_out
def keep_audit_trail() -> None:
    """Chain new events of the audit trail, verify a part of it, send events on and watch them; one task at a time.

    It needs no files, so it also runs while no letters may be read.
    """
    with _alone("keeping the audit trail") as alone:
        if alone and readiness.schema_is_ours():
            audit_upkeep.seal_all()
            audit_upkeep.verify_next(now=database_now())
            streaming.send_new(now=database_now)
            alerts.watch(now=database_now())
            alerts.send_mail(now=database_now())


@shared_task(ignore_result=True)
@memory_may_run_out
def announce_changes() -> None:
    """Tell users which watched views gained cases, for a while; one such task at a time."""
    until = time.monotonic() + _SECONDS_PER_TURN
    with _alone("announcing changes") as alone:
        while alone and readiness.schema_is_ours() and time.monotonic() < until:
            if view_alerts.step(now=database_now()) < view_alerts.STEP:
                return
        if not alone:
            return
    _send_quietly(announce_changes)


@shared_task(ignore_result=True)
@memory_may_run_out
def send_webhooks() -> None:
    """Tell webhooks which cases changed, for a while; one such task at a time."""
    until = time.monotonic() + _SECONDS_PER_TURN
    with _alone("sending webhooks") as alone:
        if alone and readiness.schema_is_ours():
            webhooks.queue_changes(now=database_now())
            webhooks.send_due(now=database_now, until=until)


def send_due_webhooks() -> None:
    """Have a worker tell webhooks what is due. If the broker is down, the sweep will send it later."""
    _send_quietly(send_webhooks)


@shared_task(ignore_result=True)
@memory_may_run_out
def send_digests() -> None:
    """Send notifications by e-mail. A mail server that is away is tried again by a later sweep."""
    if readiness.schema_is_ours():
        digests.send_due(now=database_now())


@shared_task(ignore_result=True)
@memory_may_run_out
def count_statistics() -> None:
    """Precompute the first pages of statistics after data changes."""
    precompute_first_pages()


@shared_task(ignore_result=True)
@memory_may_run_out
def write_export(export_id: int) -> None:
    """Write a long list to its file, unless it is already written or another worker is writing it."""
    with _alone(_writing(export_id)) as alone:
        if alone:
            exports.write_export(export_id, now=database_now, writers={DATA_SET: write_exported, REPORT: write_report})


def _writing(export_id: int) -> str:
    return f"writing export {export_id}"


@shared_task(ignore_result=True)
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


@shared_task(ignore_result=True)
@memory_may_run_out
def count_stored_files() -> None:
    """Count which stored files are encrypted, for a while; one such task at a time."""
    with _alone("counting stored files") as alone:
        if not alone or not survey.count_files(seconds=_SECONDS_PER_TURN, now=database_now()):
            return
    _send_quietly(count_stored_files)


@worker_ready.connect
def sweep_at_once(**details: object) -> None:
    """Have a worker that starts sweep without waiting for the scheduler, which may be starting too.

    After a crash, the messages that its predecessor held are lost. If the broker is down, the scheduler will send it.
    """
    if Lane.INTERACTIVE in current_app.amqp.queues.consume_from:
        _send_quietly(sweep, _JUST_SWEPT, True, queue=Lane.INTERACTIVE)


def send_count_of_files() -> None:
    """Have a worker count the stored files. If the broker is down, the sweep will send it later."""
    _send_quietly(count_stored_files)


def send_export(export_id: int) -> None:
    """Queue an export on the bulk lane. If the broker is down, the sweep will queue it later."""
    try:
        write_export.apply_async((export_id,), queue=Lane.BULK, ignore_result=True)
    except OperationalError as fault:
        log.error("The broker is unavailable (%s); the sweep will queue export %d.", fault, export_id)


@shared_task(ignore_result=True, autoretry_for=(OSError, SMTPException), retry_backoff=10, max_retries=8)
def send_password_links(user_ids: list[int], site: str) -> None:
    """Send each of these users a link to choose a password; a mail server that is away is tried again for an hour."""
    for user in User.objects.filter(pk__in=user_ids, is_active=True).exclude(email=""):
        send_link(user, site, at=database_now())


def send_links(user_ids: list[int], site: str) -> bool:
    """Queue the links, for no user too, so that the time it takes tells nothing. False if the broker is down."""
    try:
        send_password_links.delay(user_ids, site)
    except OperationalError as fault:
        log.error("The broker is unavailable (%s); no link was sent.", fault)
        return False
    return True


def _send_exports_again(queued: Mapping[str, Collection[int]] | None, now: datetime) -> None:
    """Requeue exports whose message was lost or whose worker died."""
    died = Export.objects.filter(state=ExportState.WRITING, started_at__lt=now - EXPORT_DIED_AFTER)
    for export_id in died.order_by("pk").values_list("pk", flat=True)[:20]:
        with _alone(_writing(export_id)) as alone:
            if alone:
                died.filter(pk=export_id).update(state=ExportState.WAITING)
    if queued is None:
        return
    lost = Export.objects.filter(state=ExportState.WAITING, requested_at__lt=now - MESSAGE_LOST_AFTER)
    lost = lost.exclude(pk__in=queued.get(write_export.name, ()))
    for export_id in lost.order_by("pk").values_list("pk", flat=True)[:WINDOW]:
        send_export(export_id)


@shared_task(ignore_result=True)
@memory_may_run_out
def reparse(run_id: int) -> None:
    """Reparse letters of a run for a while, then yield to other tasks. The row records the progress."""
    if not readiness.schema_is_ours():
        return  # the sweep sends the run again
    until = time.monotonic() + _SECONDS_PER_TURN
    with _alone(f"reparsing {run_id}") as alone:  # a second message would only read the same letters
        if not alone:
            return
        while time.monotonic() < until:
            if not reparsing.step(run_id, now=database_now()):
                return
    send_reparse(run_id)


def send_preview(run_id: int) -> None:
    """Queue the first step of a preview, which a user waits for, ahead of imports."""
    _send_quietly(reparse, run_id, queue=Lane.INTERACTIVE)


def send_reparse(run_id: int) -> None:
    """Queue the next step of a run. If the broker is down, the sweep will queue it later."""
    _send_quietly(reparse, run_id)


@shared_task(ignore_result=True)
@memory_may_run_out
def draw_pages() -> None:
    """Draw the pages that users wait for. One such task runs at a time, so that a slow file occupies one process."""
    if not readiness.schema_is_ours():
        return  # the sweep sends it again
    with _alone("drawing pages") as alone:
        if not alone:
            return
        drawings.draw_waiting(seconds=_SECONDS_OF_DRAWING)
    if drawings.any_waiting():  # also what was requested after the last look, while this task held the lock
        send_drawings()


def send_drawings() -> None:
    """Have a worker draw what waits. If the broker is down, the sweep will send it later."""
    _send_quietly(draw_pages, queue=PICTURES)


@shared_task(ignore_result=True)
@memory_may_run_out
def open_files() -> None:
    """Open archives and messages that were uploaded, for a while. One such task runs at a time, so that a slow file
    occupies one process."""
    if not readiness.wait_until_ready(_worker_name(), seconds=WAITS_FOR_READINESS):
        return  # the sweep sends it again
    began_at = database_now()
    with _alone("opening files") as alone:
        if not alone:
            return
        try:
            for lane in opening.open_waiting(seconds=_SECONDS_PER_TURN):
                send_waiting(lane)
        except (StoreUnavailable, opening.OpeningStopped) as fault:
            log.error("Uploaded files wait to be opened: %s", fault)
            return  # the sweep sends it again
    if opening.any_due(began_at):  # also what arrived after the last look, while this task held the lock
        send_openings()


def send_openings() -> None:
    """Have a worker open what waits. If the broker is down, the sweep will send it later."""
    _send_quietly(open_files, queue=Lane.INTERACTIVE)


@shared_task(ignore_result=True)
@memory_may_run_out
def look_for_letters(source_id: int) -> None:
    """Take letters from a source where they arrive by themselves, for a while; one task of a source at a time."""
    if not readiness.wait_until_ready(_worker_name(), seconds=WAITS_FOR_READINESS):
        return  # the sweep sends it again
    with _alone(f"looking at source {source_id}") as alone:
        if not alone:
            return
        for lane in looking.look_at(source_id, seconds=_SECONDS_PER_TURN):
            send_waiting(lane)
            if opening.any_waiting():
                send_openings()
    if looking.is_due(source_id):
        send_look(source_id)


def send_look(source_id: int) -> None:
    """Have a worker look at a source. If the broker is down, the sweep will send it later."""
    looking.note_sent(source_id)
    _send_quietly(look_for_letters, source_id)


@shared_task(ignore_result=True)
@memory_may_run_out
def work_on_office_import(import_id: int) -> None:
    """Do the next step of an import of office values: read, check, apply or undo it. The row says which."""
    if not readiness.schema_is_ours():
        return  # the sweep sends it again
    with _alone(f"office import {import_id}") as alone:
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
    send_office_values()


def send_office_import(import_id: int) -> None:
    """Queue the next step of an import, which a user waits for. If the broker is down, the sweep will."""
    _send_quietly(work_on_office_import, import_id, queue=Lane.INTERACTIVE)


@shared_task(ignore_result=True)
@memory_may_run_out
def work_on_rows_action(action_id: int) -> None:
    """Do the next steps of an action on many cases, for a while. Safe to run twice: each step takes its cases."""
    with _alone(f"rows action {action_id}") as alone:
        if not alone or not readiness.schema_is_ours():
            return
        until, more = time.monotonic() + _SECONDS_PER_TURN, True
        while more and time.monotonic() < until:
            more = large_actions.step(action_id, now=database_now())
    if more:
        send_rows_action(action_id)


def send_rows_action(action_id: int) -> None:
    """Have a worker do the next steps of an action on many cases. If the broker is down, the sweep will send it."""
    _send_quietly(work_on_rows_action, action_id, queue=Lane.INTERACTIVE)


@shared_task(ignore_result=True)
@memory_may_run_out
def copy_office_values() -> None:
    """Copy the office's values that changed to cases and facts, for a while; one such task at a time."""
    if not readiness.schema_is_ours():
        return  # the sweep sends it again
    until = time.monotonic() + _SECONDS_PER_TURN
    with _alone("copying office values") as alone:
        if not alone:
            return
        while time.monotonic() < until:
            if not copy_pending():
                return
    send_office_values()


def send_office_values() -> None:
    """Queue the copying of changed values. If the broker is down, the sweep will queue it later."""
    _send_quietly(copy_office_values)


@shared_task(ignore_result=True)
@memory_may_run_out
def find_pairs() -> None:
    """Compare newly read letters with all others, for a while. Only one such task runs at a time: a second one
    returns immediately and sends no follow-up message."""
    with _alone("finding pairs") as alone:
        if not alone or not _find_pairs_for_a_turn():
            return
    _send_quietly(find_pairs)


@shared_task(ignore_result=True)
@memory_may_run_out
def enter_receipts(upload_id: int, received_on: str, service: str, user_id: int, only_missing: bool) -> None:
    """Enter the date of receipt for all letters of a batch. Safe to run twice."""
    user, day = User.objects.get(pk=user_id), date.fromisoformat(received_on)
    letters = UploadedFile.objects.filter(upload=upload_id, letter__case__isnull=False).order_by("letter")
    with within(scope_of(user)):
        ids = list(letters.values_list("letter_id", flat=True).distinct())
    for start in range(0, len(ids), MOST_AT_ONCE):
        chunk = ids[start : start + MOST_AT_ONCE]
        early = Case.objects.filter(pk__in=chunk, decision_date__gt=day).values_list("pk", flat=True)
        chunk = sorted(set(chunk) - set(early))
        duty_records.enter_receipt(chunk, day, service, by=user, now=database_now(), only_missing=only_missing)


@shared_task(ignore_result=True)
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


@shared_task(ignore_result=True)
@memory_may_run_out
def settle_moved_letters() -> None:
    """Settle which letters of cases count, of those that were moved between offices; one such task at a time."""
    until = time.monotonic() + _SECONDS_PER_TURN
    with _alone("settling moved letters") as alone:
        if not alone:
            return
        while time.monotonic() < until:
            if settle_some_moved(_WORDS_BATCH) < _WORDS_BATCH:
                return
    send_settling()


def send_settling() -> None:
    """Queue it. If the broker is down, ``tidy`` will queue it later."""
    _send_quietly(settle_moved_letters)


def send_receipts(upload_id: int, received_on: date, service: str, user_id: int, *, only_missing: bool) -> None:
    """Queue the entry of the date of receipt for a large batch. Raises ``DutyRefused`` if the broker is down."""
    try:
        enter_receipts.apply_async(
            (upload_id, received_on.isoformat(), service, user_id, only_missing), queue=Lane.BULK, ignore_result=True
        )
    except OperationalError:
        raise DutyRefused("No worker can be reached right now. Nothing was saved; try again in a minute.") from None


def _find_pairs_for_a_turn() -> bool:
    """Compare letters until the time is up; returns whether any are left."""
    until = time.monotonic() + _SECONDS_PER_TURN
    while time.monotonic() < until:
        waiting = duplicates.unsigned(_COMPARISON_BATCH)
        if not waiting:
            return False
        duplicates.find_pairs(waiting, now=database_now())
    return True


@shared_task(ignore_result=True)
@memory_may_run_out
def write_search_words() -> None:
    """Write cases and notes whose search vectors are of an earlier form again, for a while; one such task runs."""
    with _alone("writing search words") as alone:
        if not alone or not _write_search_words_for_a_turn():
            return
    _send_quietly(write_search_words)


@shared_task(ignore_result=True)
@memory_may_run_out
def order_items() -> None:
    """Write older cases whose items are not in their letter's order again, for a while; one such task runs."""
    with _alone("ordering items") as alone:
        if not alone or not _order_items_for_a_turn():
            return
    _send_quietly(order_items)


def _order_items_for_a_turn() -> bool:
    """Order items until the time is up; returns whether any are left."""
    until = time.monotonic() + _SECONDS_PER_TURN
    while time.monotonic() < until:
        if not item_order.order_some_items():
            return False
    return True


@shared_task(ignore_result=True)
@memory_may_run_out
def count_search_words() -> None:
    """Count the words that corrections and suggestions of searches are taken from; one such task at a time."""
    with _alone("counting search words") as alone:
        now = database_now()
        if alone and vocabulary.is_due(now):
            vocabulary.count_words(now=now)


def _write_search_words_for_a_turn() -> bool:
    """Write cases until the time is up; returns whether any are left."""
    until = time.monotonic() + _SECONDS_PER_TURN
    while time.monotonic() < until:
        if rewrite_old_words(_WORDS_BATCH) + notes.rewrite_old_words(_WORDS_BATCH) == 0:
            return False
    return True


@shared_task(ignore_result=True)
@memory_may_run_out
def renew_grounds() -> None:
    """Read the grounds of letters again that an earlier form of the rules recognized; one such task at a time."""
    with _alone("renewing grounds") as alone:
        until = time.monotonic() + _SECONDS_PER_TURN
        while alone and time.monotonic() < until:
            if grounds_again.read_grounds_again(_WORDS_BATCH) < _WORDS_BATCH:
                return
    if alone:
        _send_quietly(renew_grounds)


def _send_quietly(task: Any, *arguments: float, queue: str = Lane.BULK) -> None:
    try:
        task.apply_async(arguments, queue=queue, ignore_result=True)
    except OperationalError:
        log.warning("The broker is unavailable; the sweep will queue %s later.", task.name)


@all_letters
def send_waiting(lane: str) -> int:
    """Queue unsent letters, oldest first, as far as the lane's window allows; returns how many.

    Call it after the rows are committed. Concurrent callers send different letters. If another one does not end, as a
    worker that was suspended, nothing is sent: the sweep will.
    """
    try:
        return _send_waiting(lane)
    except DatabaseUnavailable as fault:
        if not isinstance(fault.__cause__, LockNotAvailable):
            raise
        log.warning("Another sender holds up the lane %s; the sweep will send its letters.", lane)
        return 0


def _send_waiting(lane: str) -> int:
    with transaction.atomic():
        _one_sender_at_a_time(lane)
        in_flight = Letter.objects.filter(lane=lane, state__in=OPEN_STATES, queued_at__isnull=False).count()
        room = (SCANS_WINDOW if lane == Lane.SCANS else WINDOW) - in_flight
        if room <= 0:
            return 0
        waiting = Letter.objects.filter(lane=lane, state=Lane(lane).waiting, queued_at=None).order_by("pk")
        ids = list(waiting.values_list("pk", flat=True)[:room])
        Letter.objects.filter(pk__in=ids).update(queued_at=Now())
        transaction.on_commit(lambda: _send(ids, lane))
    return len(ids)


def _send(ids: list[int], lane: str) -> None:
    """Send messages to the broker. If it is down, the sweep will send the rest later."""
    size = LETTERS_A_TASK[Lane(lane)]
    task = scan_letters if lane == Lane.SCANS else parse_letters
    for start in range(0, len(ids), size):
        try:
            task.apply_async((ids[start : start + size], lane), queue=lane, ignore_result=True)
        except OperationalError as fault:
            log.error("The broker is unavailable (%s); the sweep will queue %d letters.", fault, len(ids) - start)
            Letter.objects.filter(pk__in=ids[start:], state=Lane(lane).waiting).update(queued_at=None)
            return


def _one_sender_at_a_time(lane: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{SENDER_SECONDS}s'")
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"sending {lane}"])
