"""Reads a remote file by ranges, as if it were on a disk."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from determinations.storage.pieces import PieceReader

#: Bytes of one request.
PIECE = 1024 * 1024
#: Pieces that stay in memory: the start and the end are read before the middle, and a small file is checked first.
_KEPT = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of a file; how many it has in all; what tells this version of it from others."""

    data: bytes
    size: int
    version: str


#: Fetches bytes from a position on, of that version unless it is empty.
Fetch = Callable[[int, int, str], Piece]


class RangeReader(PieceReader):
    """A remote file, readable from any position. Every piece is of the version that was there at the start."""

    def __init__(self, fetch: Fetch) -> None:
        super().__init__(PIECE)
        self._fetch = fetch
        first = fetch(0, PIECE, "")
        self.size, self._version = first.size, first.version
        self._pieces = OrderedDict({0: first.data})

    def _piece(self, number: int) -> bytes:
        if number in self._pieces:
            self._pieces.move_to_end(number)
        else:
            self._pieces[number] = self._fetch(number * PIECE, PIECE, self._version).data
            while len(self._pieces) > _KEPT:
                self._pieces.popitem(last=False)
        return self._pieces[number]
