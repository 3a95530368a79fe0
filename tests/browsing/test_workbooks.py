"""Excel workbooks with many rows: what Excel reads in them, and what is refused."""

import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from determinations.browsing import workbooks
from determinations.browsing.workbooks import (
    SharedTexts,
    Sheet,
    TooManyRows,
    cells_as_xml,
    rows_as_xml,
    write_workbook,
    write_xlsx,
)

_CELLS: list[Any] = [
    "=1+1", "http://example.invalid", "a < b & c > d", '"quoted"', " spaces around ", "two\nlines", "tab\there",
    "\r\x01\x1f",
    "_x0041_", "_x000D__x0041_ _x1", "\ufffe\uffff", "𝄞 ü", "<r><t>not rich</t></r>", "</t></is></c>", "0012", "TRUE",
    "", None, 0, -5, 2**31, True, False, date(1900, 3, 1), date(2026, 11, 30), datetime(2026, 11, 30, 6, 0),  # noqa: DTZ001 - Excel knows no time zones
    0.5, -1e-7, 1e300, 0.1 + 0.2, Decimal("12.50"),
]  # fmt: skip


def _sheet_of(path: Path | BytesIO, title: str = "Items") -> Worksheet:
    sheet = load_workbook(path)[title]
    assert isinstance(sheet, Worksheet)
    return sheet


def _as_the_library_writes(cells: Sequence[Any], *, shared: bool = False) -> Worksheet:
    """One row as xlsxwriter writes it, with texts in their cells or shared."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"constant_memory": not shared}) as book:
        page, day = book.add_worksheet("Items"), book.add_format({"num_format": "yyyy-mm-dd"})
        for at, cell in enumerate(cells):
            match cell:
                case "":
                    continue  # an empty cell
                case str():
                    page.write_string(1, at, cell)
                case date():
                    page.write_datetime(1, at, cell, day)
                case bool() | int() | float() | Decimal():
                    page.write(1, at, cell)
    return _sheet_of(file)


def test_cells_are_those_that_the_library_writes(tmp_path: Path) -> None:
    cells = [cell for cell in _CELLS if cell != "<r><t>not rich</t></r>"]  # the library takes it for XML
    write_xlsx(tmp_path / "x.xlsx", "Items", [f"{at}" for at in range(len(cells))], [cells])
    ours, theirs = _sheet_of(tmp_path / "x.xlsx")[2], _as_the_library_writes(cells)[2]
    for cell, our, their in zip(cells, ours, theirs, strict=True):
        assert our.value == their.value, cell
        assert (our.data_type, our.number_format) == (their.data_type, their.number_format), cell


@pytest.mark.parametrize("number", [float("nan"), float("-inf"), Decimal("NaN"), Decimal("Infinity")])
def test_a_number_that_excel_has_not_is_text(tmp_path: Path, number: Any) -> None:
    write_xlsx(tmp_path / "x.xlsx", "Items", ["A"], [[number]])
    cell = _sheet_of(tmp_path / "x.xlsx")["A2"]
    assert (cell.value, cell.data_type) == (str(number), "s")


@pytest.mark.parametrize("cell", [time(6, 30), b"bytes", ["list"]])
def test_what_is_no_cell_is_refused(tmp_path: Path, cell: Any) -> None:
    with pytest.raises(TypeError, match=f"cannot hold a {type(cell).__name__}"):
        write_xlsx(tmp_path / "x.xlsx", "Items", ["A"], [[cell]])


def test_no_text_is_taken_for_a_part_of_the_file(tmp_path: Path) -> None:
    texts = ["<r><t>not rich</t></r>", "</t></is></c>", "]]>", "&amp;"]
    write_xlsx(tmp_path / "x.xlsx", "Items", ["A"], [[text] for text in texts])
    assert [row[0].value for row in _sheet_of(tmp_path / "x.xlsx").iter_rows(min_row=2)] == texts


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_every_text_is_read_as_it_was(text: str) -> None:
    file = BytesIO()
    write_workbook(file, [Sheet("Items", ["A"], rows_as_xml([[text]]))])
    cell = _sheet_of(file)["A2"]
    as_printed = _as_the_library_writes([text])["A2"].value if not text.startswith("<r>") else text
    assert (cell.value, cell.data_type) == (as_printed, "s")


def test_a_sheet_has_a_bold_head_that_stays_and_filters_wide_columns_and_numbered_cells(tmp_path: Path) -> None:
    heads = [f"Column {at}" for at in range(30)]
    rows = [[number * 100 + at for at in range(30)] for number in range(1_200)]
    assert write_xlsx(tmp_path / "x.xlsx", "Items", heads, rows) == 1_200
    sheet = _sheet_of(tmp_path / "x.xlsx")
    assert (sheet["AD1"].value, sheet["AD1"].font.bold, sheet["AD2"].font.bold) == ("Column 29", True, False)
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:AD1201")
    assert (sheet.column_dimensions["A"].width > 18, sheet.column_dimensions["A"].max) == (True, 30)
    assert (sheet.max_row, sheet["A2"].value, sheet["AD1201"].value) == (1_201, 0, 1_199 * 100 + 29)
    with zipfile.ZipFile(tmp_path / "x.xlsx") as book:
        assert book.testzip() is None
        assert book.namelist()[0] == "[Content_Types].xml"
        assert b"Items!$A$1:$AD$1201" in book.read("xl/workbook.xml")


def test_a_reader_that_takes_row_by_row_sees_all_rows(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "x.xlsx", "Items", ["A", "B"], [["", number] for number in range(700)])
    book = load_workbook(tmp_path / "x.xlsx", read_only=True)
    assert [row[1].value for row in book["Items"].iter_rows(min_row=2)] == list(range(700))
    book.close()


def test_sheets_are_written_one_after_the_other_in_one_file(tmp_path: Path) -> None:
    read = []

    def rows(name: str) -> Any:
        read.append(name)
        yield [name, date(2026, 1, 2)]

    sheets = [Sheet(name, ["Name", "Day"], rows_as_xml(rows(name))) for name in ("first", "second")]
    assert write_workbook(tmp_path / "x.xlsx", sheets) == 2
    assert read == ["first", "second"]
    for name in ("first", "second"):
        sheet = _sheet_of(tmp_path / "x.xlsx", name)
        assert (sheet["A2"].value, f"{sheet['B2'].value:%Y-%m-%d}", sheet["B2"].is_date) == (name, "2026-01-02", True)
        assert sheet.auto_filter.ref == "A1:B2"


def test_cells_that_are_xml_already_are_numbered_with_their_row(tmp_path: Path) -> None:
    write = [cells_as_xml(column) for column in range(2)]
    rows = [[write[0](f"case {number}"), write[1](None)] for number in range(3)]
    write_workbook(tmp_path / "x.xlsx", [Sheet("Items", ["A", "B"], rows)])
    assert [row[0].value for row in _sheet_of(tmp_path / "x.xlsx").iter_rows()] == ["A", "case 0", "case 1", "case 2"]


def _with_shared_texts(path: Path, heads: Sequence[str], texts: Sequence[str]) -> list[list[Any]]:
    """The rows of a sheet with each text twice: shared in the first column, its cell's own in the second."""
    shared = SharedTexts(heads)
    write = [cells_as_xml(0, shared), cells_as_xml(1)]
    rows = ([write[0](text), write[1](text)] for text in texts)
    assert write_workbook(path, [Sheet("Items", heads, rows)], shared) == len(texts)
    return [[cell.value for cell in row] for row in _sheet_of(path).iter_rows()]


