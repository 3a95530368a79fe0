"""Erasing a case for good: its letters in all copies and versions, with everything that contains any of their content.

What remains is a row without content (``ErasedLetter``) for each letter, and the audit trail, which never contained
any. The rows go in one transaction; the files right after it, and if that fails, by the next sweep. A backup still
contains what it contained when it was made (``imrsite/deploy/retention.md``).
"""

import hmac
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from determinations.access import audit, typed_forms
from determinations.access.roles import check_permission
from determinations.cases.effective import remove_letters
from determinations.cases.page_pictures import delete_pictures
from determinations.corrections.erased_values import erase_office_values
from determinations.duties.documents import delete_stored
from determinations.intake.store import letter_store
from determinations.models import (
    Case,
    Correction,
    Duty,
    DutyDocument,
    ErasedLetter,
    Export,
    LegalHold,
    Letter,
    LetterPair,
    RemovedLetter,
    SearchVocabulary,
    SearchWord,
    UnopenedFile,
)
from determinations.models.browsing import ExportState
from determinations.retention.holds import holds_on, letters_of_cases
from determinations.storage.files import exports_area
from determinations.storage.locking import lock_store
from determinations.storage.places import StoreFault

log = logging.getLogger(__name__)

_MOST_FILES = 100
#: Seconds that the deletion of documents waits while files are received: longer than one of them takes.
_WAIT_FOR_UPLOADS = 5.0
#: Longer than a file of an export is kept.
_EXPORTS_KEPT = timedelta(days=30)


class ErasureRefused(Exception):
    """Nothing was erased. The message says why; no letter text."""


@dataclass(frozen=True, slots=True)
class ErasurePlan:
    """What erasing a letter's case takes away. ``others``: letters of other cases in the same files."""

    letters: tuple[Letter, ...]
    others: tuple[Letter, ...]
    removed: tuple[RemovedLetter, ...]
    holds: tuple[LegalHold, ...]
    case_numbers: tuple[str, ...]
    corrections: int

    @property
    def ids(self) -> list[int]:
        """All letters, those of other cases too."""
        return [letter.pk for letter in (*self.letters, *self.others)]

    @property
    def files(self) -> set[str]:
        """The SHA-256 of all files, those of copies that were removed earlier too."""
        stored = {letter.sha256 for letter in (*self.letters, *self.others)}
        return stored | {row.sha256 for row in self.removed}


def plan_erasure(letter_id: int) -> ErasurePlan:
    """What belongs to the letter's case, and what else is in the same files. Raises ``Letter.DoesNotExist``."""
    own = letters_of_cases([Letter.objects.get(pk=letter_id).pk])
    files = set(Letter.objects.filter(pk__in=own).values_list("sha256", flat=True))
    letters = list(Letter.objects.filter(Q(pk__in=own) | Q(sha256__in=files)).select_related("case").order_by("pk"))
    ids = [letter.pk for letter in letters]
    removed = list(RemovedLetter.objects.filter(Q(copies__overlap=ids) | Q(sha256__in=files)).order_by("pk"))
    shas = files | {row.sha256 for row in removed}
    numbers = {letter.case.case_number for letter in letters if hasattr(letter, "case") and letter.case.case_number}
    return ErasurePlan(
        letters=tuple(letter for letter in letters if letter.pk in own),
        others=tuple(letter for letter in letters if letter.pk not in own),
        removed=tuple(removed),
        holds=tuple(holds_on(ids)),
        case_numbers=tuple(sorted(numbers)),
        corrections=Correction.objects.filter(letter_sha256__in=shas).count(),
    )


def erase_case(letter_id: int, *, reason: str, with_others: bool, by: User, now: datetime) -> ErasurePlan:
    """Erase a letter's case; returns what was erased. ``with_others``: also letters of other cases in its files.

    Raises ``ErasureRefused``, and ``PermissionDenied``.
    """
    check_permission(by, "erase_letters")
    with transaction.atomic():
        plan = plan_erasure(letter_id)
        if plan.holds:
            raise ErasureRefused(f"Letter {plan.holds[0].letter_id} is under a legal hold. Release the hold first.")
        if plan.others and not with_others:
            raise ErasureRefused("The files also contain letters of other cases. Nothing was erased.")
        tombstones = _leave_tombstones(plan, reason, by, now)
        _erase_rows(plan)
        transaction.on_commit(lambda: erase_files(tombstones, now=now))
    return plan


