"""Taking a letter out of the collection: its rows at once, its file when the law lets it go.

Utilization review files are kept for years after the latest decision, so the file of a letter that belonged here stays
in the store, where nobody can open it, until then. A file that never belonged here goes at once.
"""

import logging
import shutil
from datetime import date, datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from determinations.access import audit
from determinations.access.roles import check_permission
from determinations.cases.effective import remove_letters
from determinations.cases.page_pictures import pictures_folder
from determinations.intake.store import letter_store, lock_store
from determinations.models import Case, Letter, LetterText, RemovedLetter, ReviewSettings

log = logging.getLogger(__name__)

#: Files that one sweep deletes.
_MOST_DELETED = 100


def remove_letter(letter_id: int, *, by: User, now: datetime, reason: str, belonged: bool = True) -> RemovedLetter:
    """Take a letter out of the collection: its rows, not what people corrected in it.

    Another version of its case counts from now on. Should the same file come again, its corrections stand again.
    ``belonged``: the letter is one of ours, whose file the retention rule covers; else it is deleted at once.
    """
    check_permission(by, "delete_letter")
    with transaction.atomic():
        letter = Letter.objects.get(pk=letter_id)
        text = LetterText.objects.filter(pk=letter_id).only("start", "end").first()
        removed = RemovedLetter.objects.create(
            letter_id=letter_id,
            sha256=letter.sha256,
            part=letter.part,
            start=text.start if text else None,
            end=text.end if text else None,
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
            reason=reason[:200],
            belonged=belonged,
            keep_until=removed.keep_until.isoformat(),
        )
        remove_letters([letter_id])
        transaction.on_commit(lambda: delete_files(now=now, only=removed.pk))
    return removed


def kept_until(letter: Letter) -> date:
    """Until when the file of a letter has to be kept: years after its latest decision, or its arrival if it has none.

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
    """Delete files of removed letters whose time is over; returns how many. One that came again is left alone."""
    due = _due(now)
    if only is not None:
        due = due.filter(pk=only)
    return sum(_delete_file(pk, now) for pk in due.values_list("pk", flat=True)[:_MOST_DELETED])


def _due(now: datetime) -> QuerySet[RemovedLetter]:
    """Of a file that was removed more than once, the longest time holds."""
    there_again = Exists(Letter.objects.filter(sha256=OuterRef("sha256")))
    kept_longer = Exists(RemovedLetter.objects.filter(sha256=OuterRef("sha256"), keep_until__gt=now.date()))
    due = RemovedLetter.objects.filter(deleted_at=None, keep_until__lte=now.date())
    return due.exclude(there_again).exclude(kept_longer).order_by("keep_until", "pk")


def _delete_file(pk: int, now: datetime) -> bool:
    with transaction.atomic():
        lock_store(to_delete=True)
        removed = _due(now).filter(pk=pk).first()  # asked again: the same file may have come meanwhile
        if removed is None:
            return False
        try:
            letter_store().delete(Letter(sha256=removed.sha256).store_name)
            shutil.rmtree(pictures_folder(removed.sha256), ignore_errors=True)
        except OSError as fault:
            log.error("The file of removed letter %d cannot be deleted (%s).", removed.letter_id, type(fault).__name__)
            return False
        RemovedLetter.objects.filter(pk=pk).update(deleted_at=now)
    return True
