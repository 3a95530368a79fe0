"""Reads the sets of a column file as they are asked for, and keeps those that were asked for last."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from threading import Lock

import duckdb
from pyroaring import BitMap

from determinations.statistics.columns.dialect import NotInColumns
from determinations.statistics.columns.found.table import COMPLETE, FOUND, OF_LETTERS, WORDS, Key
from determinations.statistics.columns.sets.places import first_items

#: The sets that a process keeps in memory, in bytes.
_MOST_KEPT = 40_000_000


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
        if (kind, COMPLETE) in self.rows:
            return False
        raise NotInColumns(f"finds by other {kind}")

    def places(self, kind: str, value: str) -> BitMap:
        """The places where the value is found; not to be changed. Raises NotInColumns if the file does not tell."""
        key = kind, value
        return self._kept_or(key, lambda: self._read(key)) if self.check(kind, value) else BitMap()

    def cases(self, kind: str, value: str, nth: Sequence[BitMap]) -> BitMap:
        """The places of the cases with an item where the value is found. Raises NotInColumns."""
        items = self.places(kind, value)
        if kind == WORDS and value[0] in OF_LETTERS:  # all items of the case have it
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
