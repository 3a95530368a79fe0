"""Legal holds: a held case is neither removed nor archived nor erased, and no retention period ends for it.

A hold covers all letters of the case: copies, versions, and those that arrive later.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from determinations.access import audit
from determinations.access.roles import check_permission
from determinations.access.scope import EVERYTHING, within
from determinations.models import Case, LegalHold, Letter, RemovedLetter
from determinations.models.any_of import AnyOfRead


class OnHold(Exception):
    """The case is under a legal hold; nothing was changed. The message contains no letter text."""

    def __init__(self, hold: LegalHold) -> None:
        super().__init__(
            f"Letter {hold.letter_id} is under a legal hold since {hold.placed_at:%b} {hold.placed_at.day}, "
            f"{hold.placed_at.year}. Nothing was changed; release the hold first."
        )
        self.hold = hold


class HoldRefused(Exception):
    """The hold cannot be placed or released. The message says why."""


def in_force() -> QuerySet[LegalHold]:
    """Holds that are not released."""
    return LegalHold.objects.filter(released_at=None)


def letters_of_cases(letter_ids: Iterable[int]) -> set[int]:
    """These letters, and all other copies and versions of their cases."""
    ids = set(letter_ids)
    return ids | set(_related(ids).values_list("pk", flat=True))


def holds_on(letter_ids: Iterable[int]) -> list[LegalHold]:
    """The holds in force on these letters, or on another letter of their cases; the oldest first. One query."""
    return list(rows_on(letter_ids))


def rows_on(letter_ids: Iterable[int]) -> QuerySet[LegalHold]:
    """The rows of ``holds_on``."""
    ids = set(letter_ids)
    on_them = Q(letter_id__in=ids) | Q(AnyOfRead("letter_id", _related(ids).values("pk")))
    return in_force().filter(on_them).order_by("placed_at", "pk")


def _related(ids: Collection[int]) -> QuerySet[Case]:
    """The cases of these letters, in all copies and versions."""
    counting = Case.objects.filter(pk__in=ids).values(counting=Coalesce("superseded_by_id", "pk"))
    return Case.objects.filter(AnyOfRead("pk", counting) | AnyOfRead("superseded_by", counting))


def refuse_held(letter_ids: Collection[int]) -> None:
    """Raises :class:`OnHold` if one of these letters, or of their cases' letters, is held."""
    if holds := holds_on(letter_ids):
        raise OnHold(holds[0])


def held_letters() -> set[int]:
    """All letters of cases under a hold: few, as holds are."""
    return letters_of_cases(in_force().values_list("letter_id", flat=True))


def without_held_files(removed: QuerySet[RemovedLetter]) -> QuerySet[RemovedLetter]:
    """Of removed letters, those that are no copy of a held one."""
    held = sorted(held_letters())
    return removed.exclude(Q(letter_id__in=held) | Q(copies__overlap=held)) if held else removed


def place_hold(letter_id: int, *, reason: str, by: User, now: datetime) -> LegalHold:
    """Place a hold on a letter's case. Raises :class:`HoldRefused` if it has one."""
    check_permission(by, "hold_cases")
    if not reason.strip():
        raise HoldRefused("Enter the reason.")
    with transaction.atomic():
        letter = Letter.objects.select_for_update(no_key=True).get(pk=letter_id)
        if holds := holds_on([letter_id]):
            raise HoldRefused(f"The case is under a hold already, placed on letter {holds[0].letter_id}.")
        case = Case.objects.filter(pk=letter.pk).first()
        with within(EVERYTHING):  # views of offices show names, and take none
            hold = LegalHold.objects.create(
                letter_id=letter_id,
                case_number=(case and case.case_number) or "",
                reason=reason.strip()[:500],
                placed_at=now,
                placed_by_id=by.pk,
                placed_by_name=by.get_username(),
            )
        audit.record("hold.placed", by=by, at=now, letter_id=letter_id, hold=hold.pk)
    return hold


def release_hold(hold_id: int, *, reason: str, by: User, now: datetime) -> LegalHold:
    """Release a hold. Raises :class:`HoldRefused` if it was released before."""
    check_permission(by, "hold_cases")
    if not reason.strip():
        raise HoldRefused("Enter the reason.")
    with transaction.atomic():
        hold = LegalHold.objects.select_for_update().get(pk=hold_id)
        if hold.released_at is not None:
            raise HoldRefused(f"This hold was released by {hold.released_by_name} before.")
        hold.released_at, hold.released_by_name = now, by.get_username()
        hold.release_reason = reason.strip()[:500]
        with within(EVERYTHING):
            hold.save(update_fields=["released_at", "released_by_name", "release_reason"])
        audit.record("hold.released", by=by, at=now, letter_id=hold.letter_id, hold=hold.pk)
    return hold
