#!/usr/bin/env bash
# What surprises: DuckDB decides for each CSV file separately whether 03/04/2026 is March 4 or April 3, and chooses day
# first unless the file contains a day after the 12th. In an American office, that means:
#   - in a file from the first days of a month, days and months are swapped without an error: letters of March 4 appear
#     as decided on April 3, and a deadline counted from that date is a month late;
#   - with union_by_name, the usual way to read monthly files whose columns differ, a single query returns both readings
#     of the same text in the same column;
#   - with two-digit years, 03/04/26 becomes April 26, 2003.
# A good engineer expects month first, as in pandas and PostgreSQL by default; or text where a date is ambiguous; or at
# least one reading per query. The documentation lists the preferred order of formats. It does not say that the files of
# one query are decided separately. Remedy: pass dateformat = '%m/%d/%Y'.
#
# Version: duckdb 2.0.1. Output seen:
#   first days of March: 03/04/2026 -> 2026-04-03
#   all of March: 03/04/2026 -> 2026-03-04
#   both in one query: 03/04/2026 -> 2026-03-04 and 2026-04-03
#   two-digit years: 03/04/26 -> 2003-04-26
#   both, dateformat = '%m/%d/%Y': 03/04/2026 -> 2026-03-04
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1
cd "$folder"
printf 'letter,decided\n1,03/04/2026\n2,03/05/2026\n' >first.csv
printf 'letter,decided\n1,03/04/2026\n3,03/16/2026\n' >all.csv
printf 'letter,decided\n1,03/04/26\n2,03/05/26\n' >short.csv

cat >dates.py <<'PYTHON'
import duckdb


def read(source: str) -> str:
    rows = duckdb.sql(f"SELECT DISTINCT decided FROM {source} WHERE letter = 1 ORDER BY decided").fetchall()
    return " and ".join(str(decided) for (decided,) in rows)


both = "['first.csv', 'all.csv'], union_by_name = true"
print("first days of March: 03/04/2026 ->", read("read_csv('first.csv')"))
print("all of March: 03/04/2026 ->", read("read_csv('all.csv')"))
print("both in one query: 03/04/2026 ->", read(f"read_csv({both})"))
print("two-digit years: 03/04/26 ->", read("read_csv('short.csv')"))
print("both, dateformat = '%m/%d/%Y': 03/04/2026 ->", read(f"read_csv({both}, dateformat = '%m/%d/%Y')"))
PYTHON
expected="first days of March: 03/04/2026 -> 2026-04-03
all of March: 03/04/2026 -> 2026-03-04
both in one query: 03/04/2026 -> 2026-03-04 and 2026-04-03
two-digit years: 03/04/26 -> 2003-04-26
both, dateformat = '%m/%d/%Y': 03/04/2026 -> 2026-03-04"
seen=$("$folder/venv/bin/python" dates.py)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."
