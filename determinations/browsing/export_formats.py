"""Rows as CSV. A cell that a spreadsheet would run as a formula gets an apostrophe."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice

Cell = str | int | date | None
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
_MAY_BE_RISKY = frozenset([*_RISKY, " "])
_QUOTED = re.compile('[",\r\n]')
_NOT_PLAIN = re.compile(r'[",\r\n]|\A[=+\-@\t ]')
_ROWS_AT_ONCE = 500


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


def csv_cell(cell: Cell | float) -> str:
    """A cell as a CSV file has it, quoted where it must be, that no spreadsheet runs as a formula."""
    if type(cell) is str and not _NOT_PLAIN.search(cell):
        return cell  # nearly every text
    text = str(harmless(cell))
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def csv_lines(heads: Sequence[str], rows: Iterable[Sequence[Cell | float]]) -> Iterator[str]:
    """A CSV file line by line; the mark at its start tells Excel that it is UTF-8."""
    yield "\ufeff" + _line([csv_cell(head) for head in heads])  # an office names fields of its own
    for row in rows:
        yield _line([csv_cell(cell) for cell in row])


def csv_of_cells(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[tuple[int, str]]:
    """A CSV file of rows whose cells ``csv_cell`` gave: many lines at a time, and the number of their rows."""
    rows = iter(rows)
    yield 0, "\ufeff" + _line([csv_cell(head) for head in heads])
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        yield len(some), "".join(map(_line, some))


def _line(cells: Sequence[str]) -> str:
    return (",".join(cells) if any(cells) or len(cells) > 1 else '""') + "\r\n"
