"""The places of a file's rows, by which statements name the items that they select.

To look up millions of IDs takes a second. The place of each row takes four bytes, and is read from memory.
"""

from array import array
from threading import Lock
from typing import TYPE_CHECKING

import duckdb
from pyroaring import BitMap

from determinations.statistics.columns.layout import ITEMS
from determinations.statistics.columns.sets.places import Order

if TYPE_CHECKING:
    import numpy

#: The column of a version's items: the row of the file; of an item that changed, a negative number that tells its ID.
FILE_ROW = "file_row"
OF_FILE, OF_CHANGED = f"rowid AS {FILE_ROW}", f"-1 - {ITEMS.key} AS {FILE_ROW}"
_ROWS_AT_ONCE = 500_000


def ids_of(rows: "numpy.ndarray") -> "numpy.ndarray":
    """The IDs of items that changed, from their negative numbers."""
    return -1 - rows


class RowsOfFile:
    """The places of the rows of a file, worked out when they are first asked for, which takes a second."""

    def __init__(self, engine: duckdb.DuckDBPyConnection) -> None:
        self._engine = engine
        self._lock = Lock()
        self._places: numpy.ndarray | None = None

    def places(self, rows: "numpy.ndarray", order: Order) -> BitMap:
        """The places of some rows, each once; ``order`` is that of the file. Raises errors of the library, and of
        memory.
        """
        import numpy as np

        with self._lock:
            if self._places is None:
                self._places = self._read(order)
        is_selected = np.zeros(len(self._places), bool)  # sorts places in a third of the time that sorting takes
        is_selected[self._places[rows]] = True
        if len(rows) <= len(is_selected) // 2:
            return _set_of(is_selected)
        return BitMap(range(len(is_selected))) - _set_of(~is_selected)

    def _read(self, order: Order) -> "numpy.ndarray":
        """Some rows at a time: the engine keeps an answer in its memory."""
        import numpy as np

        ids = np.zeros(len(order.item_ids), np.uint32)
        with self._engine.cursor() as cursor:
            for first in range(0, len(ids), _ROWS_AT_ONCE):
                some = cursor.execute(
                    f"SELECT rowid AS row, {ITEMS.key} AS id FROM file.{ITEMS.name} "  # noqa: S608 - our names
                    f"WHERE rowid BETWEEN {first} AND {first + _ROWS_AT_ONCE - 1}"
                ).fetchnumpy()
                ids[some["row"]] = some["id"]
        places = np.zeros(len(ids), np.uint32)
        # Both orders have the same IDs: the first of one is the first of the other.
        places[np.argsort(ids)] = np.argsort(np.asarray(order.item_ids, np.uint32))
        return places


def _set_of(is_selected: "numpy.ndarray") -> BitMap:
    return BitMap(array("I", is_selected.nonzero()[0].astype("uint32").tobytes()))
