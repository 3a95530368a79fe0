"""What people put right. Every action adds Correction rows, writes the effective values anew and leaves an audit row,
all in one transaction. Nothing is ever changed or removed: to undo is to add a row too.

Paths name items by number as the reader sees them (``items/2/decision``) or by key (``items/p0a1b2.../decision``);
within one save keys are safer, since numbers shift when an item is added.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from determinations.category_rules import active_rules, with_rules
from determinations.correctable import (
    ITEM_FIELDS,
    LETTER_FIELDS,
    Known,
    ValueRefused,
    clean,
    field_of,
    put,
    read,
    same,
)
from determinations.effective import write_cases
from determinations.identity import drawn_key, folded
from determinations.merging import Merged, Record, Standing, empty_document, merge
from determinations.models import AuditEvent, Authority, Category, Correction, Letter, Operation, ParsedDocument
from determinations.models.corrections import STRUCTURAL, CorrectionState
from determinations.models.letters import OPEN_STATES

_LONGEST_PATH = 120


class CorrectionsRefused(Exception):
    """Nothing was saved. ``errors`` are (path, reason in words)."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        super().__init__(f"{len(errors)} changes refused")
        self.errors = list(errors)


class EditedMeanwhile(Exception):
    """Nothing was saved: the letter changed since the person opened it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that a person wants done; what ``value`` holds depends on the operation:

    set: the new value. confirm, revert, remove_item: nothing. dismiss: the problem's code.
    add_item: ``{"after": key or "", "values": {...}}``. split_item: a list of ``{"values": {...}}``.
    merge_items: ``{"of": [keys], "values": {...}}``. reorder_items: every item's key in the new order.
    """

    operation: Operation
    path: str = ""
    value: Any = None
    evidence: tuple[int, int] | None = None
    reverts: int | None = None
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class OpenLetter:
    """A letter as its corrector sees it: the parsed document, every correction, and the two merged.

    ``version`` changes whenever the parser or a person changes anything: what a form sends back to notice a race.
    """

    letter: Letter
    document: Mapping[str, Any]
    parser_version: str
    corrections: tuple[Correction, ...]
    merged: Merged
    version: str

    def target(self, path: str) -> tuple[str, str]:
        """(item key or "", field or "") of a path whose item is named by number or by key; ValueRefused if unknown."""
        parts = path.split("/")
        if parts[0] != "items" or len(parts) == 1:
            return "", path
        item = self.item(parts[1])
        if item is None:
            raise ValueRefused(_("There is no such item any more."))
        return item["key"], parts[2] if len(parts) > 2 else ""

    def item(self, name: str) -> Record | None:
        """The effective item of this number or key."""
        return next((each for each in self.merged.record["items"] if name in (each["key"], str(each["number"]))), None)

    def path(self, key: str, field: str) -> str:
        """The path of a target, by the number that its item now has."""
        item = self.item(key) if key else None
        return "/".join(filter(None, ["items", str(item["number"]), field])) if item else field


def open_letter(letter_id: int, *, lock: bool = False) -> OpenLetter:
    """Load a letter for correction; one that was never parsed is opened with every value missing."""
    letters = Letter.objects.select_for_update(no_key=True) if lock else Letter.objects
    letter = letters.get(pk=letter_id)
    parsed = ParsedDocument.objects.filter(letter=letter).first()
    corrections = tuple(Correction.objects.filter(letter_sha256=letter.sha256).order_by("pk"))
    document = with_rules(parsed.document if parsed else empty_document(), active_rules())
    newest = corrections[-1].pk if corrections else 0
    return OpenLetter(
        letter=letter,
        document=document,
        parser_version=parsed.parser_version if parsed else "",
        corrections=corrections,
        merged=merge(document, corrections),
        version=f"{parsed.parsed_at.timestamp() if parsed else 0:.6f}-{newest}",
    )


