"""How many cases of a filtered list have each value of a dimension, all of them, by the column engine.

As a case's own columns have it, a case has every value that one of its items has, whether that item passes the filters
or not. Cases without items are not in column files: PostgreSQL reads those, which are few.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from determinations.browsing.column_cases import MOST_WITHOUT_ITEMS, CasesByColumn
from determinations.filters.kinds import KINDS, Stored
from determinations.models.dimensions import MARKS, Dimension, Kind
from determinations.statistics.answer_cache import Rows
from determinations.statistics.columns.case_bits import BitValue, SelectedCases
from determinations.statistics.interface import TABLE
from determinations.wording.labels import Labels

_ARRAYS = frozenset({Kind.CODES, Kind.AUTHORITIES})
#: A field of the office may have as many values as there are cases: it has no numbers in the file.
_OF_FIELD = "SELECT {column}, count(*) FROM {table} AS entry WHERE first_of_case AND case_id IN (SELECT {table}.case_id {rows}) GROUP BY {column}"  # noqa: E501


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
        of_field = self._of_field(dimension) if dimension.kind is Kind.OFFICE_FIELD else ()
        if of_field is None:
            return None
        numbers = Counter[str]()
        for stored, number in of_field:
            for value in values_of(dimension, dimension.item_column, stored, labels):
                numbers[value] += int(str(number))
        stored_of: dict[str, list[BitValue]] = defaultdict(list)
        for stored in self.selected.values(dimension.item_column):
            whole = [stored] if dimension.kind in _ARRAYS else stored
            for value in values_of(dimension, dimension.item_column, whole, labels):
                stored_of[value].append(stored)
        for value, several in stored_of.items():
            numbers[value] += self.selected.count(dimension.item_column, several)
        column = dimension.column(of_items=False)
        for stored in self.without_items[column]:
            numbers.update(set(values_of(dimension, column, stored, labels)))
        return {value: number for value, number in numbers.items() if number}

    def _of_field(self, dimension: Dimension) -> Rows | None:
        sql, parameters = self.cases.items.rows
        statement = _OF_FIELD.format(column=dimension.item_column, table=TABLE, rows=sql)
        return self.cases.engine.rows_by_column(statement, parameters)


def values_of(dimension: Dimension, column: str, stored: Stored, labels: Labels) -> Iterable[str]:
    """The filter values that a column's value counts for."""
    kind = KINDS[dimension.kind]
    return kind.marked_values(dimension, stored) if column == MARKS else kind.values(dimension, stored, labels)
