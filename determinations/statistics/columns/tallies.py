"""Counts the items and letters of a selection by its set of places alone, as the statements of ``sql_engine`` do.

A group is the places that the selection shares with the set of a value. Months and years are stretches of places, as
items are in the order of their dates. A letter is at the place of its first item, whichever of its items are selected.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from pyroaring import BitMap

from determinations.parsing.results import SIDES
from determinations.statistics.columns.dialect import NotInColumns, Value
from determinations.statistics.columns.layout import ARRAYS
from determinations.statistics.columns.selected import PERIODS

if TYPE_CHECKING:
    from determinations.statistics.columns.selected import PlacedFacts, Raw, SelectedItems, ValueSet

Rows: TypeAlias = list[tuple[Value, ...]]
#: A row with the number of its grouping, its values, and its counts.
_Numbered: TypeAlias = tuple[int, tuple[Value, ...], *tuple[Value, ...]]
#: With more groups than this, the engine counts them sooner.
MOST_GROUPS = 1_000
_DECISION, _OUTCOME, _PROBLEMS = "overturned", "outcome", "problem_codes"


class _Decided(NamedTuple):
    """Some items: all of them; those without a decision, which are few; those overturned."""

    items: BitMap
    undecided: BitMap
    overturned: BitMap

    @classmethod
    def of(cls, selected: "SelectedItems") -> "_Decided":
        if not selected.has(_DECISION):
            raise NotInColumns("has no sets of decisions")
        by_value = {told.value: told.among(selected.items) for told in selected.facts.value_sets(_DECISION)}
        return cls(selected.items, by_value.get(None, BitMap()), by_value.get(True, BitMap()))

    def among(self, told: "ValueSet") -> "_Decided":
        return _Decided(*(told.among(places) if places else places for places in self))

    def count_among(self, told: "ValueSet") -> tuple[int, int, int]:
        items = told.count_among(self.items)
        if not items:
            return 0, 0, 0
        undecided = told.count_among(self.undecided) if self.undecided else 0
        return items, items - undecided, told.count_among(self.overturned) if self.overturned else 0

    def counts(self) -> tuple[int, int, int]:
        return len(self.items), len(self.items) - len(self.undecided), len(self.overturned)


def tallies(selected: "SelectedItems", columns: Sequence[str], *, by_elements: bool = False) -> Rows:
    """The selected items, those decided and those overturned, by the values of columns. Raises NotInColumns.

    ``by_elements``: by the elements of arrays; an item without any has the element ``()``, others have ``(element,)``.
    """
    periods = [column for column in columns if column in PERIODS]
    others = [column for column in columns if column not in PERIODS]
    if not columns or len(periods) > 1 or not (by_elements or ARRAYS.isdisjoint(others)):
        raise NotInColumns("groups by whole arrays, or by several periods")
    if not periods:
        return [
            (*values, told.value, *counts)
            for values, places in _groups(selected, others[:-1], more=len(selected.facts.value_sets(others[-1])))
            for told in selected.facts.value_sets(others[-1])
            if (counts := places.count_among(told))[0]
        ]
    at = columns.index(periods[0])
    return [
        (*values[:at], period, *values[at:], items, items - undecided, overturned)
        for values, places in _groups(selected, others)
        for period, (items, undecided, overturned) in _by_period(selected.facts, places, periods[0]).items()
    ]


def elements(selected: "SelectedItems", groupings: Sequence[Sequence[str]]) -> Rows:
    """All selected items once, under -1; then ``tallies`` by elements, under the number of each group of columns.
    Raises NotInColumns.
    """
    counted = [tallies(selected, columns, by_elements=True) for columns in groupings]
    return [(-1, (), *_Decided.of(selected).counts()), *_numbered(groupings, counted)]


def citing(selected: "SelectedItems", authority_id: int, columns: Sequence[str]) -> Rows:
    """``tallies`` of the selected items that cite an authority, under the number of each column, by side and value.
    Raises NotInColumns.
    """
    rows: Rows = []
    for side in SIDES:
        items = selected.items & selected.facts.having(f"{side}_authority_ids", [authority_id])
        cited = [tallies(replace(selected, items=items), (column,)) for column in columns]
        numbered = _numbered([(column,) for column in columns], cited)
        rows += [(number, (side, *raw), *counts) for number, raw, *counts in numbered]
    return rows


def _numbered(groupings: Sequence[Sequence[str]], counted: Sequence[Rows]) -> list[_Numbered]:
    return [
        (number, row[: len(columns)], *row[len(columns) :])
        for number, (columns, rows) in enumerate(zip(groupings, counted, strict=True))
        for row in rows
    ]


def letters(selected: "SelectedItems") -> Rows:
    """By month of decision and outcome of the letter: the selected items, those decided, those overturned; the letters
    with a selected item, and those of them that have several items, selected or not. Raises NotInColumns.
    """
    facts, decided = selected.facts, _Decided.of(selected)
    rows: Rows = []
    for outcome in facts.value_sets(_OUTCOME):
        cases = outcome.among(selected.cases)
        sets = *decided.among(outcome), cases, cases & facts.of_several_items
        for month, (items, undecided, *others) in _by_period(facts, sets, "decision_month").items():
            rows.append((month, outcome.value, items, items - undecided, *others))
    return rows


def letters_by_problem(everything: "SelectedItems") -> Rows:
    """The letters of each problem, of those that have items. Raises NotInColumns."""
    counted = {code: everything.count(_PROBLEMS, (code,), of_cases=True) for code in everything.values(_PROBLEMS)}
    return [(code, letters) for code, letters in counted.items() if letters]


def letters_and_items(everything: "SelectedItems") -> Rows:
    """How many letters have items, and how many items there are."""
    return [(len(everything.cases), len(everything.items))]


def _groups(
    selected: "SelectedItems", columns: Sequence[str], *, more: int = 1
) -> "list[tuple[tuple[Raw, ...], _Decided]]":
    """The selected items by their values, without groups that have none; each is divided by ``more`` values then."""
    decided = _Decided.of(selected)
    groups: list[tuple[tuple[Raw, ...], _Decided]] = [((), decided)] if decided.items else []
    for column in columns:
        values = selected.facts.value_sets(column)
        _limit(len(groups) * len(values))
        groups = [
            ((*others, told.value), some)
            for others, places in groups
            for told in values
            if (some := places.among(told)).items
        ]
    _limit(len(groups) * more)
    return groups


def _limit(groups: int) -> None:
    if groups > MOST_GROUPS:
        raise NotInColumns("has many groups")


def _by_period(facts: "PlacedFacts", sets: Sequence[BitMap], column: str) -> dict[date | int | None, list[int]]:
    """How many places of each set are in a period, for those in which the first set has some."""
    counted: dict[date | int | None, list[int]] = {}
    for period, first, end in facts.stretches(column):
        if not sets[0].range_cardinality(first, end):
            continue
        counts = [places.range_cardinality(first, end) for places in sets]
        known = counted.get(period)
        counted[period] = counts if known is None else [sum(both) for both in zip(known, counts, strict=True)]
    return counted
