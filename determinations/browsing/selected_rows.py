"""Selected rows of a list or of the review queue, and what can be done with them: one mechanism for all lists.

Every row stands for the letter of a case. Actions reach up to ``MOST_AT_ONCE`` cases in a request, and more in steps
(``large_actions``); those that change values return what the cases had before, from which the user can undo them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import QueryDict
from django.utils.text import get_text_list

from determinations.access.roles import check_permission
from determinations.browsing.lists import LISTS
from determinations.cases.open_letter import CorrectionsRefused
from determinations.casework import work
from determinations.casework.changes import read_row, row_of
from determinations.casework.work import MOST_AT_ONCE, WorkRefused
from determinations.corrections import actions, review_queue
from determinations.models import Case, Duty, ReviewEntry, RowsAction
from determinations.models.casework import RowsBefore, RowsState
from determinations.paging.counts import whole_number
from determinations.wording.figures import counted

#: The review queue, among the names of lists.
REVIEW = "review"
#: Letters that are confirmed in one request, and cases that are printed together.
MOST_CONFIRMED, MOST_PRINTED = 25, 50
_DAMAGED = (
    "The stored values are damaged. Files and all earlier corrections are kept. Tell an administrator the number: "
    "manage.py check_texts --read-again restores the values. Then confirm again."
)
#: How long an action can be undone.
UNDONE_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, in words, and what the cases had before; ``kind`` is empty where there is nothing to undo.

    ``warned`` is what was left as it is, and why.
    """

    said: str
    kind: str = ""
    before: RowsBefore = field(default_factory=list)
    warned: str = ""


def letters_of(ids: Collection[str], *, list_name: str, user: User) -> list[int]:
    """The letters of selected rows that the list has. Raises ``WorkRefused`` for none, and for too many."""
    numbers = {number for printed in ids if (number := whole_number(printed)) is not None}
    if not numbers:
        raise WorkRefused("Select at least one row first.")
    if len(numbers) > MOST_AT_ONCE:
        raise WorkRefused(f"Select at most {MOST_AT_ONCE} cases at once. Nothing was done.")
    rows = ReviewEntry.objects.all() if list_name == REVIEW else Case.objects.current()
    return sorted(rows.filter(pk__in=numbers).values_list("pk", flat=True))


def letters_of_duties(ids: Collection[int]) -> list[int]:
    """The letters of duties. Raises ``WorkRefused`` for none, and for too many."""
    if not ids:
        raise WorkRefused("Select at least one row first.")
    if len(ids) > MOST_AT_ONCE:
        raise WorkRefused(f"Select at most {MOST_AT_ONCE} rows at once. Nothing was done.")
    return sorted(set(Duty.objects.filter(pk__in=ids).values_list("letter_id", flat=True)))


def letters_that_match(list_name: str, query: QueryDict, *, user: User, most: int = MOST_AT_ONCE) -> list[int]:
    """The cases of all rows of a filtered list. Raises ``WorkRefused`` if there are more than an action reaches."""
    kind = LISTS[list_name]
    rows = kind.filterset(query, by=user).qs.order_by()
    ids = rows.values_list("case_id", flat=True).distinct() if kind.of_items else rows.values_list("pk", flat=True)
    found = list(ids[: most + 1])
    if len(found) > most:
        raise WorkRefused(f"More than {most:,} cases match. Filter the list so that it has fewer. Nothing was done.")
    return sorted(found)


def act(name: str, letters: Collection[int], argument: str, to: User | None, *, by: User, now: datetime) -> Outcome:
    """Do it with these cases. Raises ``WorkRefused`` and PermissionDenied."""
    match name:
        case "assign":
            changed = work.assign(letters, to, by=by, now=now)
            return _of_work(f"Assigned {_cases(len(letters))} to {to.get_username() if to else 'no one'}.", changed)
        case "status":
            changed = work.set_status(letters, argument, by=by, now=now)
            return _of_work(f"Set the status of {_cases(len(letters))}.", changed)
        case "tag" | "untag":
            tags = argument.split(",")
            add, remove = (tags, []) if name == "tag" else ([], [tag.strip() for tag in tags if tag.strip()])
            changed = work.change_tags(letters, add=add, remove=remove, by=by, now=now)
            return _of_work(f"Changed the tags of {_cases(len(changed))}.", changed)
        case "review_assign":
            if to is not None and not to.has_perm("determinations.correct_cases"):
                raise WorkRefused(f"{to.get_username()} does not have permission to correct cases. Nothing was saved.")
            return _of_review(
                f"Assigned {_letters(len(letters))}.", review_queue.assign_all(letters, to, by=by, now=now)
            )
        case "snooze":
            days = min(whole_number(argument) or 7, 365)
            before = review_queue.snooze_all(letters, days=days, by=by, now=now)
            return _of_review(f"Snoozed {_letters(len(before))} for {days} days.", before)
        case "confirm":
            return _confirm(letters, by=by, now=now)
        case _:
            raise WorkRefused("Choose what to do with the selected rows.")


