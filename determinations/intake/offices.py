"""The offices that letters belong to: set when they arrive, changed by administrators without a limit of their own.

What users see follows at once, in one transaction. Which letter of a case counts is settled again afterwards, since
letters of different offices are never versions of one case; the rows say for which letters this is left to do.
"""

from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q

from determinations.access import audit
from determinations.access.roles import may_move
from determinations.access.scope import all_letters
from determinations.models import Case, ItemFact, Letter, Office, OfficeSet, Upload
from determinations.replica.own_writes import note_for_everybody

#: Letters that one transaction moves.
MOVED_AT_ONCE = 500


def join_office(digests: Collection[str], office: Office | None) -> set[str]:
    """Let the stored letters of these files belong to an office as well; returns the files that were new to it."""
    if office is None or not digests:
        return set()
    rows = list(Letter.objects.filter(sha256__in=digests).select_for_update(no_key=True).order_by("pk"))
    sets = OfficeSet.objects.in_bulk({row.office_set_id for row in rows if row.office_set_id})
    joined: dict[tuple[int, ...], list[Letter]] = {}
    for row in rows:
        offices = sets[row.office_set_id].office_ids if row.office_set_id else []
        if office.pk not in offices:
            joined.setdefault((*offices, office.pk), []).append(row)
    for office_ids, letters in joined.items():
        _assign([letter.pk for letter in letters], OfficeSet.of(office_ids))
    return {letter.sha256 for letters in joined.values() for letter in letters}


@all_letters
def move_letters(letter_ids: Collection[int], offices: Collection[Office], *, by: User, now: datetime) -> int:
    """Let these letters belong to these offices and no others; returns how many moved.

    Their copies and versions move with them, and all letters of their files, since the file is opened as a whole. The
    caller has them settled afterwards (``cases.moved_letters``). Raises PermissionDenied.
    """
    _check(by)
    with transaction.atomic():
        digests = Letter.objects.filter(pk__in=_with_versions(letter_ids)).values("sha256")
        rows = list(Letter.objects.filter(sha256__in=digests).select_for_update(no_key=True).order_by("pk"))
        target = OfficeSet.of(office.pk for office in offices)
        moved = [row.pk for row in rows if row.office_set_id != (target.pk if target else None)]
        _assign(moved, target)
        names = sorted(office.name for office in offices)
        audit.record_each("letter.moved", moved, by=by, at=now, offices=names)
        transaction.on_commit(note_for_everybody)
    return len(moved)


@all_letters
def move_batch(upload: Upload, offices: Collection[Office], *, by: User, now: datetime) -> None:
    """Let the batch itself belong to the office; one that brought letters for several belongs to none."""
    _check(by)
    upload.office = next(iter(offices)) if len(offices) == 1 else None
    upload.save(update_fields=["office"])
    names = sorted(office.name for office in offices)
    audit.record("batch.moved", by=by, at=now, upload=upload.pk, offices=names)


def offices_of(letter_ids: Collection[int]) -> list[Office]:
    """The offices that at least one of these letters belongs to."""
    sets = OfficeSet.objects.filter(pk__in=Letter.objects.filter(pk__in=letter_ids).values("office_set"))
    ids = {pk for office_ids in sets.values_list("office_ids", flat=True) for pk in office_ids}
    return list(Office.objects.filter(pk__in=ids))


def add_office(name: str, *, by: User, now: datetime) -> Office:
    """Add an office. Raises PermissionDenied."""
    _check(by)
    with transaction.atomic():
        office = Office.objects.create(name=name)
        audit.record("office.added", by=by, at=now, office=name)
    return office


def change_office(office: Office, *, name: str, active: bool, by: User, now: datetime) -> None:
    """Rename an office, or end or resume its being offered. Raises PermissionDenied."""
    _check(by)
    with transaction.atomic():
        audit.record("office.changed", by=by, at=now, before=[office.name, office.active], after=[name, active])
        office.name, office.active = name, active
        office.save()


def _check(by: User) -> None:
    if not may_move(by):
        raise PermissionDenied


def _with_versions(letter_ids: Collection[int]) -> set[int]:
    """The letters with their copies and versions, which are visible together or not at all."""
    cases = Case.objects.filter(pk__in=letter_ids).values_list("pk", "superseded_by_id")
    counting = {superseded_by or pk for pk, superseded_by in cases}
    same_case = Case.objects.filter(Q(pk__in=counting) | Q(superseded_by__in=counting))
    return {*letter_ids, *same_case.values_list("pk", flat=True)}


def _assign(letter_ids: Collection[int], target: OfficeSet | None) -> None:
    Letter.objects.filter(pk__in=letter_ids).update(office_set=target, offices_changed=True)
    Case.objects.filter(pk__in=letter_ids).update(office_set=target)
    ItemFact.objects.filter(case__in=letter_ids).update(office_set=target)
