"""The sweep, which requeues work whose message or worker was lost, and slower work that nobody waits for."""

import logging
from datetime import datetime, timedelta

from celery import current_app, shared_task
from celery.signals import worker_ready
from django.db.models import Q

from determinations.access import throttle, typed_forms
from determinations.access.accounts import delete_ended_sessions
from determinations.api import feed, repeats, webhooks
from determinations.arrivals import looking
from determinations.audit import upkeep as audit_upkeep
from determinations.browsing import alerts as view_alerts
from determinations.browsing import exports, large_actions, selected_rows, vocabulary
from determinations.cases import item_order
from determinations.cases.old_grounds import letters_with_old_grounds
from determinations.cases.search_words import old_words
from determinations.casework import digests, notes, notifications
from determinations.corrections import duplicates, erasure, removal
from determinations.duties import documents as duty_documents
from determinations.duties import records as duty_records
from determinations.intake import leftovers, opening
from determinations.models import CaseValues, Letter, ReparseRun
from determinations.models.clock import database_now
from determinations.models.letters import Lane
from determinations.models.reparsing import AT_WORK
from determinations.office_fields import imports as office_imports
from determinations.operations import watching
from determinations.reading import drawings, readiness
from determinations.reading.messages import queued_ids
from determinations.reading.turns import MESSAGE_LOST_AFTER, TAKEN_AND_LOST_AFTER, release_stale
from determinations.reports import schedules
from determinations.retention import archive
from determinations.statistics.answer_cache import forget_shared_answers
from determinations.statistics.columns import keeping
from determinations.storage import survey
from determinations.storage.places import StoreFault
from determinations.tasks.guards import memory_may_run_out, send_quietly, worker_name
from determinations.tasks.letters import WINDOW, send_look, send_openings, send_waiting
from determinations.tasks.telling import announce_changes, send_digests, send_due_webhooks
from determinations.tasks.upkeep import (
    count_search_words,
    count_statistics,
    find_pairs,
    order_items,
    renew_grounds,
    send_count_of_files,
    send_office_values,
    send_settling,
    write_search_words,
)
from determinations.tasks.user_requests import (
    make_due_reports,
    send_drawings,
    send_exports_again,
    send_office_import,
    send_reparse,
    send_rows_action,
)

log = logging.getLogger(__name__)

#: A run without progress for this long has lost its message or its worker, or takes long over a step: then a second
#: message does no harm, because one worker at a time works on it.
RUN_STALE_AFTER = timedelta(seconds=10)
#: The same for an import.
IMPORT_STALE_AFTER = timedelta(seconds=20)
#: Seconds after a sweep in which a worker that starts need not sweep.
_JUST_SWEPT = 5


@shared_task(name="determinations.tasks.sweep", ignore_result=True)
@memory_may_run_out
def sweep(unless_swept_within: float = 0.0, after_start: bool = False) -> None:
    """Requeue stale work, and fill every lane. Sweeps that piled up while no worker ran return immediately.

    ``after_start``: a worker has started, and its predecessor may have taken messages with it.
    """
    reasons = readiness.obstacles()
    readiness.report(worker_name(), reasons)
    if any(reason.code in readiness.WITHOUT_DATABASE for reason in reasons):
        return
    if not reasons:
        readiness.forget_old_report(worker_name())
    now = database_now()
    last = readiness.sweep_state().swept_at
    if unless_swept_within and last is not None and now - last < timedelta(seconds=unless_swept_within):
        return
    queued = queued_ids()
    for lane in Lane.values:
        lost_after = TAKEN_AND_LOST_AFTER if after_start else MESSAGE_LOST_AFTER
        release_stale(lane, queued, most=WINDOW, lost_after=lost_after)
        send_waiting(lane)
    send_exports_again(queued, now)
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
        send_quietly(announce_changes)
    if webhooks.in_force().exists():
        send_due_webhooks()
    if schedules.due(now).exists() or schedules.untold().exists():
        send_quietly(make_due_reports)
    if digests.due(now).exists():
        send_quietly(send_digests)
    readiness.note_sweep()


@shared_task(name="determinations.tasks.tidy", ignore_result=True)
@memory_may_run_out
def tidy() -> None:
    """Start slower work that nobody waits for, and delete what is no longer needed."""
    if readiness.schema_is_ours():
        now = database_now()
        if duplicates.unsigned(1):
            send_quietly(find_pairs)
        if old_words(1) or notes.old_words(1):
            send_quietly(write_search_words)
        if letters_with_old_grounds(1):
            send_quietly(renew_grounds)
        if item_order.is_due():
            send_quietly(order_items)
        if vocabulary.is_due(now):
            send_quietly(count_search_words)
        if Letter.objects.filter(offices_changed=True).exists():
            send_settling()
        drawings.delete_outdated()
        send_quietly(count_statistics)
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


@worker_ready.connect
def sweep_at_once(**details: object) -> None:
    """Have a worker that starts sweep without waiting for the scheduler, which may be starting too.

    After a crash, the messages that its predecessor held are lost. If the broker is down, the scheduler will send it.
    """
    if Lane.INTERACTIVE in current_app.amqp.queues.consume_from:
        send_quietly(sweep, _JUST_SWEPT, True, queue=Lane.INTERACTIVE)
