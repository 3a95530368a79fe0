"""Counts the items and letters of a selection by its set of places alone, as the statements of ``sql_engine`` do.

A group is the places that the selection shares with the set of a value. Months and years are stretches of places, as
items are in the order of their dates. A letter is at the place of its first item, whichever of its items are selected.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

from pyroaring import BitMap

from determinations.statistics.columns.bits import BitValue
from determinations.statistics.columns.dialect import NotInColumns, Value
from determinations.statistics.columns.layout import GROUPED_BY_KEY

if TYPE_CHECKING:
    from determinations.statistics.columns.selected import PlacedFacts, SelectedItems

Rows: TypeAlias = list[tuple[Value, ...]]
#: With more groups than this, the engine counts them sooner.
MOST_GROUPS = 600
_DECISION, _OUTCOME = "overturned", "outcome"
#: Columns whose values are stretches of days, and the value of a day.
_PERIODS: Mapping[str, Callable[[date], date | int]] = {
    "decision_month": lambda day: day.replace(day=1),
    "decision_year": lambda day: day.year,
}


def tallies(selected: "SelectedItems", columns: Sequence[str]) -> Rows:
    """The selected items, those decided and those overturned, by the values of columns. Raises NotInColumns."""
    periods = [column for column in columns if column in _PERIODS]
    others = [column for column in columns if column not in _PERIODS]
    if not columns or len(periods) > 1 or not GROUPED_BY_KEY.isdisjoint(others):
        raise NotInColumns("groups by arrays, or by several periods")
    groups = _groups(selected, others)
    undecided, overturned = _by_decision(selected)
    rows: Rows = []
    for values, items in groups.items():
        of_group = items, items & undecided, items & overturned
        if not periods:
            rows.append((*values, *_tally(*map(len, of_group))))
            continue
        at = columns.index(periods[0])
        for period, counts in _by_period(selected.facts, of_group, _PERIODS[periods[0]]).items():
            rows.append((*values[:at], period, *values[at:], *_tally(*counts)))
    return rows


def letters(selected: "SelectedItems") -> Rows:
    """By month of decision and outcome of the letter: the selected items, those decided, those overturned; the letters
    with a selected item, and those of them that have several items, selected or not. Raises NotInColumns.
    """
    facts = selected.facts
    undecided, overturned = _by_decision(selected)
    rows: Rows = []
    for (outcome,), items in _groups(selected, [_OUTCOME]).items():
        cases = facts.among(selected.cases, _OUTCOME, outcome)
        sets = items, items & undecided, items & overturned, cases, cases & facts.of_several_items
        for month, (*counts, number, several) in _by_period(facts, sets, _PERIODS["decision_month"]).items():
            rows.append((month, outcome, *_tally(*counts), number, several))
    return rows


def _groups(selected: "SelectedItems", columns: Sequence[str]) -> dict[tuple[BitValue, ...], BitMap]:
    """The selected items by their values, without groups that have none."""
    groups: dict[tuple[BitValue, ...], BitMap] = {(): selected.items} if selected.items else {}
    for column in columns:
        values = selected.values(column)
        if len(groups) * len(values) > MOST_GROUPS:
            raise NotInColumns("has many groups")
        groups = {
            (*others, value): some
            for others, items in groups.items()
            for value in values
            if (some := selected.facts.among(items, column, value))
        }
    return groups


def _by_decision(selected: "SelectedItems") -> tuple[BitMap, BitMap]:
    """The selected items without a decision, which are few, and those overturned."""
    if not selected.has(_DECISION):
        raise NotInColumns("has no sets of decisions")
    undecided, overturned = (selected.facts.among(selected.items, _DECISION, value) for value in (None, True))
    return undecided, overturned


def _tally(items: int, undecided: int, overturned: int) -> tuple[int, int, int]:
    return items, items - undecided, overturned


def _by_period(
    facts: "PlacedFacts", sets: Sequence[BitMap], period_of: Callable[[date], date | int]
) -> dict[date | int | None, list[int]]:
    """How many places of each set are in a period, for those in which the first set has some."""
    counted: dict[date | int | None, list[int]] = {}
    for month, first, end in facts.months:
        if not sets[0].range_cardinality(first, end):
            continue
        counts = [places.range_cardinality(first, end) for places in sets]
        period = None if month is None else period_of(month)
        known = counted.get(period)
        counted[period] = counts if known is None else [sum(both) for both in zip(known, counts, strict=True)]
    return counted
