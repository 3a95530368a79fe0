"""The files of the data set: Parquet, CSV or an Excel workbook, made from the rows of each table by DuckDB."""

import csv
import datetime
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import duckdb

from determinations.browsing.workbooks import Sheet, rows_as_xml, write_workbook
from determinations.datasets import dictionary
from determinations.datasets.columns import Column, Kind, Table
from determinations.datasets.reading import SEPARATOR, copy_table, letters, new_salt, one_moment
from determinations.datasets.tables import TABLES

_ROWS_OF_A_GROUP = 100_000
_MEMORY = "512MB"
_TYPES = {
    Kind.TEXT: "VARCHAR",
    Kind.LIST: "VARCHAR",
    Kind.INTEGER: "INTEGER",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.DATE: "DATE",
}


class Format(StrEnum):
    """The format of the files."""

    PARQUET = "parquet"
    CSV = "csv"
    EXCEL = "xlsx"


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the files, the number of rows by table, and the letters unless nothing says which they are."""

    files: list[Path]
    rows: dict[str, int]
    letters: Sequence[int] | None


def write_data_set(folder: Path, form: Format, *, deidentified: bool) -> Written:
    """Write the data set into an existing, empty folder, with its dictionary.

    All tables are as of one moment. Raises :class:`~determinations.browsing.workbooks.TooManyRows` where a table has
    more rows than an Excel sheet, ``OSError`` and ``DatabaseError``.
    """
    salt, rows = new_salt(), {}
    with one_moment():
        for table in TABLES:
            rows[table.name] = copy_table(table, _rows_of(folder, table), deidentified=deidentified, salt=salt)
        seen = None if deidentified else letters()
    try:
        with duckdb.connect(config=_limits(folder)) as engine:
            _MAKERS[form](engine, folder, deidentified)
    except duckdb.Error as fault:  # its message may quote a row
        raise OSError(f"converting the rows failed: {type(fault).__name__}") from None
    for table in TABLES:
        _rows_of(folder, table).unlink()
    _write_dictionary(folder, deidentified)
    return Written(sorted(path for path in folder.iterdir() if path.is_file()), rows, seen)


def _limits(folder: Path) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "memory_limit": _MEMORY,
        "threads": 1,
        "temp_directory": str(folder / "spilled"),
        # Nothing is fetched at run time.
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }


def _rows_of(folder: Path, table: Table) -> Path:
    return folder / f"{table.name}.rows"


def _source(folder: Path, table: Table, deidentified: bool) -> str:
    """The rows as DuckDB reads them, each column in its type, lists still as texts."""
    columns = table.columns_for(deidentified=deidentified)
    types = ", ".join(f"'{column.name}': '{_TYPES[column.kind]}'" for column in columns)
    path = str(_rows_of(folder, table)).replace("'", "''")
    return (
        f"read_csv('{path}', columns = {{{types}}}, auto_detect = false, header = false, delim = ',', quote = '\"',"
        " escape = '\"', new_line = '\\n', nullstr = '', allow_quoted_nulls = false, max_line_size = 33554432,"
        " buffer_size = 67108864, parallel = false, strict_mode = false)"
    )


def _list(column: Column) -> str:
    empty = "[]::VARCHAR[]"
    return (
        f"CASE WHEN {column.name} IS NULL THEN NULL WHEN {column.name} = '' THEN {empty}"
        f" ELSE string_split({column.name}, chr({ord(SEPARATOR)})) END AS {column.name}"
    )


def _joined(column: Column) -> str:
    return f"replace({column.name}, chr({ord(SEPARATOR)}), '; ')"


def _harmless(column: Column) -> str:
    """A text for CSV that no spreadsheet runs as a formula."""
    text = _joined(column) if column.kind is Kind.LIST else column.name
    risky = rf"regexp_matches({text}, '^ *[=+\-@\t\r\n]')"
    return f"CASE WHEN {risky} THEN chr(39) || {text} ELSE {text} END AS {column.name}"


def _query(folder: Path, table: Table, deidentified: bool, of: Callable[[Column], str], *kinds: Kind) -> str:
    """All rows of a table; ``of`` gives the expression of columns of these kinds."""
    columns = table.columns_for(deidentified=deidentified)
    selected = ", ".join(of(column) if column.kind in kinds else column.name for column in columns)
    return f"SELECT {selected} FROM {_source(folder, table, deidentified)}"  # noqa: S608 - our own words


def _make_parquet(engine: duckdb.DuckDBPyConnection, folder: Path, deidentified: bool) -> None:
    options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROWS_OF_A_GROUP}"
    for table in TABLES:
        query = _query(folder, table, deidentified, _list, Kind.LIST)
        engine.execute(f"COPY ({query}) TO '{folder / table.name}.parquet' ({options})")


def _make_csv(engine: duckdb.DuckDBPyConnection, folder: Path, deidentified: bool) -> None:
    for table in TABLES:
        query = _query(folder, table, deidentified, _harmless, Kind.LIST, Kind.TEXT)
        heads = ",".join(column.name for column in table.columns_for(deidentified=deidentified))
        body = folder / f"{table.name}.body"
        engine.execute(f"COPY ({query}) TO '{body}' (FORMAT csv, HEADER false)")
        with (folder / f"{table.name}.csv").open("wb") as file, body.open("rb") as rows:
            file.write(f"\ufeff{heads}\n".encode())  # the mark tells Excel that it is UTF-8
            shutil.copyfileobj(rows, file, 1024 * 1024)
        body.unlink()


def _make_excel(engine: duckdb.DuckDBPyConnection, folder: Path, deidentified: bool) -> None:
    sheets = [
        Sheet(
            table.name,
            [column.name for column in table.columns_for(deidentified=deidentified)],
            rows_as_xml(_rows(engine, _query(folder, table, deidentified, _joined, Kind.LIST))),
        )
        for table in TABLES
    ]
    words = Sheet("dictionary", dictionary.HEADS, rows_as_xml(dictionary.entries(deidentified=deidentified)))
    write_workbook(folder / "determinations.xlsx", [*sheets, words])


def _rows(
    engine: duckdb.DuckDBPyConnection, query: str
) -> Iterator[tuple[str | int | bool | datetime.date | None, ...]]:
    found = engine.execute(query)
    while chunk := found.fetchmany(1_000):
        yield from chunk


def _write_dictionary(folder: Path, deidentified: bool) -> None:
    with (folder / "dictionary.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(dictionary.HEADS)
        writer.writerows(dictionary.entries(deidentified=deidentified))
    (folder / "README.txt").write_text(dictionary.as_text(deidentified=deidentified))


_MAKERS = {Format.PARQUET: _make_parquet, Format.CSV: _make_csv, Format.EXCEL: _make_excel}
