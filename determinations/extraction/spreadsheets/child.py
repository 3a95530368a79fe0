"""The process that reads tables. Started and controlled by ``spreadsheets.reader.TableReader``.

``SIZE`` reads the file in the shared memory and writes its rows in its place, as JSON lines. Like the children that
read letters, it holds no secrets and opens nothing once its modules are loaded.
"""

import io
import json
import os
import zipfile
from collections.abc import Callable
from xml.etree.ElementTree import ParseError

from lxml.etree import LxmlError
from openpyxl import Workbook
from openpyxl.utils.exceptions import InvalidFileException

from determinations.extraction.answering import Answer, answer_lines
from determinations.extraction.results import Limits
from determinations.extraction.spreadsheets.results import Table, TableRefused
from determinations.extraction.spreadsheets.tables import read_table

_DAMAGED = (
    InvalidFileException, zipfile.BadZipFile, ParseError, LxmlError,
    ValueError, KeyError, IndexError, TypeError, AttributeError, OSError, EOFError, RecursionError, OverflowError,
)  # fmt: skip
_TOO_LARGE = "Reading the file takes more memory than allowed. Save it as CSV."


def answer(data: bytes, shared: int) -> Answer:
    """Read one file; the rows go into the shared memory."""
    try:
        table = read_table(data)
    except TableRefused as refusal:
        return {"message": str(refusal)}
    except MemoryError:
        return {"message": _TOO_LARGE}
    except _DAMAGED:  # raised by the library on damaged files
        return {"message": "The file is damaged, or is no CSV or Excel (.xlsx) file."}
    return {"heads": table.heads, "rows": len(table.rows), "size": _written(table, shared)}


def _written(table: Table, shared: int) -> int:
    os.ftruncate(shared, 0)
    at = 0
    for row in table.rows:
        cells = [[cell.text, cell.odd] if cell.odd else cell.text for cell in row.cells]
        at += os.pwrite(shared, json.dumps([row.number, cells]).encode() + b"\n", at)
    return at


def warm_up() -> None:
    """Load everything that reading a workbook imports on first use."""
    book = Workbook()
    book.active.append(["synthetic", 1, 1.5, None])
    file = io.BytesIO()
    book.save(file)
    read_table(b"a,b\n1,2\n")
    book.active.append(["row", "=1+1"])
    file = io.BytesIO()
    book.save(file)
    read_table(file.getvalue())


def prepared(shared: int, limits: Limits) -> Callable[[str], Answer]:
    """Reads the file whose size a line gives."""
    warm_up()
    return lambda line: answer(os.pread(shared, int(line), 0), shared)


def main() -> None:
    """Read tables, asked by ``spreadsheets.reader``."""
    answer_lines(prepared, lambda limits: limits.memory_bytes, _TOO_LARGE)


if __name__ == "__main__":
    main()
