"""Turns the changes that staff ask for into Correction rows. This is the only module that creates such rows.

Rows come without primary keys: ``actions.save_changes`` saves them, ``actions.staged`` only shows their effect.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from determinations.cases.cleaning import Known, ValueRefused, clean, field_of
from determinations.cases.fields import EffectiveItem, EffectiveRecord, read, same
from determinations.cases.merging import merge
from determinations.cases.open_letter import Change, CorrectionsRefused, GivenItem, GivenPart, OpenLetter
from determinations.corrections.made_items import joined, made_item
from determinations.models import Authority, Category, Correction, Operation
from determinations.models.corrections import STRUCTURAL, FieldValue, MadeItem, RememberedItem
from determinations.parsing.results import SpanRecord

_LONGEST_PATH = 120


def known_values() -> Known:
    """The authorities and categories that values may name."""
    return Known(
        families=dict(Authority.objects.values_list("key", "family")),
        categories=frozenset(Category.objects.values_list("name", "subcategory")),
    )


class Editor:
    """Turns changes into rows, each on top of those before it. Saves nothing.

    ``opened`` is the letter with the rows so far among its corrections, unsaved ones last.
    """

    def __init__(self, opened: OpenLetter, *, by: User, now: datetime) -> None:
        self.opened = opened
        self.by, self.now = by, now
        self.known = known_values()

    def rows_for(self, changes: Sequence[Change]) -> list[Correction]:
        """Rows without primary keys, or :class:`CorrectionsRefused` with every reason at once."""
        rows: list[Correction] = []
        errors: list[tuple[str, str]] = []
        for change in changes:
            try:
                row = self._row(change)
            except ValueRefused as refusal:
                errors.append((change.path, str(refusal)))
                continue
            if row:
                rows.append(row)
                self._apply(row)
        if errors:
            raise CorrectionsRefused(errors)
        return rows

    def _apply(self, row: Correction) -> None:
        """Let the next change see this row's effect; only changes of items need a merge for that."""
        self.opened = replace(self.opened, corrections=(*self.opened.corrections, row))
        if row.operation in STRUCTURAL or row.operation == Operation.REVERT:
            self.opened = replace(self.opened, merged=merge(self.opened.document, self.opened.corrections))

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
                return self._item_row(change, None)
            case Operation.SPLIT_ITEM:
                return self._split(change)
            case Operation.MERGE_ITEMS:
                return self._merge(change)
            case Operation.REORDER_ITEMS:
                return self._reorder(change)
        raise ValueRefused(_("This change is not possible."))

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
            raise ValueRefused(_("This value has not been changed, so there is nothing to undo."))
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
        problems = self.opened.merged.record["problems"]
        if not any((problem["code"], problem["path"]) == (change.value, path) for problem in problems):
            raise ValueRefused(_("This problem no longer exists."))
        return self._new_row(change, path=path, key=key, new_value={"code": change.value, "field": name})

    def _undo(self, change: Change) -> Correction:
        undone = next((row for row in self.opened.corrections if row.pk == change.reverts), None)
        if undone is None or undone.operation == Operation.REVERT:
            raise ValueRefused(_("This letter has no such correction to undo."))
        if any(row.reverts == undone.pk for row in self.opened.corrections):
            raise ValueRefused(_("This correction has already been undone."))
        return self._new_row(
            change, path=undone.path, key=undone.item_key, old_value=undone.new_value, new_value=undone.old_value
        )

    # Which items there are

    def _add(self, change: Change) -> Correction:
        given = change.given(GivenItem)
        after = given.get("after") or ""
        if after:
            after, _name = self.opened.target(f"items/{after}")
        added = self._made_item(given, required=("request",))
        number = self._item(after)["number"] + 1 if after else 1
        return self._new_row(
            change, path=f"items/{number}", key=added["key"], keyed_by_hand=True, new_value={**added, "after": after}
        )

    def _split(self, change: Change) -> Correction:
        parts = change.given(list[GivenPart]) or []
        if len(parts) < 2:
            raise ValueRefused(_("To split an item, enter at least two requests, one per line."))
        key, _name = self.opened.target(change.path)
        made: list[MadeItem] = []
        for part in parts:
            made.append(self._made_item(part, required=("request",), before=made, instead_of=(key,)))
        return self._item_row(change, {"parts": made})

    def _merge(self, change: Change) -> Correction:
        given = change.given(GivenItem)
        keys = [self.opened.target(f"items/{name}")[0] for name in given.get("of") or ()]
        if len(set(keys)) < 2:
            raise ValueRefused(_("Choose at least two items to merge."))
        items = sorted((self._item(key) for key in set(keys)), key=lambda item: item["number"])
        typed = given.get("values") or {}
        values: dict[str, object] = {
            "request": joined(item["request"] for item in items),
            "disputed": typed.get("request") or joined(item["disputed"] for item in items),
            "rationale": joined((item["rationale"] or "" for item in items), " ") or None,
            **typed,
        }
        part: GivenPart = {"values": values}
        if key := given.get("key"):
            part["key"] = key
        merged = self._made_item(part, instead_of=tuple(keys))
        of = [self._remembered(item["key"]) for item in items]
        return self._new_row(
            replace(change, path=""), path=f"items/{items[0]['number']}", new_value={**merged, "of": of}
        )

    def _reorder(self, change: Change) -> Correction | None:
        present = [item["key"] for item in self.opened.merged.record["items"]]
        keys = [self.opened.target(f"items/{name}")[0] for name in change.given(list[str]) or ()]
        if sorted(keys) != sorted(present):
            raise ValueRefused(_("The new order must name every item once."))
        if keys == present:
            return None
        order = [self._remembered(key) for key in keys]
        return self._new_row(change, path="items", old_value=present, new_value={"order": order})

    def _item_row(self, change: Change, value: object) -> Correction:
        key, _name = self.opened.target(change.path)
        item = {name: held for name, held in self._item(key).items() if name != "spans"}
        return self._new_row(change, path=self.opened.path(key, ""), key=key, old_value=item, new_value=value)

    def _made_item(
        self,
        part: GivenPart,
        *,
        required: Sequence[str] = (),
        before: Sequence[MadeItem] = (),
        instead_of: Sequence[str] = (),
    ) -> MadeItem:
        return made_item(self.opened, part, known=self.known, required=required, before=before, instead_of=instead_of)

    # Rows

    def _item(self, key: str) -> EffectiveItem:
        item = self.opened.item(key)
        if item is None:
            raise ValueRefused(_("This item no longer exists."))
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
