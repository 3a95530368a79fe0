"""The data set, opened by the programs that analysts use."""

import csv
import datetime
import io
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from determinations.datasets import files
from determinations.datasets.columns import Kind, Table
from determinations.datasets.dictionary import entries
from determinations.datasets.files import Format, write_data_set
from determinations.datasets.tables import CASES, CITATIONS, ITEMS, NOT_IN_DATA_SET, TABLES
from determinations.models import AuditEvent, Authority, Case, Citation, DisputedItem, Export
from determinations.models.browsing import ExportState
from determinations.models.office_fields import OfficeColumns
from determinations.synthetic import write_letter
from determinations.tasks import write_export
from tests.browsing.conftest import store_texts
from tests.fixtures.answers import content_of
from tests.fixtures.people import People
from tests.postgresql.snapshots import start_with

pytestmark = pytest.mark.django_db(transaction=True)  # it reads in a transaction of its own

_IN_PARQUET = {
    Kind.TEXT: "VARCHAR", Kind.INTEGER: "INTEGER", Kind.BOOLEAN: "BOOLEAN", Kind.DATE: "DATE", Kind.LIST: "VARCHAR[]",
}  # fmt: skip


@pytest.fixture
def cases(transactional_db: None) -> list[Case]:
    start_with("data_set", _store)
    return list(Case.objects.current().order_by("pk"))


@pytest.fixture
def pandas() -> Any:
    import pandas  # only here: the other processes of a run need not load it

    return pandas


