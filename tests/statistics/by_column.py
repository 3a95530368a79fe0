"""What tests of the column engine share: every answer is compared with PostgreSQL's."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db.models import F
from django.http import QueryDict

from determinations.browsing.column_cases import FindCases
from determinations.browsing.column_keys import item_keys
from determinations.browsing.counted_cases import values_of
from determinations.browsing.facets import Limits, count_facets
from determinations.browsing.lists import CASES, ITEMS
from determinations.browsing.neighbors import place_in_list
from determinations.filters.kinds import KINDS
from determinations.paging.filtered import keys_from
from determinations.paging.keyset import cursor_at
from determinations.statistics.answer_cache import cached_answers
from determinations.statistics.columns import reading
from determinations.statistics.columns.cited import CITED
from determinations.statistics.columns.editions import EDITIONS, STATUSES, Validities
from determinations.statistics.columns.letters import PLACE
from determinations.statistics.columns.selected import SelectedItems
from determinations.statistics.columns.version import Rows
from determinations.statistics.element_counts import elements_of, told_citing, told_elements
from determinations.statistics.interface import ItemGroup, NewestItem, Selection
from determinations.statistics.sql_engine import SqlEngine, _count, _items_by, one_snapshot

#: Filters that the sets tell.
TOLD = (
    "sex=male", "sex=unknown", "age=40-49&age=70-over", "age=unknown", "age=known", "decision=upheld",
    "decision=unknown&outcome=upheld", "category=Pharmaceuticals&decision=upheld&state=parsed",
    "reviewer_authority=mtus/chronic-pain&reviewer_authority=odg/pain", "claims_family=mtus&reviewer_family=none",
    "specialty=Neurology", "licensure=California", "licensure=unknown", "problem=date_order&problem=no_rationale",
    "also_ground=criteria_met", "ground=unknown", "region=unknown", "partly_approved=no", "same_guideline=yes",
    "decided_from=2014-06-01", "decided_to=2015-12-31", "decided_from=2014-06-01&decided_to=2016-01-31&sex=male",
    "decided_from=2016-01-01&decided_to=2014-01-01", "undated=decided", "undated=decided&sex=female", "category=none",
    "claims_without=mtus", "sex=male&sex=female&rest_of=decision%3Dupheld%26sex%3Dmale", "corrected=yes",
    "also_claims_authority=mtus/chronic-pain", "specialty=nobody", "outcome=nothing", "claim_age=0-1",
    "decision=nothing", "partly_approved=nothing",
    "days_from_denial=31-60&days_from_denial=unknown",
)  # fmt: skip


class Compared(reading.ColumnReader):
    """Answers by column, each compared with what PostgreSQL answers in the same snapshot."""

    answered = refused = told = 0

    def rows(self, sql: str, parameters: object) -> Rows | None:
        rows = super().rows(sql, parameters)  # type: ignore[arg-type]  # passed on
        if rows is None:
            Compared.refused += 1
        elif CITED in sql or PLACE.partition(",")[0] in sql:  # PostgreSQL has no such table: see ``count_everything``
            Compared.answered += 1
        else:
            Compared.answered += 1
            expected = _count(sql, parameters)  # type: ignore[arg-type]  # passed on
            assert sorted(rows, key=repr) == sorted(expected, key=repr), (sql, parameters)
        return rows

    def tallies(self, selection: Selection, columns: Sequence[str]) -> Rows | None:
        rows = super().tallies(selection, columns)
        if rows is not None:
            Compared.told += 1
            expected = _count(*_items_by(selection, columns))
            assert sorted(rows, key=repr) == sorted(expected, key=repr), (columns, selection.rows)
        return rows

    def elements(self, selection: Selection, groupings: Sequence[Sequence[str]]) -> Rows | None:
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

    def citing(self, selection: Selection, authority_id: int, columns: Sequence[str]) -> Rows | None:
        rows = super().citing(selection, authority_id, columns)
        if rows is not None:
            Compared.told += 1
            told = told_citing(rows, len(columns))
            for counted, groups in zip(told, SqlEngine().count_citing(selection, authority_id, columns), strict=True):
                assert sorted(counted, key=repr) == sorted(groups, key=repr), (authority_id, selection.rows)
        return rows

    def editions(self, selection: Selection, validities: Validities, authority_id: int | None) -> Rows | None:
        rows = super().editions(selection, validities, authority_id)
        if rows is not None:
            Compared.told += 1
            expected = [(EDITIONS, *group) for group in SqlEngine().count_editions(selection, authority_id)]
            if authority_id is None:
                expected += [(STATUSES, *group) for group in SqlEngine().count_edition_statuses(selection)]
            assert sorted(rows, key=repr) == sorted(expected, key=repr), (authority_id, selection.rows)
        return rows

    def of_all(self, ask: Callable[[SelectedItems], Rows]) -> Rows | None:
        rows = super().of_all(ask)
        Compared.told += rows is not None
        return rows

    def newest(self, selection: Selection, most: int) -> list[NewestItem] | None:
        rows = super().newest(selection, most)
        if rows is not None:
            Compared.told += 1
            newest_first = selection.items.order_by(F("decision_date").desc(nulls_last=True), F("item").desc())
            expected = newest_first[:most].values_list("item_id", "case_id", "decision_date", "overturned")
            assert [tuple(row) for row in rows] == list(expected), (most, selection.rows)
        return rows

    def letters(self, selection: Selection) -> Rows | None:
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


def items_told(address: str) -> tuple[list[int], list[int]]:
    """The items that pass filters, and the cases with one, by column."""
    filterset = ITEMS.filterset(QueryDict(address))
    with one_snapshot() as engine:
        known = engine.items_by_column(Selection(filterset.qs, whole_letters=False))
    assert known is not None
    by_place = [
        (place, ids)
        for order in known.facts.orders
        for place, ids in enumerate(zip(order.item_ids, order.case_ids, strict=True), order.start)
    ]
    ids = dict(by_place)
    return sorted(ids[place][0] for place in known.items), sorted(ids[place][1] for place in known.cases)


def compare_items(address: str) -> None:
    """What the sets tell is what PostgreSQL selects."""
    rows = ITEMS.filterset(QueryDict(address)).qs
    items, cases = items_told(address)
    assert items == sorted(rows.values_list("pk", flat=True)), address
    assert cases == sorted(set(rows.values_list("case_id", flat=True))), address


def compare_lists(address: str, chance: random.Random) -> None:
    """Pages of both lists by column are those of PostgreSQL, and so is their count."""
    query = QueryDict(address)
    for kind in (ITEMS, CASES):
        filterset = kind.filterset(query)
        listed = kind.list_query(filterset, query)
        find: Any = item_keys if kind.of_items else FindCases(filterset)
        rows = list(listed.rows)
        cursors = [cursor_at(row, listed.order, forward=way) for row in chance.sample(rows, min(1, len(rows)))
                   for way in (True, False)]  # fmt: skip
        for cursor in [None, *cursors]:
            forward = cursor is None or cursor.forward
            by_column = find(listed, cursor, 4, forward=forward)
            assert by_column == keys_from(listed, cursor, 4, forward=forward), (kind.name, address, cursor)
            assert by_column[1].number == len(rows), address


def compare_places(address: str, chance: random.Random, monkeypatch: pytest.MonkeyPatch) -> None:
    """The place of a case in its list is that of PostgreSQL."""
    query = QueryDict(f"list=cases&{address}")
    keys = list(CASES.filterset(query).qs.values_list("pk", flat=True))
    for pk in chance.sample(keys, min(3, len(keys))):
        by_column = place_in_list(pk, query)
        with monkeypatch.context() as patched:
            patched.setattr(FindCases, "beside", lambda *_arguments: None)
            assert place_in_list(pk, query) == by_column, (address, pk)


def every_case(query: QueryDict) -> dict[str, dict[str, int]]:
    """The counts of the rail of cases by reading every case."""
    filterset = CASES.filterset(query)
    assert filterset.is_valid()
    numbers: dict[str, dict[str, int]] = {}
    for dimension in filterset.dimensions:
        kind, column = KINDS[dimension.kind], dimension.column(of_items=False)
        if not (kind.counted and column and kind.is_offered(dimension, filterset.lookups.labels)):
            continue
        left_out = {name for name in kind.left_out(dimension) if query.get(name)}
        rows = CASES.list_query(filterset, query, without=left_out).rows.values_list(column, flat=True)
        counted = Counter(
            value for stored in rows for value in set(values_of(dimension, column, stored, filterset.lookups.labels))
        )
        numbers[dimension.name] = dict(counted)
    return numbers


def of_rail(query: QueryDict) -> dict[str, dict[str, int]]:
    """The counts of the rail of cases by column, none of which are of some cases."""
    counted = count_facets(CASES, CASES.filterset(query), query, Limits(counted=1, many=1, enough=1))
    assert not counted.capped
    return {name: dict(of_one) for name, of_one in counted.counts.items()}
