"""Exports: every row of the list, safe for spreadsheets and recorded."""

import csv
import io
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import DatabaseError, DataError, connection, transaction
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from determinations.browsing import exports, read_ahead, workbooks
from determinations.browsing.export_formats import csv_cell, csv_lines, harmless
from determinations.browsing.exported_rows import ExportedList
from determinations.browsing.lists import LISTS
from determinations.browsing.workbooks import write_xlsx
from determinations.models import AuditEvent, Case, DisputedItem, Export, ItemFact
from determinations.models.browsing import ExportState
from determinations.storage.files import Area
from tests.corrections.letters import document, item, stored_letter
from tests.fixtures.answers import content_of
from tests.fixtures.people import People

pytestmark = pytest.mark.usefixtures("broker")


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("  =1", "'  =1"),
        ("\r=1", "'\r=1"),
        ("plain", "plain"),
        (-5, -5),
        (date(2017, 1, 9), "2017-01-09"),
        (None, ""),
    ],
)
def test_no_cell_is_run_as_a_formula(cell: Any, written: Any) -> None:
    assert harmless(cell) == written
    if isinstance(cell, str):  # the name of an office's own field is a head
        text = "".join(csv_lines([cell], [])).removeprefix("\ufeff")
        assert list(csv.reader(io.StringIO(text, newline=""))) == [[written]]


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.integers() | st.dates(), min_size=1)
)
def test_a_line_of_csv_is_that_of_the_library(cells: list[Any]) -> None:
    line = io.StringIO()
    csv.writer(line).writerow([harmless(cell) for cell in cells])
    assert list(csv_lines([], [cells]))[1] == line.getvalue()
    assert all("\n" not in csv_cell(cell).strip('"') or csv_cell(cell)[0] == '"' for cell in cells)


