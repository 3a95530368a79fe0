"""What a process keeps open of column files, and the answers that it keeps, are right whatever happens to them."""

import gc

import duckdb
import pytest

from determinations.models import (
    ItemFact,
)
from determinations.reading.trial import crashes
from determinations.statistics.answer_cache import cached_answers
from determinations.statistics.columns import opened, reading
from determinations.statistics.columns.layout import TableLayout
from determinations.statistics.interface import Selection
from determinations.statistics.sql_engine import SqlEngine, one_snapshot
from tests.statistics.by_column import overturned

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_child_of_a_process_that_counts_does_not_crash(world: None) -> None:
    """A worker tries doubtful letters in children: what the library leaves them of its threads must not be closed."""
    for _ in range(3):
        assert overturned() == ItemFact.objects.filter(overturned=True).count()
        assert not crashes(gc.collect, seconds=30)


def test_an_answer_that_another_thread_drops_is_not_an_empty_one(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    class DroppedAfterEachUse:
        def __enter__(self) -> None:
            pass

        def __exit__(self, *_details: object) -> None:
            if drops:
                cached_answers.answers.clear()

    some, drops = Selection(ItemFact.objects.exclude(sex="unknown"), whole_letters=True), False
    monkeypatch.setattr(cached_answers, "lock", DroppedAfterEachUse())
    with one_snapshot():
        engine = SqlEngine(reading.ColumnReader())
        counted = engine.count_sections(some)
        drops = True
        assert engine.count_sections(some) == counted
    assert counted


def test_a_version_that_cannot_be_made_leaves_nothing_in_memory(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    fails = iter([True, False])

    def copy_rows(*details: object) -> int:
        if next(fails):
            raise duckdb.OutOfMemoryException
        return 0

    with monkeypatch.context() as patched, one_snapshot():
        patched.setattr(TableLayout, "copy_rows", copy_rows)
        assert reading.ColumnReader().columns() is None
    assert opened.process.file is not None
    schemas = opened.process.file.connection.execute("SELECT schema_name FROM duckdb_schemas()").fetchall()
    assert not [name for (name,) in schemas if name.startswith("version")]
    with one_snapshot():
        assert reading.ColumnReader().columns() is not None
