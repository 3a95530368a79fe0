#!/usr/bin/env bash
# What surprises: Polars empties cells of a valid Excel file, and says nothing. It decides by the first 100 rows that a
# column holds numbers, and later cells that hold something else are read as empty. In a list of claims, row 101 is the
# first claim of an employer whose claim numbers begin with letters: from there on, claims have no number.
#   - A number that was kept as text for its zeros, "0000008", is read as 8;
#   - in a column of dates, "pending" is read as empty;
#   - a row that has only such cells is left out, as an empty row would be: the list is shorter;
#   - if the first such cell is in one of the first 100 rows, nothing is lost, so a test with a short list passes;
#   - dtype_coercion "strict", which is documented to raise an error for a column of several types, looks at the same
#     100 rows, and raises none.
# A good engineer expects what Polars does with the same rows as CSV: an error that names the value. Or mixed values, as
# pandas returns, through the same reader of Excel files (Calamine). The documentation says how many rows are looked at.
# It does not say what becomes of a later cell of another type.
# Remedy: pass infer_schema_length=None, or the type of each column (schema_overrides).
#
# Versions: polars 2.1.0, fastexcel 0.21.0, pandas 3.1.1, python-calamine 0.9.1, XlsxWriter 3.3.1. Output seen:
#   text from row 98, Polars: 100 rows: WC-7 2026-03-05, 0000008 pending, WC-9 pending
#   text from row 101, Polars: 102 rows: None 2026-03-05, 8 None
#   warnings: 0, log lines: 0
#   Polars, strict: 102 rows: None 2026-03-05, 8 None
#   Polars, infer_schema_length=None: 103 rows: WC-7 2026-03-05, 0000008 pending, WC-9 pending
#   Polars, schema_overrides: 103 rows: WC-7 2026-03-05, 0000008 pending, WC-9 pending
#   pandas with Calamine: 103 rows: WC-7 2026-03-05, 0000008 pending, WC-9 pending
#   Polars, as CSV: ComputeError could not parse `WC-7` as dtype `i64`
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check polars==2.1.0 fastexcel==0.21.0 pandas==3.1.1 \
    python-calamine==0.9.1 XlsxWriter==3.3.1
cd "$folder"

cat >claims.py <<'PYTHON'
import csv
import logging
import logging.handlers
import warnings
from collections.abc import Callable
from datetime import date

import pandas
import polars
import xlsxwriter

log = logging.handlers.MemoryHandler(capacity=1000)
logging.getLogger().addHandler(log)
logging.getLogger().setLevel(logging.DEBUG)


def write(numbers: int) -> None:
    """Claims as a workbook and as CSV: so many with plain numbers and dates, then three others."""
    rows = [(number, date(2026, 3, 4)) for number in range(20_001, 20_001 + numbers)]
    rows += [("WC-7", date(2026, 3, 5)), ("0000008", "pending"), ("WC-9", "pending")]
    book = xlsxwriter.Workbook("claims.xlsx", {"default_date_format": "mm/dd/yyyy"})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ("claim", "decided"))
    for at, row in enumerate(rows, 1):
        sheet.write_row(at, 0, row)
    book.close()
    with open("claims.csv", "w", newline="") as file:
        csv.writer(file).writerows([("claim", "decided"), *rows])


def print_last(name: str, read: Callable[[], object]) -> None:
    """What is read of the rows after the plain ones."""
    try:
        claims = read()
    except polars.exceptions.ComputeError as error:
        print(f"{name}: ComputeError {str(error).partition(' at ')[0]}")
    else:
        rows = [f"{claim} {str(decided)[:10]}" for claim, decided in zip(claims["claim"], claims["decided"])]
        print(f"{name}: {len(rows)} rows: {', '.join(rows[NUMBERS:])}")


TEXTS = {"claim": polars.String, "decided": polars.String}
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    for NUMBERS in (97, 100):
        write(NUMBERS)
        print_last(f"text from row {NUMBERS + 1}, Polars", lambda: polars.read_excel("claims.xlsx"))
    print(f"warnings: {len(warned)}, log lines: {len(log.buffer)}")
STRICT = {"dtype_coercion": "strict"}
for name, read in (
    ("Polars, strict", lambda: polars.read_excel("claims.xlsx", read_options=STRICT)),
    ("Polars, infer_schema_length=None", lambda: polars.read_excel("claims.xlsx", infer_schema_length=None)),
    ("Polars, schema_overrides", lambda: polars.read_excel("claims.xlsx", schema_overrides=TEXTS)),
    ("pandas with Calamine", lambda: pandas.read_excel("claims.xlsx", engine="calamine")),
    ("Polars, as CSV", lambda: polars.read_csv("claims.csv")),
):
    print_last(name, read)
PYTHON
expected="text from row 98, Polars: 100 rows: WC-7 2026-03-05, 0000008 pending, WC-9 pending
text from row 101, Polars: 102 rows: None 2026-03-05, 8 None
warnings: 0, log lines: 0
Polars, strict: 102 rows: None 2026-03-05, 8 None
Polars, infer_schema_length=None: 103 rows: WC-7 2026-03-05, 0000008 pending, WC-9 pending
Polars, schema_overrides: 103 rows: WC-7 2026-03-05, 0000008 pending, WC-9 pending
pandas with Calamine: 103 rows: WC-7 2026-03-05, 0000008 pending, WC-9 pending
Polars, as CSV: ComputeError could not parse \`WC-7\` as dtype \`i64\`"
seen=$("$folder/venv/bin/python" claims.py)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."
