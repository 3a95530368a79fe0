"""The sets of column files tell the same items, and name them in the same order, as PostgreSQL."""

import json
import random
import time
from array import array
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from typing import Any, cast

import numpy
import pytest
from django.http import QueryDict
from pyroaring import BitMap

from determinations.browsing.column_keys import item_keys
from determinations.browsing.lists import ITEMS
from determinations.models import Case, ItemFact
from determinations.paging.filtered import keys_from
from determinations.paging.keyset import cursor_at
from determinations.statistics.columns import keeping, placed, reading, walk
from determinations.statistics.columns.counted import COLUMNS
from determinations.statistics.columns.sets import rows
from determinations.statistics.columns.sets.places import Order, Sets
from determinations.statistics.columns.sets.writing import MOST_ID
from determinations.statistics.interface import Selection
from determinations.statistics.sql_engine import one_snapshot
from tests.fixtures.people import People
from tests.statistics.worlds import random_event, stored_world

pytestmark = pytest.mark.django_db(transaction=True)


def test_pages_of_items_follow_their_ids_within_a_day(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of items that were added to their case late, and without a date."""
    chance = random.Random(22)
    stored_world(chance, 15)
    days = list(ItemFact.objects.exclude(decision_date=None).values_list("decision_date", flat=True)[:2])
    for case in Case.objects.current().order_by("pk"):
        day = chance.choice([*days, None])
        Case.objects.filter(pk=case.pk).update(decision_date=day)
        ItemFact.objects.filter(case=case).update(decision_date=day)
    keeping.keep_columns()
    for number in range(4):
        for address in ("sex=male&sex=female&sex=unknown", "sort=decided&sex=male", "decision=upheld"):
            query = QueryDict(address)
            listed = ITEMS.list_query(ITEMS.filterset(query), query)
            facts = ItemFact.objects.all()[number::5]
            cursors = [cursor_at(fact, listed.order, forward=forward) for fact in facts for forward in (True, False)]
            for cursor, size in zip([None, *cursors], cycle((7, 2, 2, 7)), strict=False):
                forward = cursor is None or cursor.forward
                by_column = item_keys(listed, cursor, size, forward=forward)
                assert by_column == keys_from(listed, cursor, size, forward=forward), (address, cursor)
            assert item_keys(listed, None, 5, forward=False) == keys_from(listed, None, 5, forward=False)
        random_event(chance, people.admin)
        if number == 2:  # so many items of a day are sorted by the engine
            monkeypatch.setattr(walk, "MOST_OF_A_DAY", 1)


def test_a_file_has_sets_of_every_value_of_every_column(world: None, settings: Any) -> None:
    with one_snapshot() as engine:
        everything = engine.items_by_column(Selection.everything())
    assert everything is not None
    assert all(everything.has(column.name) for column in COLUMNS)
    for column in COLUMNS:
        values = everything.values(column.name)
        if not column.several:
            numbers = [everything.count(column.name, [value], of_cases=False) for value in values]
            assert sum(numbers) == ItemFact.objects.count()
        assert everything.count(column.name, list(values), of_cases=True) <= Case.objects.current().count()


def test_items_of_changed_cases_are_found_by_their_ids() -> None:
    ids = array("I", [900, 7, MOST_ID, 12])
    file = Sets(Order([1] * 4, ids))
    now = Sets(Order([1, 2, 2], [2**40, 7, 5], start=4))
    facts = placed.PlacedFacts(file, placed.ChangedItems(BitMap([1, 3]), now))
    # Of the changed cases, 12 is gone, 7 did not change itself, 5 and 2**40 did.
    assert facts.places_of(BitMap([0, 1, 3]), numpy.array([5, 2**40])) == BitMap([0, 4, 5, 6])
    assert facts.places_of(BitMap([0, 2]), numpy.array([], numpy.int64)) == BitMap([0, 2])
    assert file.order.places_of(numpy.array([-1, 0, 7, 8, MOST_ID, MOST_ID + 8, 2**41])) == BitMap([1, 2])
    assert sum(part.nbytes for part in file.order.by_id) == 8 * len(ids)
    assert Order((), ()).places_of(numpy.array([5])) == BitMap()


@pytest.mark.parametrize("rows_at_once", [7, 1_000])
def test_what_no_set_tells_is_selected_by_the_rows_of_the_file(
    rows_at_once: int, people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dates other than that of decision, also once cases have changed, and a second time from what was kept."""
    monkeypatch.setattr(rows, "_ROWS_AT_ONCE", rows_at_once)
    chance = random.Random(31)
    stored_world(chance, 25)
    keeping.keep_columns()
    for _ in range(5):
        days = ItemFact.objects.exclude(date_of_injury=None).order_by("pk").values_list("date_of_injury", flat=True)
        conditions: list[dict[str, Any]] = [
            {"date_of_injury__gte": chance.choice(days)},
            {"date_of_injury": None},
            {"case_items__gt": 1},
        ]
        with one_snapshot() as engine:
            for condition in conditions * 2:
                items = ItemFact.objects.filter(**condition)
                selected = engine.items_by_column(Selection(items, whole_letters=False))
                assert selected is not None
                assert {ids_by_place(selected.facts)[place] for place in selected.items} == set(
                    items.values_list("pk", flat=True)
                )
        random_event(chance, people.admin)


def ids_by_place(facts: placed.PlacedFacts) -> dict[int, int]:
    return {at: pk for order in facts.orders for at, pk in enumerate(order.item_ids, order.start)}


def test_one_thread_makes_the_sets_of_what_changed_and_the_others_wait(
    world: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ItemFact.objects.update(sex="female")
    made: list[int] = []
    make = placed.ChangedItems.of_version

    def slowly(*parameters: Any) -> placed.ChangedItems:
        made.append(1)
        time.sleep(0.2)
        return make(*parameters)

    monkeypatch.setattr(placed.ChangedItems, "of_version", slowly)
    with one_snapshot():
        columns = reading.ColumnReader().columns()
    assert columns is not None
    where = ItemFact.objects.filter(sex="female").query.where
    with ThreadPoolExecutor(4) as threads:
        several = list(threads.map(lambda _: columns.items_of(where, "", ()), range(4)))
    assert {len(known.items) for known in several if known is not None} == {ItemFact.objects.count()}
    assert len(several) == 4
    assert len(made) == 1


def test_blocks_without_a_changed_case_are_left_out_by_their_numbers(world: None) -> None:
    """A join instead reads every column of all items, for which millions of them leave no memory."""
    firsts = ItemFact.objects.filter(first_of_case=True).values_list("pk", flat=True)
    ItemFact.objects.filter(pk__in=list(firsts[:3])).update(sex="female")
    with one_snapshot():
        columns = reading.ColumnReader().columns()
    assert columns is not None
    sets = columns.sets.read()
    assert sets is not None
    asked: list[str] = []
    with columns.connection.cursor() as cursor:

        class Noted:
            def execute(self, sql: str) -> Any:
                asked.append(sql)
                return cursor.execute(sql)

        changed = placed.ChangedItems.of_version(cast(Any, Noted()), f"memory.{columns.schema}", sets.order)
        (plan,) = [plan for _kind, plan in cursor.execute(f"EXPLAIN (FORMAT JSON) {asked[-1]}").fetchall()]
    assert len(changed.gone) > 1
    assert ["case_id" in str(scan.get("Filters")) for scan in _scans(json.loads(plan))] == [True]


def _scans(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The nodes of a plan that read a table of the file."""
    found = []
    for node in nodes:
        if str(node["extra_info"].get("Table", "")).startswith("file."):
            found.append(node["extra_info"])
        found += _scans(node["children"])
    return found
