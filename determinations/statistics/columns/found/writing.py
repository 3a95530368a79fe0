"""Writes the table of a column file: gathered, or with the sets of the file before."""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

import duckdb
from pyroaring import BitMap

from determinations.statistics.columns.found.gathering import (
    MOST_SECTIONS,
    gather_sections,
    gather_words,
    places_by_value,
)
from determinations.statistics.columns.found.table import COMPLETE, DEFINITION, FOUND, SECTIONS, WORDS, FoundSet
from determinations.statistics.columns.sets.places import Order
from determinations.statistics.columns.sets.reading import read_ids

log = logging.getLogger(__name__)

#: All sets of the file together, in bytes.
_MOST_BYTES = 200_000_000


def write_found(engine: duckdb.DuckDBPyConnection, merged: Collection[int] | None) -> None:
    """Make the table of the file ``file``, whose items have places already; none are written if they have not.

    ``merged``: the items that changed since the file ``before`` was written, from which the sets of others are taken.
    """
    engine.execute(f"CREATE TABLE file.{FOUND} ({DEFINITION})")
    order = Order((), read_ids(engine, "file")["item_id"])
    if not order.item_ids:
        return
    try:
        _write(engine, _gathered(order) if merged is None else _merged(engine, order, merged))
    except (duckdb.OutOfMemoryException, MemoryError):  # those that are written are right
        log.warning("Memory ran out while sets of words and sections were written (COLUMN_MEMORY_MB).")


def _write(engine: duckdb.DuckDBPyConnection, sets: Iterable[FoundSet]) -> None:
    size = 0
    for kind, value, places in sets:
        places.run_optimize()
        written = places.serialize()
        size += len(written)
        if size > _MOST_BYTES:
            break
        engine.execute(f"INSERT INTO file.{FOUND} VALUES (?, ?, ?)", [kind, value, written])  # noqa: S608 - our name


def _gathered(order: Order) -> Iterator[FoundSet]:
    """All sets, from PostgreSQL; for the last of them there may be no room."""
    yield from gather_sections(order)
    yield from gather_words(order)


def _merged(engine: duckdb.DuckDBPyConnection, order: Order, changed: Collection[int]) -> Iterator[FoundSet]:
    """The sets of the file ``before``, with the places of now; of changed items what is found now. What it has none of
    is gathered: it had too few items for words, or there was no memory.
    """
    import numpy as np

    before = np.asarray(read_ids(engine, "before")["item_id"], np.int64)
    gone = order.places_of(np.array(sorted(changed), np.int64))
    rows = engine.execute(f"SELECT rowid, kind, value FROM before.{FOUND} ORDER BY rowid").fetchall()  # noqa: S608 - our name
    kinds = {kind for _row, kind, _value in rows}
    if kinds.isdisjoint(SECTIONS.values()):
        yield from gather_sections(order)
    now = places_by_value(sorted(changed), {value for _row, kind, value in rows if kind == WORDS}, order)
    new = {key: places for key, places in now.items() if key[0] != WORDS}
    kept = Counter(kind for _row, kind, value in rows if value != COMPLETE)
    for row, kind, value in rows:
        new.pop((kind, value), None)
        if value == COMPLETE:
            others = [(kind, name, places) for (of_kind, name), places in new.items() if of_kind == kind]
            if kept[kind] + len(others) > MOST_SECTIONS:
                continue
            yield from others
        ((blob,),) = engine.execute(f"SELECT places FROM before.{FOUND} WHERE rowid = ?", [row]).fetchall()  # noqa: S608 - our name
        numbers = np.frombuffer(BitMap.deserialize(blob).to_array(), np.uint32)
        yield kind, value, (order.places_of(before[numbers]) - gone) | now.get((kind, value), BitMap())
    if WORDS not in kinds:
        yield from gather_words(order)
