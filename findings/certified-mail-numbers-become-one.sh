#!/usr/bin/env bash
# What surprises: in a list of letters, each has the number of its certified mail, of 20 digits. DuckDB reads the numbers
# exactly and tells them apart. Written to a Parquet file or to a DataFrame (df()), they are rounded to 16 digits, so
# letters of one mailing all have the same number, and each is joined with the receipts of all others. DuckDB reads the
# column as HUGEINT, integers of 128 bits. Parquet and NumPy have no such type, and DuckDB writes DOUBLE instead.
#   - There is no error and no warning, and in SQL, in Python (fetchall) and in Arrow the same column stays exact;
#   - numbers of 40 digits come out right: they are BIGNUM, which is written to Parquet as text and refused by df();
#   - in a JSON file, DuckDB rounds the same 20 digits on the way in. orjson does too; Python's json does not.
# A good engineer who has counted the numbers in SQL expects them in the file, or an error, as for BIGNUM; or a decimal
# number, as in Arrow, since Parquet has decimals of 38 digits. Remedy: read them as text (types), as they count nothing.
#
# Versions: duckdb 2.0.1, pandas 3.1.1, pyarrow 26.0.1, orjson 3.13.0. Output seen:
#   CSV, in SQL: HUGEINT, 2 numbers
#   CSV, fetchall: 2 numbers
#   CSV, Arrow: decimal128(38, 0), 2 numbers
#   CSV, df(): float64, 1 number
#   CSV, Parquet: DOUBLE, 1 number
#   40 digits, Parquet: VARCHAR, 2 numbers
#   40 digits, df(): NotImplementedException
#   JSON, in SQL: DOUBLE, 1 number
#   JSON, orjson: 1 number
#   JSON, json: 2 numbers
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1 pandas==3.1.1 pyarrow==26.0.1 \
    orjson==3.13.0
cd "$folder"

cat >mail.py <<'PYTHON'
import json
from collections.abc import Iterable

import duckdb
import orjson

NUMBERS = ("70190700000100000017", "70190700000100000024")


def distinct(numbers: Iterable[object]) -> str:
    count = len(set(numbers))
    return "1 number" if count == 1 else f"{count} numbers"


def in_sql(source: str) -> str:
    ((kind, count),) = duckdb.sql(f"SELECT any_value(typeof(mailed)), count(DISTINCT mailed) FROM {source}").fetchall()
    return f"{kind}, {distinct(range(count))}"


def in_parquet(source: str) -> str:
    duckdb.sql(f"COPY (SELECT mailed FROM {source}) TO 'mail.parquet'")
    return in_sql("'mail.parquet'")


for name, repeated in (("mail.csv", 1), ("long.csv", 2)):
    with open(name, "w") as file:
        file.write("letter,mailed\n")
        file.writelines(f"{letter},{number * repeated}\n" for letter, number in enumerate(NUMBERS, 1))
with open("mail.json", "w") as file:
    file.write("[" + ", ".join(f'{{"mailed": {number}}}' for number in NUMBERS) + "]")

mail = duckdb.sql("SELECT mailed FROM 'mail.csv'")
print("CSV, in SQL:", in_sql("'mail.csv'"))
print("CSV, fetchall:", distinct(mail.fetchall()))
column = mail.to_arrow_table()["mailed"]
print(f"CSV, Arrow: {column.type}, {distinct(column.to_pylist())}")
column = mail.df()["mailed"]
print(f"CSV, df(): {column.dtype}, {distinct(column)}")
print("CSV, Parquet:", in_parquet("'mail.csv'"))
print("40 digits, Parquet:", in_parquet("'long.csv'"))
try:
    print("40 digits, df():", duckdb.sql("SELECT mailed FROM 'long.csv'").df())
except duckdb.NotImplementedException as error:
    print("40 digits, df():", type(error).__name__)
print("JSON, in SQL:", in_sql("'mail.json'"))
with open("mail.json", "rb") as file:
    text = file.read()
for module in (orjson, json):
    print(f"JSON, {module.__name__}:", distinct(row["mailed"] for row in module.loads(text)))
PYTHON
expected="CSV, in SQL: HUGEINT, 2 numbers
CSV, fetchall: 2 numbers
CSV, Arrow: decimal128(38, 0), 2 numbers
CSV, df(): float64, 1 number
CSV, Parquet: DOUBLE, 1 number
40 digits, Parquet: VARCHAR, 2 numbers
40 digits, df(): NotImplementedException
JSON, in SQL: DOUBLE, 1 number
JSON, orjson: 1 number
JSON, json: 2 numbers"
seen=$("$folder/venv/bin/python" mail.py)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."
