"""Actions on more cases than one request changes: the first are changed at once, workers change the rest in steps.

A refusal (no such user, a tag that is too long) is therefore said before anything happens. The row of the action says
what is left; each step is one transaction that changes some cases and takes them out of it, so that a worker that dies
leaves nothing half done. All of it is undone as one, in steps again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet

from determinations.access.roles import scope_of
from determinations.access.scope import within
from determinations.browsing.selected_rows import UNDONE_WITHIN, act, restore_work
from determinations.casework.work import MOST_AT_ONCE, WorkRefused
from determinations.models import RowsAction
from determinations.models.casework import RowsState
from determinations.paging.counts import COUNT_CAP
from determinations.replica.own_writes import note_writes

#: Cases that one action reaches: as many as lists count exactly.
MOST_CASES = COUNT_CAP
#: Actions that reach so many; the others do something else than changing cases.
IN_STEPS = ("assign", "status", "tag", "untag")
_LONGEST = 1_000
#: A step takes a second, and one worker at a time takes steps. If one began longer ago, its message or worker is lost.
_STALE_AFTER = timedelta(seconds=15)


def begin(do: str, letters: Sequence[int], argument: str, to: User | None, *, by: User, now: datetime) -> RowsAction:
    """Change the first cases, and leave the rest to workers. Raises ``WorkRefused`` and PermissionDenied."""
    if len(argument) > _LONGEST:
        raise WorkRefused("Too many tags. Nothing was saved.")
    with transaction.atomic():
        outcome = act(do, letters[:MOST_AT_ONCE], argument, to, by=by, now=now)
        return RowsAction.objects.create(
            by=by, at=now, kind="work", before=outcome.before, state=RowsState.RUNNING, do=do, argument=argument,
            to=to, total=len(letters), waiting=list(letters[MOST_AT_ONCE:]),
        )  # fmt: skip


def begin_undo(action_id: int, *, by: User, now: datetime) -> None:
    """Take back what was done so far, and do no more. Raises ``WorkRefused`` if it is too late."""
    with transaction.atomic():
        action = RowsAction.objects.select_for_update().get(pk=action_id)
        if action.by_id != by.pk:
            raise PermissionDenied
        if now - action.at > UNDONE_WITHIN:
            raise WorkRefused("This was done more than an hour ago and can no longer be undone here.")
        if action.state in (RowsState.UNDOING, RowsState.UNDONE):
            raise WorkRefused("This was undone already.")
        action.state, action.waiting, action.undone_at = RowsState.UNDOING, [], now
        action.save(update_fields=["state", "waiting", "undone_at"])


def unfinished(now: datetime) -> QuerySet[RowsAction]:
    """Actions with cases left that no worker works on."""
    stale = Q(stepped_at=None) | Q(stepped_at__lt=now - _STALE_AFTER)
    return RowsAction.objects.filter(stale, state__in=(RowsState.RUNNING, RowsState.UNDOING))


def step(action_id: int, *, now: datetime) -> bool:
    """Change the next cases; returns whether any are left. What was changed before a failure stays, and is undone."""
    RowsAction.objects.filter(pk=action_id).update(stepped_at=now)
    try:
        with transaction.atomic():
            action = RowsAction.objects.select_for_update(of=("self",)).select_related("by", "to").get(pk=action_id)
            with within(scope_of(action.by)):
                _do_some(action, now)
            action.save(update_fields=["state", "waiting", "before"])
    except (WorkRefused, PermissionDenied) as refusal:
        said = str(refusal) or "You no longer have the permission for this."
        RowsAction.objects.filter(pk=action_id).update(state=RowsState.FAILED, message=said[:300], waiting=[])
        return False
    note_writes([action.by_id])
    return action.state in (RowsState.RUNNING, RowsState.UNDOING)


def _do_some(action: RowsAction, now: datetime) -> None:
    if action.state == RowsState.RUNNING:
        some, action.waiting = action.waiting[:MOST_AT_ONCE], action.waiting[MOST_AT_ONCE:]
        if some:
            outcome = act(action.do, some, action.argument, action.to, by=action.by, now=now)
            action.before = [*action.before, *outcome.before]
        action.state = RowsState.RUNNING if action.waiting else RowsState.DONE
    elif action.state == RowsState.UNDOING:
        some_before, action.before = action.before[:MOST_AT_ONCE], action.before[MOST_AT_ONCE:]
        restore_work(some_before, by=action.by, now=now)
        action.state = RowsState.UNDOING if action.before else RowsState.UNDONE
