"""A file that is read in pieces of one length, and looks like a file that is read from any place."""

import errno
import io
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class PieceReader(io.RawIOBase):
    """Readable from any place. Subclasses set ``size``, the bytes in all, and say what a piece has."""

    size: int

    def __init__(self, piece_bytes: int) -> None:
        super().__init__()
        self._piece_bytes = piece_bytes
        self._at = 0

    def _piece(self, number: int) -> bytes:
        """The bytes of a piece, numbered from 0; the last one may be shorter."""
        raise NotImplementedError

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """The place of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError("negative seek position")
        self._at = base + offset
        return self._at

    def readinto(self, target: "WriteableBuffer") -> int:
        """Read up to the end of the present piece."""
        if self._at >= self.size:
            return 0
        number, start = divmod(self._at, self._piece_bytes)
        view = memoryview(target)
        piece = self._piece(number)
        if len(piece) != min(self._piece_bytes, self.size - number * self._piece_bytes):
            raise OSError(errno.EIO, "a piece of the file has another length")  # nothing would look like its end
        part = memoryview(piece)[start : start + view.nbytes]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)
