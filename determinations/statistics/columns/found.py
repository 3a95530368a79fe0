"""Sets of the items that are found by what is not among their columns: names of sections cited, and words.

PostgreSQL's index names such items only one by one, from blocks all over the table. So a column file has, beside the
sets of ``bits``, one for each name of a section that a side cites, and for each of the words that people search for:
those that name categories, and the most frequent of requests. A word has a set for each field of the letter that it
may be in. Sets are read when they are asked for, and a process keeps those that were asked for last. A word without
sets is told by PostgreSQL.

A set is gathered after the rest of the file was written. That is exact: an item that changed since is in the log, and
what changed since the file's horizon is never told by a set. Items that are the same have the same words and
citations, as facts are replaced with these (``models.found_by``).
"""

import logging
import re
from array import array
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias, cast

import duckdb
from django.db import connection, transaction
from pyroaring import BitMap

from determinations.models import Category
from determinations.models.found_by import item_sections, item_words
from determinations.parsing.results import SIDES
from determinations.searching.normal_form import slots_without_places
from determinations.searching.vectors import NOTES, REQUEST, REVIEWER, SUMMARY
from determinations.statistics.columns.bits import IDS, Order, Sets, first_items, in_all
from determinations.statistics.columns.dialect import NotInColumns
from determinations.statistics.columns.layout import ITEMS

if TYPE_CHECKING:
    import numpy

log = logging.getLogger(__name__)

FOUND = "found_bits"
_DEFINITION = "kind VARCHAR, value VARCHAR, places BLOB"
WORDS = "words"
#: The kind of the names of sections, by the side that cites them.
SECTIONS: Mapping[str, str] = {side: f"sections of {side}" for side in SIDES}

#: The value of an empty set, the last of its kind, that says that there are no others.
_COMPLETE = ""
#: The kind and the value of what is found.
Key: TypeAlias = tuple[str, str]

#: Requests that are looked in for the words to keep, the share that has to have one, and how many are kept at most.
_SAMPLE, _LEAST_SHARE, MOST_WORDS = 20_000, 0.0005, 400
#: Names of sections that are kept of each side; guidelines have some hundreds. PostgreSQL finds by any others.
MOST_SECTIONS = 2_000
#: A word that fewer items have is found by the index as quickly.
FEWEST_ITEMS = 5_000
#: All sets of the file together, and those that a process keeps in memory, in bytes.
_MOST_BYTES, _MOST_KEPT = 200_000_000, 40_000_000
#: The words of so many changed items are read for a version; of more, PostgreSQL tells all.
MOST_CHANGED = 300
_ITEMS_AT_ONCE, _CHANGED_AT_ONCE = 100_000, 10_000
_OF_LETTERS = (SUMMARY, REVIEWER, NOTES)
_PREFIXES = ("", *_OF_LETTERS)
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
#: The functions of the indexes that the sets stand for.
WORDS_FUNCTION, SECTIONS_FUNCTION = item_words().function, item_sections("").function


def write_found(engine: duckdb.DuckDBPyConnection, merged: Collection[int] | None) -> None:
    """Make the table of the file ``file``, whose items have places already; none are written if they have not.

    ``merged``: the items that changed since the file ``before`` was written, from which the sets of others are taken.
    """
    engine.execute(f"CREATE TABLE file.{FOUND} ({_DEFINITION})")
    order = _order_of(engine, "file")
    if not order.item_ids:
        return
    try:
        _write(engine, _gathered(order) if merged is None else _merged(engine, order, merged))
    except (duckdb.OutOfMemoryException, MemoryError):  # those that are written are right
        log.warning("Memory ran out while sets of words and sections were written (COLUMN_MEMORY_MB).")


def _write(engine: duckdb.DuckDBPyConnection, sets: Iterable[tuple[str, str, BitMap]]) -> None:
    size = 0
    for kind, value, places in sets:
        places.run_optimize()
        written = places.serialize()
        size += len(written)
        if size > _MOST_BYTES:
            break
        engine.execute(f"INSERT INTO file.{FOUND} VALUES (?, ?, ?)", [kind, value, written])  # noqa: S608 - our name


def _order_of(engine: duckdb.DuckDBPyConnection, file: str) -> Order:
    """The IDs of the items of a file by their places."""
    ids = array("I")
    rows = engine.execute(f"SELECT rowid, ids FROM {file}.{IDS} WHERE column_name = 'item_id'").fetchall()  # noqa: S608 - our names
    for _row, some in sorted(rows):
        ids.frombytes(some)
    return Order((), ids)


def _gathered(order: Order) -> Iterator[tuple[str, str, BitMap]]:
    """All sets, from PostgreSQL. Those of sections come first, and of each word all forms."""
    placed = Sets(order)
    yield from _gathered_sections(placed)
    yield from _gathered_words(placed)


def _gathered_sections(placed: Sets) -> Iterator[tuple[str, str, BitMap]]:
    for kind, (sets, is_complete) in _sections(placed).items():
        yield from ((kind, value, places) for value, places in sets.items())
        if is_complete:
            yield kind, _COMPLETE, BitMap()


