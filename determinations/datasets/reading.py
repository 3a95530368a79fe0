"""The rows of the data set, all as of one moment, as a CSV file per table for conversion."""

import secrets
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.db import connection, transaction

from determinations.datasets.columns import Table
from determinations.models import Case
from determinations.packing.codec import unpacked_literal

#: Separates the parts of a list within a value.
SEPARATOR = "\x1f"


@contextmanager
def one_moment() -> Iterator[None]:
    """All that is read in this block is as of its first statement, whatever is written meanwhile."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SET LOCAL statement_timeout = 0")
        yield


def new_salt() -> str:
    """What turns numbers of letters into keys. It is kept nowhere."""
    return secrets.token_hex(32)


def copy_table(table: Table, path: Path, *, deidentified: bool, salt: str) -> int:
    """Write the rows of a table that are visible in the current scope; returns how many.

    An empty text is quoted, a missing value is not.
    """
    packed = [at for at, column in enumerate(table.columns_for(deidentified=deidentified)) if column.packed]
    query = _select(table, deidentified, salt)
    with connection.cursor() as cursor, path.open("wb") as file:
        if packed:
            with cursor.copy(f"COPY ({query}) TO STDOUT") as copy:
                file.writelines(_line(row, packed) for row in copy.rows())
        else:
            with cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)") as copy:
                file.writelines(copy)
        return int(cursor.rowcount)


def _line(row: Sequence[str | None], packed: Sequence[int]) -> bytes:
    """A row as PostgreSQL writes it to CSV, with its packed texts unpacked."""
    cells = list(row)
    for at in packed:
        cells[at] = unpacked_literal(cells[at] or r"\x00")
    return (",".join("" if cell is None else _quoted(cell) for cell in cells) + "\n").encode()


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def letters() -> Sequence[int]:
    """The letters of the data set, for the audit trail."""
    return array("q", Case.objects.current().order_by("pk").values_list("pk", flat=True).iterator())


def _select(table: Table, deidentified: bool, salt: str) -> str:
    columns = (column.sql_for(deidentified=deidentified) for column in table.columns)
    # Keys in the order of the letters' numbers would tell which key stands for which letter.
    order = ", ".join(filter(None, ["1" if deidentified else "c.letter_id", table.order]))
    statement = f"SELECT {', '.join(filter(None, columns))} {table.source} ORDER BY {order}"
    return statement.replace(":salt", salt)
