"""How actions changed the work on cases, so that they can be undone, also when a case is of another letter by then."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet

from determinations.access.scope import EVERYTHING, within
from determinations.models import CaseWork, RowsAction, WorkStatus
from determinations.models.casework import RowsState

#: Tags that a case may have.
MOST_TAGS = 20
#: A change as stored: the letter, and its owner, status and tags before and after.
_Row = list[int | str | list[str] | None]


@dataclass(frozen=True, slots=True)
class Held:
    """What a case had at some moment."""

    owner_id: int | None
    status: str
    tags: tuple[str, ...]

    @classmethod
    def by(cls, row: CaseWork) -> "Held":
        """What a row says."""
        return cls(row.owner_id, row.status, tuple(row.tags))

    @classmethod
    def read(cls, values: Sequence[int | str | list[str] | None]) -> "Held":
        """What stored values say."""
        owner, status, tags = values
        assert isinstance(tags, list)
        return cls(owner if isinstance(owner, int) else None, str(status), tuple(tags))

    def values(self) -> _Row:
        """The values to store."""
        return [self.owner_id, self.status, list(self.tags)]


@dataclass(frozen=True, slots=True)
class Change:
    """What a case had before and after a change, so that it can be undone, and what others changed since stays.

    Actions that the release before stored do not say what was after.
    """

    before: Held
    after: Held | None

    def take_back(self, row: CaseWork) -> None:
        """Give the row back what the change took, where it still has what the change gave."""
        if self.after is None:
            row.owner_id, row.status, row.tags = self.before.owner_id, self.before.status, list(self.before.tags)
            return
        if self.before.owner_id != self.after.owner_id == row.owner_id:
            row.owner_id = self.before.owner_id
        if self.before.status != self.after.status == row.status:
            row.status = self.before.status
        kept = [tag for tag in row.tags if tag in self.before.tags or tag not in self.after.tags]
        lost = [tag for tag in self.before.tags if tag not in self.after.tags and tag not in kept]
        row.tags = [*kept, *lost][:MOST_TAGS]

    def beside(self, own: Held) -> "Change":
        """The change once its case is of another letter, whose ``own`` work came first and is not undone."""
        if self.after is None:
            return self
        tags = [tag for tag in self.after.tags if tag in own.tags and tag not in self.before.tags]
        before = Held(
            self.before.owner_id if own.owner_id is None else self.after.owner_id,
            self.before.status if own.status == WorkStatus.NEW else self.after.status,
            (*self.before.tags, *tags),
        )
        return replace(self, before=before)


def row_of(letter_id: int, change: Change) -> _Row:
    """A change as an action stores it."""
    return [letter_id, *change.before.values(), *(change.after.values() if change.after else ())]


def read_row(row: Sequence[int | str | list[str] | None]) -> tuple[int, Change]:
    """The letter and the change of a stored row."""
    letter_id, *values = row
    return int(str(letter_id)), Change(Held.read(values[:3]), Held.read(values[3:]) if values[3:] else None)


def follow_work(targets: Mapping[int, int], own: Mapping[int, Held]) -> None:
    """Have actions that can be undone name the letters to which work moved, and leave what these had of their own.

    ``targets`` are the letters to which the work of letters moved, ``own`` what they had before, each by the letter
    whose work moved. Call it in the transaction that moves it. Workers hold actions while they wait for letters:
    those actions are waited for after it, and all others change with it.
    """
    named = Q()
    for letter_id in targets:
        named |= Q(before__contains=[[letter_id]])
    with within(EVERYTHING):
        actions = set(_can_be_undone().filter(named).values_list("pk", flat=True)) if targets else set()
        if held := actions - _rewrite(actions, targets, own, skip_held=True):
            transaction.on_commit(partial(_rewrite_held, held, targets, own))


def _rewrite_held(actions: Collection[int], targets: Mapping[int, int], own: Mapping[int, Held]) -> None:
    with transaction.atomic(), within(EVERYTHING):
        _rewrite(actions, targets, own, skip_held=False)


def _rewrite(
    actions: Collection[int], targets: Mapping[int, int], own: Mapping[int, Held], *, skip_held: bool
) -> set[int]:
    """Rewrite those of these actions that can still be undone; returns which."""
    rows = _can_be_undone().filter(pk__in=actions).order_by("pk") if actions else RowsAction.objects.none()
    rewritten = set()
    for action in rows.select_for_update(skip_locked=skip_held):
        action.before = [_followed(row, targets, own) for row in action.before]
        action.save(update_fields=["before"])
        rewritten.add(action.pk)
    return rewritten


def _can_be_undone() -> QuerySet[RowsAction]:
    return RowsAction.objects.filter(Q(undone_at=None) | Q(state=RowsState.UNDOING), kind="work")


def _followed(row: _Row, targets: Mapping[int, int], own: Mapping[int, Held]) -> _Row:
    letter_id, change = read_row(row)
    if letter_id not in targets:
        return row
    return row_of(targets[letter_id], change.beside(own[letter_id]) if letter_id in own else change)
