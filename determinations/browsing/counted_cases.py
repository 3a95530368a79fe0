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
from determinations.models.dimensions import MARKS, Dimension, Kind
from determinations.statistics.columns.case_bits import BitValue, SelectedCases
from determinations.statistics.interface import TABLE
from determinations.wording.labels import Labels

_ARRAYS = frozenset({Kind.CODES, Kind.AUTHORITIES})
#: So many values, the most frequent ones, are counted of a column that has no numbers in the file: an office's own
#: field may have as many values as there are cases.
MOST_VALUES = 200
_GROUPED = """
SELECT value, count(DISTINCT case_id) AS cases FROM (
    SELECT case_id, {value} AS value FROM {table} AS entry WHERE case_id IN (SELECT {table}.case_id {rows})
) AS told
GROUP BY value ORDER BY cases DESC LIMIT {most}"""
#: Kinds whose values come from one stored value each, so that numbers of cases can be added up.
_SINGLE = frozenset({Kind.CHOICE, Kind.TEXT, Kind.CODES, Kind.AUTHORITIES, Kind.OFFICE_FIELD})


@dataclass(frozen=True)
class CountedCases:
    """The cases that pass some filters, ready to be counted."""

    cases: CasesByColumn
    selected: SelectedCases
    #: Of those without items, the values of each column.
    without_items: Mapping[str, list[Stored]]

    @classmethod
    def of(cls, cases: CasesByColumn, dimensions: Collection[Dimension]) -> "CountedCases | None":
        """Find the cases; None if PostgreSQL has to count them."""
        selected = cases.engine.cases_by_column(cases.items)
        columns = list(dict.fromkeys(dimension.column(of_items=False) for dimension in dimensions))
        rows = cases.rows.filter(item_count=0).order_by().values_list(*columns)[: MOST_WITHOUT_ITEMS + 1]
        empty = list(rows) if selected is not None else []
        if selected is None or len(empty) > MOST_WITHOUT_ITEMS:
            return None
        return cls(cases, selected, {column: [row[at] for row in empty] for at, column in enumerate(columns)})

    def by_value(self, dimension: Dimension, labels: Labels) -> dict[str, int] | None:
        """How many have each value; None if PostgreSQL has to count them."""
        numbers = self._by_bits(dimension, labels) if self._has_bits(dimension) else self._grouped(dimension, labels)
        if numbers is None:
            return None
        column = dimension.column(of_items=False)
        for stored in self.without_items[column]:
            numbers.update(set(values_of(dimension, column, stored, labels)))
        return {value: number for value, number in numbers.items() if number}

    def _has_bits(self, dimension: Dimension) -> bool:
        return self.selected.has(dimension.item_column)

    def _by_bits(self, dimension: Dimension, labels: Labels) -> Counter[str]:
        numbers = Counter[str]()
        stored_of: dict[str, list[BitValue]] = defaultdict(list)
        for stored in self.selected.values(dimension.item_column):
            for value in values_of(dimension, dimension.item_column, _whole(dimension, stored), labels):
                stored_of[value].append(stored)
        for value, several in stored_of.items():
            numbers[value] += self.selected.count(dimension.item_column, several)
        return numbers

    def _grouped(self, dimension: Dimension, labels: Labels) -> Counter[str] | None:
        """By a statement, the most frequent values only."""
        if dimension.kind not in _SINGLE:
            return None
        column, (sql, parameters) = dimension.item_column, self.cases.items.rows
        value = f'unnest("{column}")' if dimension.kind in _ARRAYS else f'"{column}"'
        statement = _GROUPED.format(value=value, table=TABLE, rows=sql, most=MOST_VALUES)
        rows = self.cases.engine.rows_by_column(statement, parameters)
        if rows is None:
            return None
        numbers = Counter[str]()
        for stored, number in rows:
            for shown in values_of(dimension, column, _whole(dimension, cast(BitValue, stored)), labels):
                numbers[shown] += int(str(number))
        return numbers


def _whole(dimension: Dimension, stored: BitValue) -> Stored:
    """A value as its column has it: of an array, one with this element alone."""
    return [stored] if dimension.kind in _ARRAYS else stored


def values_of(dimension: Dimension, column: str, stored: Stored, labels: Labels) -> Iterable[str]:
    """The filter values that a column's value counts for."""
    kind = KINDS[dimension.kind]
    return kind.marked_values(dimension, stored) if column == MARKS else kind.values(dimension, stored, labels)
