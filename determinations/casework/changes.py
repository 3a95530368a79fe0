"""How actions changed the work on cases, so that they can be undone, also when a case is of another letter by then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Q

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


def keep_own(own: Mapping[int, Held]) -> None:
    """See to it that undoing leaves what other letters had, to which the work of these letters moved.

    ``own`` is what the other letter had, by letter. Call it after the move is committed: workers hold actions while
    they wait for letters.
    """
    if not own:
        return
    named = Q()
    for letter_id in own:
        named |= Q(before__contains=[[letter_id]])
    with transaction.atomic(), within(EVERYTHING):
        can_be_undone = RowsAction.objects.filter(Q(undone_at=None) | Q(state=RowsState.UNDOING), named, kind="work")
        for action in can_be_undone.select_for_update().order_by("pk"):
            action.before = [_beside(row, own) for row in action.before]
            action.save(update_fields=["before"])


def _beside(row: _Row, own: Mapping[int, Held]) -> _Row:
    letter_id, change = read_row(row)
    return row_of(letter_id, change.beside(own[letter_id])) if letter_id in own else row
