"""Gathers from PostgreSQL which items are found by names of sections and by words."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from django.db import connection, transaction
from pyroaring import BitMap

from determinations.models import Category
from determinations.searching.normal_form import slots_without_places
from determinations.searching.vectors import REQUEST
from determinations.statistics.columns.found.table import COMPLETE, PREFIXES, SECTIONS, WORDS, FoundSet, Key
from determinations.statistics.columns.layout import ITEMS
from determinations.statistics.columns.sets.places import Order

if TYPE_CHECKING:
    import numpy

#: Requests that are looked in for the words to keep, the share that has to have one, and how many are kept at most.
_SAMPLE, _LEAST_SHARE, MOST_WORDS = 20_000, 0.0005, 400
#: Names of sections that are kept of each side; guidelines have some hundreds. PostgreSQL finds by any others.
MOST_SECTIONS = 2_000
#: A word that fewer items have is found by the index as quickly.
FEWEST_ITEMS = 5_000
_ITEMS_AT_ONCE, _CHANGED_AT_ONCE = 100_000, 10_000
#: Words that are kept: no numbers, and nothing that has to be written in another way in a query.
_WORD = re.compile(r"=?[a-z][a-z0-9./-]*[a-z0-9]")

_REQUESTED = f"""
SELECT substr(asked.word, 2) FROM ts_stat($$
    SELECT item.search FROM {ITEMS.name} AS fact TABLESAMPLE SYSTEM (%(percent)s) REPEATABLE (1)
    JOIN determinations_itemtext AS item USING (item_id)
$$) AS asked
WHERE asked.word LIKE '{REQUEST}%%' AND asked.ndoc >= %(least)s
ORDER BY asked.ndoc DESC, asked.word
"""  # noqa: S608 - names of our own
_MEANINGFUL = """
SELECT word FROM unnest(%s::text[]) WITH ORDINALITY AS told (word, nth)
WHERE NOT (ts_lexize('english_stem', word) = '{}') ORDER BY nth
"""
#: Some millions of IDs at a time, eight bytes each: a row for each item would take ten times as long.
_HAVING = f"""
SELECT string_agg(int8send(item_id), '') FROM {ITEMS.name} WHERE determinations_item_words(item_id) @@ %s::tsquery
GROUP BY item_id >> 20
"""  # noqa: S608 - names of our own
#: Any other plan reads the texts of all items, as does looking again at rows of which there is no memory for each.
_BY_INDEX = """
SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off;
SET LOCAL work_mem = '256MB'
"""
_CITED = """
SELECT side, section, array_agg(DISTINCT item_id)
FROM determinations_citation CROSS JOIN unnest(sections) AS told (section)
WHERE section <> '' AND item_id BETWEEN %s AND %s GROUP BY side, section
"""
_CITED_BY = """
SELECT side, section, string_agg(int8send(item_id), '')
FROM determinations_citation CROSS JOIN unnest(sections) AS told (section)
WHERE section <> '' AND item_id = ANY(%s) GROUP BY side, section
"""
_WORDS_OF = f"""
SELECT lexeme, string_agg(int8send(item_id), '') FROM {ITEMS.name}
CROSS JOIN LATERAL unnest(tsvector_to_array(determinations_item_words(item_id))) AS told (lexeme)
WHERE item_id = ANY(%s) AND lexeme = ANY(%s) GROUP BY lexeme
"""  # noqa: S608 - names of our own


def gather_sections(order: Order) -> Iterator[FoundSet]:
    """The sets of all items by names of sections; of a side that has no other names, also the one that says so."""
    for kind, (sets, is_complete) in _sections(order).items():
        yield from ((kind, value, places) for value, places in sets.items())
        if is_complete:
            yield kind, COMPLETE, BitMap()


def gather_words(order: Order) -> Iterator[FoundSet]:
    """The sets of all items by words, of each word all forms; none of few items."""
    for word in _words(len(order.item_ids)):
        for prefix in PREFIXES:
            yield WORDS, prefix + word, order.places_of(_items_having(prefix + word))


def _sections(order: Order) -> dict[str, tuple[dict[str, BitMap], bool]]:
    """By kind, the sets of the names that come first, and whether these are all."""
    import numpy as np

    sets: dict[str, dict[str, BitMap]] = {kind: {} for kind in SECTIONS.values()}
    incomplete = set[str]()
    ids = order.by_id[0]
    for first in range(0, len(ids), _ITEMS_AT_ONCE):
        some = ids[first : first + _ITEMS_AT_ONCE]
        with connection.cursor() as cursor:
            cursor.execute(_CITED, [int(some[0]), int(some[-1])])
            for side, name, items in cursor.fetchall():
                of_kind = sets[SECTIONS[side]]
                if name in of_kind or len(of_kind) < MOST_SECTIONS:
                    of_kind.setdefault(name, BitMap()).update(order.places_of(np.array(items, np.int64)))
                else:
                    incomplete.add(SECTIONS[side])
    return {kind: (of_kind, kind not in incomplete) for kind, of_kind in sets.items()}


def _words(items: int) -> list[str]:
    """The words that are kept: those that name categories, then the most frequent in requests."""
    if items < FEWEST_ITEMS:
        return []
    names = " ".join(
        f"{name} {below}" for name, below in Category.objects.order_by("pk").values_list("name", "subcategory")
    )
    named = sorted(lexeme for slot in slots_without_places(names) for lexeme in slot.lexemes)
    with connection.cursor() as cursor:
        share = min(1.0, _SAMPLE / items)
        cursor.execute(_REQUESTED, {"percent": 100 * share, "least": max(1, _LEAST_SHARE * share * items)})
        words = dict.fromkeys([*named, *(word for (word,) in cursor.fetchall())])
        cursor.execute(_MEANINGFUL, [[word for word in words if _WORD.fullmatch(word)]])
        return [word for (word,) in cursor.fetchall()][:MOST_WORDS]


def _items_having(lexeme: str) -> "numpy.ndarray":
    """The IDs of the items with a lexeme among their words."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BY_INDEX)
        cursor.execute(_HAVING, [f"'{lexeme}'"])
        return _numbers(b"".join(some for (some,) in cursor.fetchall()))


def places_by_value(items: Sequence[int], words: Collection[str], order: Order) -> dict[Key, BitMap]:
    """Where items are found: by names of sections, and by those of the words that they have."""
    places = defaultdict[Key, BitMap](BitMap)
    for first in range(0, len(items), _CHANGED_AT_ONCE):
        some = list(items[first : first + _CHANGED_AT_ONCE])
        with connection.cursor() as cursor:
            cursor.execute(_CITED_BY, [some])
            for side, name, ids in cursor.fetchall():
                places[SECTIONS[side], name] |= order.places_of(_numbers(ids))
            if words:
                cursor.execute(_WORDS_OF, [some, list(words)])
                for lexeme, ids in cursor.fetchall():
                    places[WORDS, lexeme] |= order.places_of(_numbers(ids))
    return dict(places)


def _numbers(packed: bytes) -> "numpy.ndarray":
    """IDs as ``int8send`` writes them."""
    import numpy as np

    return np.frombuffer(packed, ">i8").astype(np.int64)
