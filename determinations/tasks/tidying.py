"""Slower work that nobody waits for, and what is deleted because it is no longer needed, once a minute."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from celery import shared_task

from determinations.access import sent_forms, throttle, typed_forms
from determinations.access.accounts import delete_ended_sessions
from determinations.api import feed, repeats, webhooks
from determinations.arrivals import looking
from determinations.audit import upkeep as audit_upkeep
from determinations.browsing import exports, selected_rows, vocabulary
from determinations.cases import earlier_texts, item_order
from determinations.cases.old_grounds import letters_with_old_grounds
from determinations.cases.search_words import old_words
from determinations.casework import notes, notifications
from determinations.corrections import duplicates, erasure, removal
from determinations.duties import documents as duty_documents
from determinations.duties import renewing
from determinations.intake import leftovers
from determinations.models import DamagedText, Letter
from determinations.models.clock import database_now
from determinations.operations import watching
from determinations.operations.failed_steps import TIDY
from determinations.reading import damaged_letters, drawings, readiness
from determinations.retention import archive
from determinations.statistics import letter_tallies
from determinations.statistics.answer_cache import forget_shared_answers
from determinations.statistics.columns import keeping
from determinations.storage import survey
from determinations.storage.places import StoreFault
from determinations.tasks.guards import memory_may_run_out, send_quietly
from determinations.tasks.letters import WINDOW
from determinations.tasks.steps import Step, run_steps
from determinations.tasks.upkeep import (
    count_search_words,
    count_statistics,
    find_pairs,
    order_items,
    pack_earlier_texts,
    renew_grounds,
    send_count_of_files,
    send_settling,
    write_search_words,
)

log = logging.getLogger(__name__)


@shared_task(name="determinations.tasks.tidy", ignore_result=True)
@memory_may_run_out
def tidy() -> None:
    """Start slower work that nobody waits for, and delete what is no longer needed."""
    if readiness.schema_is_ours():
        now = database_now()
        run_steps(TIDY, [*_slower_work(now), *_changing(now), *_deleting_files(now), *_deleting_rows(now)])


def _slower_work(now: datetime) -> Iterator[Step]:
    """Work that has a task of its own, if there is any; and the look for alarms."""
    yield Step("finding pairs", partial(send_quietly, find_pairs), when=lambda: duplicates.unsigned(1))
    yield Step(
        "writing search words", partial(send_quietly, write_search_words),
        when=lambda: old_words(1) or notes.old_words(1),
    )  # fmt: skip
    yield Step("renewing grounds", partial(send_quietly, renew_grounds), when=lambda: letters_with_old_grounds(1))
    yield Step("packing texts", partial(send_quietly, pack_earlier_texts), when=earlier_texts.any_earlier)
    yield Step("ordering items", partial(send_quietly, order_items), when=item_order.is_due)
    yield Step("counting search words", partial(send_quietly, count_search_words), when=lambda: vocabulary.is_due(now))
    yield Step("settling moved letters", send_settling, when=Letter.objects.filter(offices_changed=True).exists)
    yield Step("counting statistics", partial(send_quietly, count_statistics))
    yield Step("counting stored files", send_count_of_files, when=lambda: survey.is_due(now))
    yield Step("watching the installation", lambda: watching.look(now=now))


def _changing(now: datetime) -> Iterator[Step]:
    """What changes rows that are kept."""
    yield Step("forgetting changes of column files", keeping.forget_changes)
    yield Step("renewing duties", lambda: renewing.refresh_outdated(WINDOW))
    yield Step("looking again at damaged texts", damaged_letters.forget_whole, when=DamagedText.objects.exists)
    yield Step("archiving by the rule", lambda: _archive_by_rule(now), when=archive.rule_is_due)
    yield Step("noting archived letters", archive.note_archived)
    yield Step("shortening the change feed", feed.compact)
    yield Step("retiring events of the audit trail", lambda: audit_upkeep.retire_due(now))


def _archive_by_rule(now: datetime) -> None:
    while archive.archive_by_rule(now=now) == archive.MOST_BY_RULE:
        pass


def _deleting_files(now: datetime) -> Iterator[Step]:
    """What deletes stored files. If their place fails meanwhile, the next run goes on."""
    yield Step("deleting old page pictures", drawings.delete_outdated)
    yield Step("deleting files of removed letters", _in_store(lambda: removal.delete_files(now=now)))
    yield Step("deleting erased files", _in_store(lambda: _erase_files(now)))
    yield Step("deleting old exports", _in_store(lambda: exports.delete_old_files(now=now)))
    yield Step("deleting leftovers", _in_store(lambda: leftovers.delete_leftovers(now=now)))
    yield Step(
        "deleting documents without a duty", _in_store(lambda: duty_documents.delete_files_without_row(now=now))
    )


def _erase_files(now: datetime) -> None:
    if erasure.erase_files(now=now):
        forget_shared_answers()


def _in_store(run: Callable[[], object]) -> Callable[[], None]:
    """The same step; that the store fails is the finding of another check."""

    def running() -> None:
        try:
            run()
        except StoreFault as fault:
            log.error("Stored files cannot be tidied now (%s).", fault.strerror)

    return running


def _deleting_rows(now: datetime) -> Iterator[Step]:
    """What deletes rows."""
    yield Step("summing up counts of letters", letter_tallies.fold)
    yield Step("deleting typed forms", lambda: typed_forms.delete_expired(now))
    yield Step("deleting sent forms", lambda: sent_forms.delete_old(now))
    yield Step("deleting selections", lambda: selected_rows.delete_old(now=now))
    yield Step("deleting notifications", lambda: notifications.delete_old(now=now))
    yield Step("deleting limits of sign-ins", lambda: throttle.delete_faded(now=now))
    yield Step("deleting kept answers", lambda: repeats.delete_old(now))
    yield Step("deleting old deliveries", lambda: webhooks.delete_old(now))
    yield Step("deleting old looks at sources", lambda: looking.delete_old_runs(now))
    yield Step("deleting ended sessions", lambda: delete_ended_sessions(now=now))
