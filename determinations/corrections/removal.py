"""Removing a letter: its rows immediately, its file when the retention period ends.

Utilization review files must be kept for years after the latest decision, so the file of a letter that belonged here
stays in the store until then, where it cannot be opened. A file that never belonged here is deleted immediately.
"""

import logging
from datetime import date, datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from determinations.access import audit
from determinations.access.roles import check_permission
from determinations.cases.effective import remove_letters
from determinations.cases.page_pictures import delete_pictures
from determinations.intake.store import letter_store
from determinations.models import Case, Letter, LetterText, RemovedLetter, ReviewSettings, UnopenedFile
from determinations.retention.holds import refuse_held, without_held_files
from determinations.storage.locking import lock_store
from determinations.storage.places import StoreFault

log = logging.getLogger(__name__)

#: One sweep deletes at most this many files.
_MOST_DELETED = 100


def remove_letter(letter_id: int, *, by: User, now: datetime, reason: str, belonged: bool = True) -> RemovedLetter:
    """Remove a letter's rows, but not its corrections.

    Another version of its case is used from now on. If the same file is uploaded again, its corrections apply again.
    ``belonged``: the retention rule covers the file; otherwise it is deleted immediately. Raises ``OnHold``.
    """
    check_permission(by, "delete_letter")
    with transaction.atomic():
        refuse_held([letter_id])
        letter = Letter.objects.get(pk=letter_id)
        text = LetterText.objects.filter(pk=letter_id).only("start", "end").first()
        removed = RemovedLetter.objects.create(
            letter_id=letter_id,
            sha256=letter.sha256,
            part=letter.part,
            start=text.start if text else None,
            end=text.end if text else None,
            office_set_id=letter.office_set_id,
            reason=reason[:500],
            belonged=belonged,
            removed_at=now,
            by_id=by.pk,
            by_name=by.get_username(),
            keep_until=kept_until(letter) if belonged else now.date(),
        )
        audit.record(
            "letter.removed",
            by=by,
            at=now,
            letter_id=letter_id,
            sha256=letter.sha256,
            part=letter.part,
            belonged=belonged,
            keep_until=removed.keep_until.isoformat(),
        )
        remove_letters([letter_id])
        transaction.on_commit(lambda: delete_files(now=now, only=removed.pk))
    return removed


def kept_until(letter: Letter) -> date:
    """The day until which a letter's file is kept: years after its latest decision, or after its arrival.

    Three years after the latest utilization review decision (rulemaking text of 2025, DIR news release 2025-97),
    unless staff set another number.
    """
    case = Case.objects.filter(pk=letter.pk).first()
    decided = [day for day in (case.decision_date, case.ur_denial_date) if day] if case else []
    latest = max(decided, default=letter.received_at.date())
    years = ReviewSettings.now().retention_years
    try:
        return latest.replace(year=latest.year + years)
    except ValueError:  # February 29
        return latest.replace(year=latest.year + years, day=28)


def delete_files(*, now: datetime, only: int | None = None) -> int:
    """Delete files whose retention period is over; returns how many. A file that was uploaded again is kept."""
    due = _due(now)
    if only is not None:
        due = due.filter(pk=only)
    return sum(_delete_file(pk, now) for pk in due.values_list("pk", flat=True)[:_MOST_DELETED])


def _due(now: datetime) -> QuerySet[RemovedLetter]:
    """For a file that was removed more than once, the longest period counts."""
    there_again = Exists(Letter.objects.filter(sha256=OuterRef("sha256")))
    waits_to_be_opened = Exists(UnopenedFile.objects.filter(sha256=OuterRef("sha256")))
    kept_longer = Exists(RemovedLetter.objects.filter(sha256=OuterRef("sha256"), keep_until__gt=now.date()))
    due = without_held_files(RemovedLetter.objects.filter(deleted_at=None, keep_until__lte=now.date()))
    return due.exclude(there_again).exclude(waits_to_be_opened).exclude(kept_longer).order_by("keep_until", "pk")


def _delete_file(pk: int, now: datetime) -> bool:
    try:
        return _delete_if_due(pk, now)
    except StoreFault as fault:
        log.error("The file of a removed letter cannot be deleted now (%s).", fault.strerror)
        return False


def _delete_if_due(pk: int, now: datetime) -> bool:
    with transaction.atomic():
        lock_store(to_delete=True)
        removed = _due(now).filter(pk=pk).first()  # checked again: the file may have been uploaded in the meantime
        if removed is None:
            return False
        try:
            letter_store().delete(Letter(sha256=removed.sha256).store_name)
            delete_pictures(removed.sha256)
        except OSError as fault:
            log.error("The file of removed letter %d cannot be deleted (%s).", removed.letter_id, type(fault).__name__)
            return False
        RemovedLetter.objects.filter(pk=pk).update(deleted_at=now)
    return True
