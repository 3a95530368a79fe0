"""What tests of the column engine share: every answer is compared with PostgreSQL's."""

from collections.abc import Callable, Sequence

from determinations.statistics.answer_cache import cached_answers
from determinations.statistics.columns import reading
from determinations.statistics.columns.cited import CITED
from determinations.statistics.columns.letters import PLACE
from determinations.statistics.columns.selected import SelectedItems
from determinations.statistics.element_counts import elements_of, told_citing, told_elements
from determinations.statistics.interface import ItemGroup, Selection
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

    def elements(self, selection: Selection, groupings: Sequence[Sequence[str]]) -> reading.Rows | None:
        rows = super().elements(selection, groupings)
        if rows is not None:
            Compared.told += 1
            columns = list(dict.fromkeys(column for grouping in groupings for column in grouping))
            whole = [ItemGroup(row[: len(columns)], *row[-3:]) for row in _count(*_items_by(selection, columns))]
            told, expected = told_elements(rows, len(groupings)), elements_of(groupings, columns, whole)
            assert told.total == expected.total, selection.rows
            for counted, groups in zip(told.groups, expected.groups, strict=True):
                assert sorted(counted, key=repr) == sorted(groups, key=repr), (groupings, selection.rows)
        return rows

    def citing(self, selection: Selection, authority_id: int, columns: Sequence[str]) -> reading.Rows | None:
        rows = super().citing(selection, authority_id, columns)
        if rows is not None:
            Compared.told += 1
            told = told_citing(rows, len(columns))
            for counted, groups in zip(told, SqlEngine().count_citing(selection, authority_id, columns), strict=True):
                assert sorted(counted, key=repr) == sorted(groups, key=repr), (authority_id, selection.rows)
        return rows

    def of_all(self, ask: Callable[[SelectedItems], reading.Rows]) -> reading.Rows | None:
        rows = super().of_all(ask)
        Compared.told += rows is not None
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
