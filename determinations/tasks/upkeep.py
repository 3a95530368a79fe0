"""What keeps stored data current: column files, the audit trail, kept answers, words and copies of values."""

import time
from collections.abc import Callable, Iterator

from celery import shared_task
from django.conf import settings

from determinations.audit import alerts, streaming
from determinations.audit import upkeep as audit_upkeep
from determinations.browsing import vocabulary
from determinations.cases import earlier_texts, item_order
from determinations.cases.effective import rewrite_old_words
from determinations.cases.moved_letters import settle_some_moved
from determinations.cases.office_values import copy_pending
from determinations.casework import notes
from determinations.corrections import duplicates
from determinations.models.clock import database_now
from determinations.models.locks import holding_alone
from determinations.operations.failed_steps import AUDIT
from determinations.reading import grounds_again, readiness
from determinations.statistics.columns import keeping
from determinations.statistics.precompute import precompute_first_pages
from determinations.storage import survey
from determinations.tasks.guards import memory_may_run_out, send_quietly
from determinations.tasks.steps import Step, run_steps

_COMPARISON_BATCH = 200
#: Seconds that one message may occupy a process with work that nobody waits for. Several such tasks can occupy all
#: processes of a worker at once; letters that arrive meanwhile wait so long at most.
_SECONDS_PER_TURN = 5.0
#: Held by the two tasks that take longest, so that they never occupy both processes of a small worker.
_LENGTHY = "finding pairs or counting words"
#: Cases written in one transaction when their search vectors are renewed.
_WORDS_BATCH = 50
#: Rows of a table packed in one transaction.
_PACKED_AT_ONCE = 100


@shared_task(name="determinations.tasks.keep_column_file", ignore_result=True, soft_time_limit=3_000, time_limit=3_300)
@memory_may_run_out
def keep_column_file() -> None:
    """Keep the column file of this host current, see ``statistics.columns``."""
    if settings.COLUMN_ENGINE and readiness.schema_is_ours():
        keeping.keep_quietly()


@shared_task(name="determinations.tasks.keep_audit_trail", ignore_result=True)
@memory_may_run_out
def keep_audit_trail() -> None:
    """Chain new events of the audit trail, verify a part of it, send events on and watch them; one task at a time.

    It needs no files, so it also runs while no letters may be read.
    """
    if readiness.schema_is_ours():
        run_steps(AUDIT, _audit_steps())


def _audit_steps() -> Iterator[Step]:
    yield Step("chaining events", lambda: _alone(audit_upkeep.seal_all))
    yield Step("verifying the chain", lambda: _alone(lambda: audit_upkeep.verify_next(now=database_now())))
    yield Step("sending events on", lambda: _alone(lambda: streaming.send_new(now=database_now)))
    yield Step("watching the trail", lambda: _alone(lambda: alerts.watch(now=database_now())))
    yield Step("sending alerts", lambda: _alone(lambda: alerts.send_mail(now=database_now())))


def _alone(run: Callable[[], object]) -> None:
    """Run it unless another process keeps the trail now. Each step locks: one that fails may lose the lock."""
    with holding_alone("keeping the audit trail") as alone:
        if alone:
            run()


@shared_task(name="determinations.tasks.count_statistics", ignore_result=True)
@memory_may_run_out
def count_statistics() -> None:
    """Precompute the first pages of statistics after data changes."""
    precompute_first_pages()


@shared_task(name="determinations.tasks.count_stored_files", ignore_result=True)
@memory_may_run_out
def count_stored_files() -> None:
    """Count which stored files are encrypted, for a while; one such task at a time."""
    with holding_alone("counting stored files") as alone:
        if not alone or not survey.count_files(seconds=_SECONDS_PER_TURN, now=database_now()):
            return
    send_quietly(count_stored_files)


def send_count_of_files() -> None:
    """Have a worker count the stored files. If the broker is down, the sweep will send it later."""
    send_quietly(count_stored_files)


@shared_task(name="determinations.tasks.copy_office_values", ignore_result=True)
@memory_may_run_out
def copy_office_values() -> None:
    """Copy the office's values that changed to cases and facts, for a while; one such task at a time."""
    if not readiness.schema_is_ours():
        return  # the sweep sends it again
    until = time.monotonic() + _SECONDS_PER_TURN
    with holding_alone("copying office values") as alone:
        if not alone:
            return
        while time.monotonic() < until:
            if not copy_pending():
                return
    send_office_values()


