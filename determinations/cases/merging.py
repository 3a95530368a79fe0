"""Corrections played over a parsed document: the effective record, and how each correction stands against it.

A pure function of the two, so that states never drift: a correction that was orphaned under one parser is in force
again under the next that finds its item.
"""

import copy
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

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
    """A value that a person set or confirmed, beside what the parser says today (None where it has no such value)."""

    correction: Correction
    state: CorrectionState
    parser_value: FieldValue


@dataclass(frozen=True, slots=True)
class Merged:
    """The effective record, its items with their ``key``; the state of every saved correction by id; and the values
    that staff set or confirmed, by target. ``bases`` are the parser's own items by key: None for one added by staff.
    """

    record: EffectiveRecord
    states: Mapping[int, CorrectionState]
    standings: Mapping[Target, Standing]
    bases: Mapping[str, ItemRecord | None]
    corrected: bool


def empty_document() -> LetterRecord:
    """The document of a letter that no parser could read: every value missing, to be entered by hand."""
    return to_record(ParsedLetter(layout=None, problems=(Problem("no_items", "Nothing was read from the letter."),)))


def merge(document: LetterRecord, corrections: Iterable[Correction]) -> Merged:
    """Put corrections on top of a parsed document, in the order in which they were made.

    Corrections that are not saved yet come last, in the order given.
    """
    return _Replay(document, sorted(corrections, key=lambda row: (row.pk is None, row.pk or 0))).run()


def _copied(record: _Values) -> _Values:
    """A copy of plain JSON values, five times faster than ``deepcopy``: every letter that is read comes by here."""
    copied: _Values = json.loads(json.dumps(record))
    return copied


