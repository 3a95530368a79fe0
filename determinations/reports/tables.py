"""A report's tables, with all rows, as an Excel workbook or as one CSV file."""

import csv
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from determinations.browsing.export_formats import harmless
from determinations.reports.contents import Contents
from determinations.statistics.export_tables import Cell, ExportTable

if TYPE_CHECKING:
    import xlsxwriter

_FORBIDDEN_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_LONGEST_NAME = 31
#: Names that Excel keeps for itself: it repairs a file that has such a sheet.
_RESERVED_NAMES = {"history"}


def write_workbook(path: Path, contents: Contents) -> int:
    """A sheet for each table, after one with the title, the cover note and what was counted; returns the rows."""
    import xlsxwriter  # only here: few processes write a workbook

    options = {"strings_to_formulas": False, "strings_to_urls": False, "tmpdir": str(path.parent)}
    with xlsxwriter.Workbook(str(path), options) as book:
        bold = book.add_format({"bold": True})
        _write_about(book, contents, bold)
        taken = {"about", *_RESERVED_NAMES}
        for table in contents.tables:
            _write_table(book, table, _sheet_name(table.title, taken), bold)
    return sum(len(table.rows) for table in contents.tables)


def _write_about(book: "xlsxwriter.Workbook", contents: Contents, bold: "xlsxwriter.format.Format") -> None:
    sheet = book.add_worksheet("About")
    sheet.set_column(0, 0, 120)
    sheet.write_string(0, 0, contents.title, bold)
    notes = [f"{table.title}: {note}" for table in contents.tables for note in table.notes]
    for number, line in enumerate([*contents.about, *contents.note.splitlines(), *notes], start=1):
        sheet.write_string(number, 0, line[:32_767])


def _write_table(book: "xlsxwriter.Workbook", table: ExportTable, name: str, bold: "xlsxwriter.format.Format") -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 1)
    sheet.write_row(0, 0, table.heads, bold)
    for number, row in enumerate(table.rows, start=1):
        sheet.write_row(number, 0, row)
    sheet.autofilter(0, 0, len(table.rows), max(0, len(table.heads) - 1))
    sheet.autofit()


def _sheet_name(title: str, taken: set[str]) -> str:
    """A name that Excel allows, and that no other sheet has."""
    plain = " ".join(title.translate(_FORBIDDEN_IN_NAMES).split()) or "Table"
    for number in range(1, 1_000):
        mark = "" if number == 1 else f" {number}"
        name = plain[: _LONGEST_NAME - len(mark)].strip() + mark
        if name.lower() not in taken:
            taken.add(name.lower())
            return name
    raise ValueError("There are too many sheets of one name.")


def write_csv(file: BinaryIO, contents: Contents) -> int:
    """One table with a line for each row of each section; a column that a section lacks is empty there."""
    heads = ["section", "row", *dict.fromkeys(head for table in contents.tables for head in table.heads[1:])]
    text = TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    text.write("\ufeff")  # makes Excel read the file as UTF-8
    writer = csv.DictWriter(text, heads, restval="")
    writer.writerow({head: harmless(head) for head in heads})
    rows = 0
    for table in contents.tables:
        for row in table.rows:
            writer.writerow(_line(table.title, table.heads, row))
            rows += 1
    text.detach()
    return rows


def _line(section: str, heads: Sequence[str], row: Sequence[Cell]) -> dict[str, str | int | float]:
    first, *rest = row
    cells = {head: harmless(cell) for head, cell in zip(heads[1:], rest, strict=True)}
    return {"section": harmless(section), "row": harmless(first), **cells}
