"""What staff do with duties: receipt, completion, assignment; recorded in the audit trail, without text."""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from determinations.access import audit
from determinations.access.roles import check_permission
from determinations.access.scope import EVERYTHING, within
from determinations.duties.records import lock_letters, note_due_dates, refresh
from determinations.models import Case, Duty, DutyState, Receipt

#: Duties that one action changes at most.
MOST_AT_ONCE = 500


class DutyRefused(Exception):
    """Nothing was changed; the message tells the user why."""


class IssuedLater(DutyRefused):
    """``letters``: so many were issued after ``received_on``, the date of receipt."""

    def __init__(self, letters: int, received_on: date) -> None:
        were = "was" if letters == 1 else "were"
        super().__init__(f"{letters:,} of the letters {were} issued after this date of receipt. Nothing was saved.")
        self.letters, self.received_on = letters, received_on


def check_receipt(cases: QuerySet[Case], received_on: date, *, now: datetime) -> None:
    """Raises :class:`DutyRefused` for a date in the future, or before a letter was issued."""
    if received_on > timezone.localdate(now):
        raise DutyRefused("The date of receipt is in the future. Nothing was saved.")
    if later := cases.filter(decision_date__gt=received_on).count():
        raise IssuedLater(later, received_on)


def enter_receipt(
    letter_ids: Collection[int],
    received_on: date,
    service: str,
    *,
    by: User,
    now: datetime,
    only_missing: bool = False,
) -> int:
    """Enter the date of receipt of letters; returns for how many.

    Raises :class:`DutyRefused` for a date in the future or before a letter was issued, and PermissionDenied.
    """
    check_permission(by, "work_duties")
    with transaction.atomic():
        lock_letters(letter_ids)  # whether a date is missing is read after that: someone may be entering it
        cases = Case.objects.filter(pk__in=letter_ids)
        if only_missing:
            cases = cases.filter(letter__receipt=None)
        check_receipt(cases, received_on, now=now)
        ids = sorted(cases.values_list("pk", flat=True))
        Receipt.objects.bulk_create(
            [Receipt(letter_id=pk, received_on=received_on, service=service, by=by, at=now) for pk in ids],
            update_conflicts=True, unique_fields=["letter"], update_fields=["received_on", "service", "by", "at"],
        )  # fmt: skip
        refresh(ids)
        for pk in ids:
            audit.record("receipt.entered", by=by, at=now, letter_id=pk, on=received_on.isoformat(), service=service)
    return len(ids)


def close(duties: Iterable[int], *, done_on: date, required: bool, note: str, by: User, now: datetime) -> int:
    """Close open duties as done on a date, or as not required with a note that says why; returns how many.

    Raises :class:`DutyRefused` for a date in the future or before the receipt, or a missing reason; PermissionDenied.
    """
    check_permission(by, "work_duties")
    if done_on > timezone.localdate(now):
        raise DutyRefused("The day on which it was done is in the future. Nothing was saved.")
    if not required and not note.strip():
        raise DutyRefused("Say in the note why this is not required. Nothing was saved.")
    with transaction.atomic():
        rows = list(_locked(duties).filter(state=DutyState.OPEN))
        if any(duty.received_on and not duty.presumed and done_on < duty.received_on for duty in rows):
            raise DutyRefused("The day on which it was done is before the letter was received. Nothing was saved.")
        for duty in rows:
            duty.state = DutyState.DONE if required else DutyState.NOT_REQUIRED
            duty.closed_on, duty.closed_at, duty.closed_by_name = done_on, now, by.get_username()
            duty.note = note.replace("\x00", "").strip()[:1000]
        with within(EVERYTHING):  # views of offices show names, and take none
            Duty.objects.bulk_update(rows, ["state", "closed_on", "closed_at", "closed_by_name", "note"])
        note_due_dates({duty.letter_id for duty in rows})
        for duty in rows:
            audit.record(
                "duty.closed", by=by, at=now, letter_id=duty.letter_id, item=duty.item_number, state=duty.state,
                on=done_on.isoformat(),
            )  # fmt: skip
    return len(rows)


def reopen(duties: Iterable[int], *, by: User, now: datetime) -> int:
    """Open closed duties again; returns how many. Their due dates are worked out by the rules of today.

    Notes stay, with the name of who wrote them, which decides to which offices a note is shown. Raises
    PermissionDenied.
    """
    check_permission(by, "work_duties")
    with transaction.atomic():
        rows = list(_locked(duties).exclude(state=DutyState.OPEN))
        for duty in rows:
            duty.state, duty.closed_on, duty.closed_at = DutyState.OPEN, None, None
            duty.save(update_fields=["state", "closed_on", "closed_at"])
            audit.record("duty.reopened", by=by, at=now, letter_id=duty.letter_id, item=duty.item_number)
        refresh({duty.letter_id for duty in rows})
    return len(rows)


def assign(duties: Iterable[int], to: User | None, *, by: User, now: datetime) -> int:
    """Assign open duties to a user, or unassign them; returns how many.

    Raises :class:`DutyRefused` if that user may not work on duties, and PermissionDenied.
    """
    check_permission(by, "work_duties")
    if to is not None and not (to.is_active and to.has_perm("determinations.work_duties")):
        raise DutyRefused(f"{to.get_username()} does not have permission to work on duties. Nothing was saved.")
    with transaction.atomic():
        rows = list(_locked(duties).filter(state=DutyState.OPEN))
        for duty in rows:
            duty.assigned_to = to
        Duty.objects.bulk_update(rows, ["assigned_to"])
        for duty in rows:
            audit.record(
                "duty.assigned", by=by, at=now, letter_id=duty.letter_id, item=duty.item_number,
                to=to.pk if to else None,
            )  # fmt: skip
    return len(rows)


def set_services(duty_id: int, *, given: bool, by: User, now: datetime) -> int:
    """Set whether the services of an item were already given, which decides which rule applies; returns how many open
    duties that changed."""
    check_permission(by, "work_duties")
    with transaction.atomic():
        rows = list(_locked([duty_id]).filter(state=DutyState.OPEN))
        for duty in rows:
            duty.services_given, duty.given_by_hand = given, True
            duty.save(update_fields=["services_given", "given_by_hand"])
            audit.record(
                "duty.services_set", by=by, at=now, letter_id=duty.letter_id, item=duty.item_number, given=given
            )
            refresh([duty.letter_id])
    return len(rows)


def _locked(duties: Iterable[int]) -> QuerySet[Duty]:
    """The duties, locked after their letters."""
    chosen = Duty.objects.filter(pk__in=list(duties)[:MOST_AT_ONCE])
    lock_letters(chosen.values_list("letter_id", flat=True))
    return chosen.select_for_update(of=("self",)).order_by("pk")