class _Replay:
    """One run over the corrections. Each ``_<operation>`` applies a correction and says how it stands."""

    def __init__(self, document: LetterRecord, corrections: Sequence[Correction]) -> None:
        self.document = document
        self.corrections = corrections
        parsed = _copied(document)
        self.states = [CorrectionState.ACTIVE] * len(corrections)  # of each correction, by its place
        self.standings: dict[Target, Standing] = {}
        self.settled: set[Target] = set()
        self.gone: set[str] = set()  # keys of items that a person removed or merged away
        self.dismissed: list[Correction] = []
        keys = keys_of(parsed["items"], list(anchors_of(corrections)))
        self.parsed = [
            ReplayedItem(key, {**values, "key": key}, _copied(values), [values["number"]])
            for key, values in zip(keys, parsed["items"], strict=True)
        ]
        self.record: EffectiveRecord = {**parsed, "items": [item.values for item in self.parsed]}
        self.items = list(self.parsed)

    def run(self) -> Merged:
        undone = {each.reverts for each in self.corrections if each.reverts is not None}
        latest = {
            (each.item_key, each.field): place
            for place, each in enumerate(self.corrections)
            if each.pk not in undone and _is_of_value(each)
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
        for place, each in enumerate(self.corrections):
            if each.operation == Operation.REVERT:
                self.states[place] = CorrectionState.REVERTED
            elif each.pk in undone or (_is_of_value(each) and latest[each.item_key, each.field] != place):
                self.states[place] = CorrectionState.SUPERSEDED
            else:
                self.states[place] = apply[each.operation](each)
        self._finish_items()
        left = ProblemsLeft(self.document, self.record, self.items, self.settled)
        self.record["problems"] = list(left.after(self.dismissed, self._has_structure()))
        for place, each in enumerate(self.corrections):
            if any(each is dismissal for dismissal in left.dismissals_at_work):
                self.states[place] = CorrectionState.ACTIVE
        return Merged(
            record=self.record,
            states={each.pk: state for each, state in self._with_states() if each.pk is not None},
            standings=self.standings,
            bases={item.key: item.base for item in self.items},
            corrected=any(_changes(each, state) for each, state in self._with_states()),
        )

    def _with_states(self) -> Iterator[tuple[Correction, CorrectionState]]:
        return zip(self.corrections, self.states, strict=True)

    # Values

    def _value(self, each: Correction) -> CorrectionState:
        values, base = self._place(each.item_key)
        if values is None:
            lost = each.item_key in self.gone
            return CorrectionState.SUPERSEDED if lost else CorrectionState.ORPHANED
        parser_value = read(base, each.field) if base is not None else None
        put(values, each.field, copy.deepcopy(each.value))
        if each.evidence:
            values["spans"][each.field] = each.evidence
        state = _stand(each, parser_value)
        self.settled.add((each.item_key, each.field))
        self.standings[each.item_key, each.field] = Standing(each, state, parser_value)
        return state

    def _place(self, key: str) -> tuple[EffectiveRecord | EffectiveItem | None, LetterRecord | ItemRecord | None]:
        """The values that a correction speaks of, and what the parser says of them."""
        if not key:
            return self.record, self.document
        item = self._find(key)
        return (item.values, item.base) if item else (None, None)

    def _dismiss(self, each: Correction) -> CorrectionState:
        self.dismissed.append(each)
        return CorrectionState.CONFIRMED  # unless the problem is there: see ProblemsLeft

    # Which items there are

    def _find(self, key: str) -> ReplayedItem | None:
        return next((item for item in self.items if item.key == key), None)

    def _add_item(self, each: Correction) -> CorrectionState:
        added = each.given(AddedItem)
        found = self._found_by_parser(added)
        if found:
            return self._overlay(found, added)
        after = self._find(added["after"]) if added["after"] else None
        place = self.items.index(after) + 1 if after else (len(self.items) if added["after"] else 0)
        values: EffectiveItem = {**_blank_item(added["key"]), **copy.deepcopy(added["values"])}
        self.items.insert(place, ReplayedItem(added["key"], values, None))
        return CorrectionState.ACTIVE

    def _remove_item(self, each: Correction) -> CorrectionState:
        item = self._find(each.item_key)
        self.gone.add(each.item_key)
        if item:
            self.items.remove(item)
            return CorrectionState.ACTIVE
        return CorrectionState.CONFIRMED if is_parsed(each.item_key) else CorrectionState.ORPHANED

    def _split_item(self, each: Correction) -> CorrectionState:
        parts = each.given(SplitItem)["parts"]
        item = self._find(each.item_key)
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
        for part in parts:
            self.settled |= {(part["key"], name) for name in part["values"]}
        return CorrectionState.ACTIVE

    def _merge_items(self, each: Correction) -> CorrectionState:
        merged = each.given(MergedItems)
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
        for item in present[1:]:
            self.items.remove(item)
            self.gone.add(item.key)
        self.settled |= {(merged["key"], name) for name in merged["values"]}
        return CorrectionState.ACTIVE

    def _reorder_items(self, each: Correction) -> CorrectionState:
        wanted = [item for one in each.given(ItemOrder)["order"] if (item := self._find(one["key"]))]
        if len(wanted) < 2:
            return CorrectionState.ORPHANED
        slots = sorted(self.items.index(item) for item in wanted)
        before = list(self.items)
        for slot, item in zip(slots, wanted, strict=True):
            self.items[slot] = item
        return CorrectionState.CONFIRMED if self.items == before else CorrectionState.ACTIVE

    def _found_by_parser(self, added: MadeItem) -> ReplayedItem | None:
        """The parsed item that says what a person added, if this parser finds it."""
        wording = folded(added["values"]["request"])
        alike = [item for item in self.parsed if item.base and folded(item.base["request"]) == wording]
        found = alike[added["occurrence"] - 1] if len(alike) >= added["occurrence"] else None
        return found if found in self.items else None

    def _overlay(self, item: ReplayedItem, added: MadeItem) -> CorrectionState:
        """The parser found the item by itself: what the person entered stands on top of it."""
        item.key = added["key"]
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
        for place, each in enumerate(self.corrections):
            if each.item_key in self.gone and _is_of_value(each) and self.states[place] in IN_FORCE:
                self.states[place] = CorrectionState.SUPERSEDED
        self.standings = {
            target: standing for target, standing in self.standings.items() if not target[0] or target[0] in present
        }

    def _has_structure(self) -> bool:
        """Whether a person said which items there are."""
        return any(each.operation in STRUCTURAL and state in IN_FORCE for each, state in self._with_states())


def anchors_of(corrections: Iterable[Correction]) -> Iterator[Anchor]:
    """The items that corrections speak of."""
    for each in corrections:
        if each.item_key:
            yield Anchor(each.item_key, each.item_anchor, each.item_span, each.is_of_copy)
        if each.operation in (Operation.MERGE_ITEMS, Operation.REORDER_ITEMS):
            for one in _named_by(each):
                yield Anchor(one["key"], one["anchor"], one["span"], each.is_of_copy)


def _named_by(each: Correction) -> list[RememberedItem]:
    """The items that merging or reordering names."""
    if each.operation == Operation.MERGE_ITEMS:
        return each.given(MergedItems)["of"]
    return each.given(ItemOrder)["order"]


def _is_of_value(each: Correction) -> bool:
    return each.operation in _VALUES or (each.operation == Operation.REVERT and each.reverts is None)


def _stand(each: Correction, parser_value: FieldValue) -> CorrectionState:
    if same(each.field, each.value, parser_value):
        return CorrectionState.CONFIRMED
    if same(each.field, each.parser_value, parser_value):
        return CorrectionState.ACTIVE
    return CorrectionState.CONFLICT


def _changes(each: Correction, state: CorrectionState) -> bool:
    """Whether a person's value differs, or differed, from the parser's: more than a confirmation."""
    if state not in IN_FORCE or each.operation == Operation.DISMISS:
        return False
    return each.operation != Operation.CONFIRM or state != CorrectionState.CONFIRMED


def _worst(states: Sequence[CorrectionState]) -> CorrectionState:
    return CorrectionState.CONFLICT if CorrectionState.CONFLICT in states else CorrectionState.CONFIRMED


def _blank_item(key: str) -> EffectiveItem:
    """An item of which nothing is known yet."""
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
