"""How many cases of a filtered list have each value of a dimension, all of them, by the column engine.

As a case's own columns have it, a case has every value that one of its items has, whether that item passes the filters
or not. Cases without items are not in column files: PostgreSQL reads those, which are few.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from determinations.browsing.column_cases import MOST_WITHOUT_ITEMS, CasesByColumn
from determinations.filters.kinds import KINDS, Stored
from determinations.filters.options import MOST_COUNTED
from determinations.models.dimensions import MARKS, Dimension, Kind, Scope
from determinations.statistics.columns.counted import GROUPABLE
from determinations.statistics.columns.selected import SelectedItems
from determinations.statistics.columns.sets.places import BitValue
from determinations.statistics.interface import TABLE
from determinations.wording.labels import Labels

_ARRAYS = frozenset({Kind.CODES, Kind.AUTHORITIES})
#: The most frequent values of a column that has no numbers in the file: an office's own field may have as many values
#: as there are cases.
_GROUPED = """
SELECT value, count({cases}) AS cases FROM (
    SELECT case_id, {value} AS value FROM {table} AS entry WHERE {only}case_id IN (SELECT {table}.case_id {rows})
) AS told
GROUP BY value ORDER BY cases DESC, value LIMIT {most}"""
_OF_EACH_LETTER = frozenset({Scope.LETTER, Scope.LETTER_BY_ITEM})


@dataclass(frozen=True)
class CountedCases:
    """The cases that pass some filters, ready to be counted."""

    cases: CasesByColumn
    selected: SelectedItems
    #: Of those without items, the values of each column.
    without_items: Mapping[str, list[Stored]]

    @classmethod
    def of(cls, cases: CasesByColumn, dimensions: Collection[Dimension]) -> "CountedCases | None":
        """Find the cases; None if PostgreSQL has to count them."""
        selected = None if cases.too_many_without_items else cases.selected
        columns = list(dict.fromkeys(dimension.column(of_items=False) for dimension in dimensions))
        rows = cases.rows.filter(item_count=0).order_by().values_list(*columns)[: MOST_WITHOUT_ITEMS + 1]
        empty = list(rows) if selected is not None else []
        if selected is None or len(empty) > MOST_WITHOUT_ITEMS:
            return None
        return cls(cases, selected, {column: [row[at] for row in empty] for at, column in enumerate(columns)})

    def by_value(self, dimension: Dimension, labels: Labels) -> dict[str, int] | None:
        """How many have each value; None if PostgreSQL has to count them."""
        has_bits = self.selected.has(dimension.item_column)
        numbers = self._by_bits(dimension, labels) if has_bits else self._grouped(dimension, labels)
        if numbers is None:
            return None
        only_frequent = not has_bits and len(numbers) >= MOST_COUNTED
        column = dimension.column(of_items=False)
        for stored in self.without_items[column]:
            values = set(values_of(dimension, column, stored, labels))
            numbers.update(values & numbers.keys() if only_frequent else values)
        return shown(dimension, {value: number for value, number in numbers.items() if number})

    def _by_bits(self, dimension: Dimension, labels: Labels) -> Counter[str]:
        numbers = Counter[str]()
        stored_of: dict[str, list[BitValue]] = defaultdict(list)
        for stored in self.selected.values(dimension.item_column):
            for value in values_of(dimension, dimension.item_column, whole(dimension, stored), labels):
                stored_of[value].append(stored)
        for value, several in stored_of.items():
            numbers[value] += self.selected.count(dimension.item_column, several, of_cases=True)
        return numbers

    def _grouped(self, dimension: Dimension, labels: Labels) -> Counter[str] | None:
        """By a statement, the most frequent values only."""
        groupable = dimension.kind in GROUPABLE or dimension.kind is Kind.OFFICE_FIELD
        if not groupable or self.cases.also or self.cases.queries:
            return None
        column, (sql, parameters) = dimension.item_column, self.cases.items.rows
        value = f'unnest("{column}")' if dimension.kind in _ARRAYS else f'"{column}"'
        once = dimension.scope in _OF_EACH_LETTER
        statement = _GROUPED.format(
            cases="*" if once else "DISTINCT case_id",
            only="first_of_case AND " if once else "",
            value=value,
            table=TABLE,
            rows=sql,
            most=MOST_COUNTED,
        )
        rows = self.cases.engine.rows_by_column(statement, parameters)
        if rows is None:
            return None
        numbers = Counter[str]()
        for stored, number in rows:
            for shown in values_of(dimension, column, whole(dimension, cast(BitValue, stored)), labels):
                numbers[shown] += int(str(number))
        return numbers


def shown(dimension: Dimension, numbers: dict[str, int]) -> dict[str, int]:
    """The numbers that the rail needs: of a field of the office those of the most frequent values."""
    if dimension.kind is not Kind.OFFICE_FIELD or len(numbers) <= MOST_COUNTED:
        return numbers
    return dict(Counter(numbers).most_common(MOST_COUNTED))


def whole(dimension: Dimension, stored: BitValue) -> Stored:
    """A value as its column has it: of an array, one with this element alone."""
    return [stored] if dimension.kind in _ARRAYS else stored


def values_of(dimension: Dimension, column: str, stored: Stored, labels: Labels) -> Iterable[str]:
    """The filter values that a column's value counts for."""
    kind = KINDS[dimension.kind]
    return kind.marked_values(dimension, stored) if column == MARKS else kind.values(dimension, stored, labels)