def save_changes(
    letter_id: int, changes: Sequence[Change], *, by: AbstractBaseUser, now: datetime, seen: str | None = None
) -> list[Correction]:
    """Save all changes or none; returns the rows added. Values that are already so are passed over.

    ``seen`` is the ``OpenLetter.version`` on which the person worked. Raises :class:`EditedMeanwhile`,
    :class:`CorrectionsRefused`, or PermissionDenied for a person who may not correct.
    """
    if not by.has_perm("determinations.correct_cases"):  # type: ignore[attr-defined]
        raise PermissionDenied
    with transaction.atomic():
        opened = open_letter(letter_id, lock=True)
        if opened.letter.state in OPEN_STATES:
            raise CorrectionsRefused([("", _("The letter is about to be read. Save again in a moment."))])
        if seen is not None and seen != opened.version:
            raise EditedMeanwhile
        rows = _Editor(opened, by=by, now=now).rows_for(changes)
        Correction.objects.bulk_create(rows)
        if not rows:
            return rows
        if not opened.parser_version:
            ParsedDocument.objects.get_or_create(
                letter=opened.letter, defaults={"parsed_at": now, "document": empty_document()}
            )
        write_cases([letter_id])
        AuditEvent.objects.create(
            at=now,
            by_id=by.pk,
            by_name=by.get_username(),
            action="letter.corrected",
            letter_id=letter_id,
            detail={"corrections": [row.pk for row in rows], "paths": sorted({row.path for row in rows})},
        )
    return rows


def staged(opened: OpenLetter, changes: Sequence[Change], *, by: AbstractBaseUser, now: datetime) -> OpenLetter:
    """The letter as it would stand with these changes; nothing is saved. Raises :class:`CorrectionsRefused`."""
    editor = _Editor(opened, by=by, now=now)
    editor.rows_for(changes)
    return replace(editor.opened, merged=merge(opened.document, editor.seen))


def correct_field(
    letter_id: int,
    path: str,
    value: Any,
    *,
    by: AbstractBaseUser,
    now: datetime,
    reason: str,
    note: str = "",
    evidence: tuple[int, int] | None = None,
) -> list[Correction]:
    """Set one value."""
    change = Change(operation=Operation.SET, path=path, value=value, evidence=evidence, reason=reason, note=note)
    return save_changes(letter_id, [change], by=by, now=now)


def confirm_value(
    letter_id: int, path: str, *, by: AbstractBaseUser, now: datetime, note: str = ""
) -> list[Correction]:
    """Say that the effective value is right: it stands from now on, whatever a later parser reads."""
    return save_changes(letter_id, [Change(operation=Operation.CONFIRM, path=path, note=note)], by=by, now=now)


def confirm_letter(
    letter_id: int, *, by: AbstractBaseUser, now: datetime, seen: str | None = None
) -> list[Correction]:
    """Say that every value of the letter is right."""
    return save_changes(letter_id, list(unconfirmed(open_letter(letter_id))), by=by, now=now, seen=seen)


def revert(
    letter_id: int, path: str, *, by: AbstractBaseUser, now: datetime, reason: str = "reverted", note: str = ""
) -> list[Correction]:
    """Go back to what the parser reads for this value."""
    change = Change(operation=Operation.REVERT, path=path, reason=reason, note=note)
    return save_changes(letter_id, [change], by=by, now=now)


def undo(
    letter_id: int,
    correction_id: int,
    *,
    by: AbstractBaseUser,
    now: datetime,
    reason: str = "reverted",
    note: str = "",
) -> list[Correction]:
    """Take one correction out of force: an item that was added, split, merged ..., or one that lost its item."""
    change = Change(operation=Operation.REVERT, reverts=correction_id, reason=reason, note=note)
    return save_changes(letter_id, [change], by=by, now=now)


def add_item(
    letter_id: int,
    values: Mapping[str, Any],
    *,
    by: AbstractBaseUser,
    now: datetime,
    reason: str,
    after: str = "",
    note: str = "",
) -> list[Correction]:
    """Add an item that the parser did not find, after the item ``after`` (number or key; "": first)."""
    change = Change(
        operation=Operation.ADD_ITEM, value={"after": after, "values": dict(values)}, reason=reason, note=note
    )
    return save_changes(letter_id, [change], by=by, now=now)


