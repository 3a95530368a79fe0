"""Lists, and the counts of the rail, are the same by column as PostgreSQL's."""

import random
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from django.http import QueryDict

from determinations.browsing import column_cases, counted_cases, facets
from determinations.browsing.column_cases import FindCases
from determinations.browsing.column_keys import item_keys
from determinations.browsing.facets import LIMITS, Limits, count_facets
from determinations.browsing.lists import CASES, ITEMS
from determinations.browsing.selection import parse_selection
from determinations.models import Case, ItemFact, OfficeField, OfficeValue
from determinations.paging.filtered import keys_from
from determinations.paging.keyset import Cursor, cursor_at
from determinations.statistics.columns import keeping
from determinations.statistics.columns.counted import COLUMNS
from determinations.statistics.columns.sets import writing as set_writing
from determinations.statistics.columns.version import Columns
from determinations.statistics.interface import Selection
from determinations.statistics.newest import newest_items, newest_rows
from determinations.statistics.sql_engine import SqlEngine, one_snapshot
from tests.fixtures.people import People
from tests.statistics.by_column import every_case, of_rail
from tests.statistics.worlds import random_event, stored_world

pytestmark = pytest.mark.django_db(transaction=True)


def no_bits(*_arguments: object) -> None:
    """As if the file had more letters than it keeps numbers of."""


