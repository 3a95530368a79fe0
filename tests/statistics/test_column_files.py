"""Column files are kept current, and nothing is counted from one that does not fit."""

import random
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.core.management import call_command

from determinations.access.scope import Scope, within
from determinations.cases.effective import remove_letters
from determinations.corrections.actions import correct_field
from determinations.models import (
    ColumnFile,
    EditionValidity,
    FactLog,
    ItemFact,
)
from determinations.operations.checking.column_files import column_file
from determinations.operations.findings import Level
from determinations.statistics.answer_cache import cached_answers
from determinations.statistics.columns import digest, failures, keeping, opened, reading, writing
from determinations.statistics.columns.counted import COLUMNS
from determinations.statistics.columns.files import known_folder_id
from determinations.statistics.columns.writing import Changes
from determinations.statistics.interface import Selection
from determinations.statistics.sql_engine import SqlEngine, one_snapshot
from determinations.tasks import keep_column_file
from tests.fixtures.people import People
from tests.statistics.by_column import overturned
from tests.statistics.conftest import Failing
from tests.statistics.worlds import NOW, stored_world

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_correction_and_an_erasure_count_at_once(world: None, people: People, folder: Path) -> None:
    fact = ItemFact.objects.exclude(overturned=None).order_by("pk")[0]
    decision = "upheld" if fact.overturned else "overturned"
    before = overturned()
    path = f"items/{fact.item.number}/decision"
    correct_field(fact.case_id, path, decision, by=people.admin, now=NOW, reason="misread")
    assert overturned() == before + (1 if decision == "overturned" else -1)
    assert keeping.keep_columns() is None  # one change waits
    remove_letters([fact.case_id])
    assert overturned() == ItemFact.objects.filter(overturned=True).count()
    written = keeping.keep_columns(at_once=True)
    assert written is not None
    assert written.items == ItemFact.objects.count()
    assert not FactLog.objects.exists()
    with duckdb.connect(str(folder / written.name), read_only=True) as file:
        kept = file.execute(
            "SELECT count(*) FROM determinations_itemfact WHERE case_id = ?", [fact.case_id]
        ).fetchone()
    assert kept == (0,)


