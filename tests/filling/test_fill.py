"""``load_synthetic`` writes the rows that reading the same letters as files would have written."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from determinations.filling import fill
from determinations.filling.indexes import build_index, drop_indexes, dropped_indexes, forget_dropped
from determinations.filling.letters import file_of
from determinations.intake.receiving import receive_files
from determinations.models import Case, Letter, Upload
from determinations.models.letters import Lane
from determinations.reading.ingest import ingest_letters
from determinations.synthetic import write_letter
from determinations.synthetic.letters import LARGEST_SERIAL, MOST_LETTERS

#: Columns that say when and as what a row was stored, not what it holds.
_OWN = {
    "id", "received_at", "queued_at", "started_at", "finished_at", "parsed_at", "added_at", "computed_at", "at",
    "mark", "note", "order",
}  # fmt: skip
#: What uploading and storing files leave, and marks of statements.
_OF_THE_WAY = {"factchange", "auditevent", "auditpending", "factlog", "lettertally", "installation", "filekeyinuse"}


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def contents() -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables; what refers to a letter or an item has its file's digest and its number instead."""
    files = dict(Letter.objects.values_list("pk", "sha256"))
    items = {
        pk: (files[case], number)
        for pk, case, number in apps.get_model("determinations", "disputeditem").objects.values_list(
            "pk", "case_id", "number"
        )
    }
    names: dict[str, dict[int, Any]] = {"letter": files, "case": files, "item": items, "fact": items}
    return {
        model.__name__.lower(): sorted((_row(row, names) for row in model._default_manager.values()), key=str)
        for model in apps.get_app_config("determinations").get_models()
        if model._meta.managed and model.__name__.lower() not in _OF_THE_WAY
    }


def _row(row: dict[str, Any], names: dict[str, dict[int, Any]]) -> dict[str, Any]:
    def named(column: str, value: Any) -> Any:
        known = names.get(column.removesuffix("_id"))
        return known.get(value) if known is not None else value

    kept = row.keys() - _OWN - {"upload_id"}
    return {column: named(column, row[column]) for column in sorted(kept)}


@pytest.mark.django_db
def test_filling_writes_the_rows_that_reading_files_would_have_written() -> None:
    numbers = range(850, 930)  # of which some have duties, and cite what is unknown
    with undone():
        files = [ContentFile(data, name) for name, data in map(file_of, numbers)]
        receive_files(by=None, files=files, lane=Lane.BULK)
        ingest_letters(list(Letter.objects.order_by("pk").values_list("pk", flat=True)))
        read = contents()
    with undone():
        assert fill.write_chunk(numbers) == 80
        filled = contents()
    assert read.keys() == filled.keys()
    for table, rows in read.items():
        assert filled[table] == rows, table
    assert len(read["case"]) == 80
    assert read["duty"]
    assert read["reviewentry"]
    assert read["printedcitation"]


@pytest.mark.django_db
def test_a_letter_of_a_known_case_is_a_version_of_it() -> None:
    fill.write_chunk(range(3))
    numbers = list(Case.objects.exclude(case_number=None).values_list("case_number", flat=True))
    Letter.objects.update(part=2)  # as if they were other files
    fill.write_chunk(range(3))

    assert Case.objects.count() == 6
    current = Case.objects.current().exclude(case_number=None).values_list("case_number", flat=True)
    assert set(current) == set(numbers)
    assert len(current) == len(numbers) > 0


@pytest.mark.django_db
def test_a_later_run_writes_the_letters_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fill, "CHUNK", 10)
    for first, last in ((0, 9), (20, 24)):
        Upload.objects.create(started_at=timezone.now(), note=fill._NOTE.format(first, last))

    assert fill.missing_chunks(5) == []
    assert fill.missing_chunks(38) == [range(10, 20), range(25, 35), range(35, 38)]


@pytest.mark.django_db
def test_dropped_indexes_are_built_again() -> None:
    def indexes() -> set[tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()")
            return {row for row in cursor.fetchall() if row[0].startswith(("case", "fact", "item", "determinations"))}

    before = indexes()
    drop_indexes()
    drop_indexes()  # a fill that was killed, and continued
    assert {"fact_found_by", "case_newest"} <= set(dropped_indexes())
    assert indexes() < before
    are_large = [name.endswith("found_by") for name in dropped_indexes()]
    assert are_large[0]
    assert not are_large[-1]
    for name in dropped_indexes():
        build_index(name)
    forget_dropped()
    assert indexes() == before


def test_no_process_waits_while_another_has_much_to_do(tmp_path: Path) -> None:
    works = [tmp_path / str(number) for number in range(8)]
    done = list(fill._each(_write_once_the_last_is_there, works, 2))
    assert sorted(done) == works
    assert done.index(works[0]) > done.index(works[4])


def _write_once_the_last_is_there(work: Path) -> Path:
    """The first work takes as long as all others together."""
    if work.name == "0":
        last, until = work.with_name("7"), time.monotonic() + 60
        while not last.exists() and time.monotonic() < until:
            time.sleep(0.01)
        assert last.exists()
    work.touch()
    return work


def test_letters_beyond_a_million_differ_too() -> None:
    numbers = [0, 5, LARGEST_SERIAL, LARGEST_SERIAL + 3, 2 * LARGEST_SERIAL, MOST_LETTERS - 1]
    letters = [write_letter(number, seed) for number in numbers for seed in (1, 2)]
    assert len({letter.text for letter in letters}) == len(letters)
    assert len({letter.file_name for letter in letters}) == len(letters)
    assert write_letter(LARGEST_SERIAL, 1).file_name.partition("-8")[2]
    with pytest.raises(CommandError, match="7,000,000"):
        call_command("load_synthetic", MOST_LETTERS + 1)