def _confirm(letters: Collection[int], *, by: User, now: datetime) -> Outcome:
    check_permission(by, "correct_cases")
    if len(letters) > MOST_CONFIRMED:
        raise WorkRefused(f"Confirm at most {MOST_CONFIRMED} letters at once. Nothing was saved.")
    confirmed, refused = 0, dict[str, list[int]]()
    for pk in letters:
        try:
            confirmed += bool(actions.confirm_letter(pk, by=by, now=now))
        except actions.DamageRefused:
            refused.setdefault(_DAMAGED, []).append(pk)
        except CorrectionsRefused as refusal:
            refused.setdefault(" ".join(words for _path, words in refusal.errors), []).append(pk)
    warned = [f"{_left_as_is(pks)}: {reason}" for reason, pks in refused.items()]
    said = "" if refused and not confirmed else f"Confirmed all remaining values of {_letters(confirmed)}."
    return Outcome(said, warned=" ".join(warned))


def _left_as_is(letters: Sequence[int]) -> str:
    numbers = get_text_list([str(pk) for pk in letters], "and")
    return f"Letter {numbers} was left as it is" if len(letters) == 1 else f"Letters {numbers} were left as they are"


def _cases(number: int) -> str:
    return counted(number, "case")


def _letters(number: int) -> str:
    return counted(number, "letter")


def _of_work(said: str, changed: work.Changed) -> Outcome:
    return Outcome(said, "work", [row_of(pk, change) for pk, change in changed.items()])


def _of_review(said: str, changed: review_queue.Changes) -> Outcome:
    rows: RowsBefore = []
    for pk, entries in changed.items():
        values = ((user, until.isoformat() if until else None) for user, until in filter(None, entries))
        rows.append([pk, *(value for entry in values for value in entry)])
    return Outcome(said, "review", rows)


def remember(outcome: Outcome, *, by: User, now: datetime) -> int | None:
    """Keep what the cases had before, so that the action can be undone; returns the ID to undo it by, if it can be."""
    if not outcome.before:
        return None
    return RowsAction.objects.create(by=by, at=now, kind=outcome.kind, before=outcome.before).pk


def undo(action: RowsAction, *, by: User, now: datetime) -> str:
    """Undo an action; returns what was done, in words. Raises ``WorkRefused`` if it is too late."""
    if action.by_id != by.pk:
        raise PermissionDenied
    if now - action.at > UNDONE_WITHIN:
        raise WorkRefused("This was done more than an hour ago and can no longer be undone here.")
    with transaction.atomic():  # if it fails, it can be tried again
        return _undo(action, by, now)


def _undo(action: RowsAction, by: User, now: datetime) -> str:
    if not RowsAction.objects.filter(pk=action.pk, undone_at=None).update(undone_at=now):
        raise WorkRefused("This was undone already.")
    if action.kind == "work":
        return f"Undone for {_cases(restore_work(action.before, by=by, now=now))}."
    entries = {
        int(str(pk)): (_entry(values[:2]), _entry(values[2:]) if values[2:] else None) for pk, *values in action.before
    }
    return f"Undone for {_letters(review_queue.restore_all(entries, by=by, now=now))}."


def restore_work(before: RowsBefore, *, by: User, now: datetime) -> int:
    """Take the changes of cases back; returns how many changed."""
    return work.undo(list(map(read_row, before)), by=by, now=now)


def _entry(values: Sequence[int | str | list[str] | None]) -> tuple[int | None, datetime | None]:
    user, until = values
    return user if isinstance(user, int) else None, datetime.fromisoformat(until) if isinstance(until, str) else None


def delete_old(*, now: datetime) -> None:
    """Forget actions that can no longer be undone."""
    RowsAction.objects.filter(at__lt=now - UNDONE_WITHIN).exclude(
        state__in=(RowsState.RUNNING, RowsState.UNDOING)
    ).delete()