def _store() -> None:
    ids = store_texts(write_letter(number, 5).text for number in range(6))
    first = DisputedItem.objects.filter(case=ids[0]).order_by("number")[0]
    first.request = '=HYPERLINK("synthetic"), with "quotes",\nand a second line'
    first.grounds = ["no_evidence", "criteria_not_met"]
    first.save()
    Case.objects.filter(pk=ids[0]).update(age=93, sex="", specialties=["Pain", "Surgery; hand"], licensure=[])
    Case.objects.filter(pk=ids[5]).update(superseded_by=ids[4])
    printed = Authority.objects.create(key="other/mary-sample", family="other", title="Clinic of Mary Sample")
    citations = Citation.objects.filter(item=first)
    citations.filter(position=0).update(authority=printed, edition="March 5, 2013 visit of Mary Sample")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for one data set."""
    (tmp_path / "set").mkdir()
    return tmp_path / "set"


def stored(name: str) -> list[dict[str, Any]]:
    """Rows of a table in the database, as the data set must have them."""
    source = next(table.source for table in TABLES if table.name == name)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * {source}")
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=False)) for row in cursor.fetchall()]


@pytest.mark.parametrize("deidentified", [False, True])
def test_every_column_has_its_type_in_parquet_and_its_entry_in_the_dictionary(
    cases: list[Case], folder: Path, deidentified: bool
) -> None:
    written = write_data_set(folder, Format.PARQUET, deidentified=deidentified)
    explained = {(entry[0], entry[1]): entry[2] for entry in entries(deidentified=deidentified) if entry[3]}
    seen = set()
    for table in TABLES:
        described = duckdb.execute(f"DESCRIBE SELECT * FROM '{folder / table.name}.parquet'").fetchall()
        columns = table.columns_for(deidentified=deidentified)
        assert [(name, kind) for name, kind, *_ in described] == [(c.name, _IN_PARQUET[c.kind]) for c in columns]
        seen |= {(table.name, name) for name, *_ in described}
        assert written.rows[table.name] == len(stored(table.name)) > 0
    assert seen == set(explained)
    assert {path.name for path in folder.iterdir()} == {
        "README.txt", "dictionary.csv", *(f"{table.name}.parquet" for table in TABLES)
    }  # fmt: skip


def test_pandas_reads_every_value(cases: list[Case], folder: Path, pandas: Any) -> None:
    write_data_set(folder, Format.PARQUET, deidentified=False)
    frames = {table.name: pandas.read_parquet(folder / f"{table.name}.parquet") for table in TABLES}
    found = frames["cases"].set_index("letter")
    for case in cases:
        row = found.loc[str(case.pk)]
        assert (row.outcome, row["items"]) == (case.outcome, case.item_count)
        assert row.case_number == case.case_number if case.case_number else pandas.isna(row.case_number)
        assert row.decision_date == case.decision_date
        assert list(row.specialties) == case.specialties
        assert row.summary == case.text.summary
    assert pandas.isna(found.loc[str(cases[0].pk)].sex)
    assert list(found.loc[str(cases[0].pk)].licensure) == []
    items = frames["items"].set_index(["letter", "item"])
    for item in DisputedItem.objects.filter(case__in=cases).select_related("text", "category"):
        row = items.loc[(str(item.case_id), item.number)]
        assert (row.request, row.decision, row.category) == (item.request, item.decision or None, item.category.name)
        assert (row.rationale, row.claims_text) == (item.text.rationale, item.text.claims_text)
    citations = frames["citations"]
    assert len(citations) == Citation.objects.filter(item__case__in=cases).count()
    first = citations[(citations.letter == str(cases[0].pk)) & (citations.item == 1)]
    own = Citation.objects.filter(item__case=cases[0], item__number=1)
    assert [list(sections) for sections in first.sections] == [citation.sections for citation in own]
    grounds = frames["grounds"]
    assert list(grounds[grounds.letter == str(cases[0].pk)].ground)[:2] == ["no_evidence", "criteria_not_met"]


def test_a_workbook_has_true_dates_numbers_and_no_formula(cases: list[Case], folder: Path) -> None:
    write_data_set(folder, Format.EXCEL, deidentified=False)
    book = openpyxl.load_workbook(folder / "determinations.xlsx")
    assert book.sheetnames == [*(table.name for table in TABLES), "dictionary"]
    heads, *rows = book["cases"].iter_rows()
    place = {head.value: at for at, head in enumerate(heads)}
    assert [row[place["letter"]].value for row in rows] == [str(case.pk) for case in cases]
    assert isinstance(rows[0][place["decision_date"]].value, datetime.datetime)
    assert rows[0][place["age"]].value == 93
    assert rows[0][place["corrected"]].value is False
    assert rows[0][place["specialties"]].value == "Pain; Surgery; hand"
    requests = [row[2] for row in book["items"].iter_rows(min_row=2)]
    assert {cell.data_type for cell in requests} == {"s"}
    assert requests[0].value.startswith("=HYPERLINK")


def test_csv_opens_in_spreadsheets_and_runs_nothing(cases: list[Case], folder: Path, pandas: Any) -> None:
    write_data_set(folder, Format.CSV, deidentified=False)
    assert (folder / "items.csv").read_bytes().startswith(b"\xef\xbb\xbfletter,item,request,")
    rows = list(csv.DictReader(io.StringIO((folder / "items.csv").read_text("utf-8-sig"))))
    assert rows[0]["request"] == '\'=HYPERLINK("synthetic"), with "quotes",\nand a second line'
    assert len(rows) == len(stored("items"))
    frame = pandas.read_csv(folder / "cases.csv", parse_dates=["decision_date"])
    assert str(frame.decision_date.dtype).startswith("datetime64")
    assert frame.age.max() == 93


def test_a_deidentified_data_set_says_nothing_of_a_patient(cases: list[Case], tmp_path: Path, pandas: Any) -> None:
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
        write_data_set(folder, Format.CSV, deidentified=True)
    everything = "".join(path.read_text() for path in folders[0].iterdir())
    for case in cases:
        assert (case.case_number or case.text.summary) not in everything
        assert case.text.summary[:40] not in everything
        assert str(case.decision_date or case.date_of_injury) not in everything
        for item in case.items.all():
            assert item.text.rationale[:40] not in everything
            assert item.request[:25] not in everything
    assert "sample" not in everything.lower()
    frame = pandas.read_csv(folders[0] / "cases.csv")
    assert frame.age.max() == 90
    assert list(frame.letter) == sorted(frame.letter)  # and not in the order in which letters came
    cited = pandas.read_csv(folders[0] / "citations.csv", dtype=str)
    assert list(cited[cited.authority.isna()].edition.unique()) == ["2013"]
    assert {"mtus/chronic-pain"} < set(cited.authority)
    keys = [set(pandas.read_csv(folder / "cases.csv").letter) for folder in folders]
    assert not keys[0] & keys[1]
    assert set(pandas.read_csv(folders[0] / "items.csv").letter) == keys[0]


def test_a_fault_quotes_no_row(cases: list[Case], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(files._TYPES, Kind.TEXT, "INTEGER")
    with pytest.raises(OSError, match="ConversionException") as fault:
        write_data_set(folder, Format.PARQUET, deidentified=False)
    assert fault.value.__cause__ is None
    assert str(fault.value) == "converting the rows failed: ConversionException"


@pytest.mark.parametrize(("model", "table"), [(Case, CASES), (DisputedItem, ITEMS), (Citation, CITATIONS)])
def test_a_new_column_of_the_database_is_in_the_data_set_or_left_out_for_a_reason(
    model: type[Case | DisputedItem | Citation], table: Table
) -> None:
    used = " ".join(column.sql for column in table.columns)
    office = {field.name for field in OfficeColumns._meta.get_fields()}
    missing = [
        field.name
        for field in model._meta.concrete_fields
        if field.name not in office
        and f".{field.column}" not in used
        and field.name not in NOT_IN_DATA_SET[str(model._meta.model_name)]
        and field.name not in ("case", "item")  # by which the tables are joined
    ]
    assert missing == []


def test_the_command_writes_a_folder_whole_or_not_at_all(
    cases: list[Case], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("write_data_set", str(tmp_path / "out"), deidentified=True)
    assert duckdb.execute(f"SELECT count(*) FROM '{tmp_path / 'out' / 'cases.parquet'}'").fetchall() == [(len(cases),)]
    assert "cases" in capsys.readouterr().out
    event = AuditEvent.objects.get(action="data_set.written")
    assert (event.letter_ids, event.detail["deidentified"]) == (None, True)
    with pytest.raises(CommandError, match="exists already"):
        call_command("write_data_set", str(tmp_path / "out"))
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.usefixtures("broker")
def test_a_user_requests_it_and_gets_one_file(
    cases: list[Case], as_supervisor: Client, people: People, settings: Any
) -> None:
    settings.CONFIRM_EXPORT_ROWS = 0
    page = as_supervisor.get("/exports/").content.decode()
    assert "Data set for analysts" in page
    assert as_supervisor.post("/exports/data-set/", {"format": "pdf"}).status_code == 404
    assert as_supervisor.post("/exports/data-set/", {"format": "parquet"}).headers["Location"] == "/exports/"
    export = Export.objects.get()
    write_export(export.pk)
    export.refresh_from_db()
    assert (export.state, export.message) == (ExportState.READY, "")
    event = AuditEvent.objects.get(action="list.exported")
    assert event.letter_ids == [case.pk for case in cases]
    assert "Parquet, with all texts and numbers" in as_supervisor.get("/exports/").content.decode()
    answer = as_supervisor.get(f"/exports/{export.pk}/file")
    assert "imr-data-set-" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(content_of(answer))) as archive:
        assert sorted(archive.namelist()) == [
            "README.txt", "cases.parquet", "citations.parquet", "dictionary.csv", "grounds.parquet", "items.parquet",
        ]  # fmt: skip