def _gathered_words(placed: Sets) -> Iterator[tuple[str, str, BitMap]]:
    for word in _words(len(placed.order.item_ids)):
        for prefix in _PREFIXES:
            yield WORDS, prefix + word, placed.places_of(_items_having(prefix + word))


def _sections(placed: Sets) -> dict[str, tuple[dict[str, BitMap], bool]]:
    """By kind, the sets of the names that come first, and whether these are all."""
    import numpy as np

    sets: dict[str, dict[str, BitMap]] = {kind: {} for kind in SECTIONS.values()}
    incomplete = set[str]()
    ids = placed.by_id[0]
    for first in range(0, len(ids), _ITEMS_AT_ONCE):
        some = ids[first : first + _ITEMS_AT_ONCE]
        with connection.cursor() as cursor:
            cursor.execute(_CITED, [int(some[0]), int(some[-1])])
            for side, name, items in cursor.fetchall():
                of_kind = sets[SECTIONS[side]]
                if name in of_kind or len(of_kind) < MOST_SECTIONS:
                    of_kind.setdefault(name, BitMap()).update(placed.places_of(np.array(items, np.int64)))
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


def _merged(
    engine: duckdb.DuckDBPyConnection, order: Order, changed: Collection[int]
) -> Iterator[tuple[str, str, BitMap]]:
    """The sets of the file ``before``, with the places of now; of changed items what is found now. What it has none of
    is gathered: it had too few items for words, or there was no memory.
    """
    import numpy as np

    placed, before = Sets(order), np.asarray(_order_of(engine, "before").item_ids, np.int64)
    gone = placed.places_of(np.array(sorted(changed), np.int64))
    rows = engine.execute(f"SELECT rowid, kind, value FROM before.{FOUND} ORDER BY rowid").fetchall()  # noqa: S608 - our name
    kinds = {kind for _row, kind, _value in rows}
    if kinds.isdisjoint(SECTIONS.values()):
        yield from _gathered_sections(placed)
    now = _places_by_value(sorted(changed), {value for _row, kind, value in rows if kind == WORDS}, placed)
    new = {key: places for key, places in now.items() if key[0] != WORDS}
    kept = Counter(kind for _row, kind, value in rows if value != _COMPLETE)
    for row, kind, value in rows:
        new.pop((kind, value), None)
        if value == _COMPLETE:
            others = [(kind, name, places) for (of_kind, name), places in new.items() if of_kind == kind]
            if kept[kind] + len(others) > MOST_SECTIONS:
                continue
            yield from others
        ((blob,),) = engine.execute(f"SELECT places FROM before.{FOUND} WHERE rowid = ?", [row]).fetchall()  # noqa: S608 - our name
        numbers = np.frombuffer(BitMap.deserialize(blob).to_array(), np.uint32)
        yield kind, value, (placed.places_of(before[numbers]) - gone) | now.get((kind, value), BitMap())
    if WORDS not in kinds:
        yield from _gathered_words(placed)


def _places_by_value(items: Sequence[int], words: Collection[str], placed: Sets) -> dict[Key, BitMap]:
    """Where items are found: by names of sections, and by those of the words that they have."""
    places = defaultdict[Key, BitMap](BitMap)
    for first in range(0, len(items), _CHANGED_AT_ONCE):
        some = list(items[first : first + _CHANGED_AT_ONCE])
        with connection.cursor() as cursor:
            cursor.execute(_CITED_BY, [some])
            for side, name, ids in cursor.fetchall():
                places[SECTIONS[side], name] |= placed.places_of(_numbers(ids))
            if words:
                cursor.execute(_WORDS_OF, [some, list(words)])
                for lexeme, ids in cursor.fetchall():
                    places[WORDS, lexeme] |= placed.places_of(_numbers(ids))
    return dict(places)


def _numbers(packed: bytes) -> "numpy.ndarray":
    """IDs as ``int8send`` writes them."""
    import numpy as np

    return np.frombuffer(packed, ">i8").astype(np.int64)


