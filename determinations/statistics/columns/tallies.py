"""Counts the items and letters of a selection by its set of places alone, as the statements of ``sql_engine`` do.

A group is the places that the selection shares with the set of a value. Months and years are stretches of places, as
items are in the order of their dates. A letter is at the place of its first item, whichever of its items are selected.
"""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

from pyroaring import BitMap

from determinations.parsing.results import SIDES
from determinations.statistics.columns.counted import CATEGORY_GROUND, category_and_ground
from determinations.statistics.columns.dialect import NotInColumns, Value
from determinations.statistics.columns.layout import ARRAYS
from determinations.statistics.columns.placed import PERIODS
from determinations.statistics.columns.selected import SelectedItems
from determinations.statistics.interface import Sums

if TYPE_CHECKING:
    from determinations.statistics.columns.combinations import Combinations
    from determinations.statistics.columns.placed import PlacedFacts, Raw, ValueSet

    #: Items by their values.
    Groups: TypeAlias = list[tuple[tuple[Raw, ...], "Decided"]]

Rows: TypeAlias = list[tuple[Value, ...]]
#: A row with the number of its grouping, its values, and its counts.
_Numbered: TypeAlias = tuple[int, tuple[Value, ...], *tuple[Value, ...]]
#: With more groups than this, the engine counts them sooner.
MOST_GROUPS = 1_000
#: Counts of items that are not known: some may be undecided, some overturned.
_SOME_OF_EACH = (3, 2, 1)
_DECISION, _OUTCOME, _PROBLEMS = "overturned", "outcome", "problem_codes"


class Decided(NamedTuple):
    """Some items: all of them; those without a decision, which are few; those overturned."""

    items: BitMap = BitMap()  # not to be changed
    undecided: BitMap = BitMap()
    overturned: BitMap = BitMap()

    @classmethod
    def of(cls, selected: SelectedItems) -> "Decided":
        """Those selected. Raises NotInColumns."""
        if not selected.has(_DECISION):
            raise NotInColumns("has no sets of decisions")
        by_value = {told.value: told.among(selected.items) for told in selected.facts.value_sets(_DECISION)}
        return cls(selected.items, by_value.get(None, BitMap()), by_value.get(True, BitMap()))

    def among(self, told: "ValueSet") -> "Decided":
        """Those with a value."""
        items = told.among(self.items)
        return Decided(items, *(places & items if places else places for places in self[1:]))

    def within(self, places: BitMap) -> "Decided":
        """Those in some places."""
        return Decided(*(some & places for some in self))

    def count_among(self, told: "ValueSet", more: "tuple[int, int, int] | None" = None) -> tuple[int, int, int]:
        """How many have a value; of them decided, and overturned. ``more``: the same of others that include these."""
        items = told.count_among(self.items)
        if not items:
            return 0, 0, 0
        of_more, decided_of_more, overturned_of_more = more or _SOME_OF_EACH
        undecided = told.count_among(self.undecided) if self.undecided and of_more != decided_of_more else 0
        if overturned_of_more == of_more:
            return items, items - undecided, items
        return items, items - undecided, told.count_among(self.overturned) if overturned_of_more else 0

    def counts(self) -> tuple[int, int, int]:
        """How many; of them decided, and overturned."""
        return len(self.items), len(self.items) - len(self.undecided), len(self.overturned)


def tallies(selected: SelectedItems, columns: Sequence[str], *, by_elements: bool = False) -> Rows:
    """The selected items, those decided and those overturned, by the values of columns. Raises NotInColumns.

    ``by_elements``: by the elements of arrays; an item without any has the element ``()``, others have ``(element,)``.
    """
    return _planned(selected, columns, by_elements=by_elements)()


def _planned(selected: SelectedItems, columns: Sequence[str], *, by_elements: bool) -> Callable[[], Rows]:
    """What counts ``tallies``; raises NotInColumns now, not then."""
    if not columns or not (by_elements or ARRAYS.isdisjoint(columns)):
        raise NotInColumns("groups by whole arrays")
    combinations = selected.combinations(columns)
    if combinations is not None:
        return partial(_by_combination, selected, combinations, columns)
    return _planned_by_sets(selected, columns)


def _by_combination(selected: SelectedItems, combinations: "Combinations", columns: Sequence[str]) -> Rows:
    """The counts of combinations, and by sets those of items that changed."""
    rows: Rows = combinations.rows(selected.count_combinations(combinations), columns)
    if not selected.changed.items:
        return rows
    sums = Sums()
    for row in (*rows, *_planned_by_sets(selected.changed, columns)()):
        sums.add(row[: len(columns)], *cast("tuple[int, int, int]", row[len(columns) :]))
    return [(*raw, *tally) for raw, tally in sums.items()]


def _planned_by_sets(selected: SelectedItems, columns: Sequence[str]) -> Callable[[], Rows]:
    if tuple(columns) == ("category_id", "grounds") and selected.has(CATEGORY_GROUND):
        return partial(_by_category_and_ground, _planned_by_sets(selected, [CATEGORY_GROUND]))
    periods = [column for column in columns if column in PERIODS]
    if len(periods) > 1:
        raise NotInColumns("groups by several periods")
    # Those with few values first: fewer groups are made, and the last column is only counted in these.
    others = [column for column in columns if column not in PERIODS]
    others.sort(key=lambda column: len(selected.facts.value_sets(column)))
    if periods:
        count = partial(_by_period, selected.facts, _groups(selected, others), periods[0])
    else:
        values = selected.facts.value_sets(others[-1])
        count = partial(_by_last, _groups(selected, others[:-1], more=len(values)), Decided.of(selected), values)
    return partial(_in_order, count, [[*others, *periods].index(column) for column in columns])


