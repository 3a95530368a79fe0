"""Duties as rows: open ones follow the case, closed ones are kept as they were.

``refresh`` is called wherever cases are written, so a duty appears with its case and ends when a correction says that
the item is upheld. What staff did (receipt, assignment, completion) is recorded in the audit trail, without text.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from determinations.access import audit
from determinations.access.roles import check_permission
from determinations.access.scope import EVERYTHING, all_letters, within
from determinations.duties.deadlines import Deadline, LetterDates, Rule, deadline, services_given, task_rule
from determinations.duties.rules import closed_days, read_rules, windows
from determinations.models import (
    Case,
    DisputedItem,
    Duty,
    DutyDocument,
    DutySettings,
    DutyState,
    Letter,
    Receipt,
    Service,
)
from determinations.models.any_of import AnyOf
from determinations.models.cases import Decision

#: Duties that one action changes at most.
MOST_AT_ONCE = 500


class DutyRefused(Exception):
    """Nothing was changed; the message tells the user why."""


@dataclass(frozen=True, slots=True)
class _Rules:
    """The rules, closed days and settings that one pass works with."""

    rules: Sequence[Rule]
    closed: frozenset[date]
    settings: DutySettings

    @classmethod
    def now(cls) -> "_Rules":
        return cls(read_rules(), closed_days(), DutySettings.now())


def dates_of(case: Case, receipt: Receipt | None, settings: DutySettings) -> tuple[LetterDates, bool]:
    """The dates of a letter, and whether its receipt is presumed from the date of the letter."""
    uploaded = timezone.localdate(case.letter.received_at)
    received, presumed = (receipt.received_on, False) if receipt else (None, False)
    if received is None and case.decision_date and settings.mail_days is not None:
        received, presumed = case.decision_date + timedelta(days=settings.mail_days), True
    by_mail = None if receipt is None or receipt.service == Service.UNKNOWN else receipt.service == Service.MAIL
    dates = LetterDates(case.decision_date, received, case.ur_denial_date, uploaded, by_mail)
    return dates, presumed


def windows_of(case: Case, receipt: Receipt | None, decisions: Iterable[str]) -> list[Deadline]:
    """The deadlines of a case that are no tasks: last day to appeal, bar on the same request, retention."""
    current = _Rules.now()
    dates, _presumed = dates_of(case, receipt, current.settings)
    in_force = windows(current.rules, outcomes=set(decisions), on=dates.issued or dates.uploaded)
    return [deadline(rule, dates, current.closed) for rule in in_force]


@all_letters
def refresh(letter_ids: Collection[int]) -> None:
    """Work out the open duties of these letters again; call it in the transaction that wrote their cases or receipts.

    A letter has duties if it counts (no other version supersedes it) and is recent enough to be work. A copy hands
    its receipt and its closed duties over to the letter that counts.
    """
    if not letter_ids:
        return
    counting = set(Case.objects.filter(AnyOf("pk", letter_ids), superseded_by=None).values_list("pk", flat=True))
    overturned = _overturned_items(counting)
    kept = {(duty.letter_id, duty.item_number): duty for duty in Duty.objects.filter(AnyOf("letter", letter_ids))}
    if not overturned and not kept:
        return
    _take_over_from_copies(counting, kept)
    current = _Rules.now()
    cases = Case.objects.filter(pk__in=overturned).select_related("letter").in_bulk()
    receipts = Receipt.objects.in_bulk(list(overturned))
    now = timezone.now()
    wanted: dict[tuple[int, int], Duty] = {}
    for pk, items in overturned.items():
        if _is_work(cases[pk], current.settings):
            for number, disputed in items.items():
                duty = _worked_out(cases[pk], number, disputed, kept.get((pk, number)), receipts.get(pk), current, now)
                if duty is not None:
                    wanted[pk, number] = duty
    _store(kept, wanted)


def _overturned_items(cases: Collection[int]) -> dict[int, dict[int, str]]:
    items: dict[int, dict[int, str]] = {}
    rows = DisputedItem.objects.filter(AnyOf("case", cases), decision=Decision.OVERTURNED)
    for pk, number, disputed in rows.values_list("case_id", "number", "disputed"):
        items.setdefault(pk, {})[number] = disputed
    return items


def _is_work(case: Case, settings: DutySettings) -> bool:
    """Whether a letter was issued shortly before it was uploaded; without a date it is taken for new."""
    if case.decision_date is None:
        return True
    return timezone.localdate(case.letter.received_at) - case.decision_date <= timedelta(days=settings.recent_days)


def _worked_out(
    case: Case, number: int, disputed: str, known: Duty | None, receipt: Receipt | None, current: _Rules, now: datetime
) -> Duty | None:
    """The duty of an overturned item with its due date; None if no rule applies."""
    if known is not None and known.state != DutyState.OPEN:
        return known
    given = known.services_given if known is not None and known.given_by_hand else services_given(disputed)
    dates, presumed = dates_of(case, receipt, current.settings)
    rule = task_rule(current.rules, given=given, on=dates.issued or dates.uploaded)
    if rule is None or rule.pk is None:
        return None
    last = deadline(rule, dates, current.closed)
    duty = known or Duty(letter_id=case.pk, item_number=number)
    duty.rule_id, duty.services_given, duty.computed_at = rule.pk, given, now
    duty.received_on, duty.presumed = dates.received, presumed
    duty.due_on, duty.earliest_on, duty.latest_on = last.day, last.earliest, last.latest
    duty.sort_on = last.first_possible
    return duty


_COMPUTED = (
    "rule", "services_given", "computed_at", "received_on", "presumed",
    "due_on", "earliest_on", "latest_on", "sort_on",
)  # fmt: skip


def _store(kept: Mapping[tuple[int, int], Duty], wanted: Mapping[tuple[int, int], Duty]) -> None:
    gone = [duty.pk for place, duty in kept.items() if duty.state == DutyState.OPEN and place not in wanted]
    Duty.objects.filter(pk__in=gone, state=DutyState.OPEN).delete()
    # Worklists go by due date, then by key: duties of a letter are created in its order.
    created = [wanted[place] for place in sorted(wanted) if wanted[place].pk is None]
    Duty.objects.bulk_create(created, ignore_conflicts=True)  # someone entering a receipt may have been first
    still_open = [duty for duty in wanted.values() if duty.pk is not None and duty.state == DutyState.OPEN]
    Duty.objects.bulk_update(still_open, _COMPUTED)
    _note_due_dates({duty.letter_id for duty in (*kept.values(), *wanted.values())})


def _note_due_dates(letter_ids: Collection[int]) -> None:
    """Write the earliest due date of the open duties of these letters to their cases, by which lists sort."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE determinations_case AS c SET due_on = now.due_on
            FROM (
                SELECT letter.id, min(duty.due_on) AS due_on
                FROM unnest(%s::bigint[]) AS letter (id)
                LEFT JOIN determinations_duty AS duty ON duty.letter_id = letter.id AND duty.state = 'open'
                GROUP BY letter.id
            ) AS now
            WHERE c.letter_id = now.id AND c.due_on IS DISTINCT FROM now.due_on
            """,
            [sorted(letter_ids)],
        )


def hand_over(letter_id: int, heir: int) -> None:
    """Before a letter is deleted, move its receipt and closed duties to another copy, unless that has its own."""
    kept = {(duty.letter_id, duty.item_number): duty for duty in Duty.objects.filter(letter=heir)}
    _move({letter_id: heir}, kept)


def _take_over_from_copies(counting: Collection[int], kept: dict[tuple[int, int], Duty]) -> None:
    """Move receipt and closed duties from copies to the letter that counts, unless it has its own."""
    superseded = Case.objects.filter(superseded_by__in=counting, is_copy=True).order_by("pk")
    copies = {case.pk: case.superseded_by_id for case in superseded.only("superseded_by") if case.superseded_by_id}
    if copies:
        _move(copies, kept)


def _move(targets: Mapping[int, int], kept: dict[tuple[int, int], Duty]) -> None:
    """Move receipts, documents and closed duties from letters to their targets, of which ``kept`` has the duties."""
    known = set(Receipt.objects.filter(letter__in=targets.values()).values_list("pk", flat=True))
    for receipt in Receipt.objects.filter(letter__in=targets).order_by("pk"):
        target = targets[receipt.pk]
        if target not in known:
            known.add(target)
            receipt.pk = target
            receipt.save(force_insert=True)
    for document in DutyDocument.objects.filter(letter__in=targets):
        document.letter_id = targets[document.letter_id]
        document.save(update_fields=["letter"])
    for duty in Duty.objects.filter(letter__in=targets).exclude(state=DutyState.OPEN).order_by("pk"):
        place = (targets[duty.letter_id], duty.item_number)
        own = kept.get(place)
        if own is not None and own.state != DutyState.OPEN:
            continue
        if own is not None:
            own.delete()
        duty.letter_id = place[0]
        duty.save(update_fields=["letter"])
        kept[place] = duty


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
    if received_on > timezone.localdate(now):
        raise DutyRefused("The date of receipt is in the future. Nothing was saved.")
    with transaction.atomic():
        lock_letters(letter_ids)  # whether a date is missing is read after that: someone may be entering it
        cases = Case.objects.filter(pk__in=letter_ids)
        if only_missing:
            cases = cases.filter(letter__receipt=None)
        ids = sorted(cases.values_list("pk", flat=True))
        early = Case.objects.filter(pk__in=ids, decision_date__gt=received_on).count()
        if early:
            raise DutyRefused(
                f"{early} of the letters {'was' if early == 1 else 'were'} issued after this date of receipt. "
                "Nothing was saved."
            )
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
        _note_due_dates({duty.letter_id for duty in rows})
        for duty in rows:
            audit.record(
                "duty.closed", by=by, at=now, letter_id=duty.letter_id, item=duty.item_number, state=duty.state,
                on=done_on.isoformat(),
            )  # fmt: skip
    return len(rows)


def reopen(duty_id: int, *, by: User, now: datetime) -> None:
    """Open a closed duty again; its due date is worked out by the rules of today. Raises PermissionDenied.

    The note stays, with the name of who wrote it, which decides to which offices the note is shown.
    """
    check_permission(by, "work_duties")
    with transaction.atomic():
        for duty in _locked([duty_id]).exclude(state=DutyState.OPEN):
            duty.state, duty.closed_on, duty.closed_at = DutyState.OPEN, None, None
            duty.save(update_fields=["state", "closed_on", "closed_at"])
            audit.record("duty.reopened", by=by, at=now, letter_id=duty.letter_id, item=duty.item_number)
            refresh([duty.letter_id])


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


def lock_letters(letter_ids: Iterable[int]) -> None:
    """Lock the letters until the caller's transaction ends: whoever writes a case locks in the same order."""
    letters = Letter.objects.filter(pk__in=sorted(set(letter_ids))).select_for_update(no_key=True).order_by("pk")
    list(letters.values_list("pk"))
