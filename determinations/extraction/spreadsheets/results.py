"""The result of reading a table, or why it cannot be read."""

from dataclasses import dataclass

from determinations.extraction.results import Limits

#: Limits for one file. A hundred thousand rows of ten columns are about 4 MB in Excel; web forms take 16 MB.
LIMITS = Limits(bytes=12 * 1024 * 1024, seconds=120.0, memory_bytes=1024 * 1024 * 1024)
MOST_ROWS = 100_000
MOST_COLUMNS = 60
#: Characters kept of a cell; longer ones are no values of any field.
LONGEST_CELL = 1_000
#: An Excel file is an archive: so many bytes may be in it.
UNPACKED_BYTES = 400 * 1024 * 1024

#: Marks in front of a cell that holds no plain value.
FORMULA, FAULT, CUT = "formula", "fault", "cut"


class TableRefused(Exception):
    """The file cannot be read as a table. The message is for the user."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as text. ``odd`` is ``formula``, ``fault`` (Excel shows an error) or ``cut`` (more digits than Excel
    keeps of a number) if it holds no plain value."""

    text: str
    odd: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not empty; ``number`` as a spreadsheet counts, from 1."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The first sheet with anything in it: its headings, and the rows below them."""

    heads: tuple[str, ...]
    rows: tuple[Row, ...]