def remove_item(
    letter_id: int, item: str, *, by: AbstractBaseUser, now: datetime, reason: str, note: str = ""
) -> list[Correction]:
    """Remove an item that is none."""
    change = Change(operation=Operation.REMOVE_ITEM, path=f"items/{item}", reason=reason, note=note)
    return save_changes(letter_id, [change], by=by, now=now)


def split_item(
    letter_id: int,
    item: str,
    parts: Sequence[Mapping[str, Any]],
    *,
    by: AbstractBaseUser,
    now: datetime,
    reason: str,
    note: str = "",
) -> list[Correction]:
    """Make several items of one; each part names at least its request, and has all else from the item."""
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
    by: AbstractBaseUser,
    now: datetime,
    reason: str,
    values: Mapping[str, Any] | None = None,
    note: str = "",
) -> list[Correction]:
    """Make one item of several; what ``values`` does not name comes from the first."""
    change = Change(
        operation=Operation.MERGE_ITEMS,
        value={"of": list(items), "values": dict(values or {})},
        reason=reason,
        note=note,
    )
    return save_changes(letter_id, [change], by=by, now=now)


def reorder_items(
    letter_id: int, order: Sequence[str], *, by: AbstractBaseUser, now: datetime, reason: str, note: str = ""
) -> list[Correction]:
    """Put the items in this order; ``order`` names every item once."""
    change = Change(operation=Operation.REORDER_ITEMS, value=list(order), reason=reason, note=note)
    return save_changes(letter_id, [change], by=by, now=now)


def dismiss_problem(
    letter_id: int, code: str, path: str, *, by: AbstractBaseUser, now: datetime, note: str = ""
) -> list[Correction]:
    """Say that a problem was looked at and nothing is wrong."""
    change = Change(operation=Operation.DISMISS, path=path, value=code, reason="nothing-wrong", note=note)
    return save_changes(letter_id, [change], by=by, now=now)


def unconfirmed(opened: OpenLetter) -> Iterator[Change]:
    """A confirmation for every value of a letter that no person set or confirmed since the parser read it."""
    standings = opened.merged.standings
    for name in LETTER_FIELDS:
        if _wants_confirmation(standings.get(("", name))):
            yield Change(operation=Operation.CONFIRM, path=name)
    for item in opened.merged.record["items"]:
        for name in ITEM_FIELDS:
            if _wants_confirmation(standings.get((item["key"], name))):
                yield Change(operation=Operation.CONFIRM, path=f"items/{item['key']}/{name}")


def history(letter_id: int, path: str = "") -> list[Correction]:
    """What people did to a letter or to one of its values, newest first."""
    opened = open_letter(letter_id)
    rows = opened.corrections
    if path:
        try:
            key, field = opened.target(path)
        except ValueRefused:
            return []
        rows = tuple(row for row in rows if row.item_key == key and (not field or row.field == field))
    return list(reversed(rows))


def standings(letter_id: int) -> dict[str, Standing]:
    """The values of a letter that people set or confirmed, by path with the item's number: for the case page."""
    opened = open_letter(letter_id)
    return {opened.path(*target): standing for target, standing in opened.merged.standings.items()}


def of_person(user_id: int) -> QuerySet[Correction]:
    """What one person did, newest first."""
    return Correction.objects.filter(by_id=user_id).order_by("-pk")


def _wants_confirmation(standing: Standing | None) -> bool:
    return standing is None or standing.state == CorrectionState.CONFLICT


def known_values() -> Known:
    """What values may name: authorities and categories of the tables."""
    return Known(
        families=dict(Authority.objects.values_list("key", "family")),
        categories=frozenset(Category.objects.values_list("name", "subcategory")),
    )


