"""Owner, status and tags of cases.

They are kept with the letter that counts, and follow the case: when an amended letter or another copy counts instead,
its row takes them over (``move``). What changes is recorded in the audit trail for each case.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import cast

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from determinations.access import audit
from determinations.access.roles import MOST_USERS, check_permission, people_with
from determinations.access.scope import all_letters, current_scope
from determinations.casework import notifications
from determinations.casework.changes import MOST_TAGS, Change, Held, follow_work
from determinations.models import Case, CaseNote, CaseWork, Letter, Tag, WorkStatus
from determinations.models.casework import LONGEST_TAG
from determinations.paging.composed import Part, list_of, read_parts

#: Cases that one action changes at most.
MOST_AT_ONCE = 500
#: Tags that there may be at all.
MOST_NAMES = 1_000


class WorkRefused(Exception):
    """Nothing was changed; the message tells the user why."""


#: How each case changed, by letter.
Changed = Mapping[int, Change]


def counting_letters(letter_ids: Iterable[int]) -> list[int]:
    """The letters that count for these cases, each once, in order; letters without a case have none."""
    rows = Case.objects.filter(pk__in=list(letter_ids)).values_list("pk", "superseded_by_id")
    return sorted({newer or pk for pk, newer in rows})


def assign(letter_ids: Collection[int], to: User | None, *, by: User, now: datetime) -> Changed:
    """Make a user the owner of cases, or no one. Raises ``WorkRefused`` if that user may not work on cases."""
    if to is not None and not (to.is_active and to.has_perm("determinations.work_cases")):
        raise WorkRefused(f"{to.get_username()} does not have permission to work on cases. Nothing was saved.")

    def change(row: CaseWork) -> None:
        row.owner = to

    with transaction.atomic():
        changed = _change(letter_ids, change, "case.assigned", by=by, now=now, to=to.pk if to else None)
        notifications.tell_assigned(changed, to, by=by, now=now)
        notifications.tell_watchers(changed, "owner", by=by, now=now)
    return changed


def set_status(letter_ids: Collection[int], status: str, *, by: User, now: datetime) -> Changed:
    """Set how far the office is with cases."""
    if status not in WorkStatus.values:
        raise WorkRefused("Choose a status. Nothing was saved.")

    def change(row: CaseWork) -> None:
        row.status = status

    with transaction.atomic():
        changed = _change(letter_ids, change, "case.status_set", by=by, now=now, status=status)
        notifications.tell_watchers(changed, "status", by=by, now=now)
    return changed


def change_tags(
    letter_ids: Collection[int], *, add: Sequence[str] = (), remove: Sequence[str] = (), by: User, now: datetime
) -> Changed:
    """Add tags to cases, or remove them. Raises ``WorkRefused`` for too many or too long ones."""
    check_permission(by, "work_cases")
    typed = [" ".join(name.replace("\x00", "").split()) for name in add]
    names = [name for name in dict.fromkeys(typed) if name]
    if any(len(name) > LONGEST_TAG or "," in name for name in names):
        raise WorkRefused(f"A tag has up to {LONGEST_TAG} characters and no comma. Nothing was saved.")
    if not names and not remove:
        raise WorkRefused("Enter a tag. Nothing was saved.")
    with transaction.atomic():
        added = _spelled(names, now) if names else []

        def change(row: CaseWork) -> None:
            row.tags = [*(tag for tag in row.tags if tag not in remove), *(n for n in added if n not in row.tags)]
            if len(row.tags) > MOST_TAGS:
                raise WorkRefused(f"A case may have up to {MOST_TAGS} tags. Nothing was saved.")

        changed = _change(letter_ids, change, "case.tagged", by=by, now=now, added=added, removed=list(remove))
        notifications.tell_watchers(changed, "tags", by=by, now=now)
    return changed


def undo(changes: Collection[tuple[int, Change]], *, by: User, now: datetime) -> int:
    """Give cases back what they had before changes, each with its letter; returns how many cases changed.

    What others changed since stays.

    A case of which another letter counts by now has its work there. Raises PermissionDenied.
    """
    check_permission(by, "work_cases")
    with transaction.atomic():
        letters = {pk for pk, _ in changes}
        lock_counting(letters)
        superseded = Case.objects.filter(pk__in=letters, superseded_by__isnull=False)
        newer = dict(superseded.values_list("pk", "superseded_by_id"))
        current: dict[int, list[Change]] = {}  # letters may be of one case by now
        for pk, change in changes:
            current.setdefault(newer.get(pk) or pk, []).append(change)

        def take_back(row: CaseWork) -> None:
            for change in current[row.letter_id]:
                change.take_back(row)

        return len(_change(current, take_back, "case.change_undone", by=by, now=now))


def _change(
    letter_ids: Collection[int],
    change: Callable[[CaseWork], None],
    action: str,
    *,
    by: User,
    now: datetime,
    **detail: object,
) -> Changed:
    """Change the rows of cases; those that stay as they were are not recorded. A few statements, however many."""
    check_permission(by, "work_cases")
    if len(letter_ids) > MOST_AT_ONCE:
        raise WorkRefused(f"Change at most {MOST_AT_ONCE} cases at once. Nothing was saved.")
    with transaction.atomic():
        ids = lock_counting(letter_ids)
        rows = CaseWork.objects.in_bulk(ids)
        changes: dict[int, Change] = {}
        changed: list[CaseWork] = []
        for pk in ids:
            row = rows.get(pk) or CaseWork(letter_id=pk)
            before = Held.by(row)
            change(row)
            if before != (after := Held.by(row)):
                row.changed_at = now
                changes[pk] = Change(before, after)
                changed.append(row)
        _store(changed)
        audit.record_each(action, changes, by=by, at=now, **detail)
    return changes


def _store(rows: Collection[CaseWork]) -> None:
    columns = ["owner", "status", "tags", "changed_at"]
    CaseWork.objects.bulk_create(rows, update_conflicts=True, unique_fields=["letter"], update_fields=columns)


def lock_counting(letter_ids: Collection[int]) -> list[int]:
    """The letters that count for these cases, locked until the caller's transaction ends.

    While this waits for a writer of a case, another letter may come to count: then it begins again, so that nothing is
    added to a letter that no longer counts, where nobody sees it. The locks are taken in the order of writers.
    """
    while True:
        with transaction.atomic():
            ids = counting_letters(letter_ids)
            letters = Letter.objects.filter(pk__in=ids).select_for_update(no_key=True).order_by("pk")
            locked = list(letters.values_list("pk", flat=True))
            if counting_letters(letter_ids) == ids:
                return locked
            transaction.set_rollback(True)  # releases the locks


@all_letters
def _spelled(names: Sequence[str], now: datetime) -> list[str]:
    """The names as they were spelled first; new ones are added."""
    Tag.objects.bulk_create([Tag(name=name, at=now) for name in sorted(names)], ignore_conflicts=True)
    if Tag.objects.count() > MOST_NAMES:
        raise WorkRefused(f"There are {MOST_NAMES:,} different tags already. Use one of them. Nothing was saved.")
    known = {name.lower(): name for name in Tag.objects.values_list("name", flat=True)}
    return [known[name.lower()] for name in names]


def move(targets: Mapping[int, int]) -> None:
    """Move what staff added to letters, their work, notes and watches, to other letters, whose own values come first.

    Call it in the transaction that settled which letters count, with these letters held.
    """
    if not targets:
        return
    rows = CaseWork.objects.in_bulk(list(targets))
    if rows:
        kept = CaseWork.objects.in_bulk([targets[pk] for pk in rows])
        own = {pk: Held.by(kept[targets[pk]]) for pk in rows if targets[pk] in kept}
        for pk, row in sorted(rows.items()):
            target = targets[pk]
            kept[target] = _merged(kept.get(target) or CaseWork(letter_id=target, changed_at=row.changed_at), row)
        _store(list(kept.values()))
        CaseWork.objects.filter(pk__in=rows).delete()
        follow_work({pk: targets[pk] for pk in rows}, own)
    for pk in CaseNote.objects.filter(letter__in=targets).values_list("letter", flat=True).distinct():
        CaseNote.objects.filter(letter=pk).update(letter=targets[pk])
    notifications.follow(targets, now=timezone.now())


def _merged(row: CaseWork, other: CaseWork) -> CaseWork:
    row.owner_id = row.owner_id or other.owner_id
    row.status = other.status if row.status == WorkStatus.NEW else row.status
    row.tags = list(dict.fromkeys([*row.tags, *other.tags]))[:MOST_TAGS]
    return row


def works_of(letter_ids: Iterable[int]) -> dict[int, CaseWork]:
    """The rows of these cases with their owners, in one query; cases without a row are missing."""
    return CaseWork.objects.select_related("owner").in_bulk(list(letter_ids))


def owners_and_tags() -> tuple[list[str], list[str]]:
    """The user names of those who may own cases, and the tags, to choose from."""
    if current_scope().offices is not None:  # other users for each account
        return list(_owners().values_list("username", flat=True)), list(_tags().values_list("name", flat=True))
    names = cast("dict[str, list[str]]", read_parts(_NAMES, {}))
    return names["owners"], names["tags"]


def _owners() -> QuerySet[User]:
    return people_with("work_cases")[:MOST_USERS]


def _tags() -> QuerySet[Tag]:
    return Tag.objects.all()[:MOST_NAMES]


#: They are read with every rail: to compose their statement takes longer than to run it.
_NAMES: Mapping[str, Part[object]] = {
    "owners": list_of(lambda: _owners().values("username")),
    "tags": list_of(lambda: _tags().values("name")),
}