def test_a_text_of_several_cells_is_in_the_file_once(tmp_path: Path) -> None:
    heads = ["Decision", "Decision", "", "Category"]
    texts = ["upheld", "overturned", "upheld", "Decision", "upheld"]
    sheet = _with_shared_texts(tmp_path / "x.xlsx", heads, texts)
    assert [head or "" for head in sheet[0]] == heads
    assert [row[:2] for row in sheet[1:]] == [[text, text] for text in texts]
    with zipfile.ZipFile(tmp_path / "x.xlsx") as book:
        kept, cells = book.read("xl/sharedStrings.xml"), book.read("xl/worksheets/sheet1.xml")
    assert (kept.count(b"<t>upheld</t>"), kept.count(b"<t>Decision</t>")) == (1, 1)
    assert (cells.count(b"<t>upheld</t>"), cells.count(b"<t>Decision</t>")) == (3, 1)


def test_shared_texts_are_those_that_the_library_writes(tmp_path: Path) -> None:
    texts = [cell for cell in _CELLS if isinstance(cell, str) and cell and not cell.startswith("<r>")]
    sheet = _with_shared_texts(tmp_path / "x.xlsx", ["A", "B"], [*texts, "<r><t>not rich</t></r>"])
    theirs = _as_the_library_writes(texts, shared=True)[2]
    assert [row[0] for row in sheet[1:]] == [*(cell.value for cell in theirs), "<r><t>not rich</t></r>"]


@pytest.mark.parametrize(("limit", "most"), [("_MOST_SHARED", 3), ("_MOST_SHARED_CHARACTERS", 5)])
def test_texts_beyond_what_is_kept_are_in_their_own_cells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    monkeypatch.setattr(workbooks, limit, most)
    texts = ["first", "second", "first", "third", "second"]
    sheet = _with_shared_texts(tmp_path / "x.xlsx", ["A", "B"], texts)
    assert [row[0] for row in sheet[1:]] == [row[1] for row in sheet[1:]] == texts
    with zipfile.ZipFile(tmp_path / "x.xlsx") as book:
        kept = book.read("xl/sharedStrings.xml")
    assert (b"first" in kept, b"second" in kept) == (True, False)


@pytest.mark.parametrize(("limit", "most"), [("MOST_EXCEL_ROWS", 2), ("MOST_EXCEL_BYTES", 1_000)])
def test_more_than_excel_takes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    monkeypatch.setattr(workbooks, limit, most)
    write_xlsx(tmp_path / "x.xlsx", "Items", ["A"], [["1"], ["2"]])
    with pytest.raises(TooManyRows):
        write_xlsx(tmp_path / "x.xlsx", "Items", ["A"], [["1" * 500]] * 3)


def test_the_archive_has_the_compressor_that_is_replaced() -> None:
    """Where Python names it otherwise, files are right, but take ten times as long to compress."""
    with zipfile.ZipFile(BytesIO(), "w", zipfile.ZIP_DEFLATED) as book, book.open("part", "w") as file:
        assert hasattr(file, "_compressor")