def _leave_tombstones(plan: ErasurePlan, reason: str, by: User, now: datetime) -> list[int]:
    """A row for each letter and for each copy that was removed earlier, and the record of who did it."""
    by_file: dict[str, int] = {}
    for digest in Correction.objects.filter(letter_sha256__in=plan.files).values_list("letter_sha256", flat=True):
        by_file[digest] = by_file.get(digest, 0) + 1
    numbers = dict(Case.objects.filter(pk__in=plan.ids).values_list("pk", "case_number"))
    rows = []
    for letter_id, digest in dict.fromkeys(
        [(letter.pk, letter.sha256) for letter in (*plan.letters, *plan.others)]
        + [(row.letter_id, row.sha256) for row in plan.removed]
    ):
        number = numbers.get(letter_id) or ""
        rows.append(
            ErasedLetter(
                letter_id=letter_id,
                sha256=digest,
                case_number=number if settings.ERASURE_KEEPS_NUMBER else "",
                case_digest=case_digest(number) if number else "",
                reason=reason,
                at=now,
                by_id=by.pk,
                by_name=by.get_username(),
                corrections=by_file.get(digest, 0),
            )
        )
        audit.record("letter.erased", by=by, at=now, letter_id=letter_id, reason=reason)
    return [row.pk for row in ErasedLetter.objects.bulk_create(rows)]


def case_digest(case_number: str) -> str:
    """The digest that finds an erased case by its number, keyed so that nobody can try all numbers without the key."""
    return hmac.new(settings.SECRET_KEY.encode(), f"erased case {case_number}".encode(), sha256).hexdigest()


def _erase_rows(plan: ErasurePlan) -> None:
    """Everything in the database that contains content of these letters, what users typed about them too."""
    ids = plan.ids
    duties = Duty.objects.filter(letter__in=ids).values_list("pk", flat=True)
    pairs = LetterPair.objects.filter(Q(older__in=ids) | Q(newer__in=ids)).values_list("pk", flat=True)
    typed_forms.forget_about(letters=ids, duties=duties, pairs=pairs)
    documents = list(DutyDocument.objects.filter(letter__in=ids).values_list("store_name", flat=True))
    transaction.on_commit(lambda: delete_stored(documents, wait=_WAIT_FOR_UPLOADS))
    since = min(letter.received_at for letter in (*plan.letters, *plan.others))
    remove_letters(ids)
    erase_office_values(plan.case_numbers)
    Correction.objects.filter(letter_sha256__in=plan.files).delete()
    RemovedLetter.objects.filter(pk__in=[row.pk for row in plan.removed]).delete()
    LegalHold.objects.filter(letter_id__in=[*ids, *(row.letter_id for row in plan.removed)]).update(
        case_number="", reason="(erased)", release_reason="(erased)"
    )
    SearchWord.objects.all().delete()  # counted again by the next sweep
    SearchVocabulary.objects.all().delete()
    # An export made since then may contain the case; its list is all that is known of it.
    written = (ExportState.READY, ExportState.WRITING)
    Export.objects.filter(state__in=written, requested_at__gte=since).update(
        state=ExportState.FAILED, message="A case of this list was erased.", rows=None
    )


def erase_files(tombstones: list[int] | None = None, *, now: datetime) -> int:
    """Delete the files of erased letters, with their pictures, and exports that may contain them; returns how many.

    Without ``tombstones``, those of earlier erasures that could not be deleted then.
    """
    left = ErasedLetter.objects.filter(files_deleted_at=None)
    if tombstones is not None:
        left = left.filter(pk__in=tombstones)
    done = 0
    for row in list(left.order_by("pk")[:_MOST_FILES]):
        try:
            done += _delete_files_of(row, now)
        except StoreFault as fault:
            log.error("The files of erased letters cannot be deleted now (%s).", fault.strerror)
            break
    return done


def _delete_files_of(row: ErasedLetter, now: datetime) -> bool:
    with transaction.atomic():
        lock_store(to_delete=True)
        needed = any(model.objects.filter(sha256=row.sha256).exists() for model in (Letter, UnopenedFile))
        if needed or not _delete(row):
            return False
        ErasedLetter.objects.filter(pk=row.pk).update(files_deleted_at=now)
    return True


def _delete(row: ErasedLetter) -> bool:
    try:
        letter_store().delete(Letter(sha256=row.sha256).store_name)
        delete_pictures(row.sha256)
        for export in Export.objects.filter(state=ExportState.FAILED, finished_at__gte=row.at - _EXPORTS_KEPT):
            exports_area().delete(export.store_name.removeprefix("exports/"))
    except OSError as fault:
        log.error("A file of erased letter %d cannot be deleted (%s).", row.letter_id, type(fault).__name__)
        return False
    return True


def allow_again(tombstone_id: int, *, by: User, now: datetime) -> ErasedLetter:
    """Allow the same file to be uploaded again."""
    check_permission(by, "erase_letters")
    with transaction.atomic():
        row = ErasedLetter.objects.select_for_update().get(pk=tombstone_id)
        same_file = ErasedLetter.objects.filter(sha256=row.sha256, allowed_at=None)
        same_file.update(allowed_at=now, allowed_by_name=by.get_username())
        audit.record("erased.allowed", by=by, at=now, letter_id=row.letter_id)
    row.refresh_from_db()
    return row