class _Editor:
    """Turns changes into rows, each seen on top of those before it. Adds nothing to the database."""

    def __init__(self, opened: OpenLetter, *, by: AbstractBaseUser, now: datetime) -> None:
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

    def _value_row(self, change: Change, key: str, name: str, old: Any, new: Any) -> Correction:
        return self._new_row(
            change,
            path=self.opened.path(key, name),
            key=key,
            parser_value=self._parser_value(key, name),
            old_value=old,
            new_value=new,
        )

    def _values(self, key: str) -> Record:
        return self._item(key) if key else self.opened.merged.record

    def _parser_value(self, key: str, name: str) -> Any:
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
        after = change.value.get("after") or ""
        if after:
            after, _name = self.opened.target(f"items/{after}")
        added = self._part(change.value, required=("request",))
        number = self._item(after)["number"] + 1 if after else 1
        return self._new_row(
            change, path=f"items/{number}", key=added["key"], keyed_by_hand=True, new_value={**added, "after": after}
        )

    def _split(self, change: Change) -> Correction:
        parts = change.value or []
        if len(parts) < 2:
            raise ValueRefused(_("Give the request of at least two items to split this one."))
        key, _name = self.opened.target(change.path)
        cleaned: list[Record] = []
        for part in parts:
            cleaned.append(self._part(part, required=("request",), before=cleaned, instead_of=(key,)))
        return self._of_item(change, {"parts": cleaned})

    def _merge(self, change: Change) -> Correction:
        keys = [self.opened.target(f"items/{name}")[0] for name in change.value.get("of") or ()]
        if len(set(keys)) < 2:
            raise ValueRefused(_("Choose at least two items to merge."))
        items = sorted((self._item(key) for key in set(keys)), key=lambda item: item["number"])
        given = change.value.get("values") or {}
        values = {
            "request": _joined(item["request"] for item in items),
            "disputed": given.get("request") or _joined(item["disputed"] for item in items),
            "rationale": _joined((item["rationale"] or "" for item in items), " ") or None,
            **given,
        }
        merged = self._part({"key": change.value.get("key"), "values": values}, instead_of=tuple(keys))
        of = [self._remembered(item["key"]) for item in items]
        return self._new_row(
            replace(change, path=""), path=f"items/{items[0]['number']}", new_value={**merged, "of": of}
        )

    def _reorder(self, change: Change) -> Correction | None:
        present = [item["key"] for item in self.opened.merged.record["items"]]
        keys = [self.opened.target(f"items/{name}")[0] for name in change.value or ()]
        if sorted(keys) != sorted(present):
            raise ValueRefused(_("The order must name every item once."))
        if keys == present:
            return None
        order = [self._remembered(key) for key in keys]
        return self._new_row(change, path="items", old_value=present, new_value={"order": order})

    def _of_item(self, change: Change, value: Any) -> Correction:
        key, _name = self.opened.target(change.path)
        item = {name: one for name, one in self._item(key).items() if name != "spans"}
        return self._new_row(change, path=self.opened.path(key, ""), key=key, old_value=item, new_value=value)

    def _part(
        self,
        part: Mapping[str, Any],
        *,
        required: Sequence[str] = (),
        before: Sequence[Record] = (),
        instead_of: Sequence[str] = (),
    ) -> Record:
        """The key and the cleaned values of an item made by hand, and which of its wording it is in the letter."""
        given = dict(part.get("values") or {})
        if "request" in given:
            given.setdefault("disputed", given["request"])
        values: Record = {}
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
        replaced = sum(folded(merged.bases.get(key, {}).get("request", "")) == wording for key in instead_of)
        by_hand = sum(
            not merged.bases.get(item["key"]) and folded(item["request"]) == wording
            for item in merged.record["items"]
            if item["key"] not in instead_of
        )
        return parsed - replaced + by_hand

    # Rows

    def _item(self, key: str) -> Record:
        item = self.opened.item(key)
        if item is None:
            raise ValueRefused(_("There is no such item any more."))
        return item

    def _remembered(self, key: str) -> Record:
        anchor, span = self._anchor(key)
        return {"key": key, "anchor": anchor, "span": span}

    def _anchor(self, key: str) -> tuple[str, Any]:
        base = self.opened.merged.bases.get(key)
        return (base["request"], base["spans"].get("request")) if base else ("", None)

    def _new_row(
        self,
        change: Change,
        *,
        path: str,
        key: str = "",
        keyed_by_hand: bool = False,
        parser_value: Any = None,
        old_value: Any = None,
        new_value: Any = None,
    ) -> Correction:
        anchor, span = ("", None) if keyed_by_hand or not key else self._anchor(key)
        return Correction(
            letter_id=self.opened.letter.pk,
            letter_sha256=self.opened.letter.sha256,
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
