"""Applies corrections to a parsed document: gives the effective record and the state of each correction.

A pure function of the two, so states never drift: a correction orphaned under one parser version applies again under
the next version that finds its item.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar, cast

from determinations.cases.fields import EffectiveItem, EffectiveRecord, Target, put, read, same
from determinations.cases.item_keys import Anchor, folded, is_parsed, keys_of
from determinations.cases.remaining_problems import ProblemsLeft, ReplayedItem
from determinations.models.corrections import (
    IN_FORCE,
    STRUCTURAL,
    AddedItem,
    Correction,
    CorrectionState,
    FieldValue,
    ItemOrder,
    MadeItem,
    MergedItems,
    Operation,
    RememberedItem,
    SplitItem,
)
from determinations.parsing.results import ItemRecord, LetterRecord, ParsedLetter, Problem, to_record

_Values = TypeVar("_Values", LetterRecord, ItemRecord)
_VALUES = (Operation.SET, Operation.CONFIRM)


@dataclass(frozen=True, slots=True)
class Standing:
    """A value set or confirmed by staff, with the current value of the parser (None if it has no such value)."""

    correction: Correction
    state: CorrectionState
    parser_value: FieldValue


@dataclass(frozen=True, slots=True)
class Merged:
    """The effective record, its items with their ``key``; the state of every saved correction by id; and the values
    that staff set or confirmed, by target. ``bases`` are the parser's own items by key: None for one added by staff.
    ``by_name`` are the effective items by key and by number.
    """

    record: EffectiveRecord
    states: Mapping[int, CorrectionState]
    standings: Mapping[Target, Standing]
    bases: Mapping[str, ItemRecord | None]
    corrected: bool
    by_name: Mapping[str, EffectiveItem]


def empty_document() -> LetterRecord:
    """The document of a letter that no parser could read: every value is missing and can be entered by hand."""
    return to_record(ParsedLetter(layout=None, problems=(Problem("no_items", "Nothing was read from the letter."),)))


def merge(document: LetterRecord, corrections: Iterable[Correction]) -> Merged:
    """Apply corrections to a parsed document in the order in which they were made.

    Unsaved corrections come last, in the given order.
    """
    return _Replay(document, sorted(corrections, key=lambda row: (row.pk is None, row.pk or 0))).run()


def _copied(record: _Values) -> _Values:
    """The values with spans of their own: corrections replace values and add spans, and change nothing inside them."""
    return cast(_Values, {**record, "spans": dict(record["spans"])})


class _Replay:
    """One replay of the corrections. Each ``_<operation>`` applies a correction and returns its state."""

    def __init__(self, document: LetterRecord, corrections: Sequence[Correction]) -> None:
        self.document = document
        self.corrections = corrections
        parsed, items = document, document["items"]
        if corrections:
            parsed, items = _copied(document), [_copied(item) for item in items]
        self.states = [CorrectionState.ACTIVE] * len(corrections)  # of each correction, by position
        self.standings: dict[Target, Standing] = {}
        self.settled: set[Target] = set()
        self.gone: set[str] = set()  # keys of items removed or merged by staff
        self.dismissed: list[Correction] = []
        keys = keys_of(items, list(anchors_of(corrections)))
        self.parsed = [
            ReplayedItem(key, {**values, "key": key}, base, [base["number"]])
            for key, values, base in zip(keys, items, document["items"], strict=True)
        ]
        self.record: EffectiveRecord = {**parsed, "items": [item.values for item in self.parsed]}
        self.items = list(self.parsed)
        self.by_key: dict[str, ReplayedItem] | None = None  # of ``items``; None after they changed

    def run(self) -> Merged:
        undone = {row.reverts for row in self.corrections if row.reverts is not None}
        latest = {
            (row.item_key, row.field): place
            for place, row in enumerate(self.corrections)
            if row.pk not in undone and _is_of_value(row)
        }
        apply: Mapping[str, Callable[[Correction], CorrectionState]] = {
            Operation.SET: self._value,
            Operation.CONFIRM: self._value,
            Operation.DISMISS: self._dismiss,
            Operation.ADD_ITEM: self._add_item,
            Operation.REMOVE_ITEM: self._remove_item,
            Operation.SPLIT_ITEM: self._split_item,
            Operation.MERGE_ITEMS: self._merge_items,
            Operation.REORDER_ITEMS: self._reorder_items,
        }
        for place, row in enumerate(self.corrections):
            if row.operation == Operation.REVERT:
                self.states[place] = CorrectionState.REVERTED
            elif row.pk in undone or (_is_of_value(row) and latest[row.item_key, row.field] != place):
                self.states[place] = CorrectionState.SUPERSEDED
            else:
                self.states[place] = apply[row.operation](row)
        self._finish_items()
        left = ProblemsLeft(self.document, self.record, self.items, self.settled)
        self.record["problems"] = list(left.after(self.dismissed, self._has_structure()))
        at_work = {id(dismissal) for dismissal in left.dismissals_at_work}
        for place, row in enumerate(self.corrections):
            if id(row) in at_work:
                self.states[place] = CorrectionState.ACTIVE
        return Merged(
            record=self.record,
            states={row.pk: state for row, state in self._with_states() if row.pk is not None},
            standings=self.standings,
            bases={item.key: item.base for item in self.items},
            corrected=any(_changes(row, state) for row, state in self._with_states()),
            by_name={name: item.values for item in self.items for name in (item.key, str(item.values["number"]))},
        )

    def _with_states(self) -> Iterator[tuple[Correction, CorrectionState]]:
        return zip(self.corrections, self.states, strict=True)

    # Values

    def _value(self, row: Correction) -> CorrectionState:
        values, base = self._place(row.item_key)
        if values is None:
            lost = row.item_key in self.gone
            return CorrectionState.SUPERSEDED if lost else CorrectionState.ORPHANED
        parser_value = read(base, row.field) if base is not None else None
        put(values, row.field, copy.deepcopy(row.value))
        if row.evidence:
            values["spans"][row.field] = row.evidence
        state = _stand(row, parser_value)
        self.settled.add((row.item_key, row.field))
        self.standings[row.item_key, row.field] = Standing(row, state, parser_value)
        return state

    def _place(self, key: str) -> tuple[EffectiveRecord | EffectiveItem | None, LetterRecord | ItemRecord | None]:
        """The values that a correction refers to, with the parser's values."""
        if not key:
            return self.record, self.document
        item = self._find(key)
        return (item.values, item.base) if item else (None, None)

    def _dismiss(self, row: Correction) -> CorrectionState:
        self.dismissed.append(row)
        return CorrectionState.CONFIRMED  # unless the problem is there: see ProblemsLeft

    # Which items there are

    def _find(self, key: str) -> ReplayedItem | None:
        if self.by_key is None:
            self.by_key = {item.key: item for item in reversed(self.items)}
        return self.by_key.get(key)

    def _drop(self, item: ReplayedItem) -> None:
        self.items.remove(item)
        self.by_key = None

    def _add_item(self, row: Correction) -> CorrectionState:
        added = row.given(AddedItem)
        found = self._found_by_parser(added)
        if found:
            return self._overlay(found, added)
        after = self._find(added["after"]) if added["after"] else None
        place = self.items.index(after) + 1 if after else (len(self.items) if added["after"] else 0)
        values: EffectiveItem = {**_blank_item(added["key"]), **copy.deepcopy(added["values"])}
        self.items.insert(place, ReplayedItem(added["key"], values, None))
        self.by_key = None
        return CorrectionState.ACTIVE

    def _remove_item(self, row: Correction) -> CorrectionState:
        item = self._find(row.item_key)
        self.gone.add(row.item_key)
        if item:
            self._drop(item)
            return CorrectionState.ACTIVE
        return CorrectionState.CONFIRMED if is_parsed(row.item_key) else CorrectionState.ORPHANED

    def _split_item(self, row: Correction) -> CorrectionState:
        parts = row.given(SplitItem)["parts"]
        item = self._find(row.item_key)
        if item is None:
            found = [self._found_by_parser(part) for part in parts]
            if not all(found):
                return CorrectionState.ORPHANED
            states = [self._overlay(one, part) for one, part in zip(found, parts, strict=True) if one]
            return _worst(states)
        place = self.items.index(item)
        self.items[place : place + 1] = [
            ReplayedItem(
                part["key"],
                {**copy.deepcopy(item.values), **copy.deepcopy(part["values"])},
                item.base,
                item.numbers if first else [],
            )
            for first, part in ((part is parts[0], part) for part in parts)
        ]
        self.by_key = None
        for part in parts:
            self.settled |= {(part["key"], name) for name in part["values"]}
        return CorrectionState.ACTIVE

    def _merge_items(self, row: Correction) -> CorrectionState:
        merged = row.given(MergedItems)
        items = [self._find(one["key"]) for one in merged["of"]]
        present = [item for item in items if item]
        if len(present) < len(items):
            found = None if present else self._found_by_parser(merged)
            return self._overlay(found, merged) if found else CorrectionState.ORPHANED
        first = present[0]
        self.items[self.items.index(first)] = ReplayedItem(
            merged["key"],
            {**copy.deepcopy(first.values), **copy.deepcopy(merged["values"])},
            first.base,
            [number for item in present for number in item.numbers],
        )
        self.by_key = None
        for item in present[1:]:
            self._drop(item)
            self.gone.add(item.key)
        self.settled |= {(merged["key"], name) for name in merged["values"]}
        return CorrectionState.ACTIVE

    def _reorder_items(self, row: Correction) -> CorrectionState:
        wanted = [item for one in row.given(ItemOrder)["order"] if (item := self._find(one["key"]))]
        if len(wanted) < 2:
            return CorrectionState.ORPHANED
        slots = sorted(self.items.index(item) for item in wanted)
        before = list(self.items)
        for slot, item in zip(slots, wanted, strict=True):
            self.items[slot] = item
        return CorrectionState.CONFIRMED if self.items == before else CorrectionState.ACTIVE

    def _found_by_parser(self, added: MadeItem) -> ReplayedItem | None:
        """The parsed item that matches an item added by staff, if this parser version finds it."""
        alike = self.by_wording.get(folded(added["values"]["request"]), [])
        found = alike[added["occurrence"] - 1] if len(alike) >= added["occurrence"] else None
        return found if found in self.items else None

    @cached_property
    def by_wording(self) -> dict[str, list[ReplayedItem]]:
        """The parser's items by the wording of their requests."""
        by_wording: dict[str, list[ReplayedItem]] = {}
        for item in self.parsed:
            if item.base:
                by_wording.setdefault(folded(item.base["request"]), []).append(item)
        return by_wording

    def _overlay(self, item: ReplayedItem, added: MadeItem) -> CorrectionState:
        """The parser found the item by itself: the values entered by staff are applied to it."""
        item.key = added["key"]
        self.by_key = None
        item.values = {**item.values, **copy.deepcopy(added["values"])}
        self.settled |= {(item.key, name) for name in added["values"]}
        base = item.base or _blank_item(item.key)
        entered: ItemRecord = {**base, **added["values"]}
        agrees = all(
            same(name, read(base, name), read(entered, name))
            for name in added["values"]
            if name not in ("subcategory", "category_rule", "spans")
        )
        return CorrectionState.CONFIRMED if agrees else CorrectionState.CONFLICT

    def _finish_items(self) -> None:
        for number, item in enumerate(self.items, start=1):
            item.values["number"] = number
            item.values["key"] = item.key
        self.record["items"] = [item.values for item in self.items]
        present = {item.key for item in self.items}
        for place, row in enumerate(self.corrections):
            if row.item_key in self.gone and _is_of_value(row) and self.states[place] in IN_FORCE:
                self.states[place] = CorrectionState.SUPERSEDED
        self.standings = {
            target: standing for target, standing in self.standings.items() if not target[0] or target[0] in present
        }

    def _has_structure(self) -> bool:
        """Whether staff changed which items there are."""
        return any(row.operation in STRUCTURAL and state in IN_FORCE for row, state in self._with_states())