def test_excel_keeps_formulas_as_text(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "x.xlsx", "Items", ["A"], [["=1+1"], ["http://example.invalid"]])
    with zipfile.ZipFile(tmp_path / "x.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert "=1+1" in sheet


def rows_of(response: Any) -> list[dict[str, str]]:
    text = content_of(response).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_a_text_that_excel_does_not_take_whole_says_so(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "x.xlsx", "Items", ["A"], [["a" * 32_767], ["b" * 32_768]])
    sheet = load_workbook(tmp_path / "x.xlsx")["Items"]
    assert sheet["A2"].value == "a" * 32_767
    assert len(sheet["A3"].value) == 32_767
    assert sheet["A3"].value.endswith("b … [Cut here: Excel takes no longer text. CSV has all of it.]")


def test_a_short_list_is_sent_at_once_in_full_and_recorded(
    as_casemanager: Client, collection: list[Case], people: People
) -> None:
    response = as_casemanager.post("/cases/export/", {"format": "csv", "query": "outcome=upheld&after=x"})
    rows = rows_of(response)
    assert {int(row["Letter"]) for row in rows} == {case.pk for case in collection if case.outcome == "upheld"}
    event = AuditEvent.objects.get(action="list.exported")
    assert event.by_id == people.casemanager.pk
    assert event.detail == {"list": "cases", "query": "outcome=upheld", "format": "csv", "rows": len(rows)}


def test_items_are_exported_with_both_sides(as_casemanager: Client, collection: list[Case]) -> None:
    rows = rows_of(as_casemanager.post("/items/export/", {"format": "csv", "query": ""}))
    assert len(rows) == ItemFact.objects.count()
    first = DisputedItem.objects.get(case=int(rows[0]["Letter"]), number=int(rows[0]["Item"]))
    assert rows[0]["Request in dispute"].lstrip("'") == first.disputed
    assert "Reviewer cites" in rows[0]


def test_excel_has_as_many_rows(as_casemanager: Client, collection: list[Case]) -> None:
    response = as_casemanager.post("/decisions/export/", {"format": "xlsx", "query": ""})
    data: Any = response
    with zipfile.ZipFile(io.BytesIO(content_of(data))) as book:
        assert book.read("xl/worksheets/sheet1.xml").count(b"<row ") == len(collection) + 1


def test_users_without_the_permission_cannot_export(client: Client, people: People, collection: list[Case]) -> None:
    client.force_login(people.outsider)
    assert client.post("/cases/export/", {"format": "csv"}).status_code == 403
    assert client.get("/exports/").status_code == 403


def export_of(person: Any, **values: Any) -> Export:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Export.objects.create(by=person, requested_at=at, **{"list_name": "cases", "format": "csv", **values})


def test_no_user_gets_the_file_of_another_user(client: Client, people: People) -> None:
    export = export_of(people.supervisor, state=ExportState.READY)
    client.force_login(people.casemanager)
    assert client.get(f"/exports/{export.pk}/file").status_code == 404


def test_the_list_of_exports_shows_the_filters_of_each(
    as_casemanager: Client, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def has(_area: Area, name: str) -> bool:
        asked.append(name)
        return False

    monkeypatch.setattr(Area, "has", has)
    kept = export_of(people.casemanager, state=ExportState.READY, finished_at=timezone.now())
    export_of(people.casemanager, state=ExportState.READY, finished_at=datetime(2026, 1, 1, tzinfo=UTC))
    export_of(people.casemanager, query="sex=female&sort=-items", state=ExportState.FAILED, message="It broke off.")
    export_of(people.casemanager, rows=81_234, state=ExportState.READY)
    page = as_casemanager.get("/exports/").content.decode()
    assert 'href="/cases/?sex=female&amp;sort=-items"' in page
    assert "Sex: Female" in page
    assert "It broke off. Open the list and export it again." in page
    assert "81,234" in page
    assert asked == [f"{kept.pk}.csv"]  # each would be a request to a bucket


def test_an_export_runs_once(people: People, collection: list[Case]) -> None:
    export = export_of(people.casemanager)
    for _ in range(2):
        exports.write_export(export.pk, now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    export.refresh_from_db()
    assert (export.state, export.rows) == (ExportState.READY, 60)
    assert len(list((Path(settings.MEDIA_ROOT) / "exports").iterdir())) >= 1


def test_an_export_keeps_the_order_of_each_letter_and_says_a_request_once(
    client: Client, people: Any, db: None
) -> None:
    client.force_login(people.supervisor)
    stored_letter(document(*(item(f"Knee brace {at}") for at in (1, 2, 3)), decision_date="2009-03-02"))
    sent = client.post("/items/export/", {"format": "csv", "query": "decided_from=2009-03-02&decided_to=2009-03-02"})
    head, *rows = csv.reader(b"".join(sent).decode("utf-8-sig").splitlines())
    assert [row[head.index("Request in dispute")] for row in rows] == [f"Knee brace {at}" for at in (1, 2, 3)]
    assert {row[head.index("Whole request, if UR approved part of it")] for row in rows} == {""}


def test_an_excel_sheet_can_be_filtered_by_its_head(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "x.xlsx", "Items", ["A", "B"], [["1", "2"], ["3", "4"]])
    with zipfile.ZipFile(tmp_path / "x.xlsx") as book:
        assert b'<autoFilter ref="A1:B3"/>' in book.read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("sort", ["-decided", "age"])
def test_rows_that_are_read_ahead_are_the_same(
    people: People, collection: list[Case], monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    exported = ExportedList(LISTS["items"], QueryDict(f"sort={sort}"), people.supervisor)
    at_once, seen = list(exported.rows()), list[int]()
    monkeypatch.setattr(read_ahead, "_ROWS_AT_ONCE", 7)
    assert list(exported.written(lambda _column, _repeats: lambda cell: cell, seen=seen)) == at_once
    assert set(seen) == {row[0] for row in at_once}
    assert len(at_once) == ItemFact.objects.count() > 70
    some = exported.written(lambda _column, _repeats: str, seen=[])
    next(some)
    some.close()
    assert ItemFact.objects.count() == len(at_once)  # the connection is free
    outside_of_transactions = SimpleNamespace(in_atomic_block=False, cursor=connection.cursor)
    monkeypatch.setattr(read_ahead, "connection", outside_of_transactions)
    assert list(exported.rows()) == at_once
    with read_ahead.chunks_of(ItemFact.objects.none().values_list("pk")) as chunks:
        assert list(chunks) == []


def _read_meanwhile(statement: str, work: Callable[[Event], None]) -> None:
    """Do work on a result, told when the statement for the next one begins on the same connection."""
    began = Event()

    def results() -> Iterator[int]:
        cursor = connection.cursor()
        yield 0
        began.set()
        cursor.execute(statement)
        yield 1

    with transaction.atomic(), read_ahead._ahead(results()) as some:
        for _result in some:
            work(began)


@pytest.mark.parametrize("error", [SoftTimeLimitExceeded, GeneratorExit])
def test_rows_that_are_no_longer_wanted_are_not_waited_for(
    db: None, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """The task would be killed, and its export never told as failed."""

    def give_up(began: Event) -> None:
        assert began.wait(10)
        raise error

    monkeypatch.setattr(read_ahead, "_READ_TO_THE_END", 0.1)
    start = time.monotonic()
    with pytest.raises(error):
        _read_meanwhile("SELECT pg_sleep(50)", give_up)
    assert time.monotonic() - start < 30
    assert Export.objects.count() == 0  # the connection is free


def test_a_statement_that_cannot_be_canceled_does_not_hide_why(
    db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise psycopg.OperationalError("unreachable")

    def give_up(_began: Event) -> None:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(psycopg.Connection, "cancel_safe", refuse)
    monkeypatch.setattr(read_ahead, "_READ_TO_THE_END", 0.05)
    with pytest.raises(SoftTimeLimitExceeded):
        _read_meanwhile("SELECT pg_sleep(1)", give_up)
    assert "could not be canceled (OperationalError)" in caplog.text


def test_where_reading_fails_first_its_error_is_told(db: None) -> None:
    """A replica cancels a statement of reading: its error says that the primary is to be asked."""

    def look_up(began: Event) -> None:
        assert began.wait(10)
        while True:  # until reading has failed: then, this fails as well
            connection.cursor().execute("SELECT 1")

    with pytest.raises(DataError, match="division by zero"):
        _read_meanwhile("SELECT 1 / 0", look_up)


def test_where_other_work_fails_first_its_error_is_told(db: None) -> None:
    def look_up(_began: Event) -> None:
        connection.cursor().execute("SELECT nowhere")

    with pytest.raises(DatabaseError, match="nowhere"):
        _read_meanwhile("SELECT pg_sleep(0.3)", look_up)


def test_a_list_that_no_excel_file_takes_says_so(
    people: People, collection: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "MOST_EXCEL_ROWS", 10)
    export = export_of(people.casemanager, list_name="items", format="xlsx")
    exports.write_export(export.pk, now=timezone.now)
    export.refresh_from_db()
    assert export.state == ExportState.FAILED
    assert export.message == "There are more rows than an Excel sheet allows. Export as CSV, or filter the list."


def test_both_formats_of_a_long_export_hold_the_cells_of_the_list(people: People, collection: list[Case]) -> None:
    rows = list(ExportedList(LISTS["items"], QueryDict(), people.casemanager).rows())
    files = {}
    for form in ("csv", "xlsx"):
        export = export_of(people.casemanager, list_name="items", format=form)
        exports.write_export(export.pk, now=timezone.now)
        export.refresh_from_db()
        with exports.open_export(export) as file:
            files[form] = file.read()
        assert AuditEvent.objects.get(detail__export=export.pk).letter_ids == sorted(case.pk for case in collection)
    _head, *lines = csv.reader(io.StringIO(files["csv"].decode("utf-8-sig"), newline=""))
    assert lines == [[str(harmless(cell)) for cell in row] for row in rows]
    _head, *cells = load_workbook(io.BytesIO(files["xlsx"])).worksheets[0].iter_rows(values_only=True)
    assert [[cell.date() if isinstance(cell, datetime) else cell or "" for cell in row] for row in cells] == [
        ["" if cell is None else cell for cell in row] for row in rows
    ]
