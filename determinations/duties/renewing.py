"""Works duties out again after rules or settings changed, in the background. A letter that fails stops no other."""

import logging
from collections.abc import Sequence

from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, transaction
from django.db.models import BigIntegerField, F, Value, When
from django.db.models import Case as Either

from determinations.duties import records
from determinations.models import Case, Duty, DutySettings, DutyState

log = logging.getLogger(__name__)

#: Letters that failed are tried again, so many of them in a turn: each in its turn.
_TRIED_AGAIN = 20
#: While so many letters fail, no others are begun: what is at fault is not a letter.
_MOST_FAILED = 1_000


class DutiesFailed(Exception):
    """The duties of some letters could not be worked out; all others were. The log names the letters."""


def refresh_outdated(limit: int) -> int:
    """Work out open duties again that were worked out before rules or settings last changed; returns of how many
    letters.

    Then look through letters that may have gained a duty: those that were read before there were duties, or before
    a setting let them be work. Raises :class:`DutiesFailed` as long as some letter fails. While very many do, only
    these are tried again.
    """
    settings = DutySettings.objects.first()
    if settings is None:
        return 0
    failed, waiting = settings.failed[:_TRIED_AGAIN], settings.failed[_TRIED_AGAIN:]
    if len(settings.failed) >= _MOST_FAILED:
        log.error("The duties of %d letters cannot be worked out; no others are begun.", len(settings.failed))
        limit = 0
    outdated = Duty.objects.filter(state=DutyState.OPEN, computed_at__lt=settings.changed_at)
    outdated = outdated.exclude(letter__in=settings.failed).order_by("computed_at")
    ids = sorted(set(outdated.values_list("letter_id", flat=True)[:limit]))
    looks_through = bool(limit) and not ids and settings.reached is not None
    if looks_through:
        overturned = Case.objects.current().filter(overturned_count__gt=0, pk__gt=settings.reached)
        ids = list(overturned.order_by("pk").values_list("pk", flat=True)[:limit])
    fails = _refresh(ids) | _refresh(failed)
    if looks_through or fails or failed:  # in one statement, so that no letter is passed over that is not noted
        reached = (ids[-1] if ids else None) if looks_through else settings.reached
        same_settings = When(changed_at=settings.changed_at, then=Value(reached, output_field=BigIntegerField()))
        DutySettings.objects.update(
            failed=[*waiting, *sorted(fails.difference(waiting))], reached=Either(same_settings, default=F("reached"))
        )
    if fails:
        raise DutiesFailed(f"{len(fails)} letters")
    return len(ids)


def _refresh(ids: Sequence[int]) -> set[int]:
    """Work out the duties of these letters, together or, if that fails, in ever smaller parts; returns which fail."""
    if not ids:
        return set()
    try:
        with transaction.atomic():
            records.lock_letters(ids)
            records.refresh(ids)
    except (OperationalError, SoftTimeLimitExceeded, MemoryError):
        raise  # of the database or the task, not of a letter
    except Exception as fault:
        if len(ids) > 1:
            half = len(ids) // 2
            return _refresh(ids[:half]) | _refresh(ids[half:])
        # The message may hold what a row says: only its type is logged.
        log.error("The duties of letter %d cannot be worked out (%s).", ids[0], type(fault).__name__)
        return {ids[0]}
    return set()
