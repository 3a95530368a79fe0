"""Rows of CSV and Excel files, one after the other. Runs in the confined child; nothing is evaluated."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal

from openpyxl import load_workbook
from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from determinations.extraction.spreadsheets.number_formats import shown
from determinations.extraction.spreadsheets.results import (
    CUT,
    FAULT,
    FORMULA,
    LONGEST_CELL,
    MOST_COLUMNS,
    MOST_ROWS,
    UNPACKED_BYTES,
    Cell,
    Row,
    Table,
    TableRefused,
)

_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_DELIMITERS = ",;\t|"
#: A carriage return as Excel writes it, which openpyxl leaves as it is.
_RETURN = re.compile("_x000D_\n?")
#: Empty rows in a row after which a sheet is taken to end: some declare a million.
_MOST_EMPTY = 5_000


def read_table(data: bytes) -> Table:
    """The table in a file. Raises ``TableRefused``."""
    if data.startswith(_OLD_EXCEL):
        raise TableRefused("This is an old Excel file (.xls), or one with a password. Save it as .xlsx or .csv.")
    rows = _excel_rows(data) if data.startswith(_ZIP) else _csv_rows(data)
    heads: tuple[str, ...] | None = None
    kept: list[Row] = []
    for row in rows:
        if len(row.cells) > MOST_COLUMNS:
            raise TableRefused(f"Row {row.number} has more than {MOST_COLUMNS} columns.")
        if heads is None:
            heads = tuple(cell.text for cell in row.cells)
            continue
        if len(kept) >= MOST_ROWS:
            raise TableRefused(f"The table has more than {MOST_ROWS:,} rows. Split it into several files.")
        kept.append(row)
    if heads is None or not kept:
        raise TableRefused("The file has no rows below its headings.")
    return Table(heads, tuple(kept))


def _row(number: int, cells: Iterable[Cell]) -> Row | None:
    """The row without empty cells at its end; None if nothing is left."""
    all_cells = list(cells)
    while all_cells and not all_cells[-1].text:
        all_cells.pop()
    return Row(number, tuple(all_cells)) if all_cells else None


def _csv_rows(data: bytes) -> Iterator[Row]:
    text = _decoded(data)
    csv.field_size_limit(1_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    line = 0
    try:
        for cells in reader:
            line += 1
            row = _row(line, (Cell(_short(cell)) for cell in cells))
            if row:
                yield row
    except csv.Error:
        raise TableRefused(
            f"Row {line + 1} cannot be read as CSV: a cell is too long or a quote is not closed."
        ) from None


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    if b"\x00" in data[:4_096]:
        raise TableRefused("This is neither a CSV nor an Excel (.xlsx) file.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _delimiter(text: str) -> str:
    """The separator that the first line with text has most often outside quotes."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    outside = "".join(part for at, part in enumerate(line.split('"')) if at % 2 == 0)
    return max(_DELIMITERS, key=outside.count)


def _excel_rows(data: bytes) -> Iterator[Row]:
    _check_archive(data)
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        any_rows = False
        for row in _sheet_rows(sheet):
            any_rows = True
            yield row
        if any_rows:
            return


def _sheet_rows(sheet: ReadOnlyWorksheet) -> Iterator[Row]:
    sheet.reset_dimensions()  # what a file declares of its size need not be true
    empty = 0
    for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS + 1), 1):
        row = _row(number, map(_excel_cell, cells))
        empty = 0 if row else empty + 1
        if row:
            yield row
        elif empty > _MOST_EMPTY:
            return


def _excel_cell(cell: ReadOnlyCell) -> Cell:
    value = cell.value
    if cell.data_type == "f":
        return Cell(_short(str(getattr(value, "text", value) or "=")), FORMULA)
    if cell.data_type == "e":
        return Cell(_short(str(value)), FAULT)
    match value:
        case None:
            return Cell("")
        case bool():
            return Cell("yes" if value else "no")
        case datetime():
            return Cell(value.date().isoformat() if value.time() == time() else value.isoformat(" "))
        case date():
            return Cell(value.isoformat())
        case float() if not value.is_integer():
            return Cell(f"{value:.12g}")
        case float():  # of so many digits that Excel writes a power of ten, or with a point; 15 digits are meant
            return _whole_number(int(Decimal(f"{value:.15g}")), str(cell.number_format))
        case int():
            return _whole_number(value, str(cell.number_format))
    return Cell(_short(_RETURN.sub("\n", str(value))))


def _whole_number(number: int, number_format: str) -> Cell:
    """The number as the sheet shows it. Of one that was typed with more than 15 digits, Excel keeps 15, and zeros."""
    text = str(number)
    return Cell(_short(shown(number, number_format)), CUT if text[15:].strip("0") == "" and len(text) > 15 else "")


def _check_archive(data: bytes) -> None:
    """Refuse what would unpack to more than a table is, before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise TableRefused("The file is damaged, or is no Excel file.") from None
    if not any(entry.filename == "xl/workbook.xml" for entry in entries):
        raise TableRefused("This is an archive, but no Excel (.xlsx) file.")
    if sum(entry.file_size for entry in entries) > UNPACKED_BYTES:
        raise TableRefused("The file unpacks to more than a table of values would. Save it as CSV.")


def _short(text: str) -> str:
    return text.strip()[:LONGEST_CELL]
