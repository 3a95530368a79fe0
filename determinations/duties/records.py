"""Duties as rows: open ones follow the case, closed ones are kept as they were.

``refresh`` is called wherever cases are written, so a duty appears with its case and ends when a correction says that
the item is upheld.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import orjson
from django.db import connection
from django.utils import timezone

from determinations.access.scope import all_letters
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
    overturned = _overturned_items(letter_ids)
    kept = {(duty.letter_id, duty.item_number): duty for duty in Duty.objects.filter(AnyOf("letter", letter_ids))}
    if not overturned and not kept:
        return
    counting = Case.objects.filter(AnyOf("pk", letter_ids), superseded_by=None).values_list("pk", flat=True)
    _take_over_from_copies(set(counting), kept)
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


def _overturned_items(letter_ids: Collection[int]) -> dict[int, dict[int, str]]:
    """What overturned items ask for, by letter and number, of those of the letters that count."""
    items: dict[int, dict[int, str]] = {}
    rows = DisputedItem.objects.filter(
        AnyOf("case", letter_ids), case__superseded_by=None, decision=Decision.OVERTURNED
    )
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
    "rule_id", "services_given", "computed_at", "received_on", "presumed",
    "due_on", "earliest_on", "latest_on", "sort_on",
)  # fmt: skip
#: Django's ``bulk_update`` makes an expression for each value, which takes ten times as long.
_UPDATE = f"""
UPDATE determinations_duty AS duty SET {", ".join(f"{column} = now.{column}" for column in _COMPUTED)}
FROM json_populate_recordset(NULL::determinations_duty, %s) AS now WHERE duty.id = now.id
"""  # noqa: S608 - names of our own columns


def _update(duties: Sequence[Duty]) -> None:
    """Store what was worked out of stored duties."""
    if duties:
        rows = [{"id": duty.pk, **{column: getattr(duty, column) for column in _COMPUTED}} for duty in duties]
        with connection.cursor() as cursor:
            cursor.execute(_UPDATE, [orjson.dumps(rows).decode()])


def _store(kept: Mapping[tuple[int, int], Duty], wanted: Mapping[tuple[int, int], Duty]) -> None:
    gone = [duty.pk for place, duty in kept.items() if duty.state == DutyState.OPEN and place not in wanted]
    Duty.objects.filter(pk__in=gone, state=DutyState.OPEN).delete()
    # Worklists go by due date, then by key: duties of a letter are created in its order.
    created = [wanted[place] for place in sorted(wanted) if wanted[place].pk is None]
    Duty.objects.bulk_create(created, ignore_conflicts=True)  # someone entering a receipt may have been first
    still_open = [duty for duty in wanted.values() if duty.pk is not None and duty.state == DutyState.OPEN]
    _update(still_open)
    note_due_dates({duty.letter_id for duty in (*kept.values(), *wanted.values())})


def note_due_dates(letter_ids: Collection[int]) -> None:
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


def lock_letters(letter_ids: Iterable[int]) -> None:
    """Lock the letters until the caller's transaction ends: whoever writes a case locks in the same order."""
    letters = Letter.objects.filter(pk__in=sorted(set(letter_ids))).select_for_update(no_key=True).order_by("pk")
    list(letters.values_list("pk"))
