"""Corrections of one kind each, as the correction form saves several at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.contrib.auth.models import User

from determinations.cases.merging import Standing
from determinations.cases.open_letter import Change, open_letter
from determinations.corrections.actions import save_changes
from determinations.models import Correction, Operation


def confirm_value(letter_id: int, path: str, *, by: User, now: datetime, note: str = "") -> list[Correction]:
    """Confirm the effective value; later parser versions will not change it."""
    return save_changes(letter_id, [Change(operation=Operation.CONFIRM, path=path, note=note)], by=by, now=now)


def revert(
    letter_id: int, path: str, *, by: User, now: datetime, reason: str = "reverted", note: str = ""
) -> list[Correction]:
    """Revert to the parser's value."""
    change = Change(operation=Operation.REVERT, path=path, reason=reason, note=note)
    return save_changes(letter_id, [change], by=by, now=now)


def add_item(
    letter_id: int,
    values: Mapping[str, object],
    *,
    by: User,
    now: datetime,
    reason: str,
    after: str = "",
    note: str = "",
) -> list[Correction]:
    """Add an item that the parser missed, after the item ``after`` (number or key; "": first)."""
    change = Change(
        operation=Operation.ADD_ITEM, value={"after": after, "values": dict(values)}, reason=reason, note=note
    )
    return save_changes(letter_id, [change], by=by, now=now)


def remove_item(
    letter_id: int, item: str, *, by: User, now: datetime, reason: str, note: str = ""
) -> list[Correction]:
    """Remove an item that the parser found by mistake."""
    change = Change(operation=Operation.REMOVE_ITEM, path=f"items/{item}", reason=reason, note=note)
    return save_changes(letter_id, [change], by=by, now=now)


def split_item(
    letter_id: int,
    item: str,
    parts: Sequence[Mapping[str, object]],
    *,
    by: User,
    now: datetime,
    reason: str,
    note: str = "",
) -> list[Correction]:
    """Split an item; each part gives at least its request and takes its other values from the item."""
    change = Change(
        operation=Operation.SPLIT_ITEM,
        path=f"items/{item}",
        value=[{"values": dict(part)} for part in parts],
        reason=reason,
        note=note,
    )
    return save_changes(letter_id, [change], by=by, now=now)


def merge_items(
    letter_id: int,
    items: Sequence[str],
    *,
    by: User,
    now: datetime,
    reason: str,
    values: Mapping[str, object] | None = None,
    note: str = "",
) -> list[Correction]:
    """Merge items; values not in ``values`` come from the first."""
    change = Change(
        operation=Operation.MERGE_ITEMS,
        value={"of": list(items), "values": dict(values or {})},
        reason=reason,
        note=note,
    )
    return save_changes(letter_id, [change], by=by, now=now)


def reorder_items(
    letter_id: int, order: Sequence[str], *, by: User, now: datetime, reason: str, note: str = ""
) -> list[Correction]:
    """Reorder the items; ``order`` names every item once."""
    change = Change(operation=Operation.REORDER_ITEMS, value=list(order), reason=reason, note=note)
    return save_changes(letter_id, [change], by=by, now=now)


def dismiss_problem(
    letter_id: int, code: str, path: str, *, by: User, now: datetime, note: str = ""
) -> list[Correction]:
    """Dismiss a problem: it was checked, and nothing is wrong."""
    change = Change(operation=Operation.DISMISS, path=path, value=code, reason="nothing_wrong", note=note)
    return save_changes(letter_id, [change], by=by, now=now)


def standings(letter_id: int) -> dict[str, Standing]:
    """The values that staff set or confirmed, by path with the item's number: for the case page."""
    opened = open_letter(letter_id)
    return {opened.path(*target): standing for target, standing in opened.merged.standings.items()}