def _in_order(count: Callable[[], Rows], order: Sequence[int]) -> Rows:
    """The rows with their first values in this order."""
    if list(order) == sorted(order):
        return count()
    return [(*(row[at] for at in order), *row[len(order) :]) for row in count()]


def _by_period(facts: "PlacedFacts", groups: "Groups", column: str) -> Rows:
    """The groups by a period."""
    return [
        (*values, period, items, items - undecided, overturned)
        for values, places in groups
        for period, (items, undecided, overturned) in by_period(facts, places, column).items()
    ]


def _by_category_and_ground(count_together: Callable[[], Rows]) -> Rows:
    return [(*category_and_ground(str(value)), *counts) for value, *counts in count_together()]


def _by_last(groups: "Groups", whole: Decided, values: "Sequence[ValueSet]") -> Rows:
    """The groups by the values of one more column. What all items of a value have in common is not counted in each."""
    last = [(told, counts) for told in values if (counts := whole.count_among(told))[0]]
    if not any(others for others, _places in groups):  # by this column alone
        return [(told.value, *counts) for told, counts in last]
    return [
        (*others, told.value, *counts)
        for others, places in groups
        for told, of_all in last
        if (counts := places.count_among(told, of_all))[0]
    ]


def elements(selected: SelectedItems, groupings: Sequence[Sequence[str]]) -> Rows:
    """All selected items once, under -1; then ``tallies`` by elements, under the number of each group of columns.
    Raises NotInColumns.
    """
    planned: list[Callable[[], Rows]] = [list] * len(groupings)
    for at, columns in sorted(enumerate(groupings), key=lambda grouping: -len(grouping[1])):
        planned[at] = _planned(selected, columns, by_elements=True)  # all, before any is counted
    counted = [count() for count in planned]
    return [(-1, (), *Decided.of(selected).counts()), *_numbered(groupings, counted)]


def citing(selected: SelectedItems, authority_id: int, columns: Sequence[str]) -> Rows:
    """``tallies`` of the selected items that cite an authority, under the number of each column, by side and value.
    Raises NotInColumns.
    """
    rows: Rows = []
    for side in SIDES:
        items = selected.items & selected.facts.having(f"{side}_authority_ids", [authority_id])
        cited = [tallies(SelectedItems(selected.facts, items), (column,)) for column in columns]
        numbered = _numbered([(column,) for column in columns], cited)
        rows += [(number, (side, *raw), *counts) for number, raw, *counts in numbered]
    return rows


def _numbered(groupings: Sequence[Sequence[str]], counted: Sequence[Rows]) -> list[_Numbered]:
    return [
        (number, row[: len(columns)], *row[len(columns) :])
        for number, (columns, rows) in enumerate(zip(groupings, counted, strict=True))
        for row in rows
    ]


def letters(selected: SelectedItems) -> Rows:
    """By month of decision and outcome of the letter: the selected items, those decided, those overturned; the letters
    with a selected item, and those of them that have several items, selected or not. Raises NotInColumns.
    """
    facts, decided = selected.facts, Decided.of(selected)
    rows: Rows = []
    for outcome in facts.value_sets(_OUTCOME):
        cases = outcome.among(selected.cases)
        sets = *decided.among(outcome), cases, cases & facts.of_several_items
        for month, (items, undecided, *others) in by_period(facts, sets, "decision_month").items():
            rows.append((month, outcome.value, items, items - undecided, *others))
    return rows


def letters_by_problem(everything: SelectedItems) -> Rows:
    """The letters of each problem, of those that have items. Raises NotInColumns."""
    counted = {code: everything.count(_PROBLEMS, (code,), of_cases=True) for code in everything.values(_PROBLEMS)}
    return [(code, letters) for code, letters in counted.items() if letters]


def letters_and_items(everything: SelectedItems) -> Rows:
    """How many letters have items, and how many items there are."""
    return [(len(everything.cases), len(everything.items))]


def _groups(selected: SelectedItems, columns: Sequence[str], *, more: int = 1) -> "Groups":
    """The selected items by their values, without groups that have none; each is divided by ``more`` values then."""
    decided = Decided.of(selected)
    groups: Groups = [((), decided)] if decided.items else []
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


def by_period(facts: "PlacedFacts", sets: Sequence[BitMap], column: str) -> dict[date | int | None, list[int]]:
    """How many places of each set are in a period, for those in which the first set has some."""
    counted: dict[date | int | None, list[int]] = {}
    for period, first, end in facts.stretches(column):
        if not sets[0].range_cardinality(first, end):
            continue
        counts = [places.range_cardinality(first, end) for places in sets]
        known = counted.get(period)
        counted[period] = counts if known is None else [sum(both) for both in zip(known, counts, strict=True)]
    return counted
