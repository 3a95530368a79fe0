"""The sweep, which requeues work whose message or worker was lost."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from celery import current_app, shared_task
from celery.signals import worker_ready
from django.db.models import Model, Q, QuerySet

from determinations.api import webhooks
from determinations.arrivals import looking
from determinations.browsing import alerts as view_alerts
from determinations.browsing import large_actions
from determinations.casework import digests
from determinations.intake import opening
from determinations.models import CaseValues, ReparseRun
from determinations.models.clock import database_now
from determinations.models.letters import Lane
from determinations.models.reparsing import AT_WORK
from determinations.office_fields import imports as office_imports
from determinations.operations.failed_steps import SWEEP
from determinations.reading import drawings, readiness
from determinations.reading.messages import queued_ids
from determinations.reading.turns import MESSAGE_LOST_AFTER, TAKEN_AND_LOST_AFTER, release_stale
from determinations.reports import schedules
from determinations.tasks.guards import memory_may_run_out, send_quietly, worker_name
from determinations.tasks.letters import WINDOW, send_look, send_openings, send_waiting
from determinations.tasks.steps import Step, run_steps
from determinations.tasks.telling import announce_changes, send_digests, send_due_webhooks
from determinations.tasks.upkeep import send_office_values
from determinations.tasks.user_requests import (
    make_due_reports,
    send_drawings,
    send_exports_again,
    send_office_import,
    send_reparse,
    send_rows_action,
)

#: The IDs in the messages of all queues, by the task's name; None if the broker is unavailable.
Queued = Mapping[str, Collection[int]] | None
Row = TypeVar("Row", bound=Model)

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
    try:
        run_steps(SWEEP, [*_lanes(queued, after_start=after_start), *_sweeping(queued, now)])
    finally:
        readiness.note_sweep()  # a step that fails has an alarm of its own; the scheduler runs


def _lanes(queued: Queued, *, after_start: bool) -> Iterator[Step]:
    """The steps that keep letters being read."""
    lost_after = TAKEN_AND_LOST_AFTER if after_start else MESSAGE_LOST_AFTER
    for lane in Lane.values:
        yield Step(
            f"releasing stale letters of the {lane} lane",
            partial(release_stale, lane, queued, most=WINDOW, lost_after=lost_after),
        )
        yield Step(f"sending letters of the {lane} lane", partial(send_waiting, lane))


def _sweeping(queued: Queued, now: datetime) -> Iterator[Step]:
    """The other steps of the sweep: each sends work again that waits, or whose worker was lost."""
    imports, actions = office_imports.unstarted(now - IMPORT_STALE_AFTER), large_actions.unfinished(now)
    yield Step("sending exports again", lambda: send_exports_again(queued, now))
    yield Step("sending reparsing again", lambda: _send_each(send_reparse, _stale_runs(now)))
    yield Step("sending drawings", send_drawings, when=drawings.any_waiting)
    yield Step("sending archives to be opened", send_openings, when=opening.any_waiting)
    yield Step("looking at sources of letters", lambda: _send_each(send_look, looking.due(now)))
    yield Step("sending imports again", lambda: _send_each(send_office_import, imports))
    yield Step("sending actions on many cases again", lambda: _send_each(send_rows_action, actions))
    yield Step("copying office fields", send_office_values, when=CaseValues.objects.filter(pending=True).exists)
    yield Step(
        "telling of changed views", partial(send_quietly, announce_changes), when=lambda: view_alerts.any_waiting(now)
    )
    yield Step("sending webhooks", send_due_webhooks, when=webhooks.in_force().exists)
    yield Step("making scheduled reports", partial(send_quietly, make_due_reports), when=lambda: _reports_wait(now))
    yield Step("sending digests", partial(send_quietly, send_digests), when=digests.due(now).exists)


def _stale_runs(now: datetime) -> QuerySet[ReparseRun]:
    stale = Q(stepped_at=None) | Q(stepped_at__lt=now - RUN_STALE_AFTER)
    return ReparseRun.objects.filter(stale, state__in=AT_WORK)


def _send_each(send: Callable[[int], object], rows: QuerySet[Row]) -> None:
    for pk in rows.values_list("pk", flat=True)[:20]:
        send(pk)


def _reports_wait(now: datetime) -> bool:
    return schedules.due(now).exists() or schedules.untold().exists()


@worker_ready.connect
def sweep_at_once(**details: object) -> None:
    """Have a worker that starts sweep without waiting for the scheduler, which may be starting too.

    After a crash, the messages that its predecessor held are lost. If the broker is down, the scheduler will send it.
    """
    if Lane.INTERACTIVE in current_app.amqp.queues.consume_from:
        send_quietly(sweep, _JUST_SWEPT, True, queue=Lane.INTERACTIVE)
