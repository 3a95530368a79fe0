"""The rows of the data set, all as of one moment, as a CSV file per table for conversion."""

import secrets
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.db import connection, transaction

from determinations.datasets.columns import Table
from determinations.models import Case

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
    with connection.cursor() as cursor, path.open("wb") as file:
        with cursor.copy(f"COPY ({_select(table, deidentified, salt)}) TO STDOUT (FORMAT csv)") as rows:
            for part in rows:
                file.write(part)
        return int(cursor.rowcount)


def letters() -> Sequence[int]:
    """The letters of the data set, for the audit trail."""
    return array("q", Case.objects.current().order_by("pk").values_list("pk", flat=True).iterator())


def _select(table: Table, deidentified: bool, salt: str) -> str:
    columns = (column.sql_for(deidentified=deidentified) for column in table.columns)
    # Keys in the order of the letters' numbers would tell which key stands for which letter.
    order = ", ".join(filter(None, ["1" if deidentified else "c.letter_id", table.order]))
    statement = f"SELECT {', '.join(filter(None, columns))} {table.source} ORDER BY {order}"
    return statement.replace(":salt", salt)
