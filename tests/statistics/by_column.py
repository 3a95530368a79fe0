"""What tests of the column engine share: every answer is compared with PostgreSQL's."""

from collections.abc import Sequence

from determinations.statistics.answer_cache import cached_answers
from determinations.statistics.columns import reading
from determinations.statistics.columns.cited import CITED
from determinations.statistics.columns.letters import PLACE
from determinations.statistics.interface import Selection
from determinations.statistics.sql_engine import SqlEngine, _count, _items_by, one_snapshot


class Compared(reading.ColumnReader):
    """Answers by column, each compared with what PostgreSQL answers in the same snapshot."""

    answered = refused = told = 0

    def rows(self, sql: str, parameters: object) -> reading.Rows | None:
        rows = super().rows(sql, parameters)  # type: ignore[arg-type]
        if rows is None:
            Compared.refused += 1
        elif CITED in sql or PLACE.partition(",")[0] in sql:  # PostgreSQL has no such table: see ``count_everything``
            Compared.answered += 1
        else:
            Compared.answered += 1
            expected = _count(sql, parameters)  # type: ignore[arg-type]
            assert sorted(rows, key=repr) == sorted(expected, key=repr), (sql, parameters)
        return rows

    def tallies(self, selection: Selection, columns: Sequence[str]) -> reading.Rows | None:
        rows = super().tallies(selection, columns)
        if rows is not None:
            Compared.told += 1
            expected = _count(*_items_by(selection, columns))
            assert sorted(rows, key=repr) == sorted(expected, key=repr), (columns, selection.rows)
        return rows

    def letters(self, selection: Selection) -> reading.Rows | None:
        rows = super().letters(selection)
        if rows is not None:
            Compared.told += 1
            expected = SqlEngine().count_letters(selection)
            assert sorted(map(tuple, expected), key=repr) == sorted(rows, key=repr), selection.rows
        return rows


def overturned() -> int:
    """How many items were overturned, counted by column."""
    cached_answers.answers.clear()
    with one_snapshot():
        reader = Compared()
        groups = SqlEngine(reader).count_items(Selection.everything(), ["decision_year"])
        assert reader.columns() is not None
    return sum(group.overturned for group in groups)
