"""Turns what a person wants done into correction rows; adds nothing to the database."""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from determinations.cases.fields import (
    EffectiveItem,
    EffectiveRecord,
    Known,
    ValueRefused,
    clean,
    field_of,
    put,
    read,
    same,
)
from determinations.cases.item_keys import drawn_key, folded
from determinations.cases.merging import merge
from determinations.cases.open_letter import Change, CorrectionsRefused, GivenItem, GivenPart, OpenLetter
from determinations.models import Authority, Category, Correction, Operation
from determinations.models.corrections import STRUCTURAL, FieldValue, ItemValues, MadeItem, RememberedItem
from determinations.parsing.results import SpanRecord

_LONGEST_PATH = 120


def known_values() -> Known:
    """What values may name: authorities and categories of the tables."""
    return Known(
        families=dict(Authority.objects.values_list("key", "family")),
        categories=frozenset(Category.objects.values_list("name", "subcategory")),
    )


class Editor:
    """Turns changes into rows, each seen on top of those before it. Adds nothing to the database."""

    def __init__(self, opened: OpenLetter, *, by: User, now: datetime) -> None:
        self.opened = opened
        self.by, self.now = by, now
        self.known = known_values()
        self.rows: list[Correction] = []
        self.seen = opened.corrections

    def rows_for(self, changes: Sequence[Change]) -> list[Correction]:
        """Rows without primary keys, or :class:`CorrectionsRefused` with every reason at once."""
        errors: list[tuple[str, str]] = []
        for change in changes:
            try:
                row = self._row(change)
            except ValueRefused as refusal:
                errors.append((change.path, str(refusal)))
                continue
            if row:
                self.rows.append(row)
                self._see(row)
        if errors:
            raise CorrectionsRefused(errors)
        self.seen = self.opened.corrections
        return [_unsaved(row) for row in self.rows]

    def _see(self, row: Correction) -> None:
        """Have the next change work on what this row makes of the letter; the number it is given is not kept."""
        corrections = (*self.opened.corrections, row)
        row.pk = self.opened.corrections[-1].pk + 1 if self.opened.corrections else 1
        if row.operation in STRUCTURAL or row.operation == Operation.REVERT:
            merged = merge(self.opened.document, corrections)
            self.opened = replace(self.opened, corrections=corrections, merged=merged)
        else:
            self.opened = replace(self.opened, corrections=corrections)

    def _row(self, change: Change) -> Correction | None:
        match change.operation:
            case Operation.SET:
                return self._set(change)
            case Operation.CONFIRM:
                return self._confirm(change)
            case Operation.REVERT:
                return self._undo(change) if change.reverts is not None else self._revert(change)
            case Operation.DISMISS:
                return self._dismiss(change)
            case Operation.ADD_ITEM:
                return self._add(change)
            case Operation.REMOVE_ITEM:
                return self._of_item(change, None)
            case Operation.SPLIT_ITEM:
                return self._split(change)
            case Operation.MERGE_ITEMS:
                return self._merge(change)
            case Operation.REORDER_ITEMS:
                return self._reorder(change)
        raise ValueRefused(_("This cannot be done."))

    # Values

    def _set(self, change: Change) -> Correction | None:
        key, name = self.opened.target(change.path)
        field = field_of(name, of_item=bool(key))
        value = clean(field, change.value, known=self.known)
        old = read(self._values(key), name)
        if same(name, value, old):
            return self._confirm(change) if change.evidence else None
        return self._value_row(change, key, name, old, value)

    def _confirm(self, change: Change) -> Correction:
        key, name = self.opened.target(change.path)
        field_of(name, of_item=bool(key))
        value = read(self._values(key), name)
        confirmation = replace(change, operation=Operation.CONFIRM, reason="confirmed")
        return self._value_row(confirmation, key, name, value, value)

    def _revert(self, change: Change) -> Correction:
        key, name = self.opened.target(change.path)
        if (key, name) not in self.opened.merged.standings:
            raise ValueRefused(_("Nobody changed this value: there is nothing to go back from."))
        old = read(self._values(key), name)
        return self._value_row(change, key, name, old, self._parser_value(key, name))

    def _value_row(self, change: Change, key: str, name: str, old: FieldValue, new: FieldValue) -> Correction:
        return self._new_row(
            change,
            path=self.opened.path(key, name),
            key=key,
            parser_value=self._parser_value(key, name),
            old_value=old,
            new_value=new,
        )

    def _values(self, key: str) -> EffectiveRecord | EffectiveItem:
        return self._item(key) if key else self.opened.merged.record

    def _parser_value(self, key: str, name: str) -> FieldValue:
        base = self.opened.merged.bases.get(key) if key else self.opened.document
        return read(base, name) if base else None

    def _dismiss(self, change: Change) -> Correction:
        key, name = self.opened.target(change.path)
        path = self.opened.path(key, name)
        found = [p for p in self.opened.merged.record["problems"] if (p["code"], p["path"]) == (change.value, path)]
        if not found:
            raise ValueRefused(_("This problem is no longer there."))
        return self._new_row(change, path=path, key=key, new_value={"code": change.value, "field": name})

    def _undo(self, change: Change) -> Correction:
        undone = next((row for row in self.opened.corrections if row.pk == change.reverts), None)
        if undone is None or undone.operation == Operation.REVERT:
            raise ValueRefused(_("There is no such correction of this letter to undo."))
        if any(row.reverts == undone.pk for row in self.opened.corrections):
            raise ValueRefused(_("This correction was undone already."))
        return self._new_row(
            change, path=undone.path, key=undone.item_key, old_value=undone.new_value, new_value=undone.old_value
        )

    # Which items there are

    def _add(self, change: Change) -> Correction:
        given = change.given(GivenItem)
        after = given.get("after") or ""
        if after:
            after, _name = self.opened.target(f"items/{after}")
        added = self._part(given, required=("request",))
        number = self._item(after)["number"] + 1 if after else 1
        return self._new_row(
            change, path=f"items/{number}", key=added["key"], keyed_by_hand=True, new_value={**added, "after": after}
        )

    def _split(self, change: Change) -> Correction:
        parts = change.given(list[GivenPart]) or []
        if len(parts) < 2:
            raise ValueRefused(_("Give the request of at least two items to split this one."))
        key, _name = self.opened.target(change.path)
        cleaned: list[MadeItem] = []
        for part in parts:
            cleaned.append(self._part(part, required=("request",), before=cleaned, instead_of=(key,)))
        return self._of_item(change, {"parts": cleaned})

    def _merge(self, change: Change) -> Correction:
        given = change.given(GivenItem)
        keys = [self.opened.target(f"items/{name}")[0] for name in given.get("of") or ()]
        if len(set(keys)) < 2:
            raise ValueRefused(_("Choose at least two items to merge."))
        items = sorted((self._item(key) for key in set(keys)), key=lambda item: item["number"])
        typed = given.get("values") or {}
        values: dict[str, object] = {
            "request": _joined(item["request"] for item in items),
            "disputed": typed.get("request") or _joined(item["disputed"] for item in items),
            "rationale": _joined((item["rationale"] or "" for item in items), " ") or None,
            **typed,
        }
        merging: GivenPart = {"values": values}
        if key := given.get("key"):
            merging["key"] = key
        merged = self._part(merging, instead_of=tuple(keys))
        of = [self._remembered(item["key"]) for item in items]
        return self._new_row(
            replace(change, path=""), path=f"items/{items[0]['number']}", new_value={**merged, "of": of}
        )

    def _reorder(self, change: Change) -> Correction | None:
        present = [item["key"] for item in self.opened.merged.record["items"]]
        keys = [self.opened.target(f"items/{name}")[0] for name in change.given(list[str]) or ()]
        if sorted(keys) != sorted(present):
            raise ValueRefused(_("The order must name every item once."))
        if keys == present:
            return None
        order = [self._remembered(key) for key in keys]
        return self._new_row(change, path="items", old_value=present, new_value={"order": order})

    def _of_item(self, change: Change, value: object) -> Correction:
        key, _name = self.opened.target(change.path)
        item = {name: one for name, one in self._item(key).items() if name != "spans"}
        return self._new_row(change, path=self.opened.path(key, ""), key=key, old_value=item, new_value=value)

    def _part(
        self,
        part: GivenPart,
        *,
        required: Sequence[str] = (),
        before: Sequence[MadeItem] = (),
        instead_of: Sequence[str] = (),
    ) -> MadeItem:
        """The key and the cleaned values of an item made by hand, and which of its wording it is in the letter."""
        given = dict(part.get("values") or {})
        if "request" in given:
            given.setdefault("disputed", given["request"])
        values: ItemValues = {}
        for name in (*required, *(name for name in given if name not in required)):
            put(values, name, clean(field_of(name, of_item=True), given.get(name), known=self.known))
        wording = folded(values["request"])
        return {
            "key": self._free_key(part.get("key")),
            "values": values,
            "occurrence": 1
            + self._worded(wording, instead_of)
            + sum(folded(each["values"]["request"]) == wording for each in before),
        }

    def _free_key(self, wanted: object) -> str:
        """The key that the form drew for the item, so that it could speak of it; else a new one."""
        key = str(wanted or "")
        taken = {row.item_key for row in self.opened.corrections}
        if key.startswith("n") and key[1:].isalnum() and key.isascii() and 9 <= len(key) <= 24 and key not in taken:
            return key
        return drawn_key()

    def _worded(self, wording: str, instead_of: Sequence[str]) -> int:
        """How many items of this wording there are: those of the parser, and those by hand that it does not find."""
        merged = self.opened.merged
        parsed = sum(folded(item["request"]) == wording for item in self.opened.document["items"])
        replaced = sum(
            base is not None and folded(base["request"]) == wording for base in map(merged.bases.get, instead_of)
        )
        by_hand = sum(
            not merged.bases.get(item["key"]) and folded(item["request"]) == wording
            for item in merged.record["items"]
            if item["key"] not in instead_of
        )
        return parsed - replaced + by_hand

    # Rows

    def _item(self, key: str) -> EffectiveItem:
        item = self.opened.item(key)
        if item is None:
            raise ValueRefused(_("There is no such item any more."))
        return item

    def _remembered(self, key: str) -> RememberedItem:
        anchor, span = self._anchor(key)
        return {"key": key, "anchor": anchor, "span": span}

    def _anchor(self, key: str) -> tuple[str, SpanRecord | None]:
        base = self.opened.merged.bases.get(key)
        return (base["request"], base["spans"].get("request")) if base else ("", None)

    def _new_row(
        self,
        change: Change,
        *,
        path: str,
        key: str = "",
        keyed_by_hand: bool = False,
        parser_value: FieldValue = None,
        old_value: object = None,
        new_value: object = None,
    ) -> Correction:
        anchor, span = ("", None) if keyed_by_hand or not key else self._anchor(key)
        return Correction(
            letter_id=self.opened.letter.pk,
            letter_sha256=self.opened.letter.sha256,
            letter_part=self.opened.letter.part,
            operation=change.operation,
            path=path[:_LONGEST_PATH],
            item_key=key,
            item_anchor=anchor,
            item_span=span,
            parser_version=self.opened.parser_version,
            parser_value=parser_value,
            old_value=old_value,
            new_value=new_value,
            reverts=change.reverts,
            evidence=list(change.evidence) if change.evidence else None,
            reason=change.reason[:40],
            note=change.note,
            by_id=self.by.pk,
            by_name=self.by.get_username(),
            at=self.now,
        )


def _joined(texts: Iterable[str], between: str = "; ") -> str:
    """Texts put together, each once."""
    return between.join(dict.fromkeys(text for text in texts if text))


def _unsaved(row: Correction) -> Correction:
    """The row without the number that it was given to be seen by those after it."""
    copied = copy(row)
    copied.pk = None
    return copied
