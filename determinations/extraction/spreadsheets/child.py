"""The process that reads tables. Started and controlled by ``spreadsheets.reader.TableReader``.

``SIZE`` reads the file in the shared memory and writes its rows in its place, as JSON lines. Like the children that
read letters, it holds no secrets and opens nothing once its modules are loaded.
"""

import io
import json
import os
import signal
import sys
import zipfile
from collections.abc import Mapping
from xml.etree.ElementTree import ParseError

from lxml.etree import LxmlError
from openpyxl import Workbook
from openpyxl.utils.exceptions import InvalidFileException

from determinations.extraction.confine import limit, shut_in
from determinations.extraction.results import Limits
from determinations.extraction.spreadsheets.results import Table, TableRefused
from determinations.extraction.spreadsheets.tables import read_table

_DAMAGED = (
    InvalidFileException, zipfile.BadZipFile, ParseError, LxmlError,
    ValueError, KeyError, IndexError, TypeError, AttributeError, OSError, EOFError, RecursionError, OverflowError,
)  # fmt: skip


def answer(data: bytes, shared: int) -> Mapping[str, object]:
    """Read one file; the rows go into the shared memory."""
    try:
        table = read_table(data)
    except TableRefused as refusal:
        return {"message": str(refusal)}
    except MemoryError:
        return {"message": "Reading the file takes more memory than allowed. Save it as CSV."}
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


def serve(shared: int) -> None:
    """Answer each incoming line with one line, until the other side closes."""
    _say({"ready": True})
    for line in sys.stdin:
        _say(answer(os.pread(shared, int(line), 0), shared))


def _say(words: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def main() -> None:
    """``child SHARED_FD LIMITS_AS_JSON PARENT_PID``"""
    shared, limits, parent = int(sys.argv[1]), Limits(**json.loads(sys.argv[2])), int(sys.argv[3])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    warm_up()
    limit(limits.memory_bytes)
    if os.getppid() != parent:  # the parent ended before it could be watched
        return
    shut_in()
    serve(shared)


if __name__ == "__main__":
    main()