def test_a_file_is_written_in_the_order_of_dates_however_few_rows_are_in_memory(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_world(random.Random(4), 8)
    monkeypatch.setattr(writing, "_ROWS_AT_ONCE", 1)
    anew = keeping.keep_columns()
    fact = ItemFact.objects.exclude(decision_date=None).order_by("pk")[0]
    ItemFact.objects.filter(case_id=fact.case_id).update(decision_date=date(1999, 1, 1))
    merged = keeping.keep_columns(at_once=True)
    for written in (anew, merged):
        assert written is not None
        assert written.items == ItemFact.objects.count()
    assert merged is not None
    with duckdb.connect(str(folder / merged.name), read_only=True) as file:
        dates = [day for (day,) in file.execute("SELECT decision_date FROM determinations_itemfact").fetchall()]
        assert dates == sorted(dates, key=lambda day: (day is None, day))
        assert dates[0] == date(1999, 1, 1)
        places = file.execute(
            "SELECT count(DISTINCT (letter_block, letter_bit)) FROM determinations_itemfact"
        ).fetchone()
    assert places == (ItemFact.objects.values("case_id").distinct().count(),)


def test_items_of_one_day_or_without_a_date_are_divided_if_they_are_many() -> None:
    days = [(date(2015, 1, 1), 110_000), (date(2015, 1, 2), 10), (date(2015, 1, 3), 350_000), (None, 30)]
    assert list(writing.slices(days)) == [
        "decision_date BETWEEN DATE '2015-01-01' AND DATE '2015-01-01'",
        "decision_date BETWEEN DATE '2015-01-02' AND DATE '2015-01-02'",
        *(
            f"decision_date BETWEEN DATE '2015-01-03' AND DATE '2015-01-03' AND item_id % 3 = {part}"
            for part in range(3)
        ),
        "decision_date IS NULL",
    ]
    assert not list(writing.slices([]))


def test_a_file_is_written_again_the_later_the_larger_it_is() -> None:
    def is_time(items: int, changed: int, seconds: int) -> bool:
        row = keeping._Row("name", "", True, items, True, 1, NOW, NOW + timedelta(seconds=seconds))
        return row.is_time_for(Changes("", "", changed, duckdb.connect()))

    assert [is_time(10, changed, seconds) for changed, seconds in ((0, 999), (1, 119), (1, 120), (2_000, 1))] == [
        False, False, True, True,
    ]  # fmt: skip
    assert [is_time(3_600_000, changed, seconds) for changed, seconds in ((2_000, 179), (2_000, 180))] == [False, True]


def test_changes_are_not_read_before_it_is_time_for_a_large_file(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ItemFact.objects.update(sex="female")
    ColumnFile.objects.update(items=36_000_000)
    with monkeypatch.context() as patched:
        patched.delattr(keeping, "read_changes")
        assert keeping.keep_columns() is None
    FactLog.objects.create(transaction=2**60, items=None)  # the file answers nothing any longer
    written = keeping.keep_columns()
    assert written is not None
    assert not written.merged
    FactLog.objects.all().delete()
    ColumnFile.objects.update(items=36_000_000)
    ItemFact.objects.update(sex="male")
    written = keeping.keep_columns(at_once=True)
    assert written is not None
    assert written.merged


def test_a_file_answers_on_when_memory_runs_out_while_changes_are_merged(
    world: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error, sex in ((duckdb.OutOfMemoryException, "female"), (MemoryError, "male")):
        with monkeypatch.context() as patched:
            _changes_cannot_be_merged(patched, error, sex)


def _changes_cannot_be_merged(monkeypatch: pytest.MonkeyPatch, error: type[Exception], sex: str) -> None:
    """The file answers with a change that is not in it, until a change too many has another file written."""
    before = ColumnFile.objects.get()
    ItemFact.objects.update(sex=sex)
    failing = Failing(error)
    monkeypatch.setattr(keeping, "write_merged", failing)
    with monkeypatch.context() as patched:
        patched.delattr(keeping, "write_all")
        with pytest.raises(error):
            keeping.keep_columns(at_once=True)
    named = ColumnFile.objects.get()
    assert (named.name, named.horizon) == (before.name, before.horizon)
    with one_snapshot():
        by_column = reading.ColumnReader().rows("SELECT count(*) FROM determinations_itemfact WHERE sex = %s", (sex,))
    assert by_column == [(ItemFact.objects.count(),)]
    monkeypatch.setattr(keeping, "MOST_CHANGED", 1)  # it does not answer with more
    written = keeping.keep_columns(at_once=True)
    assert written is not None
    assert not written.merged
    for changes, _before in failing.calls:
        with pytest.raises(duckdb.ConnectionException):
            changes.engine.execute("SELECT 1")


def test_a_file_is_named_until_the_one_that_is_written_anew_is_complete(
    world: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ColumnFile.objects.get().name
    monkeypatch.setattr(keeping, "write_all", Failing(OSError("no room")))
    with pytest.raises(OSError, match="room"):
        keeping.keep_columns(anew=True)
    assert ColumnFile.objects.get().name == before
    assert column_file().level == Level.OK


def test_many_changes_are_not_kept_in_memory_that_is_too_little(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ItemFact.objects.update(sex="female")
    with monkeypatch.context() as patched:
        patched.setattr(writing, "_read_changed", Failing(duckdb.OutOfMemoryException))
        with pytest.raises(duckdb.OutOfMemoryException):
            keeping.keep_columns(at_once=True)
        assert ColumnFile.objects.get().name != ""
        patched.setattr(writing, "MOST_CHANGED", 1)
        written = keeping.keep_columns(at_once=True)
    assert written is not None
    assert not written.merged


def test_what_interrupted_writers_left_is_deleted_before_another_file_is_written(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_world(random.Random(9), 3)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "facts-killed.columns.unfinished").write_bytes(b"")
    (folder / "facts-killed.columns.unfinished.wal").write_bytes(b"")
    monkeypatch.setattr(keeping, "write_all", Failing(OSError("no room")))
    keeping.keep_quietly()
    assert not list(folder.glob("*.unfinished*"))


def test_a_file_that_cannot_be_written_is_tried_again_later_each_time_and_the_status_page_says_why(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_world(random.Random(9), 3)
    failing = Failing(duckdb.OutOfMemoryException)
    with monkeypatch.context() as patched:
        patched.setattr(keeping, "write_all", failing)
        for number in (1, 2, 3):
            keep_column_file()
            keep_column_file()  # too early
            assert len(failing.calls) == number
            failure = failures.last_failure(known_folder_id())
            assert failure is not None
            assert failure.tried_again_at - failure.failed_at == timedelta(minutes=2 ** (number - 1))
            finding = column_file()
            assert finding.level == Level.WARNING
            assert f"OutOfMemoryException, {number} in a row" in finding.what
            assert "COLUMN_MEMORY_MB" in finding.remedy
            now = failure.tried_again_at
            patched.setattr(failures, "database_now", lambda: now)  # noqa: B023 - called within the round
        assert failure is not None
        assert replace(failure, number=40).tried_again_at - failure.failed_at == timedelta(hours=1)
        patched.setattr(keeping, "write_all", Failing(OSError("no room")))
        keep_column_file()
        assert "room on the disk" in column_file().remedy
    call_command("build_columns")  # at once
    assert column_file().level == Level.OK


def test_other_dates_of_editions_need_another_file(world: None) -> None:
    EditionValidity.objects.update(valid_to=date(2015, 1, 1))
    with one_snapshot() as engine:
        assert reading.ColumnReader().columns() is None
        counted = engine.count_edition_statuses(Selection.everything())
    assert "other dates of editions" in column_file().what
    assert keeping.keep_columns() is not None
    cached_answers.answers.clear()
    with one_snapshot():
        by_column = SqlEngine(reading.ColumnReader()).count_edition_statuses(Selection.everything())
    assert sorted(by_column) == sorted(counted)
    assert "superseded" in {group.raw[1] for group in by_column}


def test_a_file_in_which_other_columns_have_sets_is_not_read(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "COLUMNS", COLUMNS[1:])
    with one_snapshot():
        assert reading.ColumnReader().columns() is None
    assert keeping.keep_columns() is not None
    with one_snapshot():
        assert reading.ColumnReader().columns() is not None


def test_without_a_readable_file_postgresql_counts_and_the_status_page_says_so(
    people: People, folder: Path, settings: Any
) -> None:
    def finding(words: str) -> None:
        with one_snapshot():
            assert reading.ColumnReader().columns() is None
        found = column_file()
        assert found.level == Level.WARNING
        assert words in found.what
        assert "PostgreSQL counts" in found.what

    stored_world(random.Random(2), 6)
    finding("No column file")
    keep_column_file()
    assert column_file().level == Level.OK
    file = folder / ColumnFile.objects.get().name
    with one_snapshot(), within(Scope(offices=(1,))):
        assert reading.ColumnReader().columns() is None  # limited accounts are answered by PostgreSQL
    for column in ("layout", "database"):
        here = getattr(ColumnFile.objects.get(), column)
        ColumnFile.objects.update(**{column: "elsewhere"})
        finding("another database or program")
        ColumnFile.objects.update(**{column: here})
    FactLog.objects.create(transaction=2**60, items=None)
    finding("stale")
    FactLog.objects.all().delete()
    file.write_bytes(file.read_bytes()[:5_000] + bytes(file.stat().st_size - 5_000))
    opened.process.close()
    with one_snapshot():
        rows = reading.ColumnReader().rows(
            "SELECT count(*) FROM determinations_citationfact WHERE side = %s", ("claims",)
        )
    assert rows is None
    finding("damaged")
    keep_column_file()
    opened.process.close()
    assert column_file().level == Level.OK
    (folder / ColumnFile.objects.get().name).unlink()
    finding("missing")
    (folder / "facts-killed.columns.unfinished").write_bytes(b"")  # of a writer that was killed
    call_command("build_columns")
    assert column_file().level == Level.OK
    assert not list(folder.glob("*.unfinished"))
    settings.COLUMN_ENGINE = False
    assert "is off" in column_file().what
