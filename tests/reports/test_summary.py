"""The summary report as a file: an accessible PDF, Excel and CSV with the numbers of its page."""

import csv
import re
from html import unescape
from io import BytesIO, StringIO

import openpyxl
import pytest
from django.test import Client

from determinations.models import AuditEvent, Export
from tests.fixtures.people import People
from tests.reports.conftest import Pdf, file_of

pytestmark = pytest.mark.usefixtures("broker")
PERIOD = "decided_from=2014-01-01&decided_to=2017-12-31"


def asked(client: Client, form: str) -> Export:
    assert client.post("/statistics/report/file/", {"format": form, "query": PERIOD}).status_code == 302
    return Export.objects.latest("pk")


def cells_of_page(client: Client) -> list[list[str]]:
    """The rows of the tables of the report's page, as text."""
    page = client.get(f"/statistics/report/?{PERIOD}&whole=1").content.decode()
    rows = re.findall(r"<tr[ >].*?</tr>", page, re.DOTALL)
    plain = [[re.sub(r"<[^>]*>", " ", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)] for row in rows]
    return [[" ".join(unescape(cell).split()) for cell in row] for row in plain]


def test_the_pdf_is_tagged_and_has_the_numbers_of_the_page(as_supervisor: Client, letters: None) -> None:
    export = asked(as_supervisor, "pdf")
    title = "Independent Medical Review summary for Jan 2014 to Dec 2017"
    assert title in as_supervisor.get("/exports/").content.decode()
    pdf = Pdf(file_of(as_supervisor, export))
    assert pdf.root["/MarkInfo"]["/Marked"]
    assert pdf.root["/Lang"] == "en-US"
    assert pdf.root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.reader.metadata is not None
    assert pdf.reader.metadata.title == title
    assert "<pdfuaid:part>1</pdfuaid:part>" in pdf.standard
    kinds = [kind for kind, _element in pdf.elements()]
    titles = [element["/T"] for kind, element in pdf.elements() if kind == "/H1"]
    assert titles[0] == "Overview"
    assert {"Treatment category", "Days from UR denial to decision", "Definitions"} <= set(titles)
    assert kinds.count("/Table") == len(titles) - 2  # not the definitions, nor changes of too few items
    assert kinds.count("/TH") > kinds.count("/Table")
    figures = [element for kind, element in pdf.elements() if kind == "/Figure"]
    assert figures
    assert all(str(figure["/Alt"]).endswith("The table has the numbers.") for figure in figures)
    pages = len(pdf.reader.pages)
    for number, page in enumerate(pdf.reader.pages, start=1):
        assert f"Page {number} of {pages}" in page.extract_text()
    text = " ".join(pdf.text.split())
    shown = [row for row in cells_of_page(as_supervisor) if len(row) == 5 and re.fullmatch(r"[\d,]+", row[1])]
    assert len(shown) > 30
    years = [row[:2] for row in cells_of_page(as_supervisor) if len(row) == 7 and row[0].isdigit()]
    assert years
    for year, letters_of_year in years:
        assert re.search(rf"{year} {letters_of_year.split()[0]}\b", text), "columns that overlap are read as one word"
    for label, items, *_rest, rate in shown:
        assert label in text
        first = rate.split()[0]
        assert re.search(rf"{re.escape(label)} .{{0,20}}?{items} .*?{re.escape(first)}", text), (label, items, rate)


def test_excel_and_csv_have_all_rows_with_their_numbers(as_supervisor: Client, letters: None) -> None:
    book = openpyxl.load_workbook(BytesIO(file_of(as_supervisor, asked(as_supervisor, "xlsx"))))
    assert book.sheetnames[:3] == ["About", "Overview", "Letters and items by year of de"]
    export = asked(as_supervisor, "csv")
    rows = list(csv.DictReader(StringIO(file_of(as_supervisor, export).decode("utf-8-sig"))))
    assert len(rows) == export.rows
    of_page = as_supervisor.get(f"/statistics/breakdowns/category.json?{PERIOD}").json()["rows"]
    counted = [row for row in rows if row["section"] == "Treatment category"]
    in_book = list(book["Treatment category"].values)[1:]
    for own, sheet, page in zip(counted, in_book, of_page, strict=True):
        assert own["row"] == sheet[0] == page["Treatment category"]
        assert own["items"] == str(sheet[1]) == str(page["items"])
        assert float(own["overturned percent"] or -1) == (-1 if sheet[5] is None else sheet[5])


def test_only_those_who_may_see_statistics_have_the_file(as_casemanager: Client, people: People) -> None:
    answer = as_casemanager.post("/statistics/report/file/", {"format": "pdf", "query": ""})
    assert answer.status_code == 403
    as_casemanager.force_login(people.supervisor)
    assert as_casemanager.post("/statistics/report/file/", {"format": "doc"}).status_code == 404


def test_a_right_that_is_lost_before_a_worker_comes_is_refused_in_words(
    as_supervisor: Client, people: People, letters: None
) -> None:
    from determinations.tasks import write_export

    export = asked(as_supervisor, "pdf")
    people.supervisor.groups.clear()
    write_export(export.pk)
    export.refresh_from_db()
    assert export.state == "failed"
    assert export.message == "This account has no right to see this."
    assert [event.action for event in AuditEvent.objects.filter(action__startswith="export").order_by("pk")] == [
        "export.requested"
    ]
