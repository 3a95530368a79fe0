"""Where memory runs out, a column file has the sets of a column or none, and PostgreSQL answers what none tell."""

import random
from itertools import cycle
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.http import QueryDict

from determinations.browsing.column_keys import item_keys
from determinations.browsing.lists import ITEMS
from determinations.models import ItemFact
from determinations.paging.filtered import keys_from
from determinations.statistics.columns import keeping, opened, placed
from determinations.statistics.columns.counted import COLUMNS
from determinations.statistics.columns.sets import reading as set_reading
from determinations.statistics.columns.sets import tables
from determinations.statistics.columns.sets import writing as set_writing
from determinations.statistics.columns.version import Columns
from determinations.statistics.interface import Selection
from determinations.statistics.sql_engine import one_snapshot
from tests.fixtures.people import People
from tests.statistics.by_column import compare_items
from tests.statistics.conftest import Failing, FailWriting
from tests.statistics.worlds import stored_world

pytestmark = pytest.mark.django_db(transaction=True)


_ERRORS = (duckdb.OutOfMemoryException, MemoryError)


def test_a_column_has_the_sets_of_all_its_values_or_none_wherever_memory_runs_out(
    world: None, fail_writing: FailWriting
) -> None:
    with one_snapshot() as engine:
        whole = engine.items_by_column(Selection.everything())
    assert whole is not None
    for nth, error in zip((2, 5, 9, 20, 33, 60), cycle(_ERRORS), strict=False):
        with fail_writing(tables.BITS, nth, error):
            keeping.keep_columns(anew=True)
        with one_snapshot() as engine:
            known = engine.items_by_column(Selection.everything())
        if known is not None:
            have = [column.name for column in COLUMNS if known.has(column.name)]
            assert len(have) == len(COLUMNS) - 1, nth
            assert all(known.values(name) == whole.values(name) for name in have), nth
            for address in ("", "sex=male", "decision=upheld"):
                compare_items(address)


@pytest.mark.parametrize("table", [tables.IDS, tables.DAYS])
def test_without_memory_for_the_order_of_lists_there_are_no_sets(
    people: People, folder: Path, fail_writing: FailWriting, caplog: pytest.LogCaptureFixture, table: str
) -> None:
    stored_world(random.Random(24), 5)
    with fail_writing(table, 2 if table == tables.IDS else 1, duckdb.OutOfMemoryException):
        assert keeping.keep_columns() is not None
    assert "not counted in advance: memory ran out" in caplog.text
    with one_snapshot() as engine:
        assert engine.items_by_column(Selection.everything()) is None


def test_the_reason_why_a_column_has_no_sets_is_logged(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    caplog.set_level("INFO", "determinations.statistics.columns.sets.writing")
    stored_world(random.Random(24), 5)
    with monkeypatch.context() as patched:
        patched.setattr(set_writing, "MOST_VALUES", 1)
        keeping.keep_columns()
    assert "by sex in advance: it has over 1 values" in caplog.text
    write, items = set_writing._Writer.write, ItemFact.objects.count()

    def write_anew(left: int) -> None:
        def with_little(writer: set_writing._Writer) -> None:
            writer.left = left
            write(writer)

        with monkeypatch.context() as patched:
            patched.setattr(set_writing._Writer, "write", with_little)
            keeping.keep_columns(anew=True)

    write_anew(8 * items + 500)
    assert "in advance: the sets would take more than half of COLUMN_MEMORY_MB" in caplog.text
    compare_items("sex=male")
    write_anew(8 * items)
    with one_snapshot() as engine:  # without the items after others of their case, cases could not be counted
        assert engine.items_by_column(Selection.everything()) is None


def test_postgresql_answers_if_memory_runs_out(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    query = QueryDict("letter=1,2,3")
    listed = ITEMS.list_query(ITEMS.filterset(query), query)
    for error in _ERRORS:
        for owner, name in ((placed.PlacedFacts, "places_of"), (Columns, "rows"), (opened.OpenFile, "at")):
            with monkeypatch.context() as patched:
                patched.setattr(owner, name, Failing(error))
                by_postgresql = item_keys(listed, None, 3, forward=True)
            assert by_postgresql == keys_from(listed, None, 3, forward=True), (error, name)
        compare_items("letter=1,2,3")  # the file is read again


def test_sets_that_cannot_be_read_are_not_tried_again_for_each_request(
    world: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Failing(MemoryError)
    monkeypatch.setattr(set_reading, "_read", failing)
    for _ in range(3):
        with one_snapshot() as engine:
            assert engine.items_by_column(Selection.everything()) is None
    assert len(failing.calls) == 1