def anchors_of(corrections: Iterable[Correction]) -> Iterator[Anchor]:
    """The items that corrections refer to."""
    for row in corrections:
        if row.item_key:
            yield Anchor(row.item_key, row.item_anchor, row.item_span, row.is_of_copy)
        if row.operation in (Operation.MERGE_ITEMS, Operation.REORDER_ITEMS):
            for one in _named_by(row):
                yield Anchor(one["key"], one["anchor"], one["span"], row.is_of_copy)


def _named_by(row: Correction) -> list[RememberedItem]:
    """The items that merging or reordering names."""
    if row.operation == Operation.MERGE_ITEMS:
        return row.given(MergedItems)["of"]
    return row.given(ItemOrder)["order"]


def _is_of_value(row: Correction) -> bool:
    return row.operation in _VALUES or (row.operation == Operation.REVERT and row.reverts is None)


def _stand(row: Correction, parser_value: FieldValue) -> CorrectionState:
    if same(row.field, row.value, parser_value):
        return CorrectionState.CONFIRMED
    if same(row.field, row.parser_value, parser_value):
        return CorrectionState.ACTIVE
    return CorrectionState.CONFLICT


def _changes(row: Correction, state: CorrectionState) -> bool:
    """Whether the staff value differs, or differed, from the parser's, rather than confirming it."""
    if state not in IN_FORCE or row.operation == Operation.DISMISS:
        return False
    return row.operation != Operation.CONFIRM or state != CorrectionState.CONFIRMED


def _worst(states: Sequence[CorrectionState]) -> CorrectionState:
    return CorrectionState.CONFLICT if CorrectionState.CONFLICT in states else CorrectionState.CONFIRMED


def _blank_item(key: str) -> EffectiveItem:
    """An item without any values yet."""
    return {
        "number": 0,
        "request": "",
        "disputed": "",
        "partly_approved": False,
        "decision": None,
        "category": "Other",
        "subcategory": "Other",
        "category_rule": "none",
        "claims_text": None,
        "reviewer_text": None,
        "claims": [],
        "reviewer": [],
        "rationale": None,
        "grounds": [],
        "spans": {},
        "key": key,
    }