def test_columns_with_many_values_and_office_fields_are_counted_without_numbers(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_world(random.Random(12), 25)
    employer = OfficeField.objects.get(key="employer")
    employers = [
        OfficeValue.objects.create(field=employer, normal=f"EMPLOYER{number}", printed=f"Employer {number}").pk
        for number in range(4)
    ]
    for number, case in enumerate(Case.objects.all()):
        Case.objects.filter(pk=case.pk).update(**{employer.column: employers[number % 4]})
        ItemFact.objects.filter(case=case).update(**{employer.column: employers[number % 4]})
    many = {"specialties", "licensure", "claims_authority_ids", "reviewer_authority_ids", employer.column}
    sets_of = set_writing._Writer._sets_of
    monkeypatch.setattr(
        set_writing._Writer,
        "_sets_of",
        lambda self, column, rows: [] if column.name in many else sets_of(self, column, rows),
    )
    keeping.keep_columns()
    with one_snapshot() as engine:
        selected = engine.items_by_column(Selection(ItemFact.objects.all(), whole_letters=False))
    assert selected is not None
    assert not any(selected.has(column) for column in many)
    assert selected.has("sex")
    for address in ("", "sex=male", "category=Pharmaceuticals&decision=upheld", "sex=female&state=parsed"):
        query = QueryDict(address)
        assert of_rail(query) == every_case(query), address
    assert len(of_rail(QueryDict())[employer.column]) == 4
    items = count_facets(ITEMS, ITEMS.filterset(QueryDict()), QueryDict(), Limits(counted=1, many=1, enough=1))
    assert not items.capped
    assert sum(items.counts[employer.column].values()) == ItemFact.objects.count()
    for _ in range(4):
        random_event(random.Random(14), people.admin)
        assert of_rail(QueryDict("sex=male")) == every_case(QueryDict("sex=male"))
    for module in (counted_cases, facets):
        monkeypatch.setattr(module, "MOST_COUNTED", 2)
    items = count_facets(ITEMS, ITEMS.filterset(QueryDict()), QueryDict(), Limits(counted=1, many=1, enough=1))
    assert len(items.counts[employer.column]) == 2
    shown, all_of_them = (counts[employer.column] for counts in (of_rail(QueryDict()), every_case(QueryDict())))
    assert len(shown) == 2
    assert sorted(shown.values()) == sorted(all_of_them.values())[-2:]


def test_fields_of_the_office_are_counted_by_sets_like_other_columns(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_world(random.Random(16), 12)
    employer = OfficeField.objects.get(key="employer")
    employers = [
        OfficeValue.objects.create(field=employer, normal=f"EMPLOYER{number}", printed=f"Employer {number}").pk
        for number in range(3)
    ]
    for number, case in enumerate(Case.objects.all()):
        Case.objects.filter(pk=case.pk).update(**{employer.column: employers[number % 3]})
        ItemFact.objects.filter(case=case).update(**{employer.column: employers[number % 3]})
    keeping.keep_columns()
    with one_snapshot() as engine:
        selected = engine.items_by_column(Selection(ItemFact.objects.all(), whole_letters=False))
    assert selected is not None
    assert selected.has(employer.column)
    assert of_rail(QueryDict("sex=male")) == every_case(QueryDict("sex=male"))
    monkeypatch.setattr(counted_cases, "MOST_COUNTED", 2)
    assert len(of_rail(QueryDict())[employer.column]) == 2


@pytest.mark.parametrize("fault", ["memory", "values", "budget"])
def test_a_column_that_takes_too_much_is_counted_without_sets(
    people: People, folder: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    stored_world(random.Random(15), 25)
    sets_of, in_memory = set_writing._Writer._sets_of, set_writing._Writer._in_memory

    def failing_sets(self: set_writing._Writer, column: Any, rows: Any) -> Any:
        with monkeypatch.context() as patched:
            if column.name == "licensure" and fault == "memory":
                raise duckdb.OutOfMemoryException("synthetic")
            if column.name == "licensure" and fault == "values":
                patched.setattr(set_writing, "MOST_VALUES", 1)
            return sets_of(self, column, rows)

    def failing_memory(self: set_writing._Writer, rows: Any) -> Any:
        with monkeypatch.context() as patched:
            if rows[0][0] == "licensure" and fault == "budget":
                patched.setattr(self, "left", 1)
            return in_memory(self, rows)

    monkeypatch.setattr(set_writing._Writer, "_sets_of", failing_sets)
    monkeypatch.setattr(set_writing._Writer, "_in_memory", failing_memory)
    keeping.keep_columns()
    with one_snapshot() as engine:
        selected = engine.items_by_column(Selection(ItemFact.objects.all(), whole_letters=False))
    assert selected is not None
    assert [column.name for column in COLUMNS if not selected.has(column.name)] == ["licensure"]
    for address in ("", "sex=male", "category=Pharmaceuticals&decision=upheld", "licensure=California"):
        assert of_rail(QueryDict(address)) == every_case(QueryDict(address)), address


@pytest.mark.parametrize("fault", ["ids", "memory"])
def test_without_sets_some_cases_are_counted(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    stored_world(random.Random(13), 8)
    if fault == "ids":
        monkeypatch.setattr(set_writing, "MOST_ID", 1)
    else:

        def out_of_memory(_self: set_writing._Writer) -> None:
            raise duckdb.OutOfMemoryException("synthetic")

        monkeypatch.setattr(set_writing._Writer, "_write_order", out_of_memory)
    keeping.keep_columns()
    with one_snapshot() as engine:
        assert engine.items_by_column(Selection(ItemFact.objects.all(), whole_letters=False)) is None
    assert count_facets(CASES, CASES.filterset(QueryDict()), QueryDict(), Limits(counted=1, many=1, enough=1)).capped


def test_the_rail_counts_every_case_while_writers_run(
    world: None, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, errors = threading.Event(), []

    def write(seed: int) -> None:
        own = random.Random(seed)
        try:
            while not stop.wait(0.1):  # the reader needs the processor, too
                try:
                    random_event(own, people.admin)
                except ObjectDoesNotExist:
                    continue  # another writer removed the letter
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(2)]
    for writer in writers:
        writer.start()
    try:
        for address in ("", "sex=male", "category=Pharmaceuticals&decision=upheld", "outcome=upheld") * 2:
            query = QueryDict(address)
            with one_snapshot() as engine, monkeypatch.context() as patched:
                patched.setattr(facets, "one_snapshot", lambda engine=engine: nullcontext(engine))
                assert of_rail(query) == every_case(query), address
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert errors == []


def test_the_rail_counts_the_same_by_column_and_all_items(
    world: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address in ("", "sex=male", "category=Pharmaceuticals&decision=upheld", "sex=male&q=knee"):
        query, counts = QueryDict(address), []
        for engine, limits in ((True, Limits(counted=1, many=1, enough=1)), (False, LIMITS)):
            settings.COLUMN_ENGINE = engine
            counts.append(count_facets(ITEMS, ITEMS.filterset(query), query, limits))
        by_column, by_postgresql = counts
        if "q=" in address:  # words are PostgreSQL's, and so the first of them are counted
            assert by_column.capped
        else:
            assert by_column.counts == by_postgresql.counts
            assert not by_column.capped
    for address in (
        "sex=male&region=unknown", "category=Pharmaceuticals&decision=upheld", "sex=male&outcome=upheld&by_item=yes",
    ):  # fmt: skip
        query, told = QueryDict(address), []
        for engine, sets in ((True, True), (True, False), (False, False)):
            settings.COLUMN_ENGINE = engine
            with monkeypatch.context() as patched:
                if engine:
                    patched.delattr(facets, "tables_of")  # PostgreSQL gathers nothing
                if not sets:
                    patched.setattr(facets, "_cases_by_column", no_bits)
                told.append(count_facets(CASES, CASES.filterset(query), query).counts)
            with monkeypatch.context() as patched:
                patched.setattr(facets, "_cases_by_column", no_bits)
                patched.setattr(column_cases, "_ITEMS_PER_CASE", 0)  # not all items are gathered
                told.append(count_facets(CASES, CASES.filterset(query), query).counts)
        assert told == [told[0]] * 6, address
    settings.COLUMN_ENGINE = True
    monkeypatch.setattr(facets, "_cases_by_column", no_bits)
    query = QueryDict("sex=male&sex=female")
    for near, least in ((1, 1), (50, 3)):
        of_some = count_facets(CASES, CASES.filterset(query), query, Limits(counted=3, many=1, enough=3, near=near))
        assert of_some.capped
        assert least <= sum(of_some.counts["state"].values()) <= 3


def test_pages_are_the_same_by_column(
    world: None,
    folder: Path,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: Any,
) -> None:
    for number, sort in enumerate(ITEMS.orders):
        query = QueryDict(f"sort={sort}&sex=male&sex=female")
        listed = ITEMS.list_query(ITEMS.filterset(query), query)
        cursors = [
            cursor_at(fact, listed.order, forward=forward)
            for fact in ItemFact.objects.all()[number::7]
            for forward in (True, False)
        ]
        for cursor in [None, *cursors]:
            forward = cursor is None or cursor.forward
            by_column = item_keys(listed, cursor, 5, forward=forward)
            assert by_column == keys_from(listed, cursor, 5, forward=forward), (sort, cursor)
        assert item_keys(listed, None, 5, forward=False) == keys_from(listed, None, 5, forward=False)
        with one_snapshot() as engine:
            assert engine.lists_by_column(parse_selection(query).selection)
    with_grounds = ItemFact.objects.exclude(grounds=[])
    for items in (
        with_grounds, with_grounds.filter(overturned=True, grounds__overlap=["criteria_met"]),
        with_grounds.exclude(sex="male", partly_approved=True),
    ):  # fmt: skip
        with one_snapshot() as engine, monkeypatch.context() as patched:
            patched.delattr(Columns, "rows")  # sets name them
            named = newest_items(engine, items, 5)
            assert not named.query.is_sliced  # by column
            assert list(named) == list(newest_items(SqlEngine(), items, 5))
            assert named
            for most in (1, 5, 1_000):
                assert newest_rows(engine, items, most) == newest_rows(SqlEngine(), items, most)
    settings.COLUMN_LISTS_FROM = ItemFact.objects.count() + 1
    with one_snapshot() as engine:
        assert not engine.lists_by_column(parse_selection(query).selection)
    settings.COLUMN_LISTS_FROM = 0
    compare_pages_of_cases(monkeypatch, django_assert_num_queries)


def compare_pages_of_cases(monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any) -> None:
    """Pages and counts of cases by column are those of PostgreSQL, also of letters without items or dates."""
    first, second, third = Case.objects.current().filter(item_count__gt=1).order_by("pk")[:3]
    for case in (first, second):
        ItemFact.objects.filter(case=case).delete()
        Case.objects.filter(pk=case.pk).update(item_count=0, sex="male")
    for case in (second, third):
        Case.objects.filter(pk=case.pk).update(decision_date=None)
        ItemFact.objects.filter(case=case).update(decision_date=None)
    for address, items_per_case in (
        ("sex=male&sex=female", 4), ("sex=male", 0), ("decision=upheld&category=Pharmaceuticals", 4),
        ("decision=upheld&sex=female&sort=decided", 0), ("decision=upheld&by_item=yes&sort=decided", 4),
        ("decided_from=2014-01-01&decided_to=2016-12-31", 0), ("problem=date_order", 4), ("q=knee", 4),
        ("problem=date_order&problem=no_rationale&decision=upheld", 4), ("problem=unknown&sex=male", 4),
    ):  # fmt: skip
        monkeypatch.setattr(column_cases, "_ITEMS_PER_CASE", items_per_case)  # 0: never all are gathered
        query = QueryDict(address)
        filterset = CASES.filterset(query)
        listed, find, by_items = CASES.list_query(filterset, query), FindCases(filterset), filterset.as_several_items()
        assert (by_items is None) == ("q=" in address or "unknown" in address)
        cases = [second, third, *Case.objects.current()[::18]]
        cursors = [cursor_at(case, listed.order, forward=forward) for case in cases for forward in (True, False)]
        for cursor in [None, Cursor(None, 0, forward=False), *cursors]:
            forward = cursor is None or cursor.forward
            with monkeypatch.context() as patched:
                if by_items is not None:
                    patched.delattr(column_cases, "keys_from")  # PostgreSQL reads nothing but cases without items
                by_column = find(listed, cursor, 3, forward=forward)
            assert by_column == keys_from(listed, cursor, 3, forward=forward), (address, cursor)
        if by_items is not None:
            with django_assert_num_queries(5):  # a snapshot, what the file is, cases without items
                find(listed, None, 3, forward=True)