class FoundInFile:
    """The sets of a file. Errors of the library, and of memory, are the caller's."""

    def __init__(self, engine: duckdb.DuckDBPyConnection) -> None:
        self._engine = engine
        self._lock = Lock()
        self._kept: OrderedDict[Key, tuple[BitMap, int]] = OrderedDict()
        self._size = 0

    @cached_property
    def rows(self) -> Mapping[Key, int]:
        """The rows that have sets."""
        with self._engine.cursor() as cursor:
            rows = cursor.execute(f"SELECT kind, value, rowid FROM file.{FOUND}").fetchall()  # noqa: S608 - our name
        return {(kind, value): row for kind, value, row in rows}

    @cached_property
    def words(self) -> list[str]:
        """The lexemes that have sets."""
        return [value for kind, value in self.rows if kind == WORDS]

    def check(self, kind: str, value: str) -> bool:
        """Whether the value is found anywhere. Raises NotInColumns if the file does not tell."""
        if (kind, value) in self.rows:
            return True
        if (kind, _COMPLETE) in self.rows:
            return False
        raise NotInColumns(f"finds by other {kind}")

    def places(self, kind: str, value: str) -> BitMap:
        """The places where the value is found; not to be changed. Raises NotInColumns if the file does not tell."""
        key = kind, value
        return self._kept_or(key, lambda: self._read(key)) if self.check(kind, value) else BitMap()

    def cases(self, kind: str, value: str, nth: Sequence[BitMap]) -> BitMap:
        """The places of the cases with an item where the value is found. Raises NotInColumns."""
        items = self.places(kind, value)
        if kind == WORDS and value[0] in _OF_LETTERS:  # all items of the case have it
            return items & nth[0]
        return self._kept_or((f"{kind} of cases", value), lambda: first_items(items, nth))

    def _read(self, key: Key) -> BitMap:
        with self._engine.cursor() as cursor:
            ((blob,),) = cursor.execute(
                f"SELECT places FROM file.{FOUND} WHERE rowid = ?",  # noqa: S608 - our name
                [self.rows[key]],
            ).fetchall()
        return BitMap.deserialize(blob)

    def _kept_or(self, key: Key, make: Callable[[], BitMap]) -> BitMap:
        """What is kept under a name, made if it is not. The oldest leave."""
        with self._lock:
            if key not in self._kept:
                places = make()
                size = len(places.serialize())
                self._kept[key] = places, size
                self._size += size
                while self._size > _MOST_KEPT and len(self._kept) > 1:
                    _oldest, (_places, size) = self._kept.popitem(last=False)
                    self._size -= size
            self._kept.move_to_end(key)
            return self._kept[key][0]


@dataclass
class FoundInVersion:
    """The sets of a version of the facts: those of the file, which also have places of before items changed, and what
    the items ``now`` are found by that changed.
    """

    file: FoundInFile
    now: Sets
    _lock: Lock = field(default_factory=Lock)

    def places(self, kind: str, value: str) -> BitMap:
        """The places where the value is found. Raises NotInColumns where no set tells."""
        places = self.file.places(kind, value)
        now = self._now(kind, value)
        return places | now if now else places

    def cases(self, kind: str, value: str, nth: Sequence[BitMap]) -> BitMap:
        """The places of the cases that have such an item; ``nth``: of the file. Raises NotInColumns."""
        cases = self.file.cases(kind, value, nth)
        now = self._now(kind, value)
        return cases | first_items(now, self.now.nth) if now else cases

    def _now(self, kind: str, value: str) -> BitMap | None:
        if not self.now.order.item_ids:
            return None
        with self._lock:
            return self._of_now.get((kind, value))

    @cached_property
    def _of_now(self) -> Mapping[Key, BitMap]:
        items = self.now.order.item_ids
        if len(items) > MOST_CHANGED:
            raise NotInColumns("has many changed items")
        return _places_by_value(items, self.file.words, self.now)


def matching(query: str, having: Callable[[str], BitMap], everything: BitMap) -> BitMap:
    """The places that match the text of a ``tsquery`` of whole words, from the places that have a lexeme.

    Raises NotInColumns for a query of any other kind: phrases, beginnings of words, weights.
    """
    return _Query(query, having, everything).read()


_TOKENS = re.compile(r"'(?P<lexeme>[^'\\]+)'(?!:)|(?P<sign>[()&|!])|(?P<space>\s+)|(?P<other>.)", re.DOTALL)


class _Query:
    """Reads a query from left to right: ``!`` binds closest, then ``&``, then ``|``."""

    def __init__(self, query: str, having: Callable[[str], BitMap], everything: BitMap) -> None:
        self.having, self.everything = having, everything
        self.tokens: list[tuple[str, str]] = []
        for match in _TOKENS.finditer(query):
            kind = cast(str, match.lastgroup)
            if kind == "other":
                raise NotInColumns("searches more than whole words")
            if kind != "space":
                self.tokens.append((kind, match[kind]))
        self.at = 0

    def read(self) -> BitMap:
        places = self._any()
        if self.at < len(self.tokens):
            raise NotInColumns("has a query of another kind")
        return places

    def _any(self) -> BitMap:
        parts = [self._all()]
        while self._took("|"):
            parts.append(self._all())
        return BitMap.union(*parts)

    def _all(self) -> BitMap:
        parts = [self._one()]
        while self._took("&"):
            parts.append(self._one())
        return in_all(parts)

    def _one(self) -> BitMap:
        if self._took("!"):
            return self.everything - self._one()
        if self._took("("):
            places = self._any()
            if not self._took(")"):
                raise NotInColumns("has a query of another kind")
            return places
        if self.at >= len(self.tokens) or self.tokens[self.at][0] != "lexeme":
            raise NotInColumns("has a query of another kind")
        self.at += 1
        return self.having(self.tokens[self.at - 1][1])

    def _took(self, sign: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at] == ("sign", sign):
            self.at += 1
            return True
        return False
