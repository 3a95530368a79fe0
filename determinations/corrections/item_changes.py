"""Items added, removed, split, merged, reordered: kept in the page until everything is saved."""

import json
from collections.abc import Sequence
from dataclasses import replace

from django.http import QueryDict

from determinations.cases.fields import storable
from determinations.cases.item_keys import drawn_key
from determinations.cases.open_letter import Change, GivenItem, GivenPart
from determinations.corrections.form import CorrectionForm
from determinations.models import Operation
from determinations.models.corrections import STRUCTURAL


def read_pending(printed: str) -> list[Change]:
    """The pending changes of items; what is no such list counts as none."""
    try:
        listed = json.loads(printed or "[]")
        changes = [
            Change(operation=Operation(each["operation"]), path=_word(each["path"]), value=_stored(each["value"]))
            for each in listed[:200]
            if Operation(each["operation"]) in STRUCTURAL
        ]
        return changes if all(map(_is_whole, changes)) else []
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []


def _stored(value: object) -> object:
    """The value without characters that no table can hold: JSON writes them as ``\\u0000``."""
    match value:
        case str():
            return storable(value)
        case list():
            return [_stored(each) for each in value]
        case dict():
            return {storable(name): _stored(each) for name, each in value.items()}
    return value


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return storable(value)


def _is_whole(change: Change) -> bool:
    """Whether the change is made as ``item_change`` makes its own."""
    value = change.value
    match change.operation:
        case Operation.ADD_ITEM:
            return _is_part(value) and isinstance(change.given(GivenItem).get("after", ""), str)
        case Operation.SPLIT_ITEM:
            return isinstance(value, list) and all(map(_is_part, value))
        case Operation.MERGE_ITEMS:
            return _is_part(value) and _are_words(change.given(GivenItem).get("of"))
        case Operation.REORDER_ITEMS:
            return _are_words(value)
    return value is None


def _is_part(value: object) -> bool:
    """The key that the page drew for an item, and its values in words."""
    if not (isinstance(value, dict) and isinstance(value.get("key"), str) and isinstance(value.get("values"), dict)):
        return False
    return _are_words([*value["values"].values()])


def _are_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def write_pending(pending: Sequence[Change]) -> str:
    """The pending changes as they stand in the page."""
    return json.dumps([{"operation": each.operation, "path": each.path, "value": each.value} for each in pending])


def with_reason(changes: Sequence[Change], *, reason: str, note: str) -> list[Change]:
    """The pending changes with the reason that the person gave at last."""
    return [replace(change, reason=reason, note=note) for change in changes]


def item_of(change: Change, done: str) -> str:
    """The key of the item that a change of items is about, as it stands afterwards; "" where it is gone."""
    match change.operation:
        case Operation.ADD_ITEM | Operation.MERGE_ITEMS:
            return str(change.given(GivenItem)["key"])
        case Operation.SPLIT_ITEM:
            parts = change.given(list[GivenPart])
            return str(parts[0]["key"]) if parts else ""
        case Operation.REORDER_ITEMS:
            return done.partition(" ")[2]
    return ""


def item_change(done: str, form: CorrectionForm, post: QueryDict) -> Change | None:
    """The change that a button of an item asks for: ``split <key>``, ``up <key>`` ..., or ``add``."""
    verb, _space, key = done.partition(" ")
    keys = [item.key for item in form.items]
    if verb == "add":
        request = " ".join(post.get("new_request", "").split())
        value = {"key": drawn_key(), "after": keys[-1] if keys else "", "values": {"request": request}}
        return Change(operation=Operation.ADD_ITEM, value=value)
    if key not in keys:
        return None
    at = keys.index(key)
    match verb:
        case "remove":
            return Change(operation=Operation.REMOVE_ITEM, path=f"items/{key}")
        case "split":
            lines = [" ".join(line.split()) for line in post.get(f"split:{key}", "").split("\n") if line.strip()]
            parts = [{"key": drawn_key(), "values": {"request": line}} for line in lines]
            return Change(operation=Operation.SPLIT_ITEM, path=f"items/{key}", value=parts)
        case "merge" if at + 1 < len(keys):
            value = {"key": drawn_key(), "of": [key, keys[at + 1]], "values": {}}
            return Change(operation=Operation.MERGE_ITEMS, value=value)
        case "up" if at > 0:
            keys[at - 1], keys[at] = keys[at], keys[at - 1]
            return Change(operation=Operation.REORDER_ITEMS, path="items", value=keys)
        case "down" if at + 1 < len(keys):
            keys[at + 1], keys[at] = keys[at], keys[at + 1]
            return Change(operation=Operation.REORDER_ITEMS, path="items", value=keys)
    return None
