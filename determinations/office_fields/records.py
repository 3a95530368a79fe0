"""Values of a case number: read, edited by staff, and their history.

Values belong to the case number and not to a letter. Reading a letter again, a second copy, an amended letter and the
removal of a copy leave them as they are; a letter that arrives later has them at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from determinations.access import audit
from determinations.access.roles import check_permission
from determinations.access.scope import all_letters
from determinations.cases.office_values import copy_now
from determinations.models import CaseValues, OfficeField, OfficeValue, ValueChange
from determinations.models.office_fields import column_of
from determinations.office_fields.registry import MAY_EDIT, edited_fields
from determinations.office_fields.values import (
    BadValue,
    Entered,
    effective_ids,
    read_value,
    stored_values,
    values_by_id,
)


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A field of a case with its value; ``value`` is None if none was entered."""

    field: OfficeField
    value: OfficeValue | None

    @property
    def text(self) -> str:
        """The value as it is shown; empty for none."""
        return self.value.printed if self.value else ""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a user typed for one field, and the ID of the value that was shown then (0 for none)."""

    slot: int
    typed: str
    seen: int


@dataclass(frozen=True, slots=True)
class Change:
    """An entry of the history, newest first. ``old`` and ``new`` are empty where there was no value."""

    field: OfficeField
    old: str
    new: str
    by_name: str
    at: datetime
    imported: bool
    undoes: bool


class ValuesRefused(Exception):
    """Nothing was saved. ``by_slot`` says why for each field; ``now`` has values that others entered meanwhile."""

    def __init__(self, by_slot: Mapping[int, str], now: Mapping[int, OfficeValue | None] | None = None) -> None:
        super().__init__(" ".join(by_slot.values()))
        self.by_slot = by_slot
        self.now = now or {}


def values_of(case_number: str | None, fields: Sequence[OfficeField]) -> list[FieldValue]:
    """The fields with their values, in order. At most two queries."""
    kept = CaseValues.objects.filter(pk=case_number).first() if case_number and fields else None
    by_id = _values_of(kept, fields)
    return [FieldValue(field, by_id.get(_id_of(kept, field.slot) or 0)) for field in fields]


def _values_of(kept: CaseValues | None, fields: Iterable[OfficeField]) -> dict[int, OfficeValue]:
    """The values of a row by the IDs in it; a value that was merged is shown as the one it was merged into."""
    values = values_by_id(_id_of(kept, field.slot) for field in fields)
    effective = effective_ids(values)
    values |= values_by_id(set(effective.values()) - values.keys())
    return {pk: values[target] for pk, target in effective.items()}


def _id_of(kept: CaseValues | None, slot: int) -> int | None:
    pk: int | None = getattr(kept, column_of(slot)) if kept else None
    return pk


@all_letters
def edit_values(
    case_number: str, submitted: Sequence[Submitted], fields: Sequence[OfficeField], *, by: User, now: datetime
) -> int:
    """Save what a user typed for a case number; returns how many values changed.

    All or nothing: raises ``ValuesRefused`` if a value is not of its field's kind, or if someone else changed a value
    that the user changed too. ``fields`` are those the user may see; others are refused. The caller has found the
    number on a case that the user sees; the value itself may be known from others.
    """
    check_permission(by, MAY_EDIT)
    allowed = {field.slot: field for field in edited_fields(by, fields)}
    entered, errors = _read(submitted, allowed)
    if errors:
        raise ValuesRefused(errors)
    with transaction.atomic():
        ids = stored_values({(slot, value.normal): value for slot, (value, _typed) in entered.items() if value})
        CaseValues.objects.bulk_create([CaseValues(case_number=case_number)], ignore_conflicts=True)
        kept = CaseValues.objects.select_for_update().get(pk=case_number)
        shown = _values_of(kept, allowed.values())
        wanted = {slot: ids[slot, value.normal] if value else None for slot, (value, _typed) in entered.items()}
        targets = effective_ids(values_by_id(wanted.values()))
        changes: list[ValueChange] = []
        meanwhile: dict[int, OfficeValue | None] = {}
        for one in submitted:
            old, new = _id_of(kept, one.slot), wanted[one.slot]
            current = shown.get(old or 0)
            if (current.pk if current else None) == (targets[new] if new else None):
                continue  # as it is, or only spelled otherwise
            if (current.pk if current else 0) != one.seen:
                meanwhile[one.slot] = current
                continue
            changes.append(_change(case_number, one.slot, old, new, entered[one.slot][1], by=by, now=now))
            setattr(kept, column_of(one.slot), new)
        if meanwhile:
            raise ValuesRefused({slot: _meanwhile(value) for slot, value in meanwhile.items()}, meanwhile)
        if changes:
            kept.version += 1
            kept.pending = True
            kept.save()
            ValueChange.objects.bulk_create(changes)
            names = sorted(allowed[change.field_id].key for change in changes)
            audit.record("office_values.edited", by=by, at=now, case_number=case_number, fields=names)
    if changes:
        copy_now([case_number])
    return len(changes)


def _read(
    submitted: Sequence[Submitted], allowed: Mapping[int, OfficeField]
) -> tuple[dict[int, tuple[Entered | None, str]], dict[int, str]]:
    entered: dict[int, tuple[Entered | None, str]] = {}
    errors: dict[int, str] = {}
    for one in submitted:
        if one.slot not in allowed:
            errors[one.slot] = "Your role does not edit this field."
            continue
        try:
            entered[one.slot] = read_value(allowed[one.slot], one.typed), one.typed
        except BadValue as bad:
            errors[one.slot] = str(bad)
    return entered, errors


def _meanwhile(value: OfficeValue | None) -> str:
    current = f"It is now “{value.printed}”." if value else "It is now empty."
    return f"Someone else changed this value while you were editing. {current} Save again to replace it."


def _change(
    case_number: str, slot: int, old: int | None, new: int | None, typed: str, *, by: User, now: datetime
) -> ValueChange:
    return ValueChange(
        case_number=case_number, field_id=slot, old_id=old, new_id=new, typed=" ".join(typed.split())[:200],
        by_id=by.pk, by_name=by.get_username(), at=now,
    )  # fmt: skip


def history_of(case_number: str, fields: Sequence[OfficeField], limit: int = 50) -> list[Change]:
    """The latest changes of the fields, newest first. One query."""
    by_slot = {field.slot: field for field in fields}
    rows = ValueChange.objects.filter(case_number=case_number, field__in=list(by_slot)).select_related("old", "new")
    return [
        Change(
            by_slot[row.field_id],
            row.old.printed if row.old else "",
            (row.typed or row.new.printed) if row.new else "",
            row.by_name,
            row.at,
            row.source_id is not None,
            row.undoes,
        )
        for row in rows.order_by("-pk")[:limit]
    ]
