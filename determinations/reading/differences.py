"""What a new reading of a letter changes, compared with the stored one and its corrections."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from determinations.cases.fields import ITEM_FIELDS, LETTER_FIELDS, read, same
from determinations.cases.item_keys import Anchor, keys_of
from determinations.cases.merging import Merged
from determinations.models.corrections import FieldValue
from determinations.parsing.results import LetterRecord


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that the new reading changes. ``kind``: ``gain`` if the corrected value is now read, ``loss`` if it no
    longer is, else ``change``. An added or removed item has the field ``items`` and its request as the value."""

    path: str
    field: str
    kind: str
    old: FieldValue
    new: FieldValue


def differences(old: LetterRecord, new: LetterRecord, merged: Merged) -> Iterator[Difference]:
    """What a new reading changes; gains and losses are relative to ``merged``, the old reading with corrections."""
    for name in LETTER_FIELDS:
        yield from _difference("", name, old, new, merged, name)
    old_keys = keys_of(old["items"])
    anchors = [
        Anchor(key, item["request"], item["spans"].get("request"))
        for key, item in zip(old_keys, old["items"], strict=True)
    ]
    new_items = dict(zip(keys_of(new["items"], anchors), new["items"], strict=True))
    for key, item in zip(old_keys, old["items"], strict=True):
        path = f"items/{item['number']}"
        if key not in new_items:
            yield Difference(path, "items", "change", item["request"], None)
            continue
        for name in ITEM_FIELDS:
            yield from _difference(key, name, item, new_items[key], merged, f"{path}/{name}")
    for key, item in new_items.items():
        if key not in old_keys:
            yield Difference(f"items/{item['number']}", "items", "change", None, item["request"])


def _difference(
    key: str, name: str, old: Mapping[str, object], new: Mapping[str, object], merged: Merged, path: str
) -> Iterator[Difference]:
    before, after = read(old, name), read(new, name)
    if same(name, before, after):
        return
    kind = "change"
    if standing := merged.standings.get((key, name)):
        right = standing.correction.value
        was, becomes = same(name, before, right), same(name, after, right)
        kind = "gain" if becomes and not was else "loss" if was and not becomes else "change"
    yield Difference(path, name, kind, before, after)
