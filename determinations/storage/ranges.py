"""Reads a remote file by ranges, as if it were on a disk."""

import io
import os
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

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


class RangeReader(io.RawIOBase):
    """A remote file, readable from any position. Every piece is of the version that was there at the start."""

    def __init__(self, fetch: Fetch) -> None:
        super().__init__()
        self._fetch = fetch
        first = fetch(0, PIECE, "")
        self.size, self._version = first.size, first.version
        self._pieces = OrderedDict({0: first.data})
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """The position of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError("negative seek position")
        self._at = base + offset
        return self._at

    def readinto(self, target: "bytearray | memoryview") -> int:  # type: ignore[override]
        """Read up to the end of the present piece."""
        if self._at >= self.size:
            return 0
        number, start = divmod(self._at, PIECE)
        view = memoryview(target)
        part = memoryview(self._piece(number))[start : start + view.nbytes]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _piece(self, number: int) -> bytes:
        if number in self._pieces:
            self._pieces.move_to_end(number)
        else:
            self._pieces[number] = self._fetch(number * PIECE, PIECE, self._version).data
            while len(self._pieces) > _KEPT:
                self._pieces.popitem(last=False)
        return self._pieces[number]
