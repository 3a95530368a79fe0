"""Excel workbooks with many rows: each sheet's rows are written as XML straight into the compressed file.

xlsxwriter makes everything but the rows: styles, heads, widths, filters, the list of sheets. Its rows took ten times
as long, and it kept their XML in a file of its own (decision 0055).
"""

import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import IO, BinaryIO

from isal import isal_zlib

from determinations.browsing.export_formats import Cell

#: Excel's own limit, less the head.
MOST_EXCEL_ROWS = 1_048_575
#: Bytes of a sheet's XML; xlsxwriter's own limit. Larger ones need a form of ZIP that Excel offers to repair.
MOST_EXCEL_BYTES = zipfile.ZIP64_LIMIT
#: Characters that Excel takes in a cell, and what a longer text ends with.
_LONGEST_EXCEL_TEXT, _CUT = 32_767, " … [Cut here: Excel takes no longer text. CSV has all of it.]"
#: The day that Excel counts as 0.
_BEFORE_EXCEL = datetime(1899, 12, 30)  # noqa: DTZ001 - Excel knows no time zones
#: Texts, and their characters, that a workbook keeps for cells that have the same.
_MOST_SHARED, _MOST_SHARED_CHARACTERS = 50_000, 4_000_000
_TEXTS, _SPACE = "xl/sharedStrings.xml", ' xml:space="preserve"'
_ALL_TEXTS = re.compile(rb"(.*<sst [^>]*?) count=.*?>.*(</sst>)", re.DOTALL)
#: Stands for the row's number in its cells. No text has it: control characters are escaped.
_ROW = "\0"
_ROWS_AT_ONCE = 500
_ESCAPED = re.compile("[\x00-\x1f&<>_\ufffe\uffff]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile("(?=_x[0-9a-fA-F]{4}_)")
#: How days are shown, as the library numbers formats: that of the heads is 1.
_DAY = 2
#: In the XML of a sheet without rows: a cell of a day, and what is around the rows. The size of a sheet is not known
#: when it begins, and need not be told.
_AROUND_ROWS = re.compile(
    rf'(.*)<dimension [^>]*/>(.*)<row r="2"[^>]*><c r="A2" s="{_DAY}"/></row>(.*)'.encode(), re.DOTALL
)


class TooManyRows(Exception):
    """More rows, or more text in them, than the format allows."""


#: A cell in XML, with a place for the number of its row; empty for an empty cell.
CellXml = Callable[[Cell | float | Decimal], str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its heads, and its rows, whose cells ``cells_as_xml`` gave. They are read when the sheet is written."""

    title: str
    heads: Sequence[str]
    rows: Iterable[Sequence[str]]


class SharedTexts:
    """The texts of a workbook that several cells have: the file has each once, and its cells have their number.

    They begin with the heads of its sheets, as xlsxwriter numbers them, and end when memory would not be constant.
    """

    def __init__(self, heads: Iterable[str]) -> None:
        self._numbers = {head: number for number, head in enumerate(dict.fromkeys(heads))}
        self._room = _MOST_SHARED_CHARACTERS

    def number_of(self, text: str) -> int | None:
        """The number of a text, which is not empty; None for one that its cell must have itself."""
        number = self._numbers.get(text)
        if number is None and len(self._numbers) < _MOST_SHARED and len(text) <= self._room:
            number = self._numbers[text] = len(self._numbers)
            self._room -= len(text)
        return number

    def within(self, part: bytes) -> bytes:
        """The part of the workbook that has its texts, with these in place of the heads alone."""
        parts = _ALL_TEXTS.fullmatch(part)
        if parts is None:
            raise ValueError("xlsxwriter writes texts in another way than this module expects.")
        texts = "".join(f"<si>{_text_as_xml(text)}</si>" for text in self._numbers)
        return parts[1] + b">" + texts.encode() + parts[2]


def cells_as_xml(column: int, shared: SharedTexts | None = None) -> CellXml:
    """A function that writes the cells of a column, numbered from 0. Texts are never formulas.

    ``shared``: where texts are kept, if several cells have the same. A number that is not finite is text: Excel has
    none. The function raises ``TypeError`` for what is no cell.
    """
    begin = f'<c r="{_letters(column)}{_ROW}"'

    def text(cell: str) -> str:
        number = None if shared is None else shared.number_of(cell)
        if number is not None:
            return f'{begin} t="s"><v>{number}</v></c>'
        return f'{begin} t="inlineStr"><is>{_text_as_xml(cell)}</is></c>'

    def xml(cell: Cell | float | Decimal) -> str:
        match cell:
            case None | "":
                return ""
            case str():
                return text(cell)
            case datetime():
                return f'{begin} s="{_DAY}"><v>{(cell - _BEFORE_EXCEL) / timedelta(days=1):.16G}</v></c>'
            case date():
                return f'{begin} s="{_DAY}"><v>{cell.toordinal() - _BEFORE_EXCEL.toordinal()}</v></c>'
            case bool():
                return f'{begin} t="b"><v>{int(cell)}</v></c>'
            case int():
                return f"{begin}><v>{cell}</v></c>"
            case float() | Decimal():
                return f"{begin}><v>{cell:.16G}</v></c>" if isfinite(cell) else text(str(cell))
            case _:
                raise TypeError(f"A cell of a workbook cannot hold a {type(cell).__name__}.")

    return xml


def rows_as_xml(rows: Iterable[Sequence[Cell]]) -> Iterator[list[str]]:
    """The rows with their cells in XML."""
    columns: list[CellXml] = []
    for row in rows:
        columns.extend(cells_as_xml(column) for column in range(len(columns), len(row)))
        yield [xml(cell) for xml, cell in zip(columns, row, strict=False)]


def _letters(column: int) -> str:
    """The name of a column: A to Z, AA, AB ..."""
    before, last = divmod(column, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + last)


def _text_as_xml(text: str) -> str:
    if _ESCAPED.search(text) or len(text) > _LONGEST_EXCEL_TEXT:
        text = _escaped(_that_fits(text))
    return f"<t{_SPACE if text[:1].isspace() or text[-1:].isspace() else ''}>{text}</t>"


def _that_fits(text: str) -> str:
    """The text, cut with a notice where it is longer than Excel takes."""
    if len(text) <= _LONGEST_EXCEL_TEXT:
        return text
    return text[: _LONGEST_EXCEL_TEXT - len(_CUT)] + _CUT


def _escaped(text: str) -> str:
    """A text in XML. Excel writes control characters as _xHHHH_, and a text that looks so with another one before."""
    text = _LOOKS_ESCAPED.sub("_x005F", text)
    text = _CONTROL.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def write_xlsx(path: Path, title: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    """Write an Excel file of one sheet, in constant memory; returns the number of rows. Raises ``TooManyRows``."""
    return write_workbook(path, [Sheet(title, heads, rows_as_xml(rows))])


def write_workbook(path: Path | BinaryIO, sheets: Sequence[Sheet], shared: SharedTexts | None = None) -> int:
    """Write sheets with a bold head, a filter row and their rows; returns the number of rows of all.

    ``shared``: the texts whose numbers are in cells; they begin with the heads of these sheets.

    Raises ``TooManyRows``.
    """
    counts = [0] * len(sheets)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        first = _parts(sheets, counts)
        names = [f"xl/worksheets/sheet{number}.xml" for number in range(1, len(sheets) + 1)]
        book.writestr("[Content_Types].xml", first["[Content_Types].xml"])  # programs look for it at the beginning
        for at, (sheet, name) in enumerate(zip(sheets, names, strict=True)):
            with book.open(name, "w") as file:
                _compress_quickly(file)
                begin, _end = _around_rows(first[name])
                file.write(begin)
                size = len(begin)
                with _written_meanwhile(file) as write:
                    for number, xml in _xml_of_rows(sheet):
                        counts[at], size = number, size + len(xml)
                        if number > MOST_EXCEL_ROWS or size > MOST_EXCEL_BYTES:
                            raise TooManyRows
                        write(xml)
                _begin, end = _around_rows(_parts(sheets, counts)[name])
                file.write(end)
        for name, part in _parts(sheets, counts).items():
            if name not in {*names, "[Content_Types].xml"}:
                book.writestr(name, shared.within(part) if shared and name == _TEXTS else part)
    return sum(counts)


@contextmanager
def _written_meanwhile(file: IO[bytes]) -> Iterator[Callable[[bytes], None]]:
    """A function that writes to the file in a thread: compressing needs no interpreter. All is written at the end."""
    with ThreadPoolExecutor(1) as writer:
        before: Future[int] | None = None

        def write(part: bytes) -> None:
            nonlocal before
            if before is not None:
                before.result()
            before = writer.submit(file.write, part)

        yield write
        if before is not None:
            before.result()


def _compress_quickly(file: IO[bytes]) -> None:
    """Compress what is written to a file of an archive ten times as fast, into an eighth more.

    The attribute is the library's own. Where it has another name, the file is compressed as others are.
    """
    file._compressor = isal_zlib.compressobj(1, isal_zlib.DEFLATED, -15)  # type: ignore[attr-defined]


def _xml_of_rows(sheet: Sheet) -> Iterator[tuple[int, bytes]]:
    """The rows as XML, some at a time, with the number of rows so far."""
    rows, number = iter(sheet.rows), 0
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        numbered = enumerate(some, number + 2)  # the head is row 1
        xml = [f'<row r="{at}">{"".join(row).replace(_ROW, str(at))}</row>' for at, row in numbered]
        number += len(some)
        yield number, "".join(xml).encode()


def _parts(sheets: Sequence[Sheet], counts: Sequence[int]) -> dict[str, bytes]:
    """The parts of a workbook with so many rows, but without their cells."""
    import xlsxwriter  # only here: few processes write a workbook

    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        for sheet, rows in zip(sheets, counts, strict=True):
            page = book.add_worksheet(sheet.title[:31])
            page.freeze_panes(1, 0)
            for at, head in enumerate(sheet.heads):
                page.set_column(at, at, 18)
                page.write_string(0, at, head, bold)
            page.write_blank(1, 0, None, day)
            page.autofilter(0, 0, rows, max(0, len(sheet.heads) - 1))
    with zipfile.ZipFile(file) as parts:
        return {name: parts.read(name) for name in parts.namelist()}


def _around_rows(sheet: bytes) -> tuple[bytes, bytes]:
    """The XML of a sheet before its rows, and after them."""
    parts = _AROUND_ROWS.fullmatch(sheet)
    if parts is None:
        raise ValueError("xlsxwriter writes sheets in another way than this module expects.")
    before, middle, after = parts.groups()
    return before + middle, after
