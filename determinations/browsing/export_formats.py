"""Rows as CSV and Excel. Cells that a spreadsheet would run as formulas are neutralized: an apostrophe in CSV, a text
cell in Excel."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xlsxwriter

Cell = str | int | date | None
#: Excel's own limit, less the head.
_MOST_EXCEL_ROWS = 1_048_575
#: Characters that Excel takes in a cell, and what a longer text ends with.
_LONGEST_EXCEL_TEXT, _CUT = 32_767, " … [Cut here: Excel takes no longer text. CSV has all of it.]"
#: The day that Excel counts as 0, as Python counts days.
_BEFORE_EXCEL = date(1899, 12, 30).toordinal()
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
_MAY_BE_RISKY = frozenset([*_RISKY, " "])
#: A cell of a line of CSV after the first that begins so, or a part of a text that looks like one.
_MAY_BE_RISKY_LATER = re.compile(r',"? *[=+\-@\t\r\n]')
_LINE_END = len("\r\n")


class TooManyRows(Exception):
    """More rows than the format allows."""


def harmless(cell: Cell | float) -> str | int | float:
    """A cell for CSV that no spreadsheet runs as a formula."""
    if cell is None:
        return ""
    if type(cell) is str and cell[:1] not in _MAY_BE_RISKY:
        return cell  # nearly every text
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, int | float):
        return cell
    return f"'{cell}" if cell.lstrip(" ").startswith(_RISKY) else cell


class _Echo:
    """A file that returns what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(heads: Sequence[str], rows: Iterable[Sequence[Cell | float]]) -> Iterator[str]:
    """A CSV file line by line; the mark at its start tells Excel that it is UTF-8."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow([harmless(head) for head in heads])  # an office names fields of its own
    for row in rows:
        line = writer.writerow(row)
        if line[:1] in _MAY_BE_RISKY or line[:1] == '"' or _MAY_BE_RISKY_LATER.search(line, 0, len(line) - _LINE_END):
            line = writer.writerow([harmless(cell) for cell in row])
        yield line


def write_xlsx(path: Path, title: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    """Write an Excel file row by row, in constant memory; returns the number of rows."""
    import xlsxwriter  # only here: few processes write a workbook

    options = {"constant_memory": True, "tmpdir": str(path.parent)}
    book = xlsxwriter.Workbook(str(path), options)
    try:
        return write_sheet(book, title, heads, rows)
    finally:
        book.close()


def _that_fits(text: str) -> str:
    """The text, cut with a notice where it is longer than Excel takes: the library would cut it without one."""
    if len(text) <= _LONGEST_EXCEL_TEXT:
        return text
    return text[: _LONGEST_EXCEL_TEXT - len(_CUT)] + _CUT


def write_sheet(book: "xlsxwriter.Workbook", title: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    """Add a sheet with a bold head, a filter row and these rows; returns their number. Texts are never formulas."""
    sheet = book.add_worksheet(title[:31])
    bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.freeze_panes(1, 0)
    for at, head in enumerate(heads):
        sheet.set_column(at, at, 18)
        sheet.write_string(0, at, head, bold)
    written = 0
    for row in rows:
        written += 1
        if written > _MOST_EXCEL_ROWS:
            raise TooManyRows
        for at, cell in enumerate(row):
            match cell:
                case None | "":
                    continue
                case str():
                    sheet.write_string(written, at, _that_fits(cell))
                case datetime():
                    sheet.write_datetime(written, at, cell, day)
                case date():  # the library would work out the number anew for each cell
                    sheet.write_number(written, at, cell.toordinal() - _BEFORE_EXCEL, day)
                case bool():
                    sheet.write_boolean(written, at, cell)
                case int():
                    sheet.write_number(written, at, cell)
    sheet.autofilter(0, 0, written, max(0, len(heads) - 1))
    return written
