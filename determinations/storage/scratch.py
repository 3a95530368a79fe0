"""Temporary files of uploads: without a name, and encrypted with a key that exists in memory only.

They end with the process that wrote them, however it ends; what remains on the disk cannot be read.
"""

import io
import os
import tempfile
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from determinations.storage.keys import ID_BYTES, FileKey, KeyRing
from determinations.storage.sealed import CHUNK, SealedReader, SealedWriter

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer


class ScratchFile(io.BufferedIOBase):
    """A file that is written from start to end, then read from any place; the first ``seek`` ends the writing."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._key = FileKey(bytes(ID_BYTES), AESGCM(AESGCM.generate_key(256)))
        self._file = cast(BinaryIO, tempfile.TemporaryFile(dir=folder, buffering=0))  # noqa: SIM115 - closed with it
        self._writer = SealedWriter(self._file, self._key, "scratch")
        self._reader: BufferedReader | None = None
        self._written = 0

    def writable(self) -> bool:
        """Until it is read."""
        return self._reader is None

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def write(self, data: "ReadableBuffer") -> int:
        """Append the bytes."""
        written = self._writer.write(data)
        self._written += written
        return written

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place to read from."""
        return self._content().seek(offset, whence)

    def tell(self) -> int:
        """The place of the next byte."""
        return self._written if self._reader is None else self._reader.tell()

    def read(self, size: int | None = -1) -> bytes:
        """Some bytes, or all up to the end."""
        return self._content().read(size)

    def read1(self, size: int = -1) -> bytes:
        """Some bytes."""
        return self._content().read1(size)

    def readinto(self, target: "WriteableBuffer") -> int:
        """Read into a buffer."""
        return self._content().readinto(target)

    def close(self) -> None:
        """The file is gone."""
        if not self.closed:
            self._writer.abandon()
            self._file.close()
        super().close()

    def _content(self) -> BufferedReader:
        if self._reader is None:
            self._writer.close()
            self._file.seek(0)
            ring = KeyRing(self._key, {self._key.id: self._key})
            self._reader = BufferedReader(SealedReader(self._file, ring, "scratch"), CHUNK)
        return self._reader
