#!/usr/bin/env bash
# What surprises: DuckDB leaves out a row of a valid CSV file because its first field begins with "#", and says nothing.
# It tries for each file whether "#" begins comments, and prefers the reading that makes a column numbers. In a list of
# items numbered 1, 2, 3, ..., somebody typed "#3": taken for a comment, the row no longer keeps the column from being
# numbers, so it is gone. In the list below, the only overturned item is lost.
#   - It depends on the other rows: if all numbers have the "#", nothing is lost;
#   - it depends on the size: the row is lost in files of up to 2,046 rows, and kept in longer ones;
#   - header, delim, all_varchar and a type for the column (types) do not help; all columns with their types (columns) do.
# A good engineer expects comments only where they are asked for, as in pandas, Polars and Arrow; RFC 4180 has none. The
# documentation gives "empty" as the default of the option comment, and its page on detection lists delimiter, quoting and
# escape.
# Remedy: pass comment = ''.
#
# Versions: duckdb 2.0.1, pandas 3.1.1. Output seen:
#   pandas, 10 rows: 10 items, 1 overturned
#   DuckDB, 10 rows: 9 items, 0 overturned
#   DuckDB, 10 rows, all_varchar = true: 9 items, 0 overturned
#   DuckDB, 10 rows, types = {'item': 'VARCHAR'}: 9 items, 0 overturned
#   DuckDB, 10 rows, comment = '': 10 items, 1 overturned
#   DuckDB, 10 rows that all have the sign: 10 items, 1 overturned
#   DuckDB, 2046 rows: 2045 items, 0 overturned
#   DuckDB, 2047 rows: 2047 items, 1 overturned
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1 pandas==3.1.1
cd "$folder"

cat >items.py <<'PYTHON'
import duckdb
import pandas


def write(numbers: list[str]) -> None:
    """A list of items; the third is the only overturned one."""
    with open("items.csv", "w") as file:
        file.write("item,decision\n")
        for at, number in enumerate(numbers, 1):
            file.write(f"{number},{'Overturned' if at == 3 else 'Upheld'}\n")


def print_counts(name: str, options: str = "") -> None:
    (items, overturned), = duckdb.sql(
        f"SELECT count(*), count(*) FILTER (decision = 'Overturned') FROM read_csv('items.csv'{options})"
    ).fetchall()
    print(f"DuckDB, {name}: {items} items, {overturned} overturned")


def mixed(rows: int) -> list[str]:
    return ["#3" if number == 3 else str(number) for number in range(1, rows + 1)]


write(mixed(10))
items = pandas.read_csv("items.csv")
print(f"pandas, 10 rows: {len(items)} items, {(items.decision == 'Overturned').sum()} overturned")
print_counts("10 rows")
for option in ("all_varchar = true", "types = {'item': 'VARCHAR'}", "comment = ''"):
    print_counts(f"10 rows, {option}", f", {option}")
write([f"#{number}" for number in range(1, 11)])
print_counts("10 rows that all have the sign")
for rows in (2046, 2047):
    write(mixed(rows))
    print_counts(f"{rows} rows")
PYTHON
expected="pandas, 10 rows: 10 items, 1 overturned
DuckDB, 10 rows: 9 items, 0 overturned
DuckDB, 10 rows, all_varchar = true: 9 items, 0 overturned
DuckDB, 10 rows, types = {'item': 'VARCHAR'}: 9 items, 0 overturned
DuckDB, 10 rows, comment = '': 10 items, 1 overturned
DuckDB, 10 rows that all have the sign: 10 items, 1 overturned
DuckDB, 2046 rows: 2045 items, 0 overturned
DuckDB, 2047 rows: 2047 items, 1 overturned"
seen=$("$folder/venv/bin/python" items.py)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."