def send_office_values() -> None:
    """Queue the copying of changed values. If the broker is down, the sweep will queue it later."""
    send_quietly(copy_office_values)


@shared_task(name="determinations.tasks.find_pairs", ignore_result=True)
@memory_may_run_out
def find_pairs() -> None:
    """Compare newly read letters with all others, for a while. Only one such task runs at a time, and none while
    search words are counted: another returns immediately and sends no follow-up message."""
    with holding_alone(_LENGTHY) as alone:
        if not alone or not _find_pairs_for_a_turn():
            return
    send_quietly(find_pairs)


@shared_task(name="determinations.tasks.settle_moved_letters", ignore_result=True)
@memory_may_run_out
def settle_moved_letters() -> None:
    """Settle which letters of cases count, of those that were moved between offices; one such task at a time."""
    until = time.monotonic() + _SECONDS_PER_TURN
    with holding_alone("settling moved letters") as alone:
        if not alone:
            return
        while time.monotonic() < until:
            if settle_some_moved(_WORDS_BATCH) < _WORDS_BATCH:
                return
    send_settling()


def send_settling() -> None:
    """Queue it. If the broker is down, ``tidy`` will queue it later."""
    send_quietly(settle_moved_letters)


def _find_pairs_for_a_turn() -> bool:
    """Compare letters until the time is up; returns whether any are left."""
    until = time.monotonic() + _SECONDS_PER_TURN
    while time.monotonic() < until:
        waiting = duplicates.unsigned(_COMPARISON_BATCH)
        if not waiting:
            return False
        duplicates.find_pairs(waiting, now=database_now())
    return True


@shared_task(name="determinations.tasks.write_search_words", ignore_result=True)
@memory_may_run_out
def write_search_words() -> None:
    """Write cases and notes whose search vectors are of an earlier form again, for a while; one such task runs."""
    with holding_alone("writing search words") as alone:
        if not alone or not _write_search_words_for_a_turn():
            return
    send_quietly(write_search_words)


@shared_task(name="determinations.tasks.order_items", ignore_result=True)
@memory_may_run_out
def order_items() -> None:
    """Write older cases whose items are not in their letter's order again, for a while; one such task runs."""
    with holding_alone("ordering items") as alone:
        if not alone or not _order_items_for_a_turn():
            return
    send_quietly(order_items)


def _order_items_for_a_turn() -> bool:
    """Order items until the time is up; returns whether any are left."""
    until = time.monotonic() + _SECONDS_PER_TURN
    while time.monotonic() < until:
        if not item_order.order_some_items():
            return False
    return True


@shared_task(name="determinations.tasks.pack_earlier_texts", ignore_result=True)
@memory_may_run_out
def pack_earlier_texts() -> None:
    """Pack texts and documents that an earlier release stored unpacked, for a while; one such task at a time."""
    with holding_alone("packing texts") as alone:
        until, reached = time.monotonic() + _SECONDS_PER_TURN, earlier_texts.Reached()
        while alone and time.monotonic() < until:
            if not earlier_texts.pack_some(_PACKED_AT_ONCE, reached):
                return
    if alone:
        send_quietly(pack_earlier_texts)


@shared_task(name="determinations.tasks.count_search_words", ignore_result=True)
@memory_may_run_out
def count_search_words() -> None:
    """Count the words that corrections and suggestions of searches are taken from, unless pairs are being found:
    ``tidy`` sends it again."""
    with holding_alone(_LENGTHY) as alone:
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


@shared_task(name="determinations.tasks.renew_grounds", ignore_result=True)
@memory_may_run_out
def renew_grounds() -> None:
    """Read the grounds of letters again that an earlier form of the rules recognized; one such task at a time."""
    with holding_alone("renewing grounds") as alone:
        until = time.monotonic() + _SECONDS_PER_TURN
        while alone and time.monotonic() < until:
            if grounds_again.read_grounds_again(_WORDS_BATCH) < _WORDS_BATCH:
                return
    if alone:
        send_quietly(renew_grounds)
