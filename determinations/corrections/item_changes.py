"""Items added, removed, split, merged or reordered. These changes stay on the page until the user saves."""

import json
from collections.abc import Sequence
from dataclasses import replace

from determinations.cases.fields import storable
from determinations.cases.item_keys import drawn_key
from determinations.cases.open_letter import Change, GivenItem, GivenPart
from determinations.models import Operation
from determinations.models.corrections import STRUCTURAL

_MOST_PENDING = 200


def read_pending(printed: str) -> list[Change]:
    """Parse the pending item changes; malformed input gives an empty list."""
    try:
        changes = [
            Change(
                operation=Operation(listed["operation"]),
                path=_text(listed["path"]),
                value=_storable(listed["value"]),
            )
            for listed in json.loads(printed or "[]")[:_MOST_PENDING]
            if Operation(listed["operation"]) in STRUCTURAL
        ]
        return changes if all(map(_is_well_formed, changes)) else []
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []


def write_pending(pending: Sequence[Change]) -> str:
    """The pending changes in the form that ``read_pending`` reads."""
    return json.dumps(
        [{"operation": change.operation, "path": change.path, "value": change.value} for change in pending]
    )


def with_reason(changes: Sequence[Change], *, reason: str, note: str) -> list[Change]:
    """The pending changes with the reason and note that the user gave when saving."""
    return [replace(change, reason=reason, note=note) for change in changes]


def item_change(
    verb: str, key: str, *, keys: Sequence[str], new_request: str, split_requests: Sequence[str]
) -> Change | None:
    """The change that an item's button asks for; None for an unknown button, or an item that is gone.

    ``keys`` are the letter's items in order.
    """
    if verb == "add":
        added = {
            "key": drawn_key(),
            "after": keys[-1] if keys else "",
            "values": {"request": new_request},
        }
        return Change(operation=Operation.ADD_ITEM, value=added)
    if key not in keys:
        return None
    at = keys.index(key)
    match verb:
        case "remove":
            return Change(operation=Operation.REMOVE_ITEM, path=f"items/{key}")
        case "split":
            parts = [{"key": drawn_key(), "values": {"request": request}} for request in split_requests]
            return Change(operation=Operation.SPLIT_ITEM, path=f"items/{key}", value=parts)
        case "merge" if at + 1 < len(keys):
            merged = {"key": drawn_key(), "of": [key, keys[at + 1]], "values": {}}
            return Change(operation=Operation.MERGE_ITEMS, value=merged)
        case "up" if at > 0:
            return _swapped(keys, at - 1)
        case "down" if at + 1 < len(keys):
            return _swapped(keys, at)
    return None


def item_after(change: Change, key: str) -> str:
    """The key of the item to show after a change; "" if it is gone. ``key``: of the item whose button was used."""
    match change.operation:
        case Operation.ADD_ITEM | Operation.MERGE_ITEMS:
            return str(change.given(GivenItem)["key"])
        case Operation.SPLIT_ITEM:
            parts = change.given(list[GivenPart])
            return str(parts[0]["key"]) if parts else ""
        case Operation.REORDER_ITEMS:
            return key
    return ""


def _swapped(keys: Sequence[str], at: int) -> Change:
    """The order in which the items at ``at`` and after it have changed places."""
    order = [*keys[:at], keys[at + 1], keys[at], *keys[at + 2 :]]
    return Change(operation=Operation.REORDER_ITEMS, path="items", value=order)


# What was read from the page is checked


def _storable(value: object) -> object:
    """The value without characters that PostgreSQL cannot store; JSON can write them as ``\\u0000``."""
    match value:
        case str():
            return storable(value)
        case list():
            return [_storable(member) for member in value]
        case dict():
            return {storable(name): _storable(member) for name, member in value.items()}
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return storable(value)


def _is_well_formed(change: Change) -> bool:
    """Whether the change has the shape that ``item_change`` gives it."""
    value = change.value
    match change.operation:
        case Operation.ADD_ITEM:
            return _is_part(value) and isinstance(change.given(GivenItem).get("after", ""), str)
        case Operation.SPLIT_ITEM:
            return isinstance(value, list) and all(map(_is_part, value))
        case Operation.MERGE_ITEMS:
            return _is_part(value) and _are_texts(change.given(GivenItem).get("of"))
        case Operation.REORDER_ITEMS:
            return _are_texts(value)
    return value is None


def _is_part(value: object) -> bool:
    """Whether this is an item's key with its typed values."""
    if not (isinstance(value, dict) and isinstance(value.get("key"), str) and isinstance(value.get("values"), dict)):
        return False
    return _are_texts([*value["values"].values()])


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(member, str) for member in value)
